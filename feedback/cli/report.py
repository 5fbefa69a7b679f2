"""Write the report of a conversation to a file."""

import sys
from gettext import NullTranslations
from pathlib import Path

from babel.support import Translations

from feedback.cli.house import deed
from feedback.domain.reports import report_of
from feedback.export import render
from feedback.settings import ROOT, Settings


def write_report(settings: Settings, code: str, fmt: str, output: Path, *, language: str, name: str) -> int:
    """Freeze the conversation and write its report; returns the exit code."""
    frozen = deed(settings, "freeze", {"code": code, "name": name, "language": language})
    if frozen is None:
        return 1
    data = render(report_of(frozen["content"]), fmt, words_of(language))
    try:
        output.write_bytes(data)
    except OSError as error:
        print(f"{output} cannot be written ({error.strerror}). Choose another place: --output", file=sys.stderr)
        return 1
    print(f"{output}: {len(data)} bytes", file=sys.stderr)
    return 0


def words_of(language: str) -> NullTranslations:
    """Return the catalogue of a language; English needs none."""
    return Translations.load(str(ROOT / "feedback" / "locale"), [language], domain="messages")
