"""One guard taken away at a time: what the attacks must tell from the real server. `BROKEN[name]()` breaks it."""

from collections.abc import Callable
from functools import partial

from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Opcode
from websockets.server import ServerProtocol

from feedback import pace
from feedback.live import connection, guard, transport
from feedback.live.connection import Connection
from feedback.live.guard import LOG, Watch
from feedback.live.rooms import RoomManager


def no_frame_cap() -> None:
    """A frame may be as long as it likes."""
    rules = transport.Rules
    transport.Rules = lambda events, limits, watch, _size: rules(events, limits, watch, None)


def deflate_accepted() -> None:
    """Compression is negotiated, as by default."""
    transport.HANDSHAKE = (*transport.HANDSHAKE, "Sec-WebSocket-Extensions")

    def protocol(*, extensions, **more):
        return ServerProtocol(extensions=[ServerPerMessageDeflateFactory()], **more)

    transport.ServerProtocol = protocol


def no_bucket() -> None:
    """Frames and ops are not counted."""
    pace.Bucket.take = lambda *_: True


def binary_allowed() -> None:
    """Binary frames are passed over."""
    message_of = Connection._message_of

    def lenient(self, frame):
        return None if frame.opcode is Opcode.BINARY else message_of(self, frame)

    Connection._message_of = lenient
    guard.UNSUPPORTED = guard.POLICY


def reserved_allowed() -> None:
    """The library's own events run the application's handlers."""
    guard.RESERVED = frozenset()
    check = guard.check
    connection.check = lambda message, events: check(message, events | {"connect", "disconnect"})


def any_origin() -> None:
    """Pages of other sites may open sockets."""

    class Every(list):
        def __contains__(self, _one):
            return True

    install = transport.install

    def lenient(socketio, *args, **more):
        watch = install(socketio, *args, **more)
        socketio.server.eio.cors_allowed_origins = Every(socketio.server.eio.cors_allowed_origins)
        return watch

    transport.install = lenient


def sid_is_enough() -> None:
    """Long polling is open, where whoever knows a socket's id speaks for it."""
    install = transport.install

    def lenient(socketio, *args, **more):
        watch = install(socketio, *args, **more)
        socketio.server.eio.transports = ["polling", "websocket"]
        socketio.server.handle_request = socketio.server.eio.handle_request
        return watch

    transport.install = lenient


def talkative() -> None:
    """Each cut is written down, with what the client said."""
    message_of = Connection._message_of

    def loud(self, frame):
        LOG.warning("the client said %r", bytes(frame.data))
        return message_of(self, frame)

    Connection._message_of = loud


def one_line_each() -> None:
    """Each cut is written down."""
    Watch.note = lambda self, reason: LOG.warning("refused on the wire: %s", reason)


def argues() -> None:
    """A client that breaks the rules stays."""
    wait, argued = Connection.wait, set()

    def patient(self):
        while (message := wait(self)) is None and id(self) in argued:
            argued.discard(id(self))
        return message

    def refuse(self, breach):
        self._rules.watch.note(breach.reason)
        self._parts.clear()
        argued.add(id(self))

    Connection.wait, Connection._refuse = patient, refuse


def leaks() -> None:
    """Who leaves is not taken out of the rooms."""
    RoomManager.basic_disconnect = lambda *_, **__: None


def stock_pings() -> None:
    """Each socket lets a greenlet sleep until its next ping, also when it has gone."""
    transport.Aside = lambda stock: stock


def threads() -> None:
    """Each op gets a thread of its own."""
    import gevent

    dispatch = transport._dispatch

    def threaded(*event):
        gevent.get_hub().threadpool.maxsize = 1_000
        gevent.get_hub().threadpool.spawn(partial(__import__("_thread").allocate_lock().acquire, timeout=3))
        gevent.sleep(0)
        dispatch(*event)

    transport._dispatch = threaded


BROKEN: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    **{
        broken.__name__: broken
        for broken in (
            no_frame_cap,
            deflate_accepted,
            no_bucket,
            binary_allowed,
            reserved_allowed,
            any_origin,
            sid_is_enough,
            talkative,
            one_line_each,
            argues,
            leaks,
            stock_pings,
            threads,
        )
    },
}
