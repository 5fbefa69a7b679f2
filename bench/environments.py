"""Environments of their own for what is measured beside us, because it brings packages that we do not want.

Each is made once, in the user's cache folder, from the package index that pip knows.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path


class NoEnvironment(Exception):
    """A peer's environment could not be made; the message says why."""


def python_of(peer: str, pins: Path, *, size: str) -> Path:
    """Return the Python of a peer's environment, which is made when it is not there; raises NoEnvironment.

    Parameters
    ----------
    peer : str
        What it is called.
    pins : path
        A list of all packages for pip, with what they bring along; another list is another environment.
    size : str
        How much comes, for people.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    mark = hashlib.sha256(pins.read_bytes()).hexdigest()[:16]
    folder = cache / "feedback-bench" / f"{peer}-{mark}-python-{sys.version_info.major}.{sys.version_info.minor}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        print(f"Installing {peer} ({size}) into {folder}; this happens once.", file=sys.stderr, flush=True)
        venv.create(folder, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"]
        done = subprocess.run([*command, str(pins)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoEnvironment(f"{peer} cannot be installed: {done.stderr.strip().splitlines()[-1:]}")
        ready.touch()
    return python
