"""A simulated rapporteur at the desk, who puts right what the machine has grouped; and one who sorts by hand.

The rapporteur sees what the desk shows: themes with their ideas, and the ideas in the order in which the desk offers
them, the least sure ones first. What a theme is about is what most of its ideas are about. One deed moves one idea, or
merges two themes; looking is not counted. Nobody knows a theme before an idea of it has been seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bench.grouping import likeness
from bench.labelled import LabelledRoom
from feedback.clustering.embedders import Embedder
from feedback.domain.themes import Theme, ThemeSet

Json = dict[str, Any]
#: Deeds after which it is measured, and the likeness to the truth that is to be reached.
MARKS = (0, 10, 20, 40, 80)
WANTED = 0.8
#: Share of a theme's ideas from which it is plain what the theme is about.
PLAIN = 0.5
#: Ideas to a run's deed: a large room is grouped anew after several deeds.
BATCH = 100


@dataclass(frozen=True, slots=True)
class Effort:
    """How near the themes came: by deeds, and after how many deeds WANTED was reached (None = never)."""

    reached: Mapping[str, float]
    deeds: int | None


@dataclass
class Desk:
    """The themes as they stand, the pins there are, and the ideas that the rapporteur has moved one by one."""

    room: LabelledRoom
    found: ThemeSet
    pins: dict[str, int | None] = field(default_factory=dict)
    placed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.truth = {idea.id: label for idea, label in zip(self.room.ideas, self.room.truth, strict=True)}

    def act(self) -> bool:
        """Do the next thing; False when everything looks right."""
        subjects = self.subjects()
        for subject in sorted(set(subjects.values())):
            same = sorted(theme for theme, seen in subjects.items() if seen == subject)
            if len(same) > 1:
                self._merge(same[0], same[1])
                return True
        return any(self._put_right(idea, subjects) for idea in self.queue())

    def subjects(self) -> dict[int, str]:
        """Return what themes are plainly about."""
        seen = {}
        for theme in self.found.themes:
            counts = Counter(self.truth[idea] for idea in theme.ideas)
            subject, count = max(sorted(counts.items()), key=lambda each: each[1], default=("", 0))
            if subject and count >= PLAIN * len(theme.ideas):
                seen[theme.id] = subject
        return seen

    def queue(self) -> Iterator[str]:
        """Yield the ideas as the desk offers them, the least sure ones first; those that came by a merge come last."""
        outlooks = self.found.outlooks
        free = [idea.id for idea in self.room.ideas if idea.id not in self.placed]
        sureness = {idea: outlooks[idea].sureness if idea in outlooks else 0.0 for idea in free}
        yield from sorted(free, key=lambda idea: (idea in self.pins, sureness[idea], idea))

    def _put_right(self, idea: str, subjects: Mapping[int, str]) -> bool:
        """Move an idea to the theme that is about its subject, or into a new one named so; False when it is right."""
        here = next((theme.id for theme in self.found.themes if idea in theme.ideas), None)
        subject = self.truth[idea]
        if (subjects.get(here) if here is not None else "") == subject:
            return False
        there = next((theme for theme, seen in sorted(subjects.items()) if seen == subject), None)
        if subject and there is None:
            there = self._new(subject)
        self._place([idea], there)
        self.placed.add(idea)
        return True

    def _new(self, subject: str) -> int:
        """Name a theme; its id."""
        number = self.found.next_id
        theme = Theme(number, subject.replace("_", " "), named_by_person=True)
        self.found = replace(self.found, themes=(*self.found.themes, theme), next_id=number + 1)
        return number

    def _merge(self, into: int, other: int) -> None:
        members = [idea for theme in self.found.themes if theme.id in (into, other) for idea in theme.ideas]
        self._place(members, into)
        self.found = replace(self.found, themes=tuple(each for each in self.found.themes if each.id != other))

    def _place(self, ideas: list[str], theme: int | None) -> None:
        self.pins.update(dict.fromkeys(ideas, theme))
        moved = set(ideas)
        themes = tuple(
            replace(
                each, ideas=tuple(idea for idea in each.ideas if idea not in moved) + tuple(ideas) * (each.id == theme)
            )
            for each in self.found.themes
        )
        left = tuple(idea for idea in self.found.leftovers if idea not in moved) + tuple(ideas) * (theme is None)
        self.found = replace(self.found, themes=themes, leftovers=left)


def measure_desk(room: LabelledRoom, *, seed: int, embedder: Embedder | None = None) -> Json:
    """Return both ways with the deeds that each needs, and the first way's deeds as a share of the other's."""
    desk, hand = put_right(room, seed=seed, embedder=embedder), by_hand(room)
    # Who never gets there has worked as long as the other one.
    share = (len(room.ideas) if desk.deeds is None else desk.deeds) / (hand.deeds or len(room.ideas))
    return {
        "desk": dict(desk.reached) | {"deeds": desk.deeds},
        "hand": dict(hand.reached) | {"deeds": hand.deeds},
        "share": share,
    }


def put_right(room: LabelledRoom, *, seed: int, embedder: Embedder | None = None) -> Effort:
    """Start from the automatic themes and put them right, a run after each deed, until they are as wanted."""
    from feedback.clustering.pipeline import find_themes  # noqa: PLC0415 -- slow import

    desk = Desk(room, find_themes(room.ideas, embedder=embedder, seed=seed))
    batch = max(1, len(room.ideas) // BATCH)
    reached, needed, deeds = {str(MARKS[0]): _ari(room, desk.found)}, None, 0
    needed = 0 if reached["0"] >= WANTED else None
    while (needed is None or deeds < MARKS[-1]) and deeds < len(room.ideas) and desk.act():
        deeds += 1
        if deeds % batch == 0 or deeds in MARKS:
            desk.found = find_themes(
                room.ideas, previous=desk.found, pins=desk.pins, embedder=embedder, quick=True, seed=seed
            )
            ari = _ari(room, desk.found)
            needed = deeds if needed is None and ari >= WANTED else needed
            reached |= {str(deeds): ari} if deeds in MARKS else {}
    last = _ari(room, desk.found)
    return Effort({str(mark): reached.get(str(mark), last) for mark in MARKS}, needed)


def by_hand(room: LabelledRoom) -> Effort:
    """Put one idea after the other, as they came, into its theme; the rest is in no theme yet."""
    groups: dict[str, list[str]] = {}
    reached, needed = {str(MARKS[0]): 0.0}, None
    for deeds, (idea, subject) in enumerate(zip(room.ideas, room.truth, strict=True), start=1):
        if subject:
            groups.setdefault(subject, []).append(idea.id)
        if needed is None or deeds in MARKS:
            themes = tuple(Theme(at, "", ideas=tuple(ideas)) for at, ideas in enumerate(groups.values(), start=1))
            ari = _ari(room, ThemeSet(themes))
            needed = deeds if needed is None and ari >= WANTED else needed
            reached |= {str(deeds): ari} if deeds in MARKS else {}
    return Effort({str(mark): reached.get(str(mark), 1.0) for mark in MARKS}, needed)


def _ari(room: LabelledRoom, found: ThemeSet) -> float:
    return float(likeness(room, found)["ari"])
