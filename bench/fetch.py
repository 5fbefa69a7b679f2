"""One browser connection for pages and JSON: kept alive, one request at a time, opened anew when it was closed."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable
from socket import socket
from time import monotonic
from typing import TYPE_CHECKING

from bench import wire
from bench.loop import READ, WRITE, dial

if TYPE_CHECKING:
    from bench.crowd import Crowd

#: Called with the status (0: no answer came), the cookies set, the body as sent, and the seconds it took.
Taken = Callable[[int, str, bytes, float], None]
PATIENCE = 8.0  # seconds, as the pages' own script waits for an answer
PAGE_PATIENCE = 60.0  # people wait longer, and browsers longer still
TRIES = 2  # a kept connection may be closed by the server in the moment we use it


class Fetcher:
    """Asks the server on behalf of one phone."""

    __slots__ = ("_asked", "_crowd", "_data", "_number", "_sock", "_tries", "_waiting")

    def __init__(self, crowd: Crowd, number: int) -> None:
        self._crowd = crowd
        self._number = number
        self._sock: socket | None = None
        self._waiting: deque[tuple[bytes, Taken, float]] = deque()
        self._data = b""
        self._asked = 0.0
        self._tries = 0

    def get(self, request: bytes, taken: Taken) -> None:
        """Send a request after those that wait."""
        self._waiting.append((request, taken, monotonic()))
        if len(self._waiting) == 1:
            self._ask()

    def drop(self) -> None:
        """Close the connection; what waits is not answered."""
        self._waiting.clear()
        self._shut()

    def _ask(self) -> None:
        self._asked = asked = monotonic()
        self._tries += 1
        patience = PAGE_PATIENCE if wire.PAGE_MARK in self._waiting[0][0] else PATIENCE
        self._crowd.loop.after(patience, lambda: self._late(asked))
        if self._sock is None:
            self._sock = dial(self._crowd.port, self._number)
            self._crowd.loop.watch(self._sock.fileno(), WRITE, self._opened)
        else:
            self._send()

    def _opened(self, _events: int) -> None:
        assert self._sock is not None
        self._crowd.loop.rewatch(self._sock.fileno(), READ, self._ready)
        if self._waiting:
            self._send()

    def _send(self) -> None:
        assert self._sock is not None
        try:
            self._sock.send(self._waiting[0][0])
        except OSError:
            self._again()

    def _ready(self, _events: int) -> None:
        assert self._sock is not None
        try:
            data = self._sock.recv(262_144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._again()
            return
        self._crowd.http_bytes += len(data)
        self._data = self._data + data if self._data else data
        head = wire.head_of(self._data)
        if head is None:
            return
        status, headers, start = head
        size = int(headers.get("content-length", "0"))
        if len(self._data) < start + size:
            return
        body, self._data = self._data[start : start + size], b""
        if headers.get("connection", "").lower() == "close":
            self._shut()
        self._answer(status, headers.get("set-cookie", ""), body)

    def _answer(self, status: int, cookie: str, body: bytes) -> None:
        _, taken, since = self._waiting.popleft()
        self._tries = 0
        taken(status, cookie, body, monotonic() - since)
        # The answer may have asked for something itself, which was then sent if nothing else waited.
        if self._waiting and self._tries == 0:
            self._ask()

    def _again(self) -> None:
        self._shut()
        if self._waiting:
            if self._tries < TRIES:
                self._ask()
            else:
                self._answer(0, "", b"")

    def _late(self, asked: float) -> None:
        if self._waiting and self._asked == asked:
            self._tries = TRIES
            self._again()

    def _shut(self) -> None:
        self._data = b""
        if self._sock is not None:
            self._crowd.loop.forget(self._sock.fileno())
            self._sock.close()
            self._sock = None


def plain(body: bytes) -> bytes:
    """Return a body unpacked, if it was packed."""
    return zlib.decompress(body, 31) if body[:2] == b"\x1f\x8b" else body
