"""`bench effort`: how much work people have to put in until the themes are theirs: a rapporteur, or a room that sorts.

Simulated participants see what real ones would: an idea, and the names of the themes. They are right with a given
probability and otherwise say any other theme alike; some tap at random. Nobody gets the same idea twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

from bench.embedders import embedder_named
from bench.grouping import likeness
from bench.labelled import LabelledRoom, head_of, line_of, over_rooms, print_report, rooms_of, starters_of
from bench.rapporteur import MARKS as DEED_MARKS
from bench.rapporteur import WANTED, measure_desk
from feedback.clustering.embedders import Embedder
from feedback.domain.sorts import Sort
from feedback.domain.themes import Theme, ThemeSet

Json = dict[str, Any]
#: Sorts per idea after which it is measured.
MARKS = (0.0, 0.5, 1.0, 2.0, 3.0)
DIGITS = {str(mark): 3 for mark in MARKS}
DEEDS = {str(mark): 3 for mark in DEED_MARKS}
#: What can be measured: the rapporteur at the desk, the room that sorts.
PARTS = ("desk", "room")
PEOPLE = 60
#: Sorts between two runs in which the order of the cards is renewed, as a share of the room.
RENEWED = 0.1
#: Of the least certain ideas so many are dealt before they are looked at anew, so that not all get the same card.
DEAL = 0.1


@dataclass(frozen=True, slots=True)
class Crowd:
    """How its people sort: right with `right`, `random` of them without looking; cards in which order."""

    right: float
    random: float = 0.1
    adaptive: bool = True

    @property
    def name(self) -> str:
        """As the report calls it."""
        order = "least certain first" if self.adaptive else "even"
        return f"{self.right:.0%} right, {self.random:.0%} at random, {order}"


CROWDS = (Crowd(0.85), Crowd(0.7), Crowd(0.85, adaptive=False))


def measure(folder: Path, *, seed: int, as_json: bool, embedder: str = "lexical", parts: Sequence[str] = PARTS) -> int:
    """Let every room be put right by a rapporteur and sorted by every crowd; print the figures."""
    one = partial(measure_room, seed=seed, embedder=embedder_named(embedder), parts=parts)
    # Where no idea has a theme there is nothing to put right, and no theme that a crowd could name.
    rooms = over_rooms(rooms_of(folder, lambda room: room.true_count > 0), one, _room_lines)
    report: Json = {"rooms": rooms}
    if "desk" in parts:
        report["desk"] = {
            way: {mark: mean(room["desk"][way][mark] for room in rooms) for mark in DEEDS} for way in ("desk", "hand")
        }
        report["share"] = mean(room["desk"]["share"] for room in rooms)
    if "room" in parts:
        report["sorts_per_idea"] = {
            name: {mark: mean(room["ari"][name][mark] for room in rooms) for mark in DIGITS} for name in _names()
        }
    print_report(report, seed, text_of, as_json=as_json)
    return 0


def measure_room(
    room: LabelledRoom, *, seed: int, embedder: Embedder | None = None, parts: Sequence[str] = PARTS
) -> Json:
    """Let a rapporteur put a room right, and every crowd sort it; the last one's sorts are also counted plainly."""
    measured: Json = {"room": room.name}
    if "desk" in parts:
        measured["desk"] = measure_desk(room, seed=seed, embedder=embedder)
    if "room" in parts:
        reached = [sort_room(room, crowd, seed=seed, embedder=embedder) for crowd in CROWDS]
        reached.append(majority(room, CROWDS[-1], seed=seed))
        measured["ari"] = dict(zip(_names(), reached, strict=True))
    return measured


def _names() -> list[str]:
    return [*(crowd.name for crowd in CROWDS), "where most put it, even"]


def sort_room(room: LabelledRoom, crowd: Crowd, *, seed: int, embedder: Embedder | None = None) -> dict[str, float]:
    """Return the adjusted Rand index over the ideas that have a theme, by sorts per idea."""
    from feedback.clustering.pipeline import find_themes  # noqa: PLC0415 -- slow import

    starters = starters_of(room)
    find = partial(find_themes, room.ideas, previous=starters, embedder=embedder, seed=seed)
    found = find()
    reached = {str(MARKS[0]): _reached(room, found)}
    taps = Taps(room, starters, crowd, seed)
    renew = max(1, round(RENEWED * len(room.ideas)))
    for mark in MARKS[1:]:
        while len(taps.sorts) < round(mark * len(room.ideas)) and taps.tap(found.unsure or ()):
            if crowd.adaptive and len(taps.sorts) % renew == 0:
                found = find(sorts=taps.sorts)
        found = find(sorts=taps.sorts)
        reached[str(mark)] = _reached(room, found)
    return reached


def majority(room: LabelledRoom, crowd: Crowd, *, seed: int) -> dict[str, float]:
    """Return what the same crowd's sorts reach when each idea stands where most people put it."""
    starters, reached = starters_of(room), {}
    taps = Taps(room, starters, crowd, seed)
    for mark in MARKS:
        while len(taps.sorts) < round(mark * len(room.ideas)) and taps.tap(()):
            pass
        counts: dict[str, list[int | None]] = {idea.id: [] for idea in room.ideas}
        for sort in taps.sorts:
            counts[sort.idea].append(sort.theme)
        places = {idea: max(said, key=said.count) if said else None for idea, said in counts.items()}
        themes = tuple(
            Theme(theme.id, theme.name, ideas=tuple(idea for idea, place in places.items() if place == theme.id))
            for theme in starters.themes
        )
        reached[str(mark)] = _reached(room, ThemeSet(themes))
    return reached


class Taps:
    """The room's participants, who come one after the other in a random order; same seed, same room."""

    def __init__(self, room: LabelledRoom, starters: ThemeSet, crowd: Crowd, seed: int) -> None:
        self.sorts: list[Sort] = []
        self._chance = random.Random(seed)
        self._crowd = crowd
        ids = {theme.name: theme.id for theme in starters.themes}
        self._answers = [*ids.values(), None]
        self._truth = {
            idea.id: ids.get(truth.replace("_", " ")) for idea, truth in zip(room.ideas, room.truth, strict=True)
        }
        self._counts = dict.fromkeys(self._truth, 0)
        self._seen: dict[str, set[str]] = {f"p{number}": set() for number in range(PEOPLE)}
        self._blind = {name for name in self._seen if self._chance.random() < crowd.random}

    def tap(self, unsure: Sequence[str]) -> bool:
        """Let somebody sort one idea; False when everybody has seen everything. `unsure`: least certain first."""
        able = [name for name, seen in self._seen.items() if len(seen) < len(self._truth)]
        if not able:
            return False
        name = self._chance.choice(able)
        idea = next(self._cards(name, unsure))
        self._seen[name].add(idea)
        self._counts[idea] += 1
        self.sorts.append(Sort(name, idea, self._answer(name, idea)))
        return True

    def _cards(self, name: str, unsure: Sequence[str]) -> Iterator[str]:
        """Yield the ideas that somebody has not seen in the order in which they are asked."""
        new = [idea for idea in unsure if idea not in self._seen[name]] if self._crowd.adaptive else []
        hand = new[: max(1, round(DEAL * len(self._truth)))]
        self._chance.shuffle(hand)
        yield from sorted(hand, key=self._counts.__getitem__)
        rest = [idea for idea in self._truth if idea not in self._seen[name]]
        self._chance.shuffle(rest)
        yield from sorted(rest, key=self._counts.__getitem__)

    def _answer(self, name: str, idea: str) -> int | None:
        if name in self._blind:
            return self._chance.choice(self._answers)
        true = self._truth[idea]
        if self._chance.random() < self._crowd.right:
            return true
        return self._chance.choice([answer for answer in self._answers if answer != true])


def _reached(room: LabelledRoom, found: ThemeSet) -> float:
    kept = [at for at, theme in enumerate(room.truth) if theme]
    with_theme = LabelledRoom(
        room.name, room.set_name, tuple(room.ideas[at] for at in kept), tuple(room.truth[at] for at in kept)
    )
    return float(likeness(with_theme, found)["ari"])


def text_of(report: Json) -> str:
    """Return a report as people read it."""
    lines = []
    if "desk" in report:
        lines += [_desk_lines(report["desk"], "ARI after … deeds at the desk")]
        lines += [f"deeds until ARI {WANTED}: {report['share']:.0%} of those by hand", ""]
    if "sorts_per_idea" in report:
        lines.append(_lines(report["sorts_per_idea"], "ARI after … sorts per idea"))
    return "\n".join(lines)


def _room_lines(room: Json) -> str:
    lines = []
    if "desk" in room:
        desk = room["desk"]
        deeds = f"deeds until ARI {WANTED}: {desk['desk']['deeds']}, by hand {desk['hand']['deeds']}"
        lines.append(f"{_desk_lines(desk, room['room'])}\n{deeds} ({desk['share']:.0%})")
    if "ari" in room:
        lines.append(_lines(room["ari"], room["room"]))
    return "\n".join(lines)


def _desk_lines(ways: Json, title: str) -> str:
    named = {"the machine's themes put right": ways["desk"], "sorted by hand": ways["hand"]}
    return "\n".join([head_of(DEEDS, title), *(line_of(name, each, DEEDS) for name, each in named.items())])


def _lines(aris: dict[str, dict[str, float]], title: str) -> str:
    return "\n".join([head_of(DIGITS, title), *(line_of(name, each, DIGITS) for name, each in aris.items())])
