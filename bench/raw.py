"""The limit: a server that does nothing but write one prepared frame to every socket, four times a second.

What it costs is the kernel's part and the least that a loop in Python can add: no library, no buffers, no database, and
a socket that does not keep up is simply cut. `python -m bench.raw --port N`; it speaks just enough for a phone to join.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import json
import os
import select
import socket
import sys
from time import monotonic

BEAT = 0.25
BACKLOG = 2048
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PAGE = b'<script>{"mine": {"participant": "1", "max_rev": 0, "votes": {}, "ideas": [], "left": {}}}</script>'
IDEA = {"id": "0" * 26, "n": 1, "prompt": 1, "text": "x" * 70, "lang": "en", "agree": 0, "disagree": 0, "pass": 0}
HELLO = {"sid": "0", "upgrades": [], "pingInterval": 20_000, "pingTimeout": 15_000}


def frame(text: str) -> bytes:
    """Return one unmasked text frame of fewer than 65,536 bytes."""
    data = text.encode()
    head = bytes((0x81, len(data))) if len(data) < 126 else bytes((0x81, 126, len(data) >> 8, len(data) & 255))
    return head + data


def answer(body: bytes, kind: str) -> bytes:
    """Return an HTTP answer."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nSet-Cookie: feedback=1\r\n\r\n"
    return head.encode() + body


class Raw:
    """All connections of the one server there is."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        self._listener.setblocking(False)
        self._poll = select.epoll()
        self._poll.register(self._listener.fileno(), select.EPOLLIN)
        self._open: dict[int, socket.socket] = {}
        self._room: list[int] = []
        self._seq = 1
        self.port = self._listener.getsockname()[1]

    def serve(self) -> None:
        """Serve until killed."""
        due = monotonic() + BEAT
        while True:
            for fd, _ in self._poll.poll(max(0.0, due - monotonic())):
                if fd == self._listener.fileno():
                    self._accept()
                else:
                    self._read(fd)
            if monotonic() >= due:
                due += BEAT
                self._beat()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except BlockingIOError:
                return
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open[sock.fileno()] = sock
            self._poll.register(sock.fileno(), select.EPOLLIN)

    def _read(self, fd: int) -> None:
        try:
            data = os.read(fd, 4096)
        except OSError:
            data = b""
        if not data:
            self._cut(fd)
        elif data.startswith(b"GET /socket.io/"):
            key = next(line for line in data.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
            accept = base64.b64encode(hashlib.sha1(key.partition(b":")[2].strip() + GUID).digest())
            head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            os.write(fd, head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + frame("0" + json.dumps(HELLO)))
        elif data.startswith(b"GET /") and b"/sync" in data.partition(b" HTTP")[0]:
            state = {"seq": self._seq, "snapshot": True, "ideas": [IDEA], "counts": {}}
            os.write(fd, answer(json.dumps(state).encode(), "application/json"))
        elif data.startswith(b"GET /"):
            os.write(fd, answer(PAGE, "text/html"))
        elif fd not in self._room:
            os.write(fd, frame('40{"sid":"0"}') + frame("42" + json.dumps(["heart", {"to": self._seq}])))
            self._room.append(fd)

    def _beat(self) -> None:
        self._seq += 1
        changes = {"counts": {"joined": len(self._room), "ideas": 50, "votes": self._seq}, "tallies": [[1, 1, 0, 0]]}
        beat = {"from": self._seq - 1, "to": self._seq, "shown": 0, "changes": changes}
        data = frame("42" + json.dumps(["beat", beat], separators=(",", ":")))
        write = os.write
        for fd in list(self._room):
            try:
                write(fd, data)
            except OSError:
                self._cut(fd)

    def _cut(self, fd: int) -> None:
        self._poll.unregister(fd)
        self._open.pop(fd).close()
        if fd in self._room:
            self._room.remove(fd)


if __name__ == "__main__":
    gc.disable()
    raw = Raw(int(sys.argv[sys.argv.index("--port") + 1]))
    print(f"Join: http://127.0.0.1:{raw.port}/  Stop with Ctrl-C", flush=True)
    raw.serve()
