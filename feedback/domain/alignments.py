"""Themes of different conversations that are about the same subject: what is found, and what people say of it."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from itertools import product
from typing import Any

from feedback.domain.embedders import EmbedderKind
from feedback.domain.tally import Counted, counted_as
from feedback.domain.themes import IdeaText


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """A theme by its conversation's id and its number there."""

    conversation: int
    theme: int


Groups = tuple[tuple[Member, ...], ...]


@dataclass(frozen=True, slots=True)
class Aligned:
    """What one look has found, the id of what measured the ideas, and the code of why what was asked for did not."""

    groups: Groups = ()
    embedder: str = EmbedderKind.LEXICAL
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ThemeText:
    """One theme as the engine sees it: its name, what a person wrote about it, its ideas, whether a person named it."""

    member: Member
    name: str
    ideas: tuple[IdeaText, ...]
    description: str = ""
    named_by_person: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's word: the themes `ones` and `others` are the same subject, or are not."""

    same: bool
    ones: tuple[Member, ...]
    others: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Alignment:
    """What the last look across all conversations has found, and what people have said since the first one.

    `seqs`: the commit number of each conversation whose themes were read. `asked_at`: epoch milliseconds since when a
    look is awaited, None = none is; `failed`: the last one did not work out. `embedder` is the id of what measured the
    ideas of the last one that did, None in those of before that was kept; `problem` as in `Aligned`.
    """

    groups: Groups = ()
    seqs: Mapping[int, int] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    asked_at: int | None = None
    failed: bool = False
    embedder: str | None = None
    problem: str = ""

    @property
    def subjects(self) -> Groups:
        """The groups as people have decided them."""
        return decided(self.groups, self.decisions)


def decided(groups: Iterable[Iterable[Member]], decisions: Sequence[Decision]) -> Groups:
    """Return the groups with people's decisions applied in order, the later ones over the earlier ones.

    Every group has two themes at least, and no theme is in two groups.
    """
    now = [set(group) for group in groups]
    for at, decision in enumerate(decisions):
        if decision.same:
            now = _joined(now, {*decision.ones, *decision.others}, apart_pairs(decisions[:at]))
        else:
            now = _parted(now, set(decision.ones), set(decision.others))
    return tidy(now)


def mark_of(decisions: Sequence[Decision]) -> str:
    """Return a few letters that tell the last decision, where it is the last one, from any other."""
    return sha256(json.dumps([asdict(each) for each in decisions]).encode()).hexdigest()[:12] if decisions else ""


def tidy(groups: Iterable[Iterable[Member]]) -> Groups:
    """Return groups in one order, without those of a single theme."""
    return tuple(sorted(tuple(sorted(group)) for group in map(set, groups) if len(group) > 1))


def apart_pairs(decisions: Sequence[Decision]) -> set[frozenset[Member]]:
    """Return the pairs that are not the same subject, by the last word on each."""
    return {pair for pair, same in _last_words(decisions).items() if not same}


def same_pairs(decisions: Sequence[Decision]) -> set[frozenset[Member]]:
    """Return the pairs that are the same subject, by the last word on each."""
    return {pair for pair, same in _last_words(decisions).items() if same}


def _last_words(decisions: Sequence[Decision]) -> dict[frozenset[Member], bool]:
    words: dict[frozenset[Member], bool] = {}
    for decision in decisions:
        for one, other in product(decision.ones, decision.others):
            words.pop(frozenset((one, other)), None)  # the last word comes last in order too
            words[frozenset((one, other))] = decision.same
    return words


def _joined(groups: list[set[Member]], wanted: set[Member], apart: set[frozenset[Member]]) -> list[set[Member]]:
    """Return the groups with the wanted themes in one; their companions come along unless people took them apart."""
    whole, rest = set(wanted), []
    for group in groups:
        if not group & wanted:
            rest.append(group)
            continue
        left = {one for one in group - wanted if any(frozenset((one, other)) in apart for other in wanted)}
        whole |= group - left
        rest.append(left)
    return [*rest, whole]


def _parted(groups: list[set[Member]], ones: set[Member], others: set[Member]) -> list[set[Member]]:
    """Return the groups with `ones` taken out of wherever `others` are; whoever else is there stays."""
    out = []
    for group in groups:
        leaving = group & ones if group & others else set[Member]()
        out += [group - leaving, leaving]
    return out


@dataclass(frozen=True, slots=True)
class SubjectIdea:
    """One idea behind a subject, as the report has it; `stands_for` its theme, `opinion`: its prompt asks for one."""

    id: str
    number: int
    text: str
    lang: str
    agree: int
    disagree: int
    passes: int
    stands_for: bool = False
    opinion: bool = False


@dataclass(frozen=True, slots=True)
class SubjectTheme:
    """One conversation's theme about a subject: where it is, its name, its ideas, most supported first."""

    member: Member
    strand: str
    strand_key: str
    strand_mark: str
    conversation: str
    code: str
    name: str
    ideas: tuple[SubjectIdea, ...]
    named_by_person: bool = False

    @property
    def votes(self) -> int:
        """Votes for its ideas together: those that support or agree."""
        return sum(idea.agree for idea in self.ideas)

    @property
    def counted(self) -> Counted:
        """What those votes are."""
        return counted_as(idea.opinion for idea in self.ideas)

    @property
    def voices(self) -> tuple[SubjectIdea, ...]:
        """The ideas that stand for it; where none does, the most supported one."""
        return tuple(idea for idea in self.ideas if idea.stands_for) or self.ideas[:1]


@dataclass(frozen=True, slots=True)
class Subject:
    """What themes of several conversations have in common; `themes` in the order in which strands are announced."""

    themes: tuple[SubjectTheme, ...]

    @property
    def name(self) -> str:
        """A person's name before a machine's, and of those the one with most support."""
        return max(self.themes, key=lambda theme: (theme.named_by_person, theme.votes, len(theme.ideas))).name

    @property
    def strands(self) -> tuple[str, ...]:
        """The names of the strands in which it was asked for."""
        return tuple(dict.fromkeys(theme.strand for theme in self.themes))

    @property
    def votes(self) -> int:
        """Votes for all its ideas."""
        return sum(theme.votes for theme in self.themes)

    @property
    def counted(self) -> Counted:
        """What those votes are."""
        return counted_as(idea.opinion for theme in self.themes for idea in theme.ideas)

    @property
    def ideas(self) -> int:
        """How many ideas are behind it."""
        return sum(len(theme.ideas) for theme in self.themes)


@dataclass(frozen=True, slots=True)
class Across:
    """All subjects of a conference, those of most strands first, then those with most support.

    `strands` are the names of all announced strands; `alone` are themes with ideas that no other
    conversation shares.
    `read_at`: epoch milliseconds UTC. `embedder` as in `Alignment`.
    """

    conference: str
    language: str
    time_zone: str
    read_at: int
    strands: tuple[str, ...]
    subjects: tuple[Subject, ...]
    alone: tuple[SubjectTheme, ...]
    embedder: str | None = None

    @property
    def counted(self) -> Counted:
        """What the votes are of all that is told."""
        themes = (*(theme for subject in self.subjects for theme in subject.themes), *self.alone)
        return counted_as(idea.opinion for theme in themes for idea in theme.ideas)


def ranked(subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    """Return subjects in the order in which they are told: number of strands, votes, ideas."""
    return tuple(
        sorted(subjects, key=lambda each: (-len(each.strands), -each.votes, -each.ideas, each.themes[0].member))
    )


def to_json(alignment: Alignment) -> str:
    """Write an alignment as it is stored."""
    return json.dumps(asdict(alignment), sort_keys=True, separators=(",", ":"))


def from_json(content: str) -> Alignment:
    """Read a stored alignment."""
    data = json.loads(content)
    return Alignment(
        groups=groups_of(data["groups"]),
        seqs={int(place): seq for place, seq in data["seqs"].items()},
        decisions=tuple(
            Decision(each["same"], *(tuple(Member(**one) for one in each[side]) for side in ("ones", "others")))
            for each in data["decisions"]
        ),
        asked_at=data["asked_at"],
        failed=data["failed"],
        embedder=data.get("embedder"),
        problem=data.get("problem", ""),
    )


def across_to_json(across: Across) -> str:
    """Write what the conversations have in common, to hand it to another process."""
    return json.dumps(asdict(across))


def across_from_json(content: str) -> Across:
    """Read what `across_to_json` wrote."""
    data = json.loads(content)
    read = {
        "strands": tuple(data["strands"]),
        "subjects": tuple(Subject(_themes_from(subject["themes"])) for subject in data["subjects"]),
        "alone": _themes_from(data["alone"]),
    }
    return Across(**{**data, **read})


def _themes_from(data: Iterable[Mapping[str, Any]]) -> tuple[SubjectTheme, ...]:
    return tuple(
        SubjectTheme(
            **{
                **theme,
                "member": Member(**theme["member"]),
                "ideas": tuple(SubjectIdea(**idea) for idea in theme["ideas"]),
            }
        )
        for theme in data
    )


def groups_of(data: Iterable[Iterable[Mapping[str, int]]]) -> Groups:
    """Read groups from what JSON makes of them."""
    return tuple(tuple(Member(**one) for one in group) for group in data)


def without(alignment: Alignment, conversation: int) -> Alignment:
    """Return the alignment without a conversation whose themes are gone; its numbers will be given anew."""

    def left(members: Iterable[Member]) -> tuple[Member, ...]:
        return tuple(one for one in members if one.conversation != conversation)

    decisions = (replace(each, ones=left(each.ones), others=left(each.others)) for each in alignment.decisions)
    return replace(
        alignment,
        groups=tidy(left(group) for group in alignment.groups),
        decisions=tuple(each for each in decisions if each.ones and each.others),
    )
