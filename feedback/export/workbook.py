"""An Excel workbook in which every text is a text: its looks, its sheets, its cells, whatever they are about."""

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import xlsxwriter

from feedback.export.speech import Speech, Words, instant

CELL_LIMIT = 32_767
WIDEST = 70
_SHEET_NAME_LIMIT = 31
_PROPERTY_LIMIT = 255
_FORBIDDEN_IN_NAMES = re.compile(r"[\[\]:*?/\\']")

Cell = str | int | datetime | None
Part = tuple[str, Sequence[tuple[str, str | int]]]


@dataclass(frozen=True, slots=True)
class About:
    """What a document register reads of a workbook; `accent` is a colour as RRGGBB, `made_at` epoch milliseconds."""

    title: str
    subject: str
    author: str
    checksum: str
    made_at: int
    accent: str


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar chart below a list: which columns hold names and figures, how many rows, and what it is called."""

    title: str
    name: str
    alt: str
    names: int
    figures: int
    rows: int


@dataclass(frozen=True, slots=True)
class Book:
    """The open workbook with its formats and what is needed to say things."""

    file: xlsxwriter.Workbook
    head: xlsxwriter.format.Format
    text: xlsxwriter.format.Format
    label: xlsxwriter.format.Format
    title: xlsxwriter.format.Format
    number: xlsxwriter.format.Format
    time: xlsxwriter.format.Format
    part: xlsxwriter.format.Format
    words: Words
    speech: Speech
    accent: str


def written(about: About, words: Words, speech: Speech, fill: Callable[[Book], None]) -> bytes:
    """Return the workbook that `fill` has filled: no formula, no link."""
    kept = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    file = xlsxwriter.Workbook(kept, options)
    fill(_opened(file, about, words, speech))
    file.close()
    return kept.getvalue()


def summary(book: Book, title: str, parts: Sequence[Part]) -> None:
    """Write the first sheet: a title, and labels with values under headings; a part without lines is left out."""
    sheet = _sheet(book, book.words.gettext("Summary"))
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, WIDEST)
    put(book, sheet, 0, 0, title, book.title)
    sheet.set_row(0, 30)
    row = 2
    for heading, lines in parts:
        row = _part(book, sheet, row, heading, lines)


def listing(
    book: Book, name: str, labels: Sequence[str], rows: Sequence[tuple[Cell, ...]], widths: Sequence[int]
) -> xlsxwriter.worksheet.Worksheet:
    """Write a sheet with one frozen row of labels, filters and rows of the same length."""
    sheet = _sheet(book, name)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_row(0, 32)
    for column, (label, width) in enumerate(zip(labels, widths, strict=True)):
        sheet.set_column(column, column, width)
        put(book, sheet, 0, column, label, book.head)
    for row, cells in enumerate(rows, 1):
        for column, cell in enumerate(cells):
            put(book, sheet, row, column, cell, book.text)
    sheet.autofilter(0, 0, len(rows), len(labels) - 1)
    return sheet


def bars(book: Book, sheet: xlsxwriter.worksheet.Worksheet, below: int, drawn: Bars) -> None:
    """Draw a bar chart of the first rows of a list, two rows below row `below`."""
    chart = book.file.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": drawn.name,
            "categories": [sheet.name, 1, drawn.names, drawn.rows, drawn.names],
            "values": [sheet.name, 1, drawn.figures, drawn.rows, drawn.figures],
            "fill": {"color": f"#{book.accent}"},
            "data_labels": {"value": True},
            "gap": 60,
        }
    )
    chart.set_title({"name": drawn.title, "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    chart.set_size({"width": 760, "height": 110 + 28 * drawn.rows})
    sheet.insert_chart(below + 2, 1, chart, {"description": drawn.alt})


def put(
    book: Book,
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    cell: Cell,
    style: xlsxwriter.format.Format,
) -> None:
    """Write one cell; raise ValueError rather than lose a character of it."""
    if cell is None or cell == "":
        refused = sheet.write_blank(row, column, None, style)
    elif isinstance(cell, int):
        refused = sheet.write_number(row, column, cell, book.number)
    elif isinstance(cell, datetime):
        refused = sheet.write_datetime(row, column, cell, book.time)
    else:
        refused = _put_text(book, sheet, row, column, cell, style)
    if refused:
        msg = f"row {row}, column {column} does not fit into a sheet ({refused})"
        raise ValueError(msg)


def _opened(file: xlsxwriter.Workbook, about: About, words: Words, speech: Speech) -> Book:
    file.set_properties(
        {
            "title": about.title[:_PROPERTY_LIMIT],
            "subject": about.subject[:_PROPERTY_LIMIT],
            "author": about.author[:_PROPERTY_LIMIT],
            "comments": about.checksum,
            "created": instant(about.made_at).replace(tzinfo=None),
        }
    )
    accent = about.accent
    plain = {"valign": "top", "font_size": 11}
    head = {"bold": True, "text_wrap": True, "valign": "vcenter", "font_color": "#FFFFFF", "bg_color": f"#{accent}"}
    return Book(
        file=file,
        head=file.add_format(head),
        text=file.add_format({**plain, "text_wrap": True, "num_format": "@"}),
        label=file.add_format({**plain, "font_color": "#5C584F"}),
        title=file.add_format({"bold": True, "font_size": 18, "font_color": f"#{accent}"}),
        number=file.add_format({**plain, "num_format": "#,##0", "align": "right"}),
        time=file.add_format({**plain, "num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"}),
        part=file.add_format({"bold": True, "font_size": 13, "bottom": 1, "bottom_color": f"#{accent}"}),
        words=words,
        speech=speech,
        accent=accent,
    )


def _part(
    book: Book, sheet: xlsxwriter.worksheet.Worksheet, row: int, heading: str, lines: Sequence[tuple[str, str | int]]
) -> int:
    """Write a heading and its lines; return the row where the next part begins."""
    if not lines:
        return row
    put(book, sheet, row, 0, heading, book.part)
    sheet.write_blank(row, 1, None, book.part)
    for place, (label, value) in enumerate(lines, row + 1):
        put(book, sheet, place, 0, label, book.label)
        put(book, sheet, place, 1, value, book.text)
    return row + len(lines) + 2


def _sheet(book: Book, name: str) -> xlsxwriter.worksheet.Worksheet:
    """Add a sheet that prints across one page's width; its name, a translation, must obey Excel's rules."""
    wanted = _FORBIDDEN_IN_NAMES.sub(" ", name)[:_SHEET_NAME_LIMIT].strip()
    taken = {sheet.name.lower() for sheet in book.file.worksheets()}
    usable = wanted and wanted.lower() not in taken
    sheet = book.file.add_worksheet(wanted if usable else None)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C&P / &N")
    return sheet


def _put_text(
    book: Book,
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    column: int,
    text: str,
    style: xlsxwriter.format.Format,
) -> int:
    fitting = _fitting(text, book.words)
    if fitting.startswith("<r>") and fitting.endswith("</r>"):
        # XlsxWriter takes such a text for finished markup and writes it raw; in two runs it stays a text.
        return int(sheet.write_rich_string(row, column, fitting[:1], style, fitting[1:], style))
    return int(sheet.write_string(row, column, fitting, style))


def _fitting(text: str, words: Words) -> str:
    """Return the text, or as much of it as a cell holds (UTF-16 units) and a word that it goes on elsewhere."""
    if len(text.encode("utf-16-le")) // 2 <= CELL_LIMIT:
        return text
    note = words.gettext("… (cut here, a cell holds no more; the JSON file has the whole text)")
    room = CELL_LIMIT - len(note.encode("utf-16-le")) // 2
    return text.encode("utf-16-le")[: 2 * room].decode("utf-16-le", errors="ignore") + note
