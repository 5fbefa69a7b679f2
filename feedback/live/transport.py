"""From TCP to Socket.IO: the WSGI server, the websocket upgrade, and the place where both are put into the engine.

Private surface of the libraries used here (pinned exactly; `tests/live/test_transport.py` holds the contract):
- python-engineio: `server.eio._async`, the driver table (keys `websocket`, `queue` and `thread` are replaced in a
  copy); the driver is given a bound method of the engine's socket, whose `queue` is ours; `server.eio.sockets`.
- gevent.pywsgi: `WSGIHandler._handle_client_error`, documented there as a hook for subclasses.
No name of the `websockets` library is private.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import logging
import math
import socket
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import gevent
from gevent.pywsgi import WSGIHandler, WSGIServer
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from feedback.domain.facts import Refusal
from feedback.live.body import Body
from feedback.live.connection import Connection, Later, ack_frame, frame_of
from feedback.live.guard import Event, Limits, Rules, Watch
from feedback.live.outbox import Aside, Outbox

LOG = logging.getLogger("feedback.live")
FRAMES = logging.getLogger("feedback.live.frames")
FRAMES.setLevel(logging.WARNING)  # below it the library would log what clients wrote
PINS = {"python-engineio": "4.15.1", "python-socketio": "5.18.1"}
SOCKET = "feedback.socket"  # key in the WSGI environ: the accepted socket of an upgrade request
BACKLOG = 2048  # a room that comes back after a restart comes all at once
GOING_AWAY = 1012  # service restart
HANDSHAKE = ("Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version")

StartResponse = Callable[..., Any]
Environ = dict[str, Any]


def startup_refusals() -> list[str]:
    """Return codes of what makes this installation unsafe to serve from; empty when it is fine."""
    found = [f"{name}_installed" for name in ("geventwebsocket", "eventlet") if importlib.util.find_spec(name)]
    for package, pin in PINS.items():
        if importlib.metadata.version(package) != pin:
            found.append(f"{package.replace('-', '_')}_version")
    return found


def install(
    socketio: Any,
    events: frozenset[str],
    counters: Counter[str] | None = None,
    limits: Limits | None = None,
    doorman: Callable[[Environ], None] | None = None,
) -> Watch:
    """Put our websocket and guard into an initialised SocketIO; events: names that clients may send.

    doorman: raises a refusal with `after_ms` for an upgrade that has to wait.
    Raises ValueError when it was set up with polling or without an explicit list of origins.
    """
    server = socketio.server
    origins = server.eio.cors_allowed_origins
    if not isinstance(origins, list | tuple | set | frozenset) or not origins or "*" in origins:
        raise ValueError("cors_allowed_origins must be an explicit list of origins")
    if list(server.eio.transports) != ["websocket"]:
        raise ValueError("the only transport is websocket")
    watch = Watch(Counter() if counters is None else counters)
    rules = Rules(events, limits or Limits(), watch, server.eio.max_http_buffer_size)
    server.async_handlers = False  # what one client sends is handled in the order it was sent
    server.eio._async = {
        **server.eio._async,
        "websocket": functools.partial(Driver, rules, server),
        "queue": Outbox,
        "thread": Aside(server.eio._async["thread"]),
    }
    server.handle_request = functools.partial(_gate, server.handle_request, server.eio, watch, doorman)
    return watch


class Server(WSGIServer):
    """A quiet pywsgi server for our app."""

    def __init__(self, listener: Any, app: Any, engine: Any, limits: Limits) -> None:
        host = (listener if isinstance(listener, tuple) else listener.getsockname())[0]
        # Without SERVER_NAME gevent asks the DNS for it, which takes seconds in a hall without one.
        super().__init__(
            listener,
            app,
            backlog=BACKLOG if isinstance(listener, tuple) else None,
            log=None,
            error_log=logging.getLogger("gevent.pywsgi"),
            handler_class=Handler,
            environ={"SERVER_NAME": host},
        )
        if not isinstance(listener, tuple) and not listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT):
            self.max_accept = 1  # one at a time, so that the others get theirs
        self.engine = engine
        self.limits = limits
        #: Connections that have not sent their first headers, by address.
        self.arriving: Counter[str] = Counter()
        #: HTTP requests that have been read and not been answered to the end.
        self.answering = 0

    def stop(self, timeout: float | None = None) -> None:
        """Stop accepting, close every websocket with 1012; wait up to `timeout` seconds for them and for requests."""
        self.close()
        for engine in list(self.engine.sockets.values()):
            if engine.queue.connection:
                engine.queue.connection.hang_up(GOING_AWAY)
        with gevent.Timeout(1.0 if timeout is None else timeout, False):
            while self.engine.sockets or self.answering:
                gevent.sleep(0.01)


def make_server(app: Any, socketio: Any, listener: Any, limits: Limits | None = None) -> Server:
    """Return the server for `app`, not yet started; listener: an address (host, port), or a socket that listens."""
    return Server(listener, app, socketio.server.eio, limits or Limits())


class Handler(WSGIHandler):
    """One TCP connection: HTTP requests, the last of which may become a websocket."""

    wsgi_input: Any

    def handle(self) -> None:
        """Serve requests until the connection ends."""
        with suppress(OSError):
            # Nagle waits for the phone's delayed ACK: 46 ms on every join.
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._arriving: str | None = str(self.client_address[0]) if self.client_address else ""
        self.server.arriving[self._arriving] += 1
        try:
            with suppress(ConnectionError):  # gone before it could be told that this was no request
                super().handle()
        finally:
            self._arrived()

    def _patience(self) -> float:
        """Return how long to wait for headers; the more connections of one address have sent none, the shorter."""
        limits: Limits = self.server.limits
        if self._arriving is None:
            return min(limits.headers_within, limits.kept_open)
        crowd: int = self.server.arriving[self._arriving]
        return limits.headers_within * min(1.0, max(0.1, limits.arriving / max(1, crowd)))

    def _arrived(self) -> None:
        if self._arriving is not None:
            self.server.arriving[self._arriving] -= 1
            if not self.server.arriving[self._arriving]:
                del self.server.arriving[self._arriving]
            self._arriving = None

    def handle_one_request(self) -> Any:
        """Serve one request, unless its headers do not come in time."""
        self._headers_due = gevent.Timeout.start_new(self._patience())
        try:
            return super().handle_one_request()
        except gevent.Timeout as late:
            if late is not self._headers_due:
                raise
            return None
        finally:
            self._headers_due.close()

    def read_request(self, raw_requestline: str) -> bool:
        """Read the headers."""
        try:
            return bool(super().read_request(raw_requestline))
        finally:
            self._headers_due.cancel()
            self._arrived()

    def get_environ(self) -> Environ:
        """Return the WSGI environment; an upgrade request carries its socket in it and is the connection's last."""
        environ: Environ = super().get_environ()
        bodiless = not environ.get("CONTENT_LENGTH") and "HTTP_TRANSFER_ENCODING" not in environ
        if environ.get("HTTP_UPGRADE", "").lower() == "websocket" and bodiless:
            environ[SOCKET] = self.socket
            self.close_connection = True
        else:
            self.socket.settimeout(self.server.limits.body_silence)
            self.wsgi_input = environ["wsgi.input"] = Body(self.wsgi_input, self, self.server.limits)
        return environ

    def start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        """Begin the answer; a client that takes nothing of it for minutes has gone."""
        self.socket.settimeout(self.server.limits.answer_taken)
        return super().start_response(status, headers, exc_info)

    def handle_one_response(self) -> None:
        """Answer one request; whoever stops the server waits for it, unless it is a websocket."""
        if SOCKET in self.environ:
            super().handle_one_response()
            return
        self.server.answering += 1
        try:
            super().handle_one_response()
        finally:
            self.server.answering -= 1

    def log_request(self) -> None:
        """Write no access log: it would hold addresses."""

    def handle_error(self, t: type[BaseException], v: BaseException, tb: Any) -> None:
        """Answer 500, unless it is only that the client has vanished."""
        if isinstance(v, ConnectionError | TimeoutError):
            self.close_connection = True
        else:
            super().handle_error(t, v, tb)

    def _handle_client_error(self, _ex: BaseException) -> tuple[str, bytes]:
        # The stock hook logs what the client wrote, and its address.
        return "400", b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Driver:
    """The websocket as python-engineio wants it: made with its handler, called as WSGI, then asked to wait."""

    __slots__ = ("_connection", "_handler", "_rules", "_server")

    def __init__(self, rules: Rules, server: Any, handler: Any, _engine: Any) -> None:
        self._rules = rules
        self._server = server
        self._handler = handler

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer the upgrade and serve the socket to its end."""
        engine = self._handler.__self__
        protocol = ServerProtocol(state=OPEN, max_size=self._rules.max_size, extensions=None, logger=FRAMES)
        response = protocol.accept(_request_of(environ))
        if response.status_code != 101:
            engine.close(wait=False, abort=True)
            start_response(f"{response.status_code} {response.reason_phrase}", list(response.headers.raw_items()))
            return [bytes(response.body or b"")]
        environ["wsgi.input"].close()  # gives its buffer back; a client may not speak before it was answered
        self._connection = Connection(environ[SOCKET], protocol, self._rules)
        try:
            self._connection.send(response.serialize())
            self._connection.expect_join()
            engine.queue.open(self._connection)
            served: Iterable[bytes] = self._handler(self)
            return served
        finally:
            engine.queue.connection = None
            engine.queue.close()
            self._connection.shut()

    def wait(self) -> str | None:
        """Return the next message that is no event, None at the end; events go to their handlers on the way."""
        connection = self._connection
        while True:
            message = connection.wait()
            event = connection.event
            if message is None or event is None:
                return message
            try:
                _dispatch(self._server, self._handler.__self__.sid, connection, event)
            except Exception:
                LOG.exception("the handler of an event broke")

    def send(self, message: str) -> None:
        """Send a message; only the engine's writer would, and it finds nothing to write."""
        self._connection.send(frame_of(message))

    def close(self) -> None:
        """Nothing: the engine's writer calls this when it ends, and the socket ends with its reader."""


def _request_of(environ: Environ) -> Request:
    headers = Headers()
    for name in HANDSHAKE:
        value = environ.get("HTTP_" + name.upper().replace("-", "_"))
        if value is not None:
            headers[name] = value
    return Request(environ["PATH_INFO"], headers, environ["REQUEST_METHOD"], environ["SERVER_PROTOCOL"])


def _dispatch(server: Any, eio_sid: str, connection: Connection, event: Event) -> None:
    """Hand an event, which the guard has taken apart, to its handler and send the ack.

    The stock way would decode it twice more and wrap the ack in two packets: half the cost of an op before the op.
    """
    sid = server.manager.sid_from_eio_sid(eio_sid, "/")
    handler = server.handlers.get("/", {}).get(event.name)
    if handler and server.manager.is_connected(sid, "/"):
        answer = handler(sid, event.data)
        if isinstance(answer, Later):
            answer.to(connection, event.ack)
        elif event.ack:
            connection.send(ack_frame(event.ack, answer))


def _gate(
    handle_request: Callable[[Environ, StartResponse], Iterable[bytes]],
    engine: Any,
    watch: Watch,
    doorman: Callable[[Environ], None] | None,
    environ: Environ,
    start_response: StartResponse,
) -> Iterable[bytes]:
    """Let through upgrades from our own pages; answer all else here, where nothing a client wrote is repeated."""
    headers = [("Content-Type", "text/plain"), ("Connection", "close")]
    if not _is_upgrade(environ):
        status, code = "400 Bad Request", "bad_request"
    elif environ.get("HTTP_ORIGIN") not in engine.cors_allowed_origins:
        status, code = "403 Forbidden", "foreign_origin"  # a browser always says where its page came from
    else:
        try:
            if doorman:
                doorman(environ)
            return handle_request(environ, start_response)
        except Refusal as refusal:
            status, code = "503 Service Unavailable", refusal.code
            headers.append(("Retry-After", str(math.ceil(int(refusal.detail["after_ms"]) / 1_000))))
    watch.note(code)
    start_response(status, [*headers, ("Content-Length", str(len(code)))])
    return [code.encode()]


def _is_upgrade(environ: Environ) -> bool:
    try:
        asked = parse_qs(environ.get("QUERY_STRING", ""), max_num_fields=8, keep_blank_values=True)
    except ValueError:
        return False
    wants = [token.strip() for token in environ.get("HTTP_CONNECTION", "").lower().split(",")]
    return (
        environ["REQUEST_METHOD"] == "GET"
        and asked.get("transport") == ["websocket"]
        and asked.get("EIO") == ["4"]
        and not asked.keys() & {"sid", "j"}
        and environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        and "upgrade" in wants
        and SOCKET in environ
        and not environ.get("CONTENT_LENGTH")
        and "HTTP_TRANSFER_ENCODING" not in environ
    )
