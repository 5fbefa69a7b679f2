"""The server with promises about bad networks broken on purpose, or watched: `weather_server.py KIND run …`."""

import json
import os
import random
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import gevent
from gevent.monkey import get_original
from mutant_server import ack_before_commit

from feedback import ending, serve  # patches the process first, as `run` does
from feedback.cli.__main__ import main
from feedback.duties import Worker
from feedback.live import connection, parts
from feedback.live.connection import Connection
from feedback.live.server import Live
from feedback.serve import House
from feedback.store.writer import Writer
from feedback.web import snapshots

#: Bytes that such a kernel takes at once.
MOUTHFUL = 1500
#: Seconds after which what hangs goes on all the same.
LONGEST = 60.0


def small_beats() -> None:
    """Keep every promise, though little fits into a frame: most beats go out by and by."""
    parts.LARGEST_BEAT = 600


def watched_builds() -> None:
    """Write down each building of a state, which here takes as long as on a database far away."""
    state_of = snapshots.state_of
    log = Path(os.environ["FEEDBACK_INSTANCE"]) / "builds.jsonl"

    def slow(database, place, *, crew):
        gevent.sleep(0.1)
        state = state_of(database, place, crew=crew)
        with log.open("a") as lines:
            lines.write(json.dumps([os.getpid(), place, state["seq"], crew]) + "\n")
        return state

    snapshots.state_of = slow


def small_and_fast() -> None:
    """Let the kernel take little for each phone, as it does when there are thousands, and never a large frame whole."""
    connection.SEND_BUFFER = 4096
    connection.os = SimpleNamespace(write=lambda fd, data: os.write(fd, data[:MOUTHFUL]))


def lost_beats() -> None:
    """Lose most beats on the way to each phone, and let no heartbeat tell it what it has missed."""
    push, heart = Connection.push, Live._heart

    def leaky(self, frame, key, to):
        if key is not None or random.random() < 0.3:
            push(self, frame, key, to)

    Connection.push = leaky
    Live._heart = lambda self, *place: heart(self, *place) | {"to": 0}


def half_frames() -> None:
    """Take a frame for sent when the kernel took a part of it."""
    small_and_fast()

    def careless(self, frame, _key):
        try:
            connection.os.write(self._fd, frame)
        except OSError:
            return

    Connection._write = careless


def dead_worker() -> None:
    """Find themes with one worker, and with none when that one is dead."""
    Worker.watch = Worker._work


def slow_commits() -> None:
    """Take a while for each commit, as a busy disk does; and write down each op that is taken.

    As long as there is a file `hold`, a commit waits until the server is told to end, so that its ops are under way
    then. Nothing is ended by force, however slow the machine is.
    """
    serve.STOP_SECONDS = serve.HANG_UP_SECONDS = 30.0
    ending.WITHIN = LONGEST
    run_batch, submit, opened = Writer._run_batch, Writer.submit, House.__init__
    folder, sleep, houses = Path(os.environ["FEEDBACK_INSTANCE"]), get_original("time", "sleep"), []

    def known(self, *args):
        opened(self, *args)
        houses.append(self)

    def noted(self, *job):
        submit(self, *job)
        with (folder / "taken.txt").open("a") as lines:
            lines.write("taken\n")

    def slowly(self, connection, batch, *, careful):
        run_batch(self, connection, batch, careful=careful)
        until = time.monotonic() + LONGEST
        while (folder / "hold").exists() and not houses[0]._ended.is_set() and time.monotonic() < until:
            sleep(0.02)
        sleep(0.4)

    House.__init__, Writer._run_batch, Writer.submit = known, slowly, noted


def hangs_up_first() -> None:
    """Close the sockets, and only then finish what was under way."""
    slow_commits()

    def rudely(self):
        self._ended.wait()
        self._server.stop(0)
        self._writer.close()
        self._written.wait(2)

    House.wait = rudely


KINDS = (
    small_beats,
    watched_builds,
    small_and_fast,
    ack_before_commit,
    lost_beats,
    half_frames,
    dead_worker,
    slow_commits,
    hangs_up_first,
)

if __name__ == "__main__":
    kind = sys.argv.pop(1)
    if kind not in (small_and_fast.__name__, dead_worker.__name__):
        Worker.watch = lambda self: None  # it has no part in those stories and would take their time
    {each.__name__: each for each in KINDS}[kind]()
    main(prog_name="mutant")
