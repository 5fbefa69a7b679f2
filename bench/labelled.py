"""Rooms whose themes are known: a folder with `draws.jsonl`, and the sets of ideas that its lines name."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import where
from feedback.domain.themes import IdeaText

Json = dict[str, Any]
DRAWS = "draws.jsonl"
IDEAS = "ideas.tsv"


class BadFolder(Exception):
    """A folder that cannot be measured; the message names the file, the line and what is wrong."""


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
    folder: Path,
    measure: Callable[[LabelledRoom], Json],
    line: Callable[[Json], str],
    wanted: Callable[[LabelledRoom], bool] = lambda _: True,
) -> list[Json]:
    """Measure every room of a folder that is wanted, and tell each result as it comes.

    Ends the command when the folder cannot be read.
    """
    rooms = rooms_of(folder, wanted)
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
            raise BadFolder(f"{folder / DRAWS} names no room that is large enough")
        return rooms
    except BadFolder as reason:
        print(reason, file=sys.stderr)
        sys.exit(1)


def line_of(name: str, figures: Mapping[str, Any], digits: Mapping[str, int]) -> str:
    """Return a line of a table: figures with so many digits each, or the words of its head."""
    shown = [
        f"{figures[figure]:>10}" if isinstance(figures[figure], str) else f"{figures[figure]:>10.{count}f}"
        for figure, count in digits.items()
    ]
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
    sets: dict[str, Sequence[dict[str, str]]] = {}
    rooms = []
    path = folder / DRAWS
    for line, text in enumerate(_read(path).splitlines(), start=1):
        if not text.strip():
            continue
        try:
            draw = json.loads(text)
            set_name = draw["set"]
            if set_name not in sets:
                sets[set_name] = _rows_of(folder / set_name / IDEAS)
            rooms.append(_room(draw, sets[set_name]))
        except (ValueError, KeyError, TypeError, IndexError) as fault:
            raise BadFolder(f"{path}, line {line}: {type(fault).__name__}: {fault}") from None
    if not rooms:
        raise BadFolder(f"{path} names no room")
    return rooms


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise BadFolder(f"{path} cannot be read: {fault}") from None


def _rows_of(path: Path) -> list[dict[str, str]]:
    # `splitlines` would also cut at separators that ideas may hold.
    return list(csv.DictReader(_read(path).split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE))


def _room(draw: dict[str, Any], rows: Sequence[dict[str, str]]) -> LabelledRoom:
    chosen = [(row, rows[row]) for row in draw["rows"]]
    return LabelledRoom(
        name=str(draw["draw"]),
        set_name=f"{draw['set']} {draw['label']}",
        ideas=tuple(IdeaText(str(number), row["text"], row.get("lang") or None) for number, row in chosen),
        truth=tuple(row[draw["label"]] for _, row in chosen),
    )
