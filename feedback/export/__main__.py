"""Render in a process of its own: JSON comes in, the file of one format goes out.

`python -m feedback.export FORMAT` makes a report of its canonical JSON, `python -m feedback.export FORMAT across` a
file of what all conversations have in common. It keeps slow libraries, and whatever they do with hostile text, out of
the server.
"""

import sys
from gettext import NullTranslations
from pathlib import Path

from babel.support import Translations

from feedback.domain.alignments import across_from_json
from feedback.domain.reports import report_of
from feedback.export import across, render

LOCALES = Path(__file__).resolve().parent.parent / "locale"


def main() -> None:
    """Read standard input, write standard output, in the language that the content names."""
    content = sys.stdin.buffer.read().decode()
    sys.stdout.buffer.write(_file(content, *sys.argv[1:]))


def _file(content: str, fmt: str, kind: str = "report") -> bytes:
    if kind == "across":
        read = across_from_json(content)
        return across.render(read, fmt, _words(read.language))
    report = report_of(content)
    return render(report, fmt, _words(report.language))


def _words(language: str) -> NullTranslations:
    return Translations.load(str(LOCALES), [language])


if __name__ == "__main__":
    main()
