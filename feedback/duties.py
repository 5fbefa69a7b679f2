"""What exactly one process does for all of a house.

Theme runs and opinion groups, their worker, and the door for the command line.
On SQLite there is one process, so it is that one. Where several work on one database, the one that leads.
"""

import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import gevent
from gevent.event import Event
from gevent.server import StreamServer

from feedback import control, jobs
from feedback.alignment_jobs import AlignmentJobs
from feedback.domain.facts import Busy, Fact
from feedback.opinion_jobs import OpinionJobs
from feedback.settings import ROOT, Settings
from feedback.store.engine import is_away

_log = logging.getLogger("feedback.duties")
#: Seconds after which the job queue is opened: the first pages come first.
WARM_AFTER = 1.0
#: Seconds until the next step of the theme jobs after one that broke.
AFTER_FAULT = 1.0


class Worker:
    """The child process that finds themes; started again when it dies."""

    def __init__(self, settings: Settings, alive: Callable[[bool], None], restarted: Callable[[], None]) -> None:
        self._env = os.environ | {
            "FEEDBACK_INSTANCE": str(settings.instance),
            "FEEDBACK_DATABASE_URL": settings.database_url,
        }
        self._alive = alive
        self._restarted = restarted
        self._child: subprocess.Popen[bytes] | None = None
        self._pause = 1.0
        self._stopping = False

    def watch(self) -> None:
        """Keep a worker running; body of a greenlet."""
        while not self._stopping:
            started = gevent.get_hub().loop.now()
            try:
                ended = f"code {self._work()}"
            except OSError as error:
                ended = str(error.strerror)
            if self._stopping:
                return
            self._alive(False)
            _log.warning("the theme worker ended (%s); starting another one", ended)
            self._pause = 1.0 if gevent.get_hub().loop.now() - started > 30 else min(30.0, self._pause * 2)
            gevent.sleep(self._pause)
            self._restarted()

    def _work(self) -> int:
        """Run a worker to its end; returns its exit code."""
        self._child = subprocess.Popen(
            [sys.executable, "-m", "feedback.cli", "worker", "--parent", str(os.getpid())],
            cwd=ROOT,
            env=self._env,
            stdin=subprocess.DEVNULL,
        )
        self._alive(True)
        return self._child.wait()

    def end(self) -> None:
        """Tell the worker to end."""
        self._stopping = True
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()

    def stop(self) -> None:
        """End the worker, and wait for it a moment."""
        self.end()
        if self._child is not None and self._child.poll() is None:
            try:
                self._child.wait(0.2)  # it was told when the lead was given back
            except subprocess.TimeoutExpired:
                self._child.kill()


class Duties:
    """Taken up and laid down as this process begins and ends to lead; `alive` is told how the worker fares."""

    def __init__(
        self,
        settings: Settings,
        house: control.House,
        theme_jobs: jobs.ThemeJobs,
        opinion_jobs: OpinionJobs,
        alignment_jobs: AlignmentJobs,
        alive: Callable[[bool], None],
    ) -> None:
        self._settings = settings
        self._house = house
        self._jobs = theme_jobs
        self._opinions = opinion_jobs
        self._alignments = alignment_jobs
        self._alive = alive
        self._worker: Worker | None = None
        self._door: StreamServer | None = None
        self._taken = Event()
        self._term = 0
        gevent.spawn(self._step_jobs)

    @property
    def taken(self) -> bool:
        """Whether this process has the duties now."""
        return bool(self._taken.is_set())

    def hear(self, facts: Sequence[Fact]) -> None:
        """Take facts, of this process and of others. Never blocks."""
        if self.taken:
            self._jobs.hear(facts)
            self._opinions.hear(facts)
            self._alignments.hear(facts)

    def queue_is_back(self) -> None:
        """Ask again for the runs under way: Redis may have come back without them."""
        if self.taken:
            self._worker_restarted()

    def take_up(self) -> None:
        """Begin; does nothing twice."""
        if self.taken:
            return
        self._term += 1
        self._taken.set()
        self._worker = Worker(self._settings, self._alive, self._worker_restarted)
        gevent.spawn(self._worker.watch)
        try:
            self._door = door(self._settings.control_socket, self._house)
            self._door.start()
        except OSError as fault:
            # A full disk. On PostgreSQL commands can do without; the next start opens it.
            _log.warning("the command line finds no door (%s)", fault.strerror)

    def lay_down(self) -> None:
        """End all of it, as far as it goes without waiting."""
        self._taken.clear()
        if self._worker is not None:
            self._worker.end()
        if self._door is not None:
            self._door.close()

    def stop(self) -> None:
        """End all of it, and wait a moment for what was under way."""
        self.lay_down()
        if self._door is not None:
            self._door.stop(0)
        if self._worker is not None:
            self._worker.stop()

    def _step_jobs(self) -> None:
        while True:
            self._taken.wait()
            term = self._term
            gevent.sleep(WARM_AFTER)
            step = self._begin
            while self.taken and self._term == term:
                try:
                    step()
                    step = self._go_on
                    gevent.sleep(jobs.POLL)
                except Exception as fault:  # noqa: BLE001 -- one fault must not end the loop
                    if not isinstance(fault, Busy):
                        # While the database is away this happens every second; one line each is enough.
                        _log.warning("a step of the theme jobs broke", exc_info=None if is_away(fault) else fault)
                    gevent.sleep(AFTER_FAULT)
            self._jobs.forget()
            self._opinions.forget()
            self._alignments.forget()

    def _begin(self) -> None:
        self._jobs.warm()
        self._jobs.take_up()
        self._opinions.take_up()
        self._alignments.take_up()

    def _go_on(self) -> None:
        self._jobs.step()
        self._opinions.step()
        self._alignments.step()

    def _worker_restarted(self) -> None:
        self._jobs.worker_restarted()
        self._alignments.worker_restarted()


def door(path: Path, house: control.House) -> StreamServer:
    """Return the server, not yet started, through which the command line reaches this process."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    old = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(old)
    listener.listen(8)
    return StreamServer(listener, lambda connection, _address: control.answer(connection, house))
