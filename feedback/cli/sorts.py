"""Files beside a file of ideas: the names of themes, and what people say about where ideas belong."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from feedback.domain.facts import Refusal
from feedback.domain.sorts import Sort
from feedback.domain.texts import one_line
from feedback.domain.themes import NAME_LIMIT, Theme, ThemeSet

SHOWN = 60  # characters of a value that is refused


class LineRefused(Exception):
    """A line that cannot be read; the message names file, line and reason, and ends in a stable code."""

    def __init__(self, path: Path, line: int, reason: str, code: str) -> None:
        super().__init__(f"{path.name}, line {line}: {reason} ({code}).")


def read_starters(path: Path) -> ThemeSet:
    """Return themes named by a person, numbered from 1, from a file with a name per line; raises LineRefused.

    What follows a tab describes the theme: its words draw ideas as the name's do. Empty lines are passed over.
    """
    themes: list[Theme] = []
    for line, text in _lines(path):
        said, _, description = text.partition("\t")
        name = _name(path, line, said)
        if name in {theme.name for theme in themes}:
            raise LineRefused(path, line, "this name stands there already", "repeated_name")
        themes.append(Theme(len(themes) + 1, name, named_by_person=True, description=description.strip()))
    if not themes:
        raise LineRefused(path, 1, "there is no name in this file", "empty_file")
    return ThemeSet(tuple(themes), (), len(themes) + 1)


def read_sorts(path: Path, ideas: Sequence[str], starters: ThemeSet | None) -> tuple[ThemeSet, list[Sort]]:
    """Return the themes and the sorts from JSONL lines `{"participant", "idea", "theme": a name, a number or null}`.

    A number is that of a starter theme, the first being 1. Without starters the themes are those that the sorts name,
    in the order in which they come. Raises LineRefused.
    """
    themes = [] if starters is None else list(starters.themes)
    ids = {theme.name: theme.id for theme in themes}
    known = set(ideas)
    sorts = []
    for line, text in _lines(path):
        participant, idea, said = _said(path, line, text)
        if idea not in known:
            raise LineRefused(path, line, f"there is no idea {idea}", "unknown_idea")
        theme = _numbered(path, line, said, starters)
        if isinstance(said, str):
            name = _name(path, line, said)
            if name not in ids and starters is not None:
                raise LineRefused(path, line, f"there is no theme of the name {name}", "unknown_theme")
            if name not in ids:
                themes.append(Theme(len(themes) + 1, name, named_by_person=True))
            theme = ids.setdefault(name, len(themes))
        sorts.append(Sort(participant, idea, theme))
    return ThemeSet(tuple(themes), (), len(themes) + 1), sorts


def _name(path: Path, line: int, said: str) -> str:
    """Return a theme's name as the desk would keep it: the same name, however it was typed, is the same theme."""
    try:
        return one_line(said, limit=NAME_LIMIT)
    except Refusal:
        reason = f"a name has 1 to {NAME_LIMIT} characters, and nothing that cannot be shown"
        raise LineRefused(path, line, reason, "bad_name") from None


def _said(path: Path, line: int, text: str) -> tuple[str, str, Any]:
    """Return who says so, of which idea, and what."""
    try:
        said = json.loads(text)
        participant, idea, theme = said["participant"], said["idea"], said["theme"]
    except (ValueError, KeyError, TypeError, RecursionError):
        reason = "this is no JSON object with participant, idea and theme"
        raise LineRefused(path, line, reason, "not_a_sort") from None
    for key, value in (("participant", participant), ("idea", idea)):
        if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
            reason = f"{key} is to be words or a whole number, not {_written(value)}"
            raise LineRefused(path, line, reason, "not_a_sort")
    if not _can_be_written(str(participant)):
        reason = f"participant holds half of a character, which cannot be written: {json.dumps(participant)}"
        raise LineRefused(path, line, reason, "not_a_sort")
    return str(participant).strip(), str(idea).strip(), theme


def _can_be_written(text: str) -> bool:
    """Tell whether a text is whole: JSON can hold one half of a surrogate pair, and no file takes that."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _numbered(path: Path, line: int, said: Any, starters: ThemeSet | None) -> int | None:
    """Return the theme that a sort gives by its number; None for a name, or for none of them."""
    if said is None or isinstance(said, str):
        return None
    if isinstance(said, bool) or not isinstance(said, int):
        reason = f"a theme is given by its name, not by {_written(said)}"
    elif starters is None:
        reason = f"themes have numbers only beside --starter: give the name instead of {_written(said)}"
    elif not 1 <= said <= len(starters.themes):
        reason = f"there is no theme {_written(said)}: --starter names {len(starters.themes)}, the first being 1"
    else:
        return said
    raise LineRefused(path, line, reason, "unknown_theme")


def _written(value: Any) -> str:
    """Return a value as it stands in the file; of a long one the beginning."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LineRefused(path, 1, "the file is not UTF-8", "encoding") from None
    for line, content in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if content.strip():
            yield line, content.strip(" \r")
