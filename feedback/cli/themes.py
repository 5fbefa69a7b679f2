"""Find themes in a file, without a server: the result on standard output, everything else on standard error."""

import csv
import io
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from feedback.cli.embedders import NoEmbedder, chosen_embedder
from feedback.cli.sorts import LineRefused, read_sorts, read_starters
from feedback.domain.rows import Row, Rows, read_rows
from feedback.domain.sorts import Sort
from feedback.domain.themes import IdeaText, Theme, ThemeSet, is_firm
from feedback.settings import BadSetting

SHOWN = 20  # bad lines named one by one

STEPS = {
    "reading": "Reading the ideas …",
    "measuring": "Measuring how near they are …",
    "grouping": "Trying groupings …",
    "settling": "Settling …",
    "naming": "Naming the themes …",
}


class FileRefused(Exception):
    """A file that themes cannot be found in; the message says which line and why."""


def themes_command(
    file: Path,
    fmt: str,
    seed: int,
    *,
    starter: Path | None = None,
    sorts: Path | None = None,
    embedder: str = "lexical",
) -> int:
    """Find the themes of a file and print them as json, csv or md; returns the exit code.

    Parameters
    ----------
    file : Path
        CSV, TSV, JSONL or a JSON array, with text and optional id and lang.
    fmt : str
        "json", "csv" or "md".
    seed : int
        Same file and seed, same bytes.
    starter : Path, optional
        Names of themes, a line each, that ideas are drawn to.
    sorts : Path, optional
        JSONL of what people say about where ideas belong.
    embedder : str
        "lexical", "local" or "http": what measures how alike ideas are.
    """
    try:
        ideas = read_ideas(file)
        themes = read_starters(starter) if starter else None
        said: list[Sort] = []
        if sorts:
            themes, said = read_sorts(sorts, [idea.id for idea in ideas], themes)
        measure = chosen_embedder(embedder)
    except (FileRefused, LineRefused, NoEmbedder, BadSetting) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{error.filename} cannot be read ({error.strerror}).", file=sys.stderr)
        return 1
    from feedback.clustering.pipeline import find_themes  # noqa: PLC0415 -- slow import

    found = find_themes(ideas, previous=themes, sorts=said, embedder=measure, seed=seed, progress=_progress())
    if found.problem:
        _say_words_alone(found.problem)
    written = FORMATS[fmt](found, {idea.id: idea.text for idea in ideas})
    # Bytes, because the result is UTF-8 whatever the terminal speaks.
    sys.stdout.buffer.write(written.encode())
    sys.stdout.flush()
    return 0


def read_ideas(path: Path) -> list[IdeaText]:
    """Return the ideas of a file in its order; a row without an id is called by its number, the first being "1".

    Raises FileRefused when a line cannot be read or an id occurs twice: every idea must be in the result exactly once.
    """
    rows = read_rows(path.read_bytes(), path.name)
    if rows.bad:
        raise FileRefused(_bad_lines(path, rows))
    lines: dict[str, int] = {}
    ideas = []
    for number, row in enumerate(rows.good, start=1):
        key = row.id or str(number)
        if key in lines:
            raise FileRefused(_repeated(path, row, key, lines[key]))
        lines[key] = row.line
        ideas.append(IdeaText(key, row.text, row.lang))
    return ideas


def _bad_lines(path: Path, rows: Rows) -> str:
    from feedback.cli.house import bad_line  # noqa: PLC0415 -- the sentences come with Flask's translations

    said = [f"{path.name}, line {bad.line}: {bad_line(bad.code)} ({bad.code})" for bad in rows.bad[:SHOWN]]
    more = len(rows.bad) - len(said)
    return "\n".join(
        [*said, *([f"… and {more} lines more."] if more else []), "Nothing was done: mend these lines first."]
    )


def _repeated(path: Path, row: Row, key: str, first: int) -> str:
    where = f"{path.name}, line {row.line}"
    meant = f"the id {key}" if row.id else f"this row has no id, so it is called {key}, which"
    return (
        f"{where}: {meant} stands on line {first} already (repeated_id).\nNothing was done: give each idea its own id."
    )


def _say_words_alone(problem: str) -> None:
    from feedback.wording import sentence_of_embedder  # noqa: PLC0415 -- the sentences come with Flask's translations

    print(f"{sentence_of_embedder(problem)} ({problem})", file=sys.stderr)


def _progress() -> Callable[[float, str], None]:
    said: set[str] = set()

    def say(_share: float, step: str) -> None:
        if step in STEPS and step not in said:
            said.add(step)
            print(STEPS[step], file=sys.stderr)

    return say


def _as_json(found: ThemeSet, _texts: Mapping[str, str]) -> str:
    themes = [
        {
            "id": theme.id,
            "name": theme.name,
            "firmness": theme.firmness,
            "firm": is_firm(theme.firmness),
            "terms": list(theme.terms),
            "ideas": list(theme.ideas),
            "representatives": list(theme.representatives),
        }
        for theme in found.themes
    ]
    result: dict[str, Any] = {"themes": themes, "leftovers": list(found.leftovers)}
    if found.unsure is not None:
        result["unsure"] = list(found.unsure)
    if found.reliability:
        result["reliability"] = {name: round(share, 3) for name, share in found.reliability.items()}
    result["near_duplicates"] = [asdict(pair) for pair in found.near_duplicates or ()]
    result["outlooks"] = {idea: asdict(outlook) for idea, outlook in found.outlooks.items()}
    return json.dumps(result, ensure_ascii=False, indent=1) + "\n"


def _as_csv(found: ThemeSet, _texts: Mapping[str, str]) -> str:
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("id", "theme_id", "theme"))
    rows.writerows((idea, theme.id, theme.name) for theme in found.themes for idea in theme.ideas)
    rows.writerows((idea, "", "") for idea in found.leftovers)
    return out.getvalue()


def _as_markdown(found: ThemeSet, texts: Mapping[str, str]) -> str:
    parts = ["# Themes", *(_section(theme, texts) for theme in found.themes)]
    if found.leftovers:
        parts.append(f"## Leftovers ({len(found.leftovers)})\n\n{_list(found.leftovers, texts)}")
    return "\n\n".join(parts) + "\n"


def _section(theme: Theme, texts: Mapping[str, str]) -> str:
    loose = "" if is_firm(theme.firmness) else ", not firm"
    head = f"## {theme.id}. {_plain(theme.name)} ({len(theme.ideas)}{loose})"
    terms = f"Terms: {_plain(', '.join(theme.terms))}" if theme.terms else ""
    typical = f"Typical:\n\n{_list(theme.representatives, texts)}"
    others = [idea for idea in theme.ideas if idea not in theme.representatives]
    rest = f"Also here:\n\n{_list(others, texts)}" if others else ""
    return "\n\n".join(part for part in (head, terms, typical, rest) if part)


def _list(ids: tuple[str, ...] | list[str], texts: Mapping[str, str]) -> str:
    return "\n".join(f"- {_plain(texts[idea]) or '(empty)'} ({_plain(idea)})" for idea in ids)


def _plain(text: str) -> str:
    """Return the text on one line, with everything that Markdown would take for markup shown as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!&])", r"\\\1", " ".join(text.split()))


FORMATS: Mapping[str, Callable[[ThemeSet, Mapping[str, str]], str]] = {
    "json": _as_json,
    "csv": _as_csv,
    "md": _as_markdown,
}
