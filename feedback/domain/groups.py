"""Another grouping brought to what people decided, and a name for a group from its own words."""

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from feedback.domain.themes import NAME_LIMIT, Placed, members_of

#: Share of common ideas (Jaccard) from which on a group is the theme that stood before.
SAME = 0.1
WORDS_IN_A_NAME = 3
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Regrouped:
    """One group as it would stand: the theme that it carries on (None = a new one), and the ideas that come into it."""

    theme: int | None
    ideas: tuple[str, ...]


def regrouped(
    groups: Sequence[Sequence[str]], places: Mapping[str, Placed], standing: Iterable[int], locked: Iterable[int]
) -> tuple[Regrouped, ...]:
    """Bring a proposed grouping to the themes that stand and to what people decided.

    Each group carries on the theme with which it has most in common. Pinned ideas and those of locked themes stay where
    they are, and no idea goes into a locked theme or one that is barred to it.
    """
    closed = frozenset(locked)
    carried = _matched(groups, {number: frozenset(members_of(places, number)) for number in set(standing) - closed})
    out = []
    for index, group in enumerate(groups):
        theme = carried.get(index)
        ideas = tuple(idea_id for idea_id in group if _may_go(places.get(idea_id, Placed(None)), theme, closed))
        if ideas:
            out.append(Regrouped(theme, ideas))
    return tuple(out)


def parts_now(
    parts: Sequence[Sequence[str]], places: Mapping[str, Placed], theme: int, shown: Container[str]
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Bring two suggested parts of a theme to its present ideas: what stays, and what leaves.

    What came into the theme since stays. None when one of the two has no shown idea any more.
    """
    if len(parts) != 2:
        return None
    members = [idea_id for idea_id in members_of(places, theme) if idea_id in shown]
    leaving = frozenset(parts[1])
    halves = (
        tuple(idea_id for idea_id in members if idea_id not in leaving),
        tuple(idea_id for idea_id in members if idea_id in leaving),
    )
    return halves if all(halves) else None


def suggested_name(texts: Sequence[str], others: Sequence[str]) -> str:
    """Return up to three words that set these texts apart from the others; without such words the first text."""
    inside, outside = (Counter(word for text in some for word in _words_of(text)) for some in (texts, others))
    share = {word: count / len(texts) - outside[word] / max(1, len(others)) for word, count in inside.items()}
    least = 2 if len(texts) > 1 else 1
    telling = [word for word in inside if inside[word] >= least and share[word] > 0]
    telling.sort(key=lambda word: (-share[word], -len(word), word))
    if telling:
        return ", ".join(telling[:WORDS_IN_A_NAME])[:NAME_LIMIT]
    return " ".join(texts[0].split())[: NAME_LIMIT // 2].strip()


def _matched(groups: Sequence[Sequence[str]], themes: Mapping[int, frozenset[str]]) -> dict[int, int]:
    """Return which group carries on which theme: the largest overlap first, each group and each theme once."""
    pairs = []
    for index, group in enumerate(groups):
        for number, members in themes.items():
            common = len(members & set(group))
            alike = common / (len(members | set(group)) or 1)
            if alike > SAME:
                pairs.append((-alike, number, index))
    found: dict[int, int] = {}
    for _, number, index in sorted(pairs):
        if index not in found and number not in found.values():
            found[index] = number
    return found


def _may_go(place: Placed, theme: int | None, locked: frozenset[int]) -> bool:
    return not place.pinned and place.theme not in locked and (theme is None or theme not in place.barred)


def _words_of(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}
