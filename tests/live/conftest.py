"""A real server in a process of its own, and a phone made of the `websockets` library's sans-I/O client."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.uri import parse_uri

HERE = Path(__file__).parent
PATH = "/socket.io/?EIO=4&transport=websocket"
ORIGIN = "http://house.test"
DEFLATE = "permessage-deflate; client_max_window_bits"


class SmallServer:
    """The process of small_server.py, its figures and its log."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.settings = settings
        self.log_file = folder / "log.txt"
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gevent.monkey", str(HERE / "small_server.py"), json.dumps(settings)],
                cwd=HERE.parents[1],
                env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline() or 0)
        assert self.port, self.log()

    def log(self) -> str:
        return self.log_file.read_text()

    def figures(self, *, greenlets: bool = False) -> dict[str, Any]:
        """Return what the process counts; counting greenlets takes it a tenth of a second."""
        path = "/figures?greenlets=1" if greenlets else "/figures"
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            figures: dict[str, Any] = json.load(answer)
        return figures | {name: Counter(figures[name]) for name in ("counters", "handled")}

    def until(
        self, claim: Callable[[dict[str, Any]], bool], seconds: float = 60, *, greenlets: bool = False
    ) -> dict[str, Any]:
        """Return the figures as soon as `claim` holds."""
        end = time.monotonic() + seconds
        while not claim(figures := self.figures(greenlets=greenlets)):
            assert time.monotonic() < end, figures
            time.sleep(0.05)
        return figures

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(60)


class Phone:
    """One websocket client that does what it is told, rule or no rule."""

    def __init__(
        self, port: int, *, path: str = PATH, receive_buffer: int = 0, headers: dict[str, str] | None = None
    ) -> None:
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(60)
        self.sock.connect(("127.0.0.1", port))
        self.protocol = ClientProtocol(parse_uri(f"ws://127.0.0.1:{port}{path}"), max_size=None)
        request = self.protocol.connect()
        for name, value in ({"Origin": ORIGIN, "Sec-WebSocket-Extensions": DEFLATE} | (headers or {})).items():
            if value:
                request.headers[name] = value
        self.protocol.send_request(request)
        self._flush()
        self.received = 0
        self.response, *self._events = self._more(1)
        assert isinstance(self.response, Response)

    @property
    def is_open(self) -> bool:
        return self.response.status_code == 101

    def enter(self, **auth: Any) -> Phone:
        """Enter the namespace."""
        self.next()
        self.say("40" + (json.dumps(auth) if auth else ""))
        entered = self.next()
        assert (entered or "").startswith("40"), entered
        return self

    def say(self, text: str) -> None:
        self.frame(Frame(Opcode.TEXT, text.encode()))

    def frame(self, frame: Frame) -> None:
        self.raw(frame.serialize(mask=True))

    def raw(self, data: bytes) -> None:
        self.sock.sendall(data)

    def call(self, event: str, number: int = 0, **data: Any) -> Any:
        """Send an event and return the one value of its ack, answering pings in between."""
        self.say(f"42{number}" + json.dumps([event, data]))
        while (text := self.next()) is not None:
            if text.startswith(f"43{number}["):
                return json.loads(text[len(f"43{number}") :])[0]
        raise AssertionError(self.close_code)

    def next(self, seconds: float = 60) -> str | None:
        """Return the next message, None when the server has closed; pings are answered."""
        end = time.monotonic() + seconds
        while True:
            while self._events:
                frame = self._events.pop(0)
                if frame.opcode is Opcode.TEXT:
                    text = bytes(frame.data).decode()
                    if text != "2":
                        return text
                    self.say("3")
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.sock.settimeout(left)
            if not (more := self._more(1)):
                return None
            self._events.extend(more)

    def rest(self, seconds: float = 0.5) -> list[list[Any]]:
        """Return all events until it has been quiet for `seconds` or the server has closed."""
        found = []
        while True:
            try:
                text = self.next(seconds)
            except TimeoutError:
                return found
            if text is None:
                return found
            if text.startswith("42"):
                found.append(json.loads(text[2:]))

    def events(self, done: Callable[[list[list[Any]]], bool], seconds: float = 60) -> list[list[Any]]:
        """Return all events until `done` of them; fewer when none came for `seconds` or the server has closed."""
        found: list[list[Any]] = []
        with suppress(TimeoutError):
            while not done(found) and (text := self.next(seconds)) is not None:
                if text.startswith("42"):
                    found.append(json.loads(text[2:]))
        return found

    def ending(self, seconds: float = 60) -> int | None:
        """Read to the end; return the close code, None without one."""
        while self.next(seconds) is not None:
            pass
        return self.close_code

    @property
    def close_code(self) -> int | None:
        return self.protocol.close_rcvd.code if self.protocol.close_rcvd else None

    def drop(self) -> None:
        self.sock.close()

    def _more(self, at_least: int) -> list[Any]:
        events: list[Any] = []
        while len(events) < at_least:
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                raise
            except OSError:
                data = b""
            if not data:
                return events
            self.received += len(data)
            self.protocol.receive_data(data)
            assert self.protocol.parser_exc is None, self.protocol.parser_exc
            events.extend(self.protocol.events_received())
            if self.protocol.handshake_exc is not None:
                break
        return events

    def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            if data:
                self.sock.sendall(data)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallServer]:
    """A server with the limits of the product."""
    started = SmallServer(tmp_path_factory.mktemp("live"))
    yield started
    assert started.stop() == 0, started.log()


@pytest.fixture(scope="session")
def brisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallServer]:
    """A server whose limits are a few seconds: good clients keep them also when they get no turn for a while."""
    limits = {"join_within": 3.0, "headers_within": 3.0, "body_silence": 3.0, "body_within": 4.0, "unsent_for": 3.0}
    started = SmallServer(tmp_path_factory.mktemp("brisk"), limits=limits)
    yield started
    assert started.stop() == 0, started.log()


@pytest.fixture(scope="session")
def pinging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallServer]:
    """A server that asks after its phones every second and waits one for the answer."""
    started = SmallServer(tmp_path_factory.mktemp("pinging"), ping_interval=1, ping_timeout=1)
    yield started
    assert started.stop() == 0, started.log()


@pytest.fixture
def weak(tmp_path: Path) -> Iterator[Callable[..., SmallServer]]:
    """Return a maker of servers with settings of their own, such as `mutant`; they are stopped afterwards."""
    started: list[SmallServer] = []

    def make(**settings: Any) -> SmallServer:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(SmallServer(folder, **settings))
        return started[-1]

    yield make
    for one in started:
        one.process.kill()
        one.stop()


@pytest.fixture
def phone() -> Iterator[Callable[..., Phone]]:
    """Return a maker of phones, which all are put away afterwards."""
    made: list[Phone] = []

    def make(of: SmallServer, **options: Any) -> Phone:
        made.append(Phone(of.port, **options))
        return made[-1]

    yield make
    for one in made:
        one.drop()
