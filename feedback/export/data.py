"""The report as JSON, for machines and archives: everything, and how to check it."""

import json

from feedback.domain.reports import Report, checksum_of, plain_of
from feedback.export.speech import Words

FORMAT = "feedback-report"
VERSION = 1
_CHECKED = "SHA-256 of the member report, written as UTF-8 JSON with sorted keys and no spare space"


def render(report: Report, _words: Words) -> bytes:
    """Write the report as JSON; the same report gives the same bytes in every language."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "checksum": checksum_of(report),
        "checksum_covers": _CHECKED,
        "report": plain_of(report),
    }
    return (json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n").encode()
