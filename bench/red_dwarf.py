"""red-dwarf, an independent way from votes to opinion groups, in an environment of its own.

It brings packages that feedback does not want beside its own: pandas, pydantic, requests.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.environments import NoEnvironment, python_of

PINS = Path(__file__).with_name("requirements-red-dwarf.txt")
SIDE = Path(__file__).with_name("red_dwarf_side.py")
Json = dict[str, Any]


class NoPeer(Exception):
    """red-dwarf could not be installed or failed; the message says why."""


def peer() -> Callable[[Json], Json]:
    """Return what asks red-dwarf: `votes`, `needed`, `groups` in; `members`, `places`, `consensus`, `seconds` out."""
    try:
        python = python_of("red-dwarf", PINS, size="about 400 MB")
    except NoEnvironment as why:
        raise NoPeer(str(why)) from None

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
