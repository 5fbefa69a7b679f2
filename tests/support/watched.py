"""Makes files while noting what is opened and called: `watched.py < request`, see tests/export/test_inert.py.

The request is JSON {content, kind, formats}, kind being report or across; the answer is JSON
{files: {format: base64}, opened: [path], called: [what]}.
"""

import base64
import gettext
import json
import sys
from pathlib import Path

import matplotlib.font_manager  # asks the system for its fonts when it is new here, whatever the report says

from feedback.domain.alignments import across_from_json
from feedback.domain.reports import report_of
from feedback.export import across, render

CALLS = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "os.system", "urllib.Request")


def main() -> None:
    """Render under watch."""
    assert matplotlib.font_manager.fontManager.ttflist
    request = json.load(sys.stdin)
    words, content = gettext.NullTranslations(), request["content"]
    makers = {
        "report": lambda fmt: render(report_of(content), fmt, words),
        "across": lambda fmt: across.render(across_from_json(content), fmt, words),
    }
    make = makers[request["kind"]]
    opened: set[str] = set()
    called: list[str] = []
    watching = False

    def watch(event: str, args: tuple[object, ...]) -> None:
        if watching and event == "open" and isinstance(args[0], str | bytes):
            opened.add(str(Path(args[0] if isinstance(args[0], str) else args[0].decode()).resolve()))
        elif watching and event in CALLS:
            called.append(f"{event} {args[1:]}")

    sys.addaudithook(watch)
    watching = True
    files = {fmt: base64.b64encode(make(fmt)).decode() for fmt in request["formats"]}
    watching = False
    json.dump({"files": files, "opened": sorted(opened), "called": called}, sys.stdout)


if __name__ == "__main__":
    main()
