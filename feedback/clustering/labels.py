"""What a theme is called: terms that many of its ideas share and few others use, and a name made of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations
from math import log

from feedback.clustering.text import Word

TERMS = 6  # terms kept with a theme
IN_NAME = 3  # terms in a name
WEAK = 0.45  # a term below this share of the best one's score stays out of the name
PHRASE_BONUS = 1.3  # two words say more than one
BOUND = 0.6  # share of a word's ideas that hold it in one phrase, from which the phrase stands for the word
PAIRED = 0.33, 0.2  # shares of the rarer and the commoner of two chosen words' ideas that make one term of them
COMMON = 0.2  # a term in more than this share of the room's ideas tells themes apart badly
ALIKE = 5  # letters that two terms must not share at their beginning ("culturale", "culturele")
LONG_NAME = 60  # characters

Term = tuple[str, ...]  # one or two stems
Counts = Mapping[Term, int]  # ideas that hold a term


@dataclass(frozen=True, slots=True)
class Label:
    """The suggested name of a theme (empty when its ideas share no word) and its terms, best first."""

    name: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Room:
    words: Sequence[Sequence[Word]]
    languages: Sequence[str | None]
    held: Sequence[frozenset[Term]]
    everywhere: Counts
    speakers: Mapping[str | None, int]


def theme_labels(
    words: Sequence[Sequence[Word]], languages: Sequence[str | None], groups: Sequence[Sequence[int]]
) -> list[Label]:
    """Return a label for each theme; no term is given to two themes.

    Parameters
    ----------
    words : sequence of sequences of Word
        All ideas of the room, split.
    languages : sequence of str or None
        The language of each idea; terms in the language that most of a theme's ideas are in come first.
    groups : sequence of sequences of int
        The positions of each theme's ideas.
    """
    held = [_terms_in(idea) for idea in words]
    everywhere = Counter(term for terms in held for term in terms)
    room = _Room(words, languages, held, everywhere, Counter(languages))
    scores = [_scores(room, group) for group in groups]
    owners = _owners(scores)
    labels = []
    for at, group in enumerate(groups):
        mine = {term: score for term, score in scores[at].items() if owners[term] == at}
        labels.append(_label(mine, room, group))
    return labels


def _terms_in(idea: Sequence[Word]) -> frozenset[Term]:
    single: set[Term] = {(word.stem,) for word in idea if word.is_term}
    double: set[Term] = {
        (before.stem, word.stem)
        for before, word in pairwise(idea)
        if word.joined and before.is_term and word.is_term and before.stem != word.stem
    }
    return frozenset(single | double)


def _scores(room: _Room, group: Sequence[int]) -> dict[Term, float]:
    """Return root of coverage times log of lift for each term of a theme.

    Coverage = share of the theme's ideas that hold the term; lift = how much oftener than in the whole room.
    """
    here = _counts(room, group)
    spoken = Counter(room.languages[at] for at in group)
    main = min(spoken, key=lambda one: (-spoken[one], -room.speakers[one], one or ""), default=None)
    in_main = _counts(room, [at for at in group if room.languages[at] == main])
    size, least = len(room.words), 2 if len(group) > 2 else 1
    scores: dict[Term, float] = {}
    for term, count in here.items():
        coverage = count / len(group)
        # One imagined idea elsewhere keeps a word that two ideas happen to share from looking exclusive.
        lift = coverage * (size + 1) / (room.everywhere[term] + 1)
        if count >= least and (lift > 1 or len(group) == size):
            weight = (PHRASE_BONUS if len(term) > 1 else 1.0) * (0.5 + 0.5 * in_main.get(term, 0) / count)
            weight *= 0.5 if room.everywhere[term] > COMMON * size else 1.0
            scores[term] = round(weight * coverage**0.5 * log(1 + lift), 9)
    return _unbound(scores, here)


def _counts(room: _Room, group: Sequence[int]) -> Counts:
    return Counter(term for at in group for term in room.held[at])


def _unbound(scores: Mapping[Term, float], here: Counts) -> dict[Term, float]:
    """Return the scores without words that mostly stand in one phrase."""
    bound = {
        (word,) for phrase in scores if len(phrase) > 1 for word in phrase if here[phrase] >= BOUND * here[(word,)]
    }
    return {term: score for term, score in scores.items() if term not in bound}


def _owners(scores: Sequence[Mapping[Term, float]]) -> dict[Term, int]:
    owners: dict[Term, int] = {}
    for at, score in enumerate(scores):
        for term, value in score.items():
            if term not in owners or value > scores[owners[term]][term]:
                owners[term] = at
    return owners


def _label(scores: Mapping[Term, float], room: _Room, group: Sequence[int]) -> Label:
    chosen: list[Term] = []
    for term in sorted(scores, key=lambda one: (-scores[one], one)):
        if len(chosen) < TERMS and not any(_overlap(term, other) for other in chosen):
            chosen.append(term)
    strong = sum(scores[term] >= WEAK * scores[chosen[0]] for term in chosen)
    chosen = _paired(chosen, room, group)
    terms = tuple(dict.fromkeys(_as_written(term, room, group) for term in chosen))
    return Label(_joined(terms[: min(strong, IN_NAME)]), terms)


def _overlap(one: Term, other: Term) -> bool:
    """Tell whether two terms share a word, or words that begin alike."""
    return any(
        word == second or (len(word) > ALIKE and word[:ALIKE] == second[:ALIKE]) for word in one for second in other
    )


def _paired(chosen: Sequence[Term], room: _Room, group: Sequence[int]) -> list[Term]:
    """Return the terms with two single words made one where they often stand side by side."""
    out, here = list(chosen), _counts(room, group)
    for first, second in permutations(chosen, 2):
        phrase = first + second
        if len(phrase) == 2 and first in out and second in out and _are_pair(first, second, here, room, group):
            out[min(out.index(first), out.index(second))] = phrase
            out = [term for term in out if term not in {first, second}]
    return out


def _are_pair(first: Term, second: Term, here: Counts, room: _Room, group: Sequence[int]) -> bool:
    together, counts = here.get(first + second, 0), (here[first], here[second])
    if together < 3 or together < PAIRED[0] * min(counts) or together < PAIRED[1] * max(counts):
        return False
    # Side by side they must read as they do alone: "legalizing marijuana" is not what "legal" and "marijuana" say.
    alone = f"{_as_written(first, room, group)} {_as_written(second, room, group)}"
    return _as_written(first + second, room, group).casefold() == alone.casefold()


def _joined(terms: Sequence[str]) -> str:
    """Return the terms as one line: commas read the same in every language."""
    name = ", ".join(terms)
    while len(name) > LONG_NAME and ", " in name:
        name = name.rpartition(", ")[0]
    return name[:LONG_NAME][:1].upper() + name[:LONG_NAME][1:]


def _as_written(term: Term, room: _Room, group: Sequence[int]) -> str:
    """Return the form that most ideas of a theme write; the capital of a sentence's first word does not count."""
    inside: Counter[str] = Counter()
    starting: Counter[str] = Counter()
    for idea in (room.words[at] for at in group if term in room.held[at]):
        for start in range(len(idea) - len(term) + 1):
            window = idea[start : start + len(term)]
            if tuple(word.stem for word in window) == term:
                (starting if window[0].starts else inside)[" ".join(word.surface for word in window)] += 1
    if not inside:
        inside = Counter({_uncapped(form): count for form, count in starting.items()})
    lowered = Counter({form: count for form, count in inside.items() if not form.isupper()})
    forms = lowered if sum(lowered.values()) * 2 >= sum(inside.values()) else inside
    return min(forms, key=lambda form: (-forms[form], form))


def _uncapped(form: str) -> str:
    return form[:1].lower() + form[1:] if form[1:].islower() else form
