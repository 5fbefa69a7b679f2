"""Several server processes behind one port: gunicorn's arbiter starts them, watches them, and replaces those that die.

The arbiter itself stays plain: gevent must replace the blocking calls before anything that uses them is loaded, so all
that knows the database is loaded in the processes that serve, after the arbiter has made them. For the same reason a
process of its own opens the house (`feedback.cli.opening`).

Each process has a listening socket of its own on the one port, which the kernel shares connections out to by their
addresses and ports: evenly, also when all phones come from one address. The arbiter keeps these sockets open, so that
whoever comes while a process starts, or is replaced, waits for it instead of being turned away.
"""

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from feedback import addresses, logs
from feedback.lock import HouseInUse, take_lock
from feedback.settings import ROOT, Settings

#: Seconds that processes have to end in, as told by SIGTERM; then they are killed.
STOP_SECONDS = 3
#: Seconds without a sign of life after which a process is replaced.
SILENCE = 15
#: Seconds between two signs of life.
SIGN = 1.0
#: Connections that wait until a process takes them: a room that comes back after a restart comes all at once.
BACKLOG = 2048


class CannotOpen(Exception):
    """The house cannot be opened; the message says why and what to do."""


class Log(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's lines among ours."""

    def setup(self, _cfg: Any) -> None:
        """Leave what to write, and how, to our own log."""
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.access_log.handlers.clear()


class Process(Worker):  # type: ignore[misc]  # as above
    """One process that serves: the same house as on its own, listening on one of the arbiter's sockets."""

    #: Which one; set by the arbiter.
    place = 0
    sockets: list[Any]

    def init_process(self) -> None:
        """Become a server: gevent first, then everything else."""
        for number, listener in enumerate(self.sockets):
            if number != self.place:
                listener.close()  # else who comes to it would wait for us to end
        self.sockets = [self.sockets[self.place]]
        for number in self.SIGNALS:
            signal.signal(number, signal.SIG_DFL)  # until it serves there is nothing to bring to an end
        from feedback import serve  # noqa: F401, PLC0415 -- replaces the blocking calls

        logs.start(self.app.settings.log)  # its lock must be the machine's own, which only shows now
        super().init_process()

    def load_wsgi(self) -> None:
        """Build the house."""
        from feedback.place import claims_of  # noqa: PLC0415 -- knows the database
        from feedback.serve import House  # noqa: PLC0415 -- as above

        settings = self.app.settings
        plain = self.sockets[0].sock
        listener = socket.socket(plain.family, plain.type, fileno=plain.detach())  # gevent's kind
        self.house = House(settings, listener, settings.port, claims_of(settings))

    def handle_exit(self, _number: int, _frame: Any) -> None:
        """End at once: this is only called before the house has its own way."""
        raise SystemExit(0)

    def run(self) -> None:
        """Serve until told to stop, or until the arbiter is gone."""
        import gevent  # noqa: PLC0415 -- as above

        self.house.start()
        gevent.spawn(self._live)
        self.house.wait()

    def _live(self) -> None:
        import gevent  # noqa: PLC0415 -- as above

        while os.getppid() == self.ppid:
            self.notify()
            gevent.sleep(SIGN)
        self.house.end()


class Application(BaseApplication):  # type: ignore[misc]  # as above
    """How gunicorn is to run the house."""

    def __init__(self, settings: Settings, listeners: list[socket.socket], ready: Callable[[], None]) -> None:
        self.settings = settings
        self._listeners = [listener.detach() for listener in listeners]
        self._ready = ready
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's own."""
        for name, value in {
            "bind": [f"fd://{number}" for number in self._listeners],
            "workers": len(self._listeners),
            "worker_class": Process,
            "timeout": SILENCE,
            "graceful_timeout": STOP_SECONDS,
            "logger_class": Log,
            "control_socket_disable": True,
            "proc_name": "feedback",
            "pre_fork": _give_place,
            "when_ready": lambda _arbiter: self._ready(),
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Nothing: each process builds its house itself."""


def run(
    settings: Settings, count: int, *, public: bool, port_is_fixed: bool, say: Callable[[addresses.Welcome], None]
) -> None:
    """Open the house with `count` processes and keep it open until SIGINT or SIGTERM, then exit; raises CannotOpen."""
    try:
        lock = take_lock(settings)
    except HouseInUse as reason:
        raise CannotOpen(str(reason)) from None
    links = _links(settings)
    try:
        port = addresses.free_port(settings.host, settings.port, fixed=port_is_fixed)
    except OSError as error:
        raise CannotOpen(f"Port {settings.port} cannot be opened ({error.strerror}). Choose another: --port") from None
    told = addresses.Welcome(settings, port, public, links)
    with lock:
        listeners = _listeners(settings.host, port, count)
        Application(dataclasses.replace(settings, port=port), listeners, lambda: say(told)).run()


def _listeners(host: str, port: int, count: int) -> list[socket.socket]:
    """Return sockets that listen on one port, for each process one.

    Where the first of several would get everything, as on macOS, it is one socket and its twins: there whichever
    process wakes up first takes a connection, which may be far from even.
    """
    if sys.platform != "linux":
        only = _listener(host, port)
        return [only, *(only.dup() for _ in range(count - 1))]
    return [_listener(host, port, shared_out=True) for _ in range(count)]


def _listener(host: str, port: int, *, shared_out: bool = False) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared_out:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG)
    return listener


def _give_place(arbiter: Any, process: Process) -> None:
    """Let a new process listen where nobody does, or the fewest: while all are replaced, each place has two."""
    taken = Counter(other.place for other in arbiter.WORKERS.values())
    process.place = min(range(len(arbiter.LISTENERS)), key=lambda place: taken[place])


def _links(settings: Settings) -> dict[str, Any]:
    """Have the house opened; returns the links of a start."""
    done = subprocess.run(
        [sys.executable, "-m", "feedback.cli.opening"],
        cwd=ROOT,
        env=os.environ | {"FEEDBACK_INSTANCE": str(settings.instance)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=False,
    )
    if done.returncode != 0:
        raise CannotOpen("The house could not be opened. For the cure: python3 -m feedback doctor")
    answer = json.loads(done.stdout)
    if "refused" in answer:
        raise CannotOpen(answer["refused"])
    links: dict[str, Any] = answer["links"]
    return links
