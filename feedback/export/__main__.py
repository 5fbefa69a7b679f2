"""Render in a process of its own: a report's canonical JSON comes in, the file of one format goes out.

`python -m feedback.export FORMAT` keeps slow libraries, and whatever they do with hostile text, out of the server.
"""

import sys
from pathlib import Path

from babel.support import Translations

from feedback.domain.reports import report_of
from feedback.export import render

LOCALES = Path(__file__).resolve().parent.parent / "locale"


def main() -> None:
    """Read standard input, write standard output, in the report's own language."""
    report = report_of(sys.stdin.buffer.read().decode())
    words = Translations.load(str(LOCALES), [report.language])
    sys.stdout.buffer.write(render(report, sys.argv[1], words))


if __name__ == "__main__":
    main()
