"""The real server in its own process on one core, with a data folder of its own, filled before it starts."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import resource
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine, create_engine
from sqlalchemy import select as query
from sqlalchemy.pool import NullPool

from bench.measure import cpu_of, tree_of
from feedback import control
from feedback.actions.programme import found_conference
from feedback.cli.house import own_house
from feedback.domain.programme import Voting
from feedback.settings import ROOT, read_settings
from feedback.store.engine import engine_options, prepare
from feedback.store.ideas import Idea, Vote
from feedback.store.programme import Conversation, Prompt
from feedback.store.writer import Tx

START_WITHIN = 300.0
#: Seconds after which the last part of a start has begun; then it is over when a look of so many seconds finds it
#: using less than this share of its core.
STARTING, LOOK, QUIET = 1.5, 0.5, 0.05
STOP_WITHIN = 10.0
#: Descriptors beside those of the phones.
SPARE_FILES = 200
WORDS = (
    "more shade at the stops, and benches that are long enough for a family",
    "night buses on Fridays, so that people who work late come home",
    "a list of who mends what in our street, kept by the library",
    "open kitchens on Sundays in the school, with food from the market",
    "fewer forms: one number to call, and somebody who rings back",
    "trees before parking, wherever a square is being made new",
    "a hall that young people run themselves, with a small budget of their own",
    "help with the first letter to an office, in five languages",
)


class CannotMeasure(Exception):
    """The benchmark cannot run, or its figures may not be believed; the message says why, with the cure."""


@dataclass
class House:
    """One installation for one round."""

    folder: Path
    code: str = ""
    conversation: int = 0
    ideas: list[str] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where its database is."""
        return self.env.get("FEEDBACK_DATABASE_URL", f"sqlite:///{self.folder / 'feedback.db'}")

    def engine(self) -> Engine:
        """Open the database for reading."""
        told = engine_options(self.url)
        options = {name: told[name] for name in ("hide_parameters", "isolation_level", "connect_args") if name in told}
        engine = create_engine(self.url, poolclass=NullPool, **options)
        prepare(engine, writes=False)
        return engine


@contextlib.contextmanager
def new_house(ideas: int, env: dict[str, str], *, opinions: bool = False) -> Iterator[House]:
    """Make an installation with one conversation that holds so many ideas; it is removed afterwards.

    opinions: votes may also disagree and pass.
    """
    folder = Path(tempfile.mkdtemp(prefix="feedback-bench-"))
    try:
        yield _filled(House(folder, env=env), ideas, opinions=opinions)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _filled(house: House, ideas: int, *, opinions: bool) -> House:
    settings = read_settings({"FEEDBACK_INSTANCE": str(house.folder), **house.env})
    texts = [f"{WORDS[number % len(WORDS)]} ({number})" for number in range(ideas)]
    lines = [json.dumps({"id": str(number), "text": text, "lang": "en"}) for number, text in enumerate(texts)]
    with own_house(settings) as open_house:
        open_house.gate.write(None, found_conference, time_zone="UTC", chance=secrets.randbits)
        if opinions:
            open_house.gate.write(None, _ask_opinions)
        links = control.do(open_house, "links", {})
        house.code = links["conversations"][-1]["code"]
        data = base64.b64encode("\n".join(lines).encode()).decode()
        args = {"code": house.code, "name": "ideas.jsonl", "data": data, "prompt": None}
        outcome = control.do(open_house, "import", args)
    if outcome.get("taken") != ideas:
        raise CannotMeasure(f"The conversation could not be filled with {ideas} ideas: {outcome}.")
    engine = house.engine()
    with engine.connect() as database:
        house.conversation = database.scalar(query(Conversation.id).where(Conversation.code == house.code)) or 0
        rows = database.execute(query(Idea.id).where(Idea.conversation_id == house.conversation).order_by(Idea.number))
        house.ideas = [row.id for row in rows]
    engine.dispose()
    return house


def _ask_opinions(tx: Tx) -> None:
    for prompt in tx.db.scalars(query(Prompt)):
        prompt.voting = Voting.OPINION


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database holds of a conversation: votes by (idea, participant), counts of ideas, their sums by votes."""

    seq: int
    cells: dict[tuple[str, int], tuple[int | None, int]]
    counts: dict[str, tuple[int, int, int]]
    sums: dict[str, tuple[int, int, int]]


def stored(house: House) -> Stored:
    """Read what the database holds now."""
    engine = house.engine()
    with engine.connect() as database:
        seq = database.scalar(query(Conversation.seq).where(Conversation.id == house.conversation)) or 0
        here = Idea.conversation_id == house.conversation
        votes = database.execute(query(Vote).join(Idea, Idea.id == Vote.idea_id).where(here)).all()
        ideas = database.execute(query(Idea.id, Idea.agree, Idea.disagree, Idea.passes).where(here)).all()
    engine.dispose()
    sums = {idea.id: [0, 0, 0] for idea in ideas}
    for vote in votes:
        if vote.val is not None:
            sums[vote.idea_id][(1, -1, 0).index(vote.val)] += 1
    return Stored(
        seq,
        {(vote.idea_id, vote.participant_id): (vote.val, vote.rev) for vote in votes},
        {idea.id: (idea.agree, idea.disagree, idea.passes) for idea in ideas},
        {idea: (tally[0], tally[1], tally[2]) for idea, tally in sums.items()},
    )


class Server:
    """A server process that prints its address; pinned to one core from its first instruction on."""

    def __init__(
        self, command: Sequence[str], folder: Path, env: dict[str, str], core: int, *, children: int = 0
    ) -> None:
        self._command = [str(part) for part in command]
        self._folder = folder
        # Settings of this machine's own installation are not meant: its database least of all.
        self._env = {name: value for name, value in os.environ.items() if not name.startswith("FEEDBACK_")} | env
        self._core = core
        self._children = children
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.ready_after = 0.0

    def start(self) -> None:
        """Start it and wait until it says where it listens; the same port as before when it was started once."""
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()  # of the one before
        began = time.monotonic()
        ours = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self._core})  # inherited by all it starts
        try:
            with (self._folder / "server.log").open("ab") as log:
                self._process = subprocess.Popen(
                    [*self._command, "--port", str(self.port)],
                    cwd=ROOT,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,
                )
        finally:
            os.sched_setaffinity(0, ours)
        self.port = self._address()
        while len(self.pids) <= self._children:
            if time.monotonic() - began > START_WITHIN or self._process.poll() is not None:
                self.stop()
                raise CannotMeasure(f"Of {self._children} server processes not all have started.")
            time.sleep(0.05)
        self.ready_after = time.monotonic() - began

    def _address(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        told, until = b"", time.monotonic() + START_WITHIN
        ears = select.poll()  # `select` knows no descriptor above 1,023
        ears.register(self._process.stdout, select.POLLIN)
        while time.monotonic() < until:
            if not ears.poll(200):
                continue
            data = os.read(self._process.stdout.fileno(), 65_536)
            told += data
            if b"Ctrl-C" in told or not data:
                break
        found = re.search(rb"Join:\s+https?://[^:\s]+:(\d+)", told)
        if found is None:
            log = (self._folder / "server.log").read_text(errors="replace")[-2000:]
            self.stop()
            raise CannotMeasure(f"The server did not start.\n{told.decode(errors='replace')}{log}")
        return int(found[1])

    def settle(self) -> None:
        """Wait until the start is over: what is loaded in its first seconds, and the worker beside it on its core."""
        assert self._process is not None
        time.sleep(STARTING)
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until:
            pids = tree_of(self._process.pid, workers=True)
            before = cpu_of(pids)
            time.sleep(LOOK)
            if cpu_of(pids) - before < QUIET * LOOK * 1e9:
                return

    @property
    def pids(self) -> list[int]:
        """Its processes, without the worker that finds themes, which has nothing to do here."""
        assert self._process is not None
        return tree_of(self._process.pid)

    def signal(self, number: int) -> None:
        """Send a signal to the server's first process."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Wait until its first process has ended; tells whether it did in time."""
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
                return True
        return self._process is None

    def kill(self) -> None:
        """End all of it as a power switch would."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()

    def stop(self) -> None:
        """End it, politely at first, with everything it has started."""
        if self._process is None:
            return
        self.signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_WITHIN)
        self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None


def own_server(house: House, core: int, processes: int = 1) -> Server:
    """Return our server on this installation, not yet started."""
    command = [sys.executable, "-m", "feedback.cli", "run", "--private"]
    if processes > 1:
        command += ["--processes", str(processes)]
    env = {"FEEDBACK_INSTANCE": str(house.folder), "PYTHONPATH": str(ROOT)} | house.env
    return Server(command, house.folder, env, core, children=processes if processes > 1 else 0)


def raise_limits(phones: int) -> None:
    """Let this process and its children open enough descriptors; raises CannotMeasure with the cure."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * phones + SPARE_FILES
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise CannotMeasure(
            f"{phones} phones need {needed} open files, and this shell allows {hard}: "
            f"run 'ulimit -n {needed}' as an administrator first, or fewer phones."
        )
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
