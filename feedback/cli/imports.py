"""Import ideas from a file into a conversation."""

import base64
import sys
from pathlib import Path

from feedback.cli.house import bad_line, deed
from feedback.settings import Settings


def import_file(settings: Settings, code: str, file: Path, prompt: int | None) -> int:
    """Import and say what was taken, what was there already, and which lines were refused; returns the exit code."""
    data = base64.b64encode(file.read_bytes()).decode()
    outcome = deed(settings, "import", {"code": code, "name": file.name, "data": data, "prompt": prompt})
    if outcome is None:
        return 1
    for bad in outcome["bad"]:
        print(f"line {bad['line']}: {bad_line(bad['code'])} ({bad['code']})", file=sys.stderr)
    print(f"taken {outcome['taken']}, already here {outcome['known']}, not taken {len(outcome['bad'])}")
    return 0
