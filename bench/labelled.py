"""Rooms whose themes are known: a folder with `draws.jsonl`, and the sets of ideas that its lines name."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedback.domain.themes import IdeaText

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
