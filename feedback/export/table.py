"""The ideas as CSV, one row each, for spreadsheets and for taking them into another conversation.

UTF-8 with a byte order mark, because Excel reads umlauts wrongly without; every field is quoted; column names are the
same in every language. A `'` of ours stands before whatever a spreadsheet could calculate (`clean.guarded`).
"""

import csv
import io

from feedback.domain.reports import Report, ReportIdea, checksum_of
from feedback.domain.summaries import ideas_of
from feedback.export.clean import guarded
from feedback.export.speech import Speech, Words, speech_of

COLUMNS = (
    "number",
    "id",
    "text",
    "lang",
    "prompt",
    "theme",
    "theme_name",
    "representative",
    "agree",
    "disagree",
    "pass",
    "source",
    "written_at",
    "conversation",
    "state",
    "checksum",
)


def render(report: Report, _words: Words) -> bytes:
    """Write the ideas by number as CSV; the same report gives the same bytes in every language."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    themes = {theme.number: theme.name for theme in report.themes}
    typical = {idea_id for theme in report.themes for idea_id in theme.representatives}
    end = (report.code, str(report.seq), checksum_of(report))
    speech = speech_of(report)
    for idea in ideas_of(report):
        name = themes.get(idea.theme, "") if idea.theme is not None else ""
        rows.writerow(guarded(cell) for cell in (*_cells(idea, name, idea.id in typical, speech), *end))
    return text.getvalue().encode("utf-8-sig")


def _cells(idea: ReportIdea, theme_name: str, is_typical: bool, speech: Speech) -> tuple[str, ...]:
    return (
        str(idea.number),
        idea.id,
        idea.text,
        idea.lang,
        str(idea.prompt),
        "" if idea.theme is None else str(idea.theme),
        theme_name,
        "1" if is_typical else "0",
        str(idea.agree),
        str(idea.disagree),
        str(idea.passes),
        idea.source,
        speech.at(idea.written_at).isoformat(timespec="seconds"),
    )
