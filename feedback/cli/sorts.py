"""Files beside a file of ideas: the names of themes, and what people say about where ideas belong."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from feedback.domain.sorts import Sort
from feedback.domain.themes import NAME_LIMIT, Theme, ThemeSet


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
        name, _, description = (part.strip() for part in text.partition("\t"))
        if not name or len(name) > NAME_LIMIT:
            raise LineRefused(path, line, f"a name has 1 to {NAME_LIMIT} characters", "bad_name")
        if name in {theme.name for theme in themes}:
            raise LineRefused(path, line, "this name stands there already", "repeated_name")
        themes.append(Theme(len(themes) + 1, name, named_by_person=True, description=description))
    return ThemeSet(tuple(themes), (), len(themes) + 1)


def read_sorts(path: Path, ideas: Sequence[str], starters: ThemeSet | None) -> tuple[ThemeSet, list[Sort]]:
    """Return the themes and the sorts from JSONL lines `{"participant", "idea", "theme": a name or null}`.

    Without starters the themes are those that the sorts name, in the order in which they come. Raises LineRefused.
    """
    themes = [] if starters is None else list(starters.themes)
    ids = {theme.name: theme.id for theme in themes}
    known = set(ideas)
    sorts = []
    for line, text in _lines(path):
        try:
            said = json.loads(text)
            participant, idea, name = str(said["participant"]), str(said["idea"]), said["theme"]
        except (ValueError, KeyError, TypeError):
            reason = "this is no JSON object with participant, idea and theme"
            raise LineRefused(path, line, reason, "not_a_sort") from None
        if idea not in known:
            raise LineRefused(path, line, f"there is no idea {idea}", "unknown_idea")
        is_name = isinstance(name, str) and bool(name.strip())
        if name is not None and (not is_name or (name not in ids and starters is not None)):
            raise LineRefused(path, line, "there is no theme of this name", "unknown_theme")
        if name is not None and name not in ids:
            themes.append(Theme(len(themes) + 1, name, named_by_person=True))
            ids[name] = len(themes)
        sorts.append(Sort(participant, idea, None if name is None else ids[name]))
    return ThemeSet(tuple(themes), (), len(themes) + 1), sorts


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LineRefused(path, 1, "the file is not UTF-8", "encoding") from None
    for line, content in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if content.strip():
            yield line, content.strip(" \r")
