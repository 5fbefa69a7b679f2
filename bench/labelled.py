"""Rooms whose themes are known: a folder with `draws.jsonl`, and the sets of ideas that its lines name."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.draws import DRAWS, TEXT, BadFolder, Draw, read_draws
from bench.report import where
from feedback.domain.themes import IdeaText, Theme, ThemeSet

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LabelledRoom:
    """Ideas in the order in which they arrived, and the true theme of each; "" = belongs to none."""

    name: str
    set_name: str
    ideas: tuple[IdeaText, ...]
    truth: tuple[str, ...]

    @property
    def true_count(self) -> int:
        """How many themes there really are."""
        return len(set(self.truth) - {""})


def over_rooms(
    rooms: Sequence[LabelledRoom], measure: Callable[[LabelledRoom], Json], line: Callable[[Json], str]
) -> list[Json]:
    """Measure rooms one after the other, and tell each result as it comes."""
    results = []
    for room in rooms:
        results.append(measure(room))
        print(line(results[-1]), file=sys.stderr, flush=True)
    return results


def rooms_of(folder: Path, wanted: Callable[[LabelledRoom], bool] = lambda _: True) -> list[LabelledRoom]:
    """Return the rooms of a folder that are wanted; ends the command when it cannot be read or holds no such room."""
    try:
        rooms = [room for room in read_labelled(folder) if wanted(room)]
        if not rooms:
            raise BadFolder(f"{folder / DRAWS} names no room that this can be measured in")
        return rooms
    except BadFolder as reason:
        print(reason, file=sys.stderr)
        sys.exit(1)


def line_of(name: str, figures: Mapping[str, Any], digits: Mapping[str, int]) -> str:
    """Return a line of a table: figures with so many digits each, or the words of its head."""
    shown = []
    for figure, count in digits.items():
        said, width = figures[figure], max(10, len(figure) + 2)
        shown.append(f"{said:>{width}}" if isinstance(said, str) else f"{said:>{width}.{count}f}")
    return f"{name:<48}{''.join(shown)}"


def head_of(digits: Mapping[str, int], title: str = "") -> str:
    """Return the head of such a table."""
    return line_of(title, {figure: figure for figure in digits}, digits)


def print_report(report: Json, seed: int, text_of: Callable[[Json], str], *, as_json: bool) -> None:
    """Print a report with where, when and with which seed it was made."""
    whole = report | {"seed": seed} | where()
    tail = f"{whole['machine']}; {whole['date']}; {whole['commit']}; seed {seed}"
    print(json.dumps(whole) if as_json else f"{text_of(whole)}\n{tail}")


def read_labelled(folder: Path) -> list[LabelledRoom]:
    """Return the rooms of a folder in the order of its draws; raises BadFolder."""
    return [_room(draw) for draw in read_draws(folder)]


def sampled(folder: Path, size: int, seed: int) -> list[LabelledRoom]:
    """Return a room of so many labelled ideas from each set that has them; ends the command when none has.

    The sets are those that the folder's draws name, each with the label that they name.
    """
    found: dict[str, LabelledRoom] = {}
    try:
        for draw in read_draws(folder):
            name = f"{draw.set_name}-{draw.label}-{size}"
            pool = [number for number, row in enumerate(draw.rows) if row[draw.label]]
            if name not in found and len(pool) >= size:
                chosen = random.Random(f"{seed} {name}").sample(pool, size)
                found[name] = _room(replace(draw, name=name, numbers=tuple(chosen)))
        if not found:
            raise BadFolder(f"{folder / DRAWS} names no set of {size} ideas with a label")
    except BadFolder as reason:
        print(reason, file=sys.stderr)
        sys.exit(1)
    return list(found.values())


def starters_of(room: LabelledRoom, count: int | None = None, *, seed: int = 0) -> ThemeSet:
    """Return the room's true themes as themes that somebody named, without ideas; `count`: so many, by chance."""
    names = sorted(set(room.truth) - {""})
    if count is not None:
        names = sorted(random.Random(f"{seed} {room.name}").sample(names, min(count, len(names))))
    themes = [Theme(number, name.replace("_", " "), named_by_person=True) for number, name in enumerate(names, start=1)]
    return ThemeSet(tuple(themes), (), len(themes) + 1)


def shuffled(room: LabelledRoom, seed: int) -> LabelledRoom:
    """Return a room whose words are dealt anew: as many ideas, each as long as before, and nothing meant."""
    words = [word for idea in room.ideas for word in idea.text.split()]
    random.Random(seed).shuffle(words)
    supply = iter(words)
    dealt = (replace(idea, text=" ".join(next(supply) for _ in idea.text.split())) for idea in room.ideas)
    return replace(room, ideas=tuple(dealt))


def _room(draw: Draw) -> LabelledRoom:
    chosen = [(number, draw.rows[number]) for number in draw.numbers]
    return LabelledRoom(
        name=draw.name,
        set_name=f"{draw.set_name} {draw.label}",
        ideas=tuple(IdeaText(str(number), row[TEXT], row.get("lang") or None) for number, row in chosen),
        truth=tuple(row[draw.label] for _, row in chosen),
    )
