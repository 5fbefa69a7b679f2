"""One frozen state as files that a city can keep: the same themes, counts and checksum in six formats."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from feedback.domain.reports import Report
from feedback.export import data, markdown, table
from feedback.export.clean import cleaned
from feedback.export.content import paper_of
from feedback.export.speech import Words

__all__ = ["FORMATS", "OFFICE", "Format", "Words", "file_name", "render"]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: its media type, its ending, and what writes it."""

    mime: str
    ending: str
    render: Callable[[Report, Words], bytes]


def render(report: Report, fmt: str, words: Words) -> bytes:
    """Write the report as a file of the format; `words` speak the report's language.

    Raises KeyError for a format that is not in FORMATS.
    """
    return FORMATS[fmt].render(cleaned(report), words)


def file_name(report: Report, fmt: str) -> str:
    """Return a name for the file in plain ASCII: conversation code, state number, ending."""
    code = re.sub("[^A-Za-z0-9]+", "", report.code) or "conversation"
    return f"report-{code}-{report.seq}.{FORMATS[fmt].ending}"


def _docx(report: Report, words: Words) -> bytes:
    from feedback.export import word  # noqa: PLC0415 -- slow import

    return word.render(paper_of(report, words))


def _pdf(report: Report, words: Words) -> bytes:
    from feedback.export import pdf  # noqa: PLC0415 -- slow import

    return pdf.render(paper_of(report, words))


def _markdown(report: Report, words: Words) -> bytes:
    return markdown.render(paper_of(report, words), words)


def _xlsx(report: Report, words: Words) -> bytes:
    from feedback.export import sheet  # noqa: PLC0415 -- slow import

    return sheet.render(report, words)


#: How the media types of office documents begin.
OFFICE = "application/vnd.openxmlformats-officedocument"

FORMATS = {
    "docx": Format(f"{OFFICE}.wordprocessingml.document", "docx", _docx),
    "pdf": Format("application/pdf", "pdf", _pdf),
    "xlsx": Format(f"{OFFICE}.spreadsheetml.sheet", "xlsx", _xlsx),
    "csv": Format("text/csv; charset=utf-8", "csv", table.render),
    "json": Format("application/json", "json", data.render),
    "md": Format("text/markdown; charset=utf-8", "md", _markdown),
}
