"""Runs the house: one process with the server, its writer, its worker and the door for the command line."""

# ruff: noqa: E402 -- gevent must replace the blocking calls before anything else is loaded
from gevent import monkey

monkey.patch_all()

import gc
import logging
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

import gevent
from gevent.event import Event
from gevent.server import StreamServer
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import configure_mappers

from feedback import addresses, control, jobs
from feedback.actions.programme import found_conference
from feedback.app import create_app, extension
from feedback.db import db, gate_of
from feedback.domain.facts import Busy, Fact
from feedback.live.server import Live
from feedback.live.transport import make_server, startup_refusals
from feedback.lock import HouseInUse, take_lock
from feedback.settings import ROOT, Settings
from feedback.store.engine import UnsafeDatabase, check, writer_engine
from feedback.store.schema import upgrade
from feedback.store.writer import Writer

_log = logging.getLogger("feedback.serve")
STOP_SECONDS = 2.0
#: Seconds after which the job queue is opened: the first pages come first.
WARM_AFTER = 1.0
#: Seconds until the next step of the theme jobs after one that broke.
AFTER_FAULT = 1.0


class CannotRun(Exception):
    """The house cannot be opened; the message says why and what to do."""


class Bridge:
    """Carries calls from the writer's native thread to the event loop."""

    def __init__(self) -> None:
        self._calls: deque[Callable[[], None]] = deque()
        self._news = Event()
        self._watcher = gevent.get_hub().loop.async_()
        self._watcher.start(self._news.set)
        gevent.spawn(self._run)

    def deliver(self, calls: Sequence[Callable[[], None]]) -> None:
        """Hand calls to the event loop; may be called from any thread."""
        self._calls.extend(calls)
        self._watcher.send()

    def _run(self) -> None:
        while True:
            self._news.wait()
            self._news.clear()
            while self._calls:
                call = self._calls.popleft()
                try:
                    call()
                except Exception:  # noqa: BLE001 -- one fault must not end the loop
                    _log.exception("a call after a commit broke")


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
        while True:
            started = gevent.get_hub().loop.now()
            try:
                ended = f"code {self._work()}"
            except OSError as error:
                ended = str(error.strerror)
            self._alive(False)
            if self._stopping:
                return
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

    def stop(self) -> None:
        """End the worker."""
        self._stopping = True
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            try:
                self._child.wait(1.0)
            except subprocess.TimeoutExpired:
                self._child.kill()


def run(settings: Settings, *, public: bool, port_is_fixed: bool, say: Callable[[addresses.Welcome], None]) -> None:
    """Open the house and keep it open until SIGINT or SIGTERM; `say` tells people how to come in."""
    for refusal in startup_refusals():
        cure = (
            "Other versions of its socket libraries are installed than it was tested with: python3 -m feedback setup"
            if refusal.endswith("_version")
            else "A package is installed that changes how sockets work; remove it with pip."
        )
        raise CannotRun(f"This Python environment is not safe to serve from ({refusal}). {cure}")
    lock = _lock(settings)
    try:
        upgrade_and_check(settings)
    except (UnsafeDatabase, OperationalError) as fault:
        reason = fault.orig if isinstance(fault, OperationalError) else fault
        raise CannotRun(
            f"The database cannot be used ({str(reason).splitlines()[0]}). For the cure: python3 -m feedback doctor"
        ) from None
    try:
        port = addresses.free_port(settings.host, settings.port, fixed=port_is_fixed)
    except OSError as error:
        raise CannotRun(f"Port {settings.port} cannot be opened ({error.strerror}). Choose another: --port") from None
    running = House(settings, port, addresses.origins(settings, port))
    running.start()
    say(addresses.Welcome(settings, port, public, control.mint_links(running.house)))
    running.wait()
    lock.close()


def _lock(settings: Settings) -> TextIO:
    try:
        return take_lock(settings)
    except HouseInUse as reason:
        raise CannotRun(str(reason)) from None


def upgrade_and_check(settings: Settings) -> None:
    """Bring the database up to date and make sure that its commits are safe."""
    engine = writer_engine(settings.database_url)
    upgrade(engine)
    check(engine)
    engine.dispose()
    configure_mappers()


class House:
    """Everything that runs while the house is open, in the order in which it starts and stops."""

    def __init__(self, settings: Settings, port: int, origins: Sequence[str]) -> None:
        self._bridge = Bridge()
        self._hearers: list[Callable[[Sequence[Fact]], None]] = []
        writer = Writer(writer_engine(settings.database_url), deliver=self._bridge.deliver, tell=self._tell)
        app = create_app(settings, writer=writer)
        app.config["FEEDBACK_ORIGINS_ALLOWED"] = tuple(origins)
        app.config["FEEDBACK_JOIN_ADDRESS"] = addresses.base_address(settings, port)
        presence = extension(app, "presence")
        self.house = control.House(gate_of(app), extension(app, "identity"))
        self.live = Live(app, self.house.identity, presence, origins)
        with app.app_context():
            self.jobs = jobs.ThemeJobs(settings, self.house.gate, db.engine, presence, self.live.heart_of)
        self._worker = Worker(
            settings, lambda alive: setattr(presence, "worker_alive", alive), self.jobs.worker_restarted
        )
        self._server = make_server(app, self.live.socketio, settings.host, port)
        self._control = _control_server(settings.control_socket, self.house)
        self._writer = writer
        self._written = Event()
        self._ended = Event()

    def start(self) -> None:
        """Start writer, founding, live beats, worker, doors."""
        monkey.get_original("_thread", "start_new_thread")(self._write, ())
        self.house.gate.write(None, found_conference, time_zone=addresses.local_zone(), chance=secrets.randbits)
        self._hearers += [self.live.hear, self.jobs.hear]
        self.live.start()
        self.jobs.take_up()
        gevent.spawn(self._step_jobs)
        gevent.spawn(self._worker.watch)
        self._control.start()
        self._server.start()
        for number in (signal.SIGINT, signal.SIGTERM):
            gevent.signal_handler(number, self._ended.set)
        gc.collect()
        gc.freeze()

    def wait(self) -> None:
        """Serve until told to stop, then close in order: no new calls, drain the writer, tell the screens."""
        self._ended.wait()
        self.live.stop()
        self._server.stop(0.5)
        self._writer.close()
        self._written.wait(STOP_SECONDS)
        self._control.stop(0)
        self._worker.stop()

    def _write(self) -> None:
        try:
            self._writer.run()
        finally:
            self._bridge.deliver([self._written.set])

    def _tell(self, facts: Sequence[Fact]) -> None:
        for hear in self._hearers:
            hear(facts)

    def _step_jobs(self) -> None:
        gevent.sleep(WARM_AFTER)
        step = self.jobs.warm
        while True:
            try:
                step()
                step = self.jobs.step
                gevent.sleep(jobs.POLL)
            except Busy:
                gevent.sleep(AFTER_FAULT)
            except Exception:  # noqa: BLE001 -- one fault must not end the loop
                _log.exception("a step of the theme jobs broke")
                gevent.sleep(AFTER_FAULT)


def _control_server(path: Path, house: control.House) -> StreamServer:
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    old = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(old)
    listener.listen(8)
    return StreamServer(listener, lambda connection, _address: control.answer(connection, house))
