"""One client that keeps no rule: a blocking socket, raw bytes, and how the server ended it."""

from __future__ import annotations

import os
import re
import socket
import struct
import time
from contextlib import suppress

from bench import wire

PATIENCE = 10.0
PROBE = b'42999["op",{}]'  # whoever still serves this socket answers it


class Hostile:
    """A websocket, upgraded if the server let it; every method returns instead of raising when it has been cut."""

    #: Seconds that an answer, or an end, is waited for.
    patience = PATIENCE

    def __init__(
        self,
        port: int,
        *,
        host: str = "",
        cookie: str = "",
        origin: str | None = None,
        more: str = "",
        receive_buffer: int = 0,
    ) -> None:
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.mask = os.urandom(4)
        self.sent = 0
        self._data = b""
        asked = wire.upgrade(host or f"127.0.0.1:{port}", cookie)
        if origin is not None:
            asked = re.sub(rb"Origin: [^\r]*\r\n", f"Origin: {origin}\r\n".encode() if origin else b"", asked)
        self.raw(asked[:-2] + more.encode() + b"\r\n")
        self.status, self.headers = self._head()

    def _head(self) -> tuple[int, dict[str, str]]:
        until = time.monotonic() + PATIENCE
        while (head := wire.head_of(self._data)) is None:
            data = self._receive(until - time.monotonic())
            if not data:
                return 0, {}
            self._data += data
        self._data = self._data[head[2] :]
        return head[0], head[1]

    def __enter__(self) -> Hostile:
        return self

    def __exit__(self, *_: object) -> None:
        self.drop()

    def raw(self, data: bytes) -> bool:
        """Send bytes; False when the server does not take them (any more)."""
        try:
            self.sock.sendall(data)
        except OSError:
            return False
        self.sent += len(data)
        return True

    def pour(self, data: bytes, most: int) -> int:
        """Send the same bytes again and again, up to so many; returns how many the server took."""
        before = self.sent
        while self.sent - before < most and self.raw(data):
            pass
        return self.sent - before

    def say(self, text: str | bytes, opcode: int = wire.TEXT) -> bool:
        """Send one frame."""
        return self.raw(wire.masked(text if isinstance(text, bytes) else text.encode(), self.mask, opcode))

    def enter(self, auth: str = "") -> bool:
        """Enter the namespace; tells whether it was let in."""
        self.say("40" + auth)
        until = time.monotonic() + self.patience
        while (text := self.next(until - time.monotonic())) is not None:
            if text.startswith("4"):
                return text.startswith("40")
        return False

    def next(self, seconds: float) -> str | None:
        """Return the next text, None when there is no more or none in time; a close frame is told as "close CODE"."""
        until = time.monotonic() + seconds
        while True:
            begin, end = wire.frame_end(self._data, 0)
            if end:
                opcode, payload = self._data[0] & 0x0F, self._data[begin:end]
                self._data = self._data[end:]
                if opcode == wire.CLOSE:
                    return f"close {struct.unpack('!H', payload[:2])[0] if payload[1:] else 0}"
                return payload.decode(errors="replace")
            data = self._receive(until - time.monotonic())
            if not data:
                return None
            self._data += data

    def ending(self) -> str:
        """Read to the end; returns the close code, "cut" when there was none, "open" when it did not end in time."""
        until = time.monotonic() + self.patience
        while True:
            text = self.next(until - time.monotonic())
            if text is not None and text.startswith("close "):
                return text[6:]
            if text is None:
                return "cut" if self._ended else "open"

    def serves(self, seconds: float | None = None) -> bool:
        """Tell whether an op sent now is answered."""
        self.say(PROBE)
        until = time.monotonic() + (seconds or self.patience)
        while (text := self.next(until - time.monotonic())) is not None:
            if text.startswith("43999"):
                return True
        return False

    _ended = False

    def _receive(self, seconds: float) -> bytes:
        self.sock.settimeout(max(seconds, 0.001))
        try:
            data = self.sock.recv(65_536)
        except TimeoutError:
            return b""
        except OSError:
            data = b""
        self._ended = not data
        self.sock.settimeout(PATIENCE)
        return data

    def drop(self, *, reset: bool = False) -> None:
        """Go away, with a word or without."""
        with suppress(OSError):
            if reset:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.sock.close()
