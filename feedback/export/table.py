"""The ideas as CSV, one row each, for spreadsheets and for taking them into another conversation.

UTF-8 with a byte order mark, because Excel reads umlauts wrongly without; every field is quoted; column names are the
same in every language. Columns that came later stand at the end, and only where they have something to say. A `'` of
ours stands before whatever a spreadsheet could calculate (`clean.guarded`).
"""

import csv
import io
from itertools import chain

from feedback.domain.reports import OpinionIdea, Report, ReportIdea, ReportOpinions, checksum_of
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
#: Where the firmness of a theme is known, where opinion groups are, and where the crew has described a theme.
FIRM = ("theme_firm",)
OPINIONS = ("consensus", "divisive", "group_shares")
ABOUT = ("theme_description",)


def render(report: Report, _words: Words) -> bytes:
    """Write the ideas by number as CSV; the same report gives the same bytes in every language."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    firmness, views, about = _firmness(report), _views(report), _about(report)
    later = (FIRM if firmness else (), OPINIONS if views is not None else (), ABOUT if about else ())
    rows.writerow((*COLUMNS, *chain(*later)))
    themes = {theme.number: theme.name for theme in report.themes}
    typical = {idea_id for theme in report.themes for idea_id in theme.representatives}
    end = (report.code, str(report.seq), checksum_of(report))
    speech = speech_of(report)
    for idea in ideas_of(report):
        name = themes.get(idea.theme, "") if idea.theme is not None else ""
        firm = (firmness.get(idea.theme, ""),) if firmness else ()
        view = () if views is None else views.get(idea.number, ("0", "0", ""))
        said = (about.get(idea.theme, ""),) if about else ()
        cells = (*_cells(idea, name, idea.id in typical, speech), *end, *firm, *view, *said)
        rows.writerow(guarded(cell) for cell in cells)
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


def _firmness(report: Report) -> dict[int | None, str]:
    """Return whether each judged theme is firm, 1 or 0; empty where none is judged."""
    return {theme.number: str(int(theme.firm)) for theme in report.themes if theme.firm is not None}


def _about(report: Report) -> dict[int | None, str]:
    """Return what the crew says of each theme that it has described."""
    return {theme.number: theme.description for theme in report.themes if theme.description}


def _views(report: Report) -> dict[int, tuple[str, str, str]] | None:
    """Return what opinion groups make of the ideas that are told; None without groups."""
    parts = [part for part in report.opinions if part.groups]
    if not parts:
        return None
    views = {}
    for part in parts:
        consensus = {line.number for line in part.consensus}
        divisive = {line.number for line in part.divisive}
        apart = [line for group in part.groups for line in (*group.agrees, *group.disagrees)]
        for line in (*part.consensus, *part.divisive, *apart):
            marks = str(int(line.number in consensus)), str(int(line.number in divisive))
            views[line.number] = (*marks, _shares(part, line))
    return views


def _shares(part: ReportOpinions, line: OpinionIdea) -> str:
    """Write how many per cent of each group agree, disagree and pass: A 80/15/5 B 10/85/5."""
    told = zip(part.groups, line.shares, strict=True)
    return " ".join(f"{group.letter} {'/'.join(map(str, share))}" for group, share in told if share is not None)
