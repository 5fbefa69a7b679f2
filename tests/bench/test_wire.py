"""The client's bytes: our frames are read by the library that the server uses, and its frames by us."""

import pytest
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from bench import wire


@pytest.mark.parametrize("size", [0, 1, 3, 4, 125, 126, 127, 300, 16_000])
def test_the_server_reads_our_frames(size: int) -> None:
    text = ("é" * size)[:size]
    protocol = ServerProtocol(state=OPEN)
    protocol.receive_data(wire.masked(text.encode(), b"\x00\xff\x10z"))
    (frame,) = protocol.events_received()
    assert isinstance(frame, Frame)
    assert bytes(frame.data).decode() == text


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 70_000])
def test_we_read_the_servers_frames_wherever_they_are_cut(size: int) -> None:
    raw = Frame(Opcode.TEXT, b"x" * size).serialize(mask=False)
    begin, end = wire.frame_end(b"??" + raw + b"more", 2)
    assert end == 2 + len(raw)
    assert end - begin == size
    for cut in {0, 1, 2, 3, 9, len(raw) - 1} & set(range(len(raw))):
        assert wire.frame_end(raw[:cut], 0) == (0, 0)


@pytest.mark.parametrize("raw", [b"\xc1\x00", b"\x81\x80abcd"])
def test_what_no_server_may_send_is_malformed(raw: bytes) -> None:
    with pytest.raises(wire.Malformed):
        wire.frame_end(raw, 0)


def test_the_upgrade_is_a_websocket_handshake() -> None:
    asked = wire.upgrade("127.0.0.1:8000", "feedback=x")
    protocol = ServerProtocol()
    protocol.receive_data(asked)
    (request,) = protocol.events_received()
    assert isinstance(request, Request)
    assert protocol.accept(request).status_code == 101
    assert request.headers["Cookie"] == "feedback=x"
    assert request.headers["Origin"] == "http://127.0.0.1:8000"


def test_an_answers_head_is_read_with_all_its_cookies() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n\r\nhi"
    status, headers, start = wire.head_of(raw) or (0, {}, 0)
    assert (status, headers["content-length"], headers["set-cookie"], raw[start:]) == (200, "2", "a=1; b=2", b"hi")
    assert wire.head_of(raw[:40]) is None
    with pytest.raises(wire.Malformed):
        wire.head_of(b"garbage\r\n\r\n")
