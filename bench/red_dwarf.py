"""red-dwarf, an independent way from votes to opinion groups, in an environment of its own.

It brings packages that feedback does not want beside its own (pandas, pydantic, requests), so it is installed apart:
once, into the user's cache folder, from the package index that pip knows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSION = "0.4.0"
SIDE = Path(__file__).with_name("red_dwarf_side.py")
Json = dict[str, Any]


class NoPeer(Exception):
    """red-dwarf could not be installed or failed; the message says why."""


def peer() -> Callable[[Json], Json]:
    """Return what asks red-dwarf: `votes`, `needed`, `groups` in; `members`, `places`, `consensus`, `seconds` out."""
    python = _installed()

    def ask(asked: Json) -> Json:
        done = subprocess.run(
            [str(python), "-W", "ignore", str(SIDE)],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NoPeer(f"red-dwarf failed: {done.stderr.strip().splitlines()[-1:]}")
        told: Json = json.loads(done.stdout)
        return told

    return ask


def _installed() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "feedback-bench" / f"red-dwarf-{VERSION}-python-{sys.version_info.major}.{sys.version_info.minor}"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print(f"Installing red-dwarf {VERSION} into {folder}; this happens once.", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", f"red-dwarf=={VERSION}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoPeer(f"red-dwarf cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
        (folder / "ready").touch()
    return python
