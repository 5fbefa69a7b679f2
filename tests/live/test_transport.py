"""The transport: upgrade, frame sizes, Origin, coming and going, and the contract with the libraries' private names."""

from __future__ import annotations

import http.client
import inspect
import json
import re
import signal
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import socketio as client_library
from engineio.socket import Socket as EngineSocket
from flask import Flask
from flask_socketio import SocketIO
from gevent.pywsgi import WSGIHandler
from websockets.frames import Frame, Opcode

from feedback.live import transport
from feedback.live.rooms import RoomManager

HERE = Path(__file__).parent
PATH = "/socket.io/?EIO=4&transport=websocket"


def test_handshake_has_no_extension(server, phone) -> None:
    one = phone(server)  # offers permessage-deflate, as browsers do
    assert one.is_open
    assert "Sec-WebSocket-Extensions" not in one.response.headers


def test_small_frames_do_not_wait_for_larger_ones(server, phone) -> None:
    phone(server).enter()
    handled = server.figures()["handled"]
    assert handled["without_delay"] == handled["connect"]


def test_compressed_frame_closes_with_1002(server, phone) -> None:
    one = phone(server).enter()
    one.raw(b"\xc1\x85mask12345")
    assert one.ending() == 1002


def test_unmasked_frame_closes_with_1002(server, phone) -> None:
    one = phone(server).enter()
    one.raw(Frame(Opcode.TEXT, b"3").serialize(mask=False))
    assert one.ending() == 1002


@pytest.fixture
def own_interrupt() -> Iterator[None]:
    """The client library listens for Ctrl-C; what listened before does so again after the test."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("own_interrupt")
def test_socket_io_client_gets_its_ack(server) -> None:
    options = {"origin": "http://house.test"}
    with client_library.SimpleClient(websocket_extra_options=options) as client:
        client.connect(f"http://127.0.0.1:{server.port}", transports=["websocket"], auth={"room": "client"})
        assert client.call("op", {"text": "naïve ❤️"}) == {"text": "naïve ❤️"}
        client.emit("blast", {"room": "client", "count": 1, "size": 4})
        name, beat = client.receive(timeout=60)
        assert (name, beat["fill"]) == ("beat", "éé")


def test_acks_of_one_client_come_in_order(server, phone) -> None:
    one = phone(server).enter()
    for number in range(50):
        one.say(f'42{number}["op",{{"n":{number}}}]')
    assert [one.next() for _ in range(50)] == [f'43{number}[{{"n":{number}}}]' for number in range(50)]


def test_fragments_and_split_packets_are_put_together(server, phone) -> None:
    one = phone(server).enter()
    text = '427["op",{"text":"naïve ❤️"}]'.encode()
    pieces = [text[at : at + 5] for at in range(0, len(text), 5)]
    one.frame(Frame(Opcode.TEXT, pieces[0], fin=False))
    for piece in pieces[1:-1]:
        one.frame(Frame(Opcode.CONT, piece, fin=False))
        one.frame(Frame(Opcode.PING, b"between"))
    for byte in Frame(Opcode.CONT, pieces[-1]).serialize(mask=True):
        one.raw(bytes([byte]))
    assert json.loads((one.next() or "").removeprefix("437")) == [{"text": "naïve ❤️"}]


def test_message_of_16_kib_passes_and_one_byte_more_does_not(server, phone) -> None:
    frame = '420["op",{"text":"%s"}]'
    fits = frame % ("x" * (16384 - len(frame) + 2))
    one = phone(server).enter()
    one.say(fits)
    assert len(one.next() or "") == len(fits) - 5  # without `"op",`
    one.say(fits.replace("xx", "xxx", 1))
    assert one.ending() == 1009


@pytest.mark.parametrize("megabytes", [1, 30])
def test_huge_frame_is_cut_within_64_kib(server, phone, megabytes: int) -> None:
    witness = phone(server).enter()
    one = phone(server).enter()
    before = server.figures()
    huge = Frame(Opcode.TEXT, b"x" * (megabytes << 20)).serialize(mask=True)
    with suppress(OSError):  # cut while still sending
        one.raw(huge)
    assert one.ending() in (1009, None)
    after = server.figures()
    assert after["counters"]["bytes_in"] - before["counters"]["bytes_in"] <= 65536
    assert after["peak_kib"] - before["peak_kib"] <= 2048
    assert after["counters"]["cut_too_big"] > before["counters"]["cut_too_big"]
    assert witness.call("op", a=1) == {"a": 1}


def test_many_fragments_may_not_add_up_to_a_huge_message(server, phone) -> None:
    one = phone(server).enter()
    one.frame(Frame(Opcode.TEXT, b"x" * 9000, fin=False))
    one.frame(Frame(Opcode.CONT, b"x" * 9000, fin=False))
    assert one.ending() == 1009


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/socket.io/?EIO=4&transport=polling"),
        ("POST", "/socket.io/?EIO=4&transport=polling"),
        ("GET", "/socket.io/?EIO=4"),
        ("GET", "/socket.io/"),
        ("GET", PATH),
        ("POST", PATH),
        ("OPTIONS", PATH),
        ("GET", PATH + "&sid=SID"),
        ("POST", "/socket.io/?EIO=4&transport=polling&sid=SID"),
        ("GET", "/socket.io/?EIO=4&transport=polling&j=0"),
        ("GET", "/socket.io/?EIO=4&transport=websocket%00&transport=polling"),
        ("GET", "/socket.io/?" + "&".join(["a=1"] * 50)),
    ],
)
def test_polling_is_answered_400_without_a_socket_id(server, phone, method: str, path: str) -> None:
    opening = phone(server).next() or ""
    sid = opening.split('"sid":"')[1].split('"')[0]
    link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    link.request(method, path.replace("SID", sid), body="40" if method == "POST" else None)
    answer = link.getresponse()
    assert (answer.status, answer.read()) == (400, b"bad_request")
    assert not [value for _, value in answer.getheaders() if sid in value]
    link.close()


def test_upgrade_with_the_socket_id_of_another_is_refused(server, phone) -> None:
    sid = (phone(server).next() or "").split('"sid":"')[1].split('"')[0]
    thief = phone(server, path=f"{PATH}&sid={sid}")
    assert (thief.response.status_code, thief.response.body) == (400, b"bad_request")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": ""}, 403),  # none at all
        ({"Origin": "http://house.test"}, 101),
        ({"Origin": "https://tls.house.test"}, 101),
        ({"Origin": "https://tls.house.test", "X-Forwarded-Proto": "http"}, 101),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://house.test:8001"}, 403),
        ({"Origin": "https://house.test"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}, 403),
        ({"Origin": "http://house.test.evil.example"}, 403),
    ],
)
def test_origin_decides_before_the_upgrade(server, phone, headers: dict[str, str], status: int) -> None:
    one = phone(server, headers=headers)
    assert one.response.status_code == status
    assert status == 101 or (one.response.body, "evil" in server.log()) == (b"foreign_origin", False)


def test_two_origins_are_none(server) -> None:
    asked = (
        f"GET {PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: http://house.test\r\nOrigin: https://evil.example\r\n\r\n"
    )
    assert _told(server.port, asked).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize(
    "lines",
    [
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short",
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nContent-Length: 100000",
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nTransfer-Encoding: chunked",
    ],
)
def test_bad_upgrade_is_answered_in_plain_http_and_leaves_nothing(server, lines: str) -> None:
    lines += "\r\nOrigin: http://house.test"
    asked = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{lines}\r\n\r\n"
    assert _told(server.port, asked).startswith(b"HTTP/1.1 400 ")
    server.until(lambda now: now["sockets"] == now["environs"] == 0)


def test_broken_http_and_vanished_clients_leave_no_trace_in_the_log(server) -> None:
    for asked in (
        "SECRET\r\n\r\n",
        "GET / HTTP/9.9 SECRET\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: SECRET\r\n\r\n",
    ):
        assert _told(server.port, asked).startswith(b"HTTP/1.1 400 ")
    for asked in (
        "GET /figures HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /text HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc",
        "GET",
    ):
        with socket.create_connection(("127.0.0.1", server.port)) as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            link.sendall(asked.encode())
    server.figures()
    assert "SECRET" not in server.log()
    assert "Traceback" not in server.log()
    assert "127.0.0.1" not in server.log()


def test_request_body_that_stops_coming_ends(brisk) -> None:
    asked = b"POST /text HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"
    with socket.create_connection(("127.0.0.1", brisk.port), timeout=60) as link:
        link.sendall(asked)
        answer = b""
        while data := link.recv(65536):
            answer += data
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert "Traceback" not in brisk.log()


def test_event_before_the_namespace_does_not_run_its_handler(server, phone) -> None:
    before = server.figures()["handled"]["op"]
    one = phone(server)
    one.say('420["op",{}]')
    one.enter()
    assert one.call("op", 1, a=1) == {"a": 1}
    assert server.figures()["handled"]["op"] - before == 1


def test_socket_without_a_namespace_is_closed(brisk, phone) -> None:
    never, refused, left, stays = (phone(brisk) for _ in range(4))
    refused.next()
    refused.say('40{"refuse":true}')
    assert (refused.next() or "").startswith("44")
    left.enter().say("41")
    stays.enter()
    assert (never.ending(), refused.ending(), left.ending()) == (1008, 1008, 1008)
    assert stays.call("op", a=1) == {"a": 1}


def test_stop_tells_phones_and_ends_in_time(tmp_path: Path, phone, request: pytest.FixtureRequest) -> None:
    maker = type(request.getfixturevalue("server"))
    started = maker(tmp_path)
    phones = [phone(started).enter() for _ in range(20)]
    begun = time.monotonic()
    assert started.stop() == 0
    assert time.monotonic() - begun < 18  # it takes a tenth of a second; a socket that hangs would take 20
    assert [one.ending() for one in phones] == [1012] * 20
    assert started.log() == ""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", started.port), timeout=1)


def _socketio(**changed: Any) -> SocketIO:
    options = {"transports": ["websocket"], "cors_allowed_origins": ["http://house.test"], **changed}
    return SocketIO(Flask("small"), async_mode="gevent", client_manager=RoomManager(), **options)


@pytest.mark.parametrize("origins", [None, "*", [], ["*"], "http://house.test"])
def test_install_wants_an_explicit_list_of_origins(origins: Any) -> None:
    with pytest.raises(ValueError, match="origins"):
        transport.install(_socketio(cors_allowed_origins=origins), frozenset({"op"}), Counter())


@pytest.mark.parametrize("transports", [None, ["polling"], ["websocket", "polling"]])
def test_install_wants_no_polling(transports: Any) -> None:
    with pytest.raises(ValueError, match="websocket"):
        transport.install(_socketio(transports=transports), frozenset({"op"}), Counter())


def test_startup_refusals_are_none_here() -> None:
    assert transport.startup_refusals() == []


@pytest.mark.parametrize("package", ["geventwebsocket", "eventlet"])
def test_startup_refuses_what_would_change_the_server(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert transport.startup_refusals() == [f"{package}_installed"]


def test_startup_refuses_other_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "PINS", {"python-engineio": "4.13.1", "python-socketio": "5.16.0"})
    assert transport.startup_refusals() == ["python_engineio_version", "python_socketio_version"]


def test_pins_are_those_of_the_requirements() -> None:
    lines = (HERE.parents[1] / "requirements.txt").read_text().split()
    for package, pin in transport.PINS.items():
        assert version(package) == pin
        assert f"{package}=={pin}" in lines


def test_every_pin_is_exact_and_none_is_older_than_what_is_known_to_be_safe() -> None:
    safe = {"python-engineio": (4, 13, 2), "python-socketio": (5, 16, 2), "websockets": (15, 0), "werkzeug": (3, 1, 4)}
    pins = {}
    for name in ("requirements.txt", "tests/requirements.txt"):
        for line in (HERE.parents[1] / name).read_text().splitlines():
            if line and not line.startswith("#"):
                assert re.fullmatch(r"[a-z0-9-]+(\[[a-z]+\])?==[0-9][0-9.]*(post[0-9]+)?", line), line
                pins[line.partition("==")[0]] = line.partition("==")[2]
    for package, least in safe.items():
        assert tuple(int(part) for part in pins[package].split(".")) >= least


def test_contract_with_the_private_names() -> None:
    socketio = _socketio()
    engine = socketio.server.eio
    stock = dict(engine._async)
    assert {"websocket", "queue", "queue_empty", "event", "thread", "sleep"} <= stock.keys()
    transport.install(socketio, frozenset({"op"}), Counter())
    assert engine._async is not stock
    assert stock == {**engine._async, **{name: stock[name] for name in ("websocket", "queue", "thread")}}
    made = EngineSocket(engine, "sid")
    assert isinstance(made.queue, transport.Outbox)
    assert made._websocket_handler.__self__ is made
    assert made._send_ping.__self__ is made
    assert list(inspect.signature(stock["thread"].__init__).parameters) == ["self", "target", "args", "kwargs"]
    assert made.poll() == []
    assert list(inspect.signature(WSGIHandler._handle_client_error).parameters) == ["self", "ex"]
    assert isinstance(engine.sockets, dict)
    assert {"rooms", "callbacks", "pending_connect", "pending_disconnect"} <= vars(socketio.server.manager).keys()


def _told(port: int, asked: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as link:
        link.sendall(asked.encode())
        link.shutdown(socket.SHUT_WR)
        answer = b""
        while data := link.recv(65536):
            answer += data
    return answer
