"""Ideas in a file: CSV, TSV or JSON read into rows, with every line that cannot be read listed by its reason."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

# What may be wrong with a line. Shells turn the code into a sentence.
EMPTY_FILE = "empty_file"  # there is nothing in it
NO_TEXT_COLUMN = "no_text_column"  # the first line names no column "text"
COLUMNS = "columns"  # too many cells, or too few to reach the text
ENCODING = "encoding"  # bytes that are neither UTF-8 nor UTF-16
NOT_JSON = "not_json"  # the line is no JSON object, or the array breaks off there
NO_TEXT = "no_text"  # the object has no text, or one that is not a string
BAD_ID = "bad_id"  # the id is neither a string nor a whole number

COLUMNS_READ = ("text", "id", "lang")
DELIMITERS = "\t;,"
SPACE = re.compile(r"[ \t\n]*+")
LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# A cell in quotes: quotes inside are doubled, and the closing one ends the cell.
QUOTED = {mark: re.compile(rf'"([^"]*+(?:""[^"]*+)*+)"(?=[{mark}\n]|\Z)') for mark in DELIMITERS}
PLAIN = {mark: re.compile(rf"[^{mark}\n]*") for mark in DELIMITERS}


@dataclass(frozen=True, slots=True)
class Row:
    """One idea of a file: the line it starts on, and what the file says. Cells are not checked against any limit."""

    line: int
    text: str
    id: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that was not read, and the code of the reason."""

    line: int
    code: str


class Rows(NamedTuple):
    """What a file holds, in its order."""

    good: tuple[Row, ...]
    bad: tuple[BadRow, ...]


def read_rows(data: bytes, name: str) -> Rows:
    """Return the rows of a file.

    UTF-8 or UTF-16, with or without a byte order mark. JSON when the name ends in .jsonl, .ndjson or .json or the
    first character is a brace: an object a line, or an array of objects where a file of such a name begins with a
    bracket. Else a table with a header line, cells parted by the first of tab, semicolon, comma that the header holds.
    Quotes are literal in a table with tabs, unless they must be a spreadsheet's own.
    Empty lines are passed over. Lines count from 1. Nothing below the header, or in the array: an empty file.
    """
    text = _decoded(data).replace("\r\n", "\n").replace("\r", "\n")
    found = list(_found(text, name))
    return (
        Rows(
            tuple(row for row in found if isinstance(row, Row)),
            tuple(row for row in found if isinstance(row, BadRow)),
        )
        if found
        else Rows((), (BadRow(1, EMPTY_FILE),))
    )


def _found(text: str, name: str) -> Iterator[Row | BadRow]:
    start = text.lstrip()[:1]
    if not start:
        return iter(())
    if start == "{" or name.lower().endswith((".jsonl", ".ndjson", ".json")):
        return _array_rows(text) if start == "[" else _json_rows(text)
    return _table_rows(text, name)


def _decoded(data: bytes) -> str:
    """Return the text; bytes that are no text stay visible as lone surrogates, so that only their lines are lost."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return _text(data[len(mark) :], encoding)
    # Every second byte of UTF-16 is zero wherever the text is plain Latin, and the header is.
    if data[1:2] == b"\0":
        return _text(data, "utf-16-le")
    if data[:1] == b"\0":
        return _text(data, "utf-16-be")
    return _text(data, "utf-8")


def _text(data: bytes, encoding: str) -> str:
    if encoding == "utf-8":
        return data.decode(encoding, "surrogateescape")
    whole = len(data) // 2 * 2
    return data[:whole].decode(encoding, "surrogatepass") + ("\udc80" if whole < len(data) else "")


def _is_broken(text: str) -> bool:
    return LONE_SURROGATE.search(text) is not None


def _json_rows(text: str) -> Iterator[Row | BadRow]:
    for line, written in enumerate(text.split("\n"), start=1):
        if written.strip():
            yield _json_row(line, written)


def _array_rows(text: str) -> Iterator[Row | BadRow]:
    """Yield a row per object of an array, with the line on which it begins; reading ends where the array breaks off."""
    decoder = json.JSONDecoder()
    at, mark = text.index("["), "["
    line = text.count("\n", 0, at) + 1
    while mark and mark in "[,":
        start = _past_space(text, at + 1)
        line += text.count("\n", at, start)
        if mark == "[" and text.startswith("]", start):
            end = start
        else:
            try:
                found, end = decoder.raw_decode(text, start)
            except (ValueError, RecursionError):
                break
            yield BadRow(line, ENCODING) if _is_broken(text[start:end]) else _object_row(line, found)
        at = _past_space(text, end)
        line += text.count("\n", start, at)
        mark = text[at : at + 1]
    if mark != "]" or text[at + 1 :].strip():
        yield BadRow(line, NOT_JSON)


def _past_space(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def _json_row(line: int, written: str) -> Row | BadRow:
    if _is_broken(written):
        return BadRow(line, ENCODING)
    try:
        found = json.loads(written)
    except (ValueError, RecursionError):
        return BadRow(line, NOT_JSON)
    return _object_row(line, found)


def _object_row(line: int, found: Any) -> Row | BadRow:
    if not isinstance(found, dict):
        return BadRow(line, NOT_JSON)
    text, key, lang = found.get("text"), found.get("id"), found.get("lang")
    if not isinstance(text, str):
        return BadRow(line, NO_TEXT)
    if isinstance(key, bool) or not isinstance(key, str | int | None):
        return BadRow(line, BAD_ID)
    return _row(line, text, None if key is None else str(key), lang if isinstance(lang, str) else None)


def _table_rows(text: str, name: str) -> Iterator[Row | BadRow]:
    mark = _delimiter(text, name)
    records = _records(text, mark)
    line, header = next(records, (1, []))
    columns = [cell.strip().lower() for cell in header]
    if "text" not in columns:
        yield BadRow(line, NO_TEXT_COLUMN)
        return
    for at, cells in records:
        yield _table_row(at, cells, columns, mark)


def _table_row(line: int, cells: list[str], columns: list[str], mark: str) -> Row | BadRow:
    if len(columns) == 1:
        # A list under one heading: a comma in it is a comma.
        cells = [mark.join(cells)]
    if len(cells) > len(columns) or len(cells) <= columns.index("text"):
        return BadRow(line, COLUMNS)
    found = {column: cells[columns.index(column)] for column in COLUMNS_READ if column in columns[: len(cells)]}
    return _row(line, found["text"], found.get("id"), found.get("lang"))


def _row(line: int, text: str, key: str | None, lang: str | None) -> Row | BadRow:
    if _is_broken(text) or _is_broken(key or "") or _is_broken(lang or ""):
        return BadRow(line, ENCODING)
    return Row(line, text, (key or "").strip() or None, (lang or "").strip() or None)


def _delimiter(text: str, name: str) -> str:
    header = text.lstrip("\n").partition("\n")[0]
    if name.lower().endswith((".tsv", ".tab")):
        return "\t"
    return next((mark for mark in DELIMITERS if mark in header), ",")


def _records(text: str, mark: str) -> Iterator[tuple[int, list[str]]]:
    """Return the line number and cells of each record; a quoted cell may hold line breaks, an empty line is none."""
    at, line, width = 0, 1, 0
    while at < len(text):
        cells, end = _record(text, at, mark, width)
        if text[at:end]:
            width = width or len(cells)
            yield line, cells
        line += text.count("\n", at, end) + 1
        at = end + 1


def _record(text: str, at: int, mark: str, width: int) -> tuple[list[str], int]:
    """Return the cells of the record that starts at a position, and the position of the line feed that ends it.

    `width` is how many cells the header has, 0 for the header itself.
    """
    cells: list[str] = []
    while True:
        cell, at = _cell(text, at, mark, width)
        cells.append(cell)
        if at >= len(text) or text[at] == "\n":
            return cells, at
        at += 1


def _cell(text: str, at: int, mark: str, width: int) -> tuple[str, int]:
    found = QUOTED[mark].match(text, at) if text.startswith('"', at) else None
    if found and (mark != "\t" or _is_spreadsheets(text, found, width)):
        return found[1].replace('""', '"'), found.end()
    # A quote that opens nothing is a quote: "Culture" for all.
    plain = PLAIN[mark].match(text, at)
    return (plain[0], plain.end()) if plain else ("", at)


def _is_spreadsheets(text: str, found: re.Match[str], width: int) -> bool:
    """Tell whether quotes around a cell between tabs come from a spreadsheet, which writes them only where it must.

    It must where a cell holds a quote, a line break or a tab. But two cells may merely begin and end with a quote, with
    lines and tabs between them: so lines that have as many cells as the header without it are left alone.
    """
    inside = found[1]
    if "\t" not in inside and "\n" not in inside:
        return '""' in inside
    begin, end = text.rfind("\n", 0, found.start()) + 1, text.find("\n", found.end())
    lines = text[begin : end if end >= 0 else len(text)].split("\n")
    whole = [line.count("\t") + 1 == width for line in lines]
    if "\t" not in inside:
        return width == 1 or not all(whole)
    return not any(whole[:-1] or whole)
