"""The report as an Excel workbook: summary, themes, all ideas and the completeness ledger, ready to filter."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import xlsxwriter

from feedback.domain.reports import Report, ReportIdea, checksum_of
from feedback.domain.summaries import ideas_of
from feedback.export.labels import (
    accent_of,
    cover_of,
    ledger_of,
    ledger_verdict,
    participation_of,
    source_name,
    theme_name,
    title_of,
)
from feedback.export.method import method_facts
from feedback.export.speech import Speech, Words, instant, speech_of

CELL_LIMIT = 32_767
_SHEET_NAME_LIMIT = 31
_FORBIDDEN_IN_NAMES = re.compile(r"[\[\]:*?/\\']")
_WIDEST = 70

Cell = str | int | datetime | None


@dataclass(frozen=True, slots=True)
class _Book:
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


def render(report: Report, words: Words) -> bytes:
    """Write the report as a workbook in which every text is a text: no formula, no link."""
    written = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    file = xlsxwriter.Workbook(written, options)
    book = _opened(file, report, words)
    _summary(book, report)
    _themes(book, report)
    _ideas(book, report)
    _ledger(book, report)
    file.close()
    return written.getvalue()


def _opened(file: xlsxwriter.Workbook, report: Report, words: Words) -> _Book:
    speech = speech_of(report)
    accent = accent_of(report)
    file.set_properties(
        {
            "title": title_of(report, words)[:255],
            "subject": words.gettext("Report of the conversation"),
            "author": report.rapporteur[:255],
            "comments": checksum_of(report),
            "created": instant(report.frozen_at).replace(tzinfo=None),
        }
    )
    plain = {"valign": "top", "font_size": 11}
    head = {"bold": True, "text_wrap": True, "valign": "vcenter", "font_color": "#FFFFFF", "bg_color": f"#{accent}"}
    return _Book(
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


def _summary(book: _Book, report: Report) -> None:
    words = book.words
    sheet = _sheet(book, words.gettext("Summary"))
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, _WIDEST)
    _put(book, sheet, 0, 0, title_of(report, words), book.title)
    sheet.set_row(0, 30)
    parts: list[tuple[str, Sequence[tuple[str, str | int]]]] = [
        (words.gettext("Report of the conversation"), cover_of(report, words, book.speech)),
        (words.gettext("Participation"), participation_of(report, words)),
        (words.gettext("Prompts"), [(str(prompt.number), prompt.text) for prompt in report.prompts]),
        (words.gettext("How this report was made"), method_facts(report, words, book.speech)),
        (words.gettext("Checksum"), [("SHA-256", checksum_of(report))]),
    ]
    row = 2
    for heading, lines in parts:
        row = _part(book, sheet, row, heading, lines)


def _part(
    book: _Book, sheet: xlsxwriter.worksheet.Worksheet, row: int, heading: str, lines: Sequence[tuple[str, str | int]]
) -> int:
    """Write a heading and its lines; return the row where the next part begins."""
    if not lines:
        return row
    _put(book, sheet, row, 0, heading, book.part)
    sheet.write_blank(row, 1, None, book.part)
    for place, (label, value) in enumerate(lines, row + 1):
        _put(book, sheet, place, 0, label, book.label)
        _put(book, sheet, place, 1, value, book.text)
    return row + len(lines) + 2


def _themes(book: _Book, report: Report) -> None:
    words = book.words
    labels = [words.gettext("No."), words.gettext("Theme"), words.gettext("Ideas"), words.gettext("Votes")]
    labels.append(words.gettext("Shared words"))
    rows: list[tuple[Cell, ...]] = [
        (theme.number, theme_name(theme, words), len(theme.ideas), theme.votes, ", ".join(theme.terms))
        for theme in report.themes
    ]
    if report.leftovers:
        votes = sum(idea.agree for idea in report.leftovers)
        rows.append((None, words.gettext("Ideas without a theme"), len(report.leftovers), votes, ""))
    name = words.gettext("Themes")
    sheet = _listing(book, name, labels, rows, (8, 44, 10, 10, 60))
    if report.themes:
        _chart(book, sheet, len(report.themes), len(rows))


def _chart(book: _Book, sheet: xlsxwriter.worksheet.Worksheet, themes: int, rows: int) -> None:
    chart = book.file.add_chart({"type": "bar"})
    chart.add_series(
        {
            "name": book.words.gettext("Votes"),
            "categories": [sheet.name, 1, 1, themes, 1],
            "values": [sheet.name, 1, 3, themes, 3],
            "fill": {"color": f"#{book.accent}"},
            "data_labels": {"value": True},
            "gap": 60,
        }
    )
    title = book.words.gettext("Votes for each theme")
    chart.set_title({"name": title, "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"reverse": True})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": 0})
    chart.set_size({"width": 760, "height": 110 + 28 * themes})
    alt = book.words.gettext("Bar chart of the votes in the table above")
    sheet.insert_chart(rows + 2, 1, chart, {"description": alt})


def _ideas(book: _Book, report: Report) -> None:
    words = book.words
    labels = [
        words.gettext("No."),
        words.gettext("Idea"),
        words.gettext("Theme no."),
        words.gettext("Theme"),
        words.gettext("Agree"),
        words.gettext("Disagree"),
        words.gettext("Pass"),
        words.gettext("Prompt"),
        words.gettext("Language"),
        words.gettext("Came from"),
        words.gettext("Written (%(zone)s)") % {"zone": book.speech.zone},
        words.gettext("Identifier"),
    ]
    names = {theme.number: theme_name(theme, words) for theme in report.themes}
    rows = [_idea(book, idea, names) for idea in ideas_of(report)]
    _listing(book, words.gettext("Ideas"), labels, rows, (7, _WIDEST, 10, 30, 9, 11, 12, 9, 11, 14, 20, 30))


def _idea(book: _Book, idea: ReportIdea, names: dict[int, str]) -> tuple[Cell, ...]:
    theme = "" if idea.theme is None else names.get(idea.theme, "")
    return (
        idea.number,
        idea.text,
        idea.theme,
        theme,
        idea.agree,
        idea.disagree,
        idea.passes,
        idea.prompt,
        idea.lang,
        source_name(idea.source, book.words),
        book.speech.at(idea.written_at).replace(tzinfo=None, microsecond=0),
        idea.id,
    )


def _ledger(book: _Book, report: Report) -> None:
    words = book.words
    labels = [words.gettext("What became of the ideas"), words.gettext("Ideas")]
    rows: list[tuple[Cell, ...]] = [*ledger_of(report, words)]
    sheet = _listing(book, words.gettext("Completeness"), labels, rows, (60, 12))
    _put(book, sheet, len(rows) + 2, 0, ledger_verdict(report, words, book.speech), book.text)


def _listing(
    book: _Book, name: str, labels: Sequence[str], rows: Sequence[tuple[Cell, ...]], widths: Sequence[int]
) -> xlsxwriter.worksheet.Worksheet:
    """Write a sheet with one frozen row of labels, filters and rows of the same length."""
    sheet = _sheet(book, name)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_row(0, 32)
    for column, (label, width) in enumerate(zip(labels, widths, strict=True)):
        sheet.set_column(column, column, width)
        _put(book, sheet, 0, column, label, book.head)
    for row, cells in enumerate(rows, 1):
        for column, cell in enumerate(cells):
            _put(book, sheet, row, column, cell, book.text)
    sheet.autofilter(0, 0, len(rows), len(labels) - 1)
    return sheet


def _sheet(book: _Book, name: str) -> xlsxwriter.worksheet.Worksheet:
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


def _put(
    book: _Book,
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


def _put_text(
    book: _Book,
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
