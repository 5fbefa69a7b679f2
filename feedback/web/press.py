"""Makes files to download, each in a process of its own, and few at a time."""

import subprocess
import sys
import threading
from typing import Literal

from feedback.domain.facts import Busy, ServerFault
from feedback.settings import ROOT

#: Seconds that a file may take to make, and to wait for its turn.
RENDER_SECONDS = 60
#: How the kinds of files are called where people choose.
LABELS = {"docx": "Word", "pdf": "PDF", "xlsx": "Excel", "csv": "CSV", "json": "JSON", "md": "Markdown"}
#: So many files are made at once; the others wait, so that phones in the room do not.
_presses = threading.BoundedSemaphore(2)


def rendered(content: str, fmt: str, kind: Literal["report", "across"] = "report") -> bytes:
    """Make a file of this format: of a report's canonical JSON, or of what `across_to_json` wrote.

    Raises Busy or ServerFault.
    """
    command = [sys.executable, "-m", "feedback.export", fmt, kind]
    if not _presses.acquire(timeout=RENDER_SECONDS):
        raise Busy(after_ms=5_000)
    try:
        made = subprocess.run(
            command, input=content.encode(), capture_output=True, cwd=ROOT, timeout=RENDER_SECONDS, check=True
        )
    except subprocess.TimeoutExpired:
        raise Busy(after_ms=5_000) from None
    except subprocess.CalledProcessError as fault:
        raise ServerFault from fault
    finally:
        _presses.release()
    return made.stdout
