"""Reads the draws of a folder and the sets of ideas that they name; what cannot be measured is refused by its line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Ideas = Sequence[dict[str, str]]
DRAWS = "draws.jsonl"
IDEAS = "ideas.tsv"
TEXT = "text"
#: Ideas that a room needs: one alone is like nothing.
LEAST = 2


class BadFolder(Exception):
    """A folder that cannot be measured; the message names the file, the line and what is wrong."""


@dataclass(frozen=True, slots=True)
class Draw:
    """A room as it was drawn: the column that is the truth, and numbers of rows (from 0) in the order of arrival.

    `rows` are all rows of the set, each by column, "" where a line ends before it. A name is used once in a folder.
    """

    name: str
    set_name: str
    label: str
    numbers: tuple[int, ...]
    rows: Ideas


def read_draws(folder: Path) -> Iterator[Draw]:
    """Yield the draws of a folder in their order; raises BadFolder."""
    path = folder / DRAWS
    sets: dict[str, Ideas] = {}
    names: set[str] = set()
    for line, text in enumerate(_lines(path), start=1):
        if not text.strip():
            continue
        try:
            draw = _draw(folder, text, line, sets)
        except BadFolder as fault:
            raise BadFolder(f"{path}, line {line}: {fault}") from None
        # Results are kept by name: of two rooms with one name the second would take the first one's place.
        while draw.name in names:
            draw = replace(draw, name=f"{draw.name}, line {line}")
        names.add(draw.name)
        yield draw
    if not names:
        raise BadFolder(f"{path} names no room")


def _draw(folder: Path, text: str, line: int, sets: dict[str, Ideas]) -> Draw:
    asked = _object(text)
    set_name, label = (_words(asked, key) for key in ("set", "label"))
    file = folder / set_name / IDEAS
    if set_name not in sets:
        sets[set_name] = _ideas(file)
    rows = sets[set_name]
    for column in (TEXT, label):
        if column not in rows[0]:
            raise BadFolder(f"{file} has no column {column}")
    numbers = _numbers(asked, len(rows), file)
    name = asked.get("draw")
    made = f"{set_name}-{label}-{len(numbers)}-{line}"
    return Draw(made if name in (None, "") else str(name), set_name, label, numbers, rows)


def _object(text: str) -> Json:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadFolder("this is no JSON object")
    return found


def _words(asked: Json, key: str) -> str:
    found = asked.get(key)
    if not isinstance(found, str) or not found:
        raise BadFolder(f"`{key}` is to be there, in words")
    return found


def _numbers(asked: Json, count: int, file: Path) -> tuple[int, ...]:
    found = asked.get("rows")
    if not isinstance(found, list) or not all(type(number) is int and number >= 0 for number in found):
        raise BadFolder("`rows` is to be there, a list of whole numbers from 0")
    if len(found) < LEAST:
        raise BadFolder(f"a room needs {LEAST} ideas, and this one has {len(found)}")
    if len(set(found)) < len(found):
        raise BadFolder(f"row {next(number for number in found if found.count(number) > 1)} stands in `rows` twice")
    if max(found) >= count:
        raise BadFolder(f"{file} has no row {max(found)}: its last one is {count - 1}, the first is 0")
    return tuple(found)


def _ideas(path: Path) -> Ideas:
    """Return the rows of a set. Nothing is quoted, every line is a row, and one that ends early has empty cells."""
    head, *lines = [line.removesuffix("\r").split("\t") for line in _lines(path)]
    if not lines:
        raise BadFolder(f"{path} has no row below its header")
    return [dict(zip(head, cells + [""] * (len(head) - len(cells)), strict=False)) for cells in lines]


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFolder(f"{path} is not UTF-8: save it as UTF-8") from None
    except OSError as fault:
        raise BadFolder(f"{path} cannot be read: {fault.strerror}") from None
    # `splitlines` would also cut at separators that ideas may hold.
    return text.rstrip("\r\n").split("\n")
