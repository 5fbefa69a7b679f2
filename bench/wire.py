"""The client's side of the wire, in bytes: requests, masked frames out, unmasked frames in. No sockets here."""

from __future__ import annotations

import base64
import os

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
#: What a phone's browser sends with everything; the length is typical, the content is ours.
BROWSER = (
    "User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile\r\n"
    "Accept-Encoding: gzip, deflate\r\nAccept-Language: en-GB,en;q=0.9\r\n"
)
PAGE = "Accept: text/html,application/xhtml+xml\r\nSec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n"
PAGE_MARK = b"Sec-Fetch-Mode: navigate"
FETCH = "Accept: application/json\r\nX-Op: 1\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n"


class Malformed(ValueError):
    """The server sent what no websocket server of ours may send."""


def get(path: str, host: str, *, page: bool, cookie: str) -> bytes:
    """Return a GET request of a browser: for a page, or by a page's script."""
    known = f"Cookie: {cookie}\r\n" if cookie else ""
    kind = PAGE if page else FETCH
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\n{BROWSER}{kind}{known}\r\n".encode()


def upgrade(host: str, cookie: str) -> bytes:
    """Return the request that opens the socket, as socket.io-client sends it, without an offer to compress."""
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
        f"Host: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: http://{host}\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{BROWSER}Cookie: {cookie}\r\n\r\n"
    ).encode()


def masked(payload: bytes, mask: bytes, opcode: int = TEXT) -> bytes:
    """Return one frame from client to server; `mask` has four bytes, the payload fewer than 65,536."""
    size = len(payload)
    head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else bytes((0x80 | opcode, 0xFE, size >> 8, size & 255))
    pad = (mask * (size // 4 + 1))[:size]
    body = (int.from_bytes(payload, "little") ^ int.from_bytes(pad, "little")).to_bytes(size, "little")
    return head + mask + body


def frame_end(data: bytes, start: int) -> tuple[int, int]:
    """Return where the payload of the frame at `start` begins, and where the frame ends; (0, 0) while too short."""
    if len(data) < start + 2:
        return 0, 0
    if data[start] & 0x70 or data[start + 1] & 0x80:
        raise Malformed("reserved bits or a mask")
    size, begin = data[start + 1], start + 2
    if size == 126:
        size, begin = int.from_bytes(data[start + 2 : start + 4], "big"), start + 4
    elif size == 127:
        size, begin = int.from_bytes(data[start + 2 : start + 10], "big"), start + 10
    return (begin, begin + size) if len(data) >= max(begin, begin + size) else (0, 0)


def head_of(data: bytes) -> tuple[int, dict[str, str], int] | None:
    """Read an HTTP answer's head: status, headers by lower-case name, its length; None while too short.

    Cookies come as they are sent back.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = data[:end].decode("latin-1").split("\r\n")
    if not first.startswith("HTTP/1.1 "):
        raise Malformed("no HTTP answer")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = (part.strip() for part in line.partition(":"))
        if name.lower() == "set-cookie":
            before = headers.get("set-cookie", "")
            value = before + ("; " if before else "") + value.partition(";")[0]
        headers[name.lower()] = value
    return int(first.split(" ", 2)[1]), headers, end + 4
