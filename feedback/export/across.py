"""What all conversations have in common, as files that a city can keep: the same subjects in six formats."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from feedback.domain.alignments import Across, SubjectIdea, SubjectTheme
from feedback.export import OFFICE, markdown
from feedback.export.across_paper import paper_of
from feedback.export.blocks import Paper
from feedback.export.clean import cleaned, guarded
from feedback.export.speech import Words

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
    return FORMATS[fmt].render(cleaned(across), words)


def file_name(fmt: str) -> str:
    """Return a name for the file."""
    return f"across-strands.{fmt}"


def checksum_of(across: Across) -> str:
    """Return the SHA-256 of the canonical JSON, 64 hex digits: the same as long as nothing changes, whoever asks."""
    told = json.dumps(_told(across), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def _json(across: Across, _words: Words) -> bytes:
    content = {
        "format": FORMAT,
        "version": VERSION,
        "checksum": checksum_of(across),
        "checksum_covers": _CHECKED,
        "read_at": across.read_at,
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


def _told(across: Across) -> dict[str, Any]:
    """Return the value with what is worked out of it, without when and for whom it was read, and without numbers that
    mean nothing outside this house.
    """
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
    told = asdict(replace(across, subjects=(), alone=())) | {"subjects": subjects, "alone": alone}
    del told["read_at"], told["language"]
    if across.embedder is None:
        del told["embedder"]  # looks of before that was kept have the checksum that they had
    return told


def _told_theme(theme: SubjectTheme) -> dict[str, Any]:
    told = asdict(theme)
    del told["member"]
    for idea in told["ideas"]:
        if not idea["opinion"]:
            del idea["opinion"]
    return told | {"number": theme.member.theme, "votes": theme.votes}


def _docx(across: Across, words: Words) -> bytes:
    from feedback.export import word  # noqa: PLC0415 -- slow import

    return word.render(_paper(across, words))


def _pdf(across: Across, words: Words) -> bytes:
    from feedback.export import pdf  # noqa: PLC0415 -- slow import

    return pdf.render(_paper(across, words))


def _xlsx(across: Across, words: Words) -> bytes:
    from feedback.export import across_sheet  # noqa: PLC0415 -- slow import

    return across_sheet.render(across, words, checksum_of(across))


def _markdown(across: Across, words: Words) -> bytes:
    return markdown.render(_paper(across, words), words)


def _paper(across: Across, words: Words) -> Paper:
    return paper_of(across, words, checksum_of(across))


FORMATS = {
    "docx": AcrossFormat(f"{OFFICE}.wordprocessingml.document", _docx),
    "pdf": AcrossFormat("application/pdf", _pdf),
    "xlsx": AcrossFormat(f"{OFFICE}.spreadsheetml.sheet", _xlsx),
    "csv": AcrossFormat("text/csv; charset=utf-8", _csv),
    "json": AcrossFormat("application/json", _json),
    "md": AcrossFormat("text/markdown; charset=utf-8", _markdown),
}
