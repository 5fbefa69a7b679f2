"""Who is in which room, and one frame for all of them.

Private surface of python-socketio used here: the manager's dictionaries `rooms`, `callbacks`, `pending_connect` and
`pending_disconnect` (their shape is stated in its source), and that `basic_enter_room`, `basic_leave_room`,
`basic_disconnect`, `connect` and `disconnect` are the ways in and out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gevent
import socketio
from gevent.lock import Semaphore

from feedback.live.connection import Connection, event_frame

NAMESPACE = "/"
YIELD_EVERY = 256  # sockets, about 3 ms


class Room:
    """The sockets of one room; `turn` keeps two broadcasts from overtaking each other."""

    __slots__ = ("sockets", "turn")

    def __init__(self) -> None:
        self.sockets: dict[str, Connection] = {}
        self.turn = Semaphore()


class RoomManager(socketio.Manager):
    """Socket.IO's own book of clients, with a door for beats that encodes and frames once per room."""

    def __init__(self) -> None:
        super().__init__()
        self._by_name: dict[str, Room] = {}
        self._rooms_of: dict[str, list[str]] = {}
        #: By event and audience (what a room's name begins with): broadcasts, frames, bytes.
        self.sent: dict[tuple[str, str], list[int]] = {}

    def broadcast(self, room: str, event: str, payload: Mapping[str, Any], *, key: str | None = None) -> int:
        """Send `payload` to every socket of `room`; return how many there were.

        key: name of an absolute frame, which may replace an unsent older one of that name. None: a delta
        `{from, to, …}`, which a socket that is behind does not get; it gets `sync {to}` when it has caught up.
        """
        if room not in self._by_name:
            return 0
        return self.send(room, event, event_frame(event, payload), int(payload.get("to", 0)), key=key)

    def send(self, room: str, event: str, frame: bytes, to: int, *, key: str | None = None) -> int:
        """Send a frame of this event as `broadcast` does; it leads to commit number `to`."""
        members = self._by_name.get(room)
        if members is None:
            return 0
        with members.turn:
            sockets = list(members.sockets.values())
            for done, connection in enumerate(sockets, 1):
                connection.push(frame, key, to)
                if done % YIELD_EVERY == 0:
                    gevent.sleep(0)
        counts = self.sent.setdefault((event, room.partition(":")[0]), [0, 0, 0])
        counts[0] += 1
        counts[1] += len(sockets)
        counts[2] += len(sockets) * len(frame)
        return len(sockets)

    def sockets_in(self, room: str) -> int:
        """Return how many sockets are in `room` on this server."""
        members = self._by_name.get(room)
        return len(members.sockets) if members else 0

    def connection_of(self, sid: str) -> Connection | None:
        """Return the socket behind a Socket.IO id, None when it has gone."""
        engine = self.server.eio.sockets.get(self.eio_sid_from_sid(sid, NAMESPACE))
        connection: Connection | None = engine.queue.connection if engine else None
        return connection

    def connect(self, sid: str, namespace: str) -> str:
        """Note that a client was let in."""
        sid = super().connect(sid, namespace)
        if connection := self.connection_of(sid):
            connection.joined()
        return sid

    def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        """Note that a client has left or was refused; its socket may not stay without a namespace."""
        connection = self.connection_of(sid)
        super().disconnect(sid, namespace, **kwargs)
        if connection:
            connection.expect_join()

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Add a client to a room."""
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        if room is None or room == sid:
            return  # everybody, and the client alone: Socket.IO's own
        connection = self.connection_of(sid)
        if connection and sid not in (sockets := self._by_name.setdefault(room, Room()).sockets):
            sockets[sid] = connection
            self._rooms_of.setdefault(sid, []).append(room)

    def basic_leave_room(self, sid: str, namespace: str, room: str | None) -> None:
        """Take a client out of a room."""
        super().basic_leave_room(sid, namespace, room)
        if room is None or (members := self._by_name.get(room)) is None:
            return
        if members.sockets.pop(sid, None):
            if sid in self._rooms_of:
                self._rooms_of[sid].remove(room)
            if not members.sockets:
                del self._by_name[room]

    def basic_disconnect(self, sid: str, namespace: str, **_kwargs: Any) -> None:
        """Take a client out of everything.

        The stock method looks through all rooms of the server, and each client has one: with 5,000 phones a reconnect
        storm would spend its time there.
        """
        for room in [*self._rooms_of.pop(sid, ()), sid, None]:
            self.basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        for waiting in (self.pending_connect, self.pending_disconnect):
            if sid in waiting.get(namespace, ()):
                waiting[namespace].remove(sid)
                if not waiting[namespace]:
                    del waiting[namespace]
