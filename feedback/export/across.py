"""What all conversations have in common, as files: Markdown to read, CSV for spreadsheets, JSON for machines."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from feedback.domain.alignments import Across, Subject, SubjectIdea, SubjectTheme
from feedback.export.blocks import Block, Facts, Heading, IdeaRow, IdeaTable, Paragraph
from feedback.export.clean import clean, guarded
from feedback.export.markdown import literal, written
from feedback.export.speech import Speech, Words, is_right_to_left, language_of, speech_in

FORMAT = "feedback-across"
VERSION = 1
_CHECKED = "SHA-256 of the member across, written as UTF-8 JSON with sorted keys and no spare space"
COLUMNS = (
    "subject",
    "subject_name",
    "strands",
    "strands_of",
    "strand",
    "conversation",
    "conversation_title",
    "theme",
    "theme_name",
    "idea",
    "id",
    "text",
    "lang",
    "representative",
    "agree",
    "disagree",
    "pass",
    "checksum",
)


@dataclass(frozen=True, slots=True)
class AcrossFormat:
    """A kind of file: its media type, and what writes it."""

    mime: str
    render: Callable[[Across, Words], bytes]


def render(across: Across, fmt: str, words: Words) -> bytes:
    """Write what the conversations have in common as a file; raises KeyError for a format that is not in FORMATS."""
    return FORMATS[fmt].render(_clean(across), words)


def file_name(fmt: str) -> str:
    """Return a name for the file."""
    return f"across-strands.{fmt}"


def checksum_of(across: Across) -> str:
    """Return the SHA-256 of the canonical JSON, 64 hex digits."""
    told = json.dumps(_told(across), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def _json(across: Across, _words: Words) -> bytes:
    content = {
        "format": FORMAT,
        "version": VERSION,
        "checksum": checksum_of(across),
        "checksum_covers": _CHECKED,
        "across": _told(across),
    }
    return (json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()


def _csv(across: Across, _words: Words) -> bytes:
    """Write every idea behind a subject as a row; UTF-8 with a byte order mark, nothing that a spreadsheet runs."""
    text = io.StringIO(newline="")
    rows = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    checksum = checksum_of(across)
    for number, subject in enumerate(across.subjects, start=1):
        asked = (str(number), subject.name, str(len(subject.strands)), str(len(across.strands)))
        for theme in subject.themes:
            for idea in theme.ideas:
                rows.writerow(guarded(cell) for cell in (*asked, *_cells(theme, idea), checksum))
    return text.getvalue().encode("utf-8-sig")


def _cells(theme: SubjectTheme, idea: SubjectIdea) -> tuple[str, ...]:
    return (
        theme.strand,
        theme.code,
        theme.conversation,
        str(theme.member.theme),
        theme.name,
        str(idea.number),
        idea.id,
        idea.text,
        idea.lang,
        "1" if idea.stands_for else "0",
        str(idea.agree),
        str(idea.disagree),
        str(idea.passes),
    )


def _markdown(across: Across, words: Words) -> bytes:
    speech = speech_in(across.language, across.time_zone)
    head = [
        f"# {literal(words.gettext('Across strands'))}",
        literal(across.conference),
        words.gettext("%(label)s: %(value)s")
        % {"label": words.gettext("Read"), "value": f"{speech.date(across.read_at)}, {speech.clock(across.read_at)}"},
        words.gettext("%(label)s: %(value)s")
        % {"label": words.gettext("Checksum"), "value": f"`{checksum_of(across)}`"},
    ]
    parts = [part for part in (*head, *(written(block, words) for block in _blocks(across, words, speech))) if part]
    return ("\n\n".join(parts) + "\n").encode()


def _blocks(across: Across, words: Words, speech: Speech) -> list[Block]:
    blocks: list[Block] = []
    if not across.subjects:
        blocks.append(Paragraph(words.gettext("No subject came up in more than one conversation.")))
    for number, subject in enumerate(across.subjects, start=1):
        blocks.append(Heading(words.gettext("%(number)s. %(theme)s") % {"number": number, "theme": subject.name}))
        blocks.append(Paragraph(asked_for(subject, across, words)))
        for theme in subject.themes:
            blocks += _theme(theme, words, speech)
    if across.alone:
        blocks.append(Heading(words.gettext("Themes of one conversation alone")))
        blocks.append(Facts(tuple((f"{each.strand}, {each.conversation}", each.name) for each in across.alone)))
    return blocks


def asked_for(subject: Subject, across: Across, words: Words) -> str:
    """Say in how many strands a subject came up, and with what support."""
    said = words.gettext("Asked for in %(count)s of %(all)s strands; %(ideas)s ideas, %(votes)s votes.")
    return said % {
        "count": len(subject.strands),
        "all": len(across.strands),
        "ideas": subject.ideas,
        "votes": subject.votes,
    }


def _theme(theme: SubjectTheme, words: Words, speech: Speech) -> list[Block]:
    where = words.gettext("%(strand)s: %(theme)s") % {"strand": theme.strand, "theme": theme.name}
    facts = (
        (words.gettext("Conversation"), f"{theme.conversation} ({theme.code})"),
        (words.gettext("Ideas"), speech.number(len(theme.ideas))),
        (words.gettext("Votes"), speech.number(theme.votes)),
    )
    return [Heading(where, level=2), Facts(facts, inline=True), _ideas(theme, words, speech)]


def _ideas(theme: SubjectTheme, words: Words, speech: Speech) -> IdeaTable:
    typical = words.gettext("typical of the theme")
    rows = [
        IdeaRow(
            idea.number,
            idea.text,
            language_of(idea.lang) or speech.language,
            is_right_to_left(idea.text),
            typical if idea.stands_for else "",
            (speech.number(idea.agree),),
        )
        for idea in theme.ideas
    ]
    return IdeaTable(words.gettext("No."), words.gettext("Idea"), (words.gettext("Votes"),), tuple(rows))


def _told(across: Across) -> dict[str, Any]:
    """Return the value with what is worked out of it, and without numbers that mean nothing outside this house."""
    subjects = [
        {
            "name": subject.name,
            "strands": list(subject.strands),
            "ideas": subject.ideas,
            "votes": subject.votes,
            "themes": [_told_theme(theme) for theme in subject.themes],
        }
        for subject in across.subjects
    ]
    alone = [_told_theme(theme) for theme in across.alone]
    return asdict(replace(across, subjects=(), alone=())) | {"subjects": subjects, "alone": alone}


def _told_theme(theme: SubjectTheme) -> dict[str, Any]:
    told = asdict(theme)
    del told["member"]
    return told | {"number": theme.member.theme, "votes": theme.votes}


def _clean(across: Across) -> Across:
    return replace(
        across,
        conference=clean(across.conference),
        strands=tuple(clean(name) for name in across.strands),
        subjects=tuple(Subject(tuple(_clean_theme(theme) for theme in each.themes)) for each in across.subjects),
        alone=tuple(_clean_theme(theme) for theme in across.alone),
    )


def _clean_theme(theme: SubjectTheme) -> SubjectTheme:
    return replace(
        theme,
        strand=clean(theme.strand),
        strand_key=clean(theme.strand_key),
        strand_mark=clean(theme.strand_mark),
        conversation=clean(theme.conversation),
        code=clean(theme.code),
        name=clean(theme.name),
        ideas=tuple(replace(idea, text=clean(idea.text), lang=clean(idea.lang)) for idea in theme.ideas),
    )


FORMATS = {
    "md": AcrossFormat("text/markdown; charset=utf-8", _markdown),
    "csv": AcrossFormat("text/csv; charset=utf-8", _csv),
    "json": AcrossFormat("application/json", _json),
}
