"""Runs the house: one process with the server, its writer, and, if it leads, what one process does for all."""

# ruff: noqa: E402 -- gevent must replace the blocking calls before anything else is loaded
from gevent import monkey

monkey.patch_all()

import gc
import logging
import shutil
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TextIO

import gevent
from gevent.event import Event
from gevent.hub import Waiter

from feedback import addresses, control
from feedback.alignment_jobs import AlignmentJobs, alignment_task
from feedback.app import create_app, extension
from feedback.backups import Backups
from feedback.db import db, gate_of
from feedback.domain.facts import Busy, Fact
from feedback.duties import Duties
from feedback.ending import Ending
from feedback.job_queue import make_queue
from feedback.jobs import ThemeJobs
from feedback.live.server import Live
from feedback.live.transport import make_server
from feedback.lock import HouseInUse, take_lock
from feedback.neighbours import Neighbours
from feedback.opinion_jobs import OpinionJobs
from feedback.ready import CannotRun, make_ready
from feedback.settings import FREE_BYTES, Settings
from feedback.store.claims import Claims
from feedback.store.engine import writer_engine
from feedback.store.inbox import Soon
from feedback.store.writer import Writer
from feedback.watch import watch

_log = logging.getLogger("feedback.serve")
#: Seconds that the writer may take to drain, then those that sockets and requests under way may take to end; with
#: what the rest takes, below `ending.WITHIN`.
STOP_SECONDS = 1.5
HANG_UP_SECONDS = 0.5
#: Seconds between two looks at how much room is left on the disk.
DISK_LOOK = 10.0


class Bridge:
    """Carries calls from the writer's native thread to the event loop."""

    def __init__(self) -> None:
        self._calls: deque[Callable[[], None]] = deque()
        loop = gevent.get_hub().loop
        #: Calls back when this turn of the loop has nothing else to do.
        self.soon: Soon = loop.run_callback
        self._news = Waiter()
        self._watcher = loop.async_()
        self._watcher.start(self._news.switch, None)
        gevent.spawn(self._run)

    def deliver(self, calls: Sequence[Callable[[], None]]) -> None:
        """Hand calls to the event loop; may be called from any thread."""
        self._calls.extend(calls)
        self._watcher.send()

    def _run(self) -> None:
        while True:
            self._news.get()
            self._news.clear()
            while self._calls:
                call = self._calls.popleft()
                try:
                    call()
                except Exception:  # noqa: BLE001 -- one fault must not end the loop
                    _log.exception("a call after a commit broke")


def run(settings: Settings, *, public: bool, port_is_fixed: bool, say: Callable[[addresses.Welcome], None]) -> None:
    """Open the house and keep it open until SIGINT or SIGTERM; `say` tells people how to come in."""
    lock = _lock(settings)
    claims = make_ready(settings)
    try:
        port = addresses.free_port(settings.host, settings.port, fixed=port_is_fixed)
    except OSError as error:
        raise CannotRun(f"Port {settings.port} cannot be opened ({error.strerror}). Choose another: --port") from None
    running = House(settings, (settings.host, port), port, claims)
    try:
        running.start()
        links = running.found()
    except Busy:
        raise CannotRun("Nothing can be written now: is the disk full? See: python3 -m feedback doctor") from None
    say(addresses.Welcome(settings, port, public, links))
    running.wait()
    lock.close()


def _lock(settings: Settings) -> TextIO:
    try:
        return take_lock(settings)
    except HouseInUse as reason:
        raise CannotRun(str(reason)) from None


class House:
    """Everything that runs in one process while the house is open, in the order in which it starts and stops.

    listener: an address to listen on, or a socket that listens already; port: the one that people are told.
    """

    def __init__(self, settings: Settings, listener: Any, port: int, claims: Claims | None) -> None:
        self._bridge = Bridge()
        self._hearers: list[Callable[[Sequence[Fact]], None]] = []
        writer = Writer(
            writer_engine(settings.database_url), deliver=self._bridge.deliver, soon=self._bridge.soon, tell=self._tell
        )
        app = create_app(settings, writer=writer)
        origins = addresses.origins(settings, port)
        app.config["FEEDBACK_ORIGINS_ALLOWED"] = tuple(origins)
        app.config["FEEDBACK_JOIN_ADDRESS"] = addresses.base_address(settings, port)
        presence = extension(app, "presence")
        self.house = control.House(gate_of(app), extension(app, "identity"))
        self.live = Live(app, self.house.identity, presence, origins)
        with app.app_context():
            # Looked up when a run gets on: it is made below.
            self.jobs = ThemeJobs(
                settings, self.house.gate, db.engine, presence, lambda place: self._neighbours.run_got_on(place)
            )
            opinion_jobs = OpinionJobs(settings, self.house.gate, db.engine, lambda: make_queue(settings))
            alignment_jobs = AlignmentJobs(
                self.house.gate, db.engine, lambda: alignment_task(make_queue(settings), settings)
            )
            self.backups = Backups(settings, db.engine, leads=lambda: self._duties.taken)
        self._settings, self._presence = settings, presence
        self._duties = Duties(
            settings,
            self.house,
            self.jobs,
            opinion_jobs,
            alignment_jobs,
            lambda alive: self._neighbours.worker_alive(alive),
        )
        self._neighbours = Neighbours(settings, claims, self.live, presence, self._duties)
        watch(app, self.live, self.jobs)
        self._server = make_server(app, self.live.socketio, listener)
        self._writer = writer
        self._written = Event()
        self._ended = Event()
        #: What is being done, for the log of a forced end.
        self._doing = "the event loop hangs"
        self._ending = Ending(lambda: self._bridge.deliver([self._ended.set]), self._left)

    def start(self) -> None:
        """Start writer, live beats, what one process does for all, doors."""
        self._start_writer()
        self._hearers += [self.live.hear, self._duties.hear, self._neighbours.hear, self.backups.hear]
        self.live.start()
        self._neighbours.start()
        gevent.spawn(self._look_at_disk)
        if self._settings.backup_dir is not None:
            gevent.spawn(self.backups.watch)
        self._server.start()
        self._ending.start()
        # Thousands of sockets are objects that stay: looking through them again and again costs every vote its time.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)

    def found(self) -> dict[str, Any]:
        """Found the conference if this is its first start; returns the links of a start."""
        return control.found(self.house)

    def end(self) -> None:
        """Make `wait` come to its end, as a signal does."""
        self._ending.ask()

    def wait(self) -> None:
        """Serve until told to stop, then close in order: nobody new, drain the writer, tell the screens, hang up.

        What does not come to its end in time is said in the log and left; `Ending` sees to whatever hangs.
        """
        self._ended.wait()
        self._doing = "the lead is given back"
        self._server.close()
        self._neighbours.lay_down()
        self._doing = "the writer finishes"
        # From here on every op is told `retry`; those before it get their acks while their sockets are still open.
        self._writer.close()
        if not self._written.wait(STOP_SECONDS):
            _log.warning("ending without what the writer has not finished; none of it was acked")
        self._doing = "sockets and requests come to an end"
        self.live.stop()
        self._server.stop(HANG_UP_SECONDS)
        if self._server.answering:
            _log.warning("ending without the answer to %d requests", self._server.answering)
        self._doing = "helpers are ended"
        self._neighbours.stop()
        self.backups.stop()
        self._duties.stop()
        self._doing = "the process ends"

    def _left(self) -> str:
        """Say what is under way; called from any thread."""
        return f"{self._doing} ({self.live.open_sockets()} sockets, {self._server.answering} requests)"

    def _start_writer(self) -> None:
        ready = monkey.get_original("_thread", "allocate_lock")()
        ready.acquire()
        monkey.get_original("_thread", "start_new_thread")(self._write, (ready,))
        # Natively, so that nothing else runs meanwhile: two threads that both load gevent's parts can wait for each
        # other's import for ever.
        ready.acquire()

    def _write(self, ready: Any) -> None:
        gevent.get_hub()  # this thread's own, for whatever it may wait for
        ready.release()
        try:
            self._writer.run()
        finally:
            self._bridge.deliver([self._written.set])

    def _tell(self, facts: Sequence[Fact]) -> None:
        for hear in self._hearers:
            hear(facts)

    def _look_at_disk(self) -> None:
        while True:
            with suppress(OSError):
                self._presence.disk_low = shutil.disk_usage(self._settings.instance).free < FREE_BYTES
            gevent.sleep(DISK_LOOK)
