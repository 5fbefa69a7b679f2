"""The live side of the house: sockets in, ops to the writer, beats and heartbeats out."""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import gevent
from flask import Flask
from flask_socketio import SocketIO
from gevent.event import AsyncResult
from socketio.exceptions import ConnectionRefusedError as Refused

from feedback.actions.ops import apply_op
from feedback.db import db, gate_of
from feedback.domain.facts import (
    Busy,
    ConversationChanged,
    ConversationCleared,
    CrewRevoked,
    Fact,
    Forbidden,
    Refusal,
)
from feedback.domain.ops import Ack, ack_of, op_id, parse_op
from feedback.identity import Identity
from feedback.live import transport
from feedback.live.pulse import Beat, Pulse
from feedback.live.rooms import RoomManager
from feedback.live.seats import Seat, seat_of
from feedback.presence import Presence
from feedback.store.screens import counts_of, delta_of, seq_of

TICK = 0.025
HEART = 5.0
ACK_WAIT = 10.0
RETRY_MS = 500
GONE = 1008
_log = logging.getLogger("feedback.live")


def room_of(conversation_id: int, view: str) -> str:
    """Name the room of one audience of a conversation."""
    return f"{view}:{conversation_id}"


class Live:
    """Sockets of this process: their seats, and the greenlets that keep every screen current."""

    def __init__(self, app: Flask, identity: Identity, presence: Presence, origins: Sequence[str]) -> None:
        self._app = app
        self._identity = identity
        self._presence = presence
        self._gate = gate_of(app)
        self._pulse = Pulse()
        self._seats: dict[str, Seat] = {}
        self.counters: Counter[str] = Counter()
        self.socketio = SocketIO(
            app,
            async_mode="gevent",
            client_manager=RoomManager(),
            transports=["websocket"],
            cors_allowed_origins=list(origins),
            max_http_buffer_size=16_384,
            ping_interval=20,
            ping_timeout=15,
            manage_session=False,
        )
        transport.install(self.socketio, frozenset({"op"}), self.counters)
        with app.app_context():
            self._engine = db.engine
        # Registered on the inner server: Flask's wrapper makes a request context per event, which costs half the time.
        server = self.socketio.server
        server.on("connect", self._connect)
        server.on("disconnect", self._disconnect)
        server.on("op", self._op)
        self._rooms: RoomManager = server.manager

    def start(self) -> None:
        """Start the beat and the heart."""
        gevent.spawn(self._run, self.beat, TICK)
        gevent.spawn(self._run, self.heart, HEART)

    def hear(self, facts: Sequence[Fact]) -> None:
        """Take facts after their commit: mark what must go out, close what may not stay open. Never blocks."""
        for fact in facts:
            match fact:
                case ConversationChanged():
                    self._pulse.mark(fact.conversation_id, fact.seq)
                case ConversationCleared():
                    gevent.spawn(self._close, lambda seat, place=fact.conversation_id: seat.conversation_id == place)
                case CrewRevoked():
                    gevent.spawn(self._close, lambda seat, ids=fact.crew_ids: seat.actor.crew_id in ids)
                case _:
                    pass

    def beat(self) -> None:
        """Send each audience what it has not seen, if its time has come."""
        for due in self._pulse.due(time.monotonic()):
            if self._rooms.sockets_in(room_of(due.conversation_id, due.view)):
                self._send(due)

    def heart(self) -> None:
        """Tell every audience the last beat and the counts, so that a lost frame is noticed."""
        for conversation_id in self._pulse.watched():
            self.heart_of(conversation_id, ("phone", "stage", "crew"))

    def heart_of(self, conversation_id: int, views: Sequence[str] = ("stage", "crew")) -> None:
        """Tell some audiences of one conversation at once, as when a theme run gets on."""
        for view in views:
            room = room_of(conversation_id, view)
            if self._rooms.sockets_in(room):
                if view == "stage":
                    self._presence.show(conversation_id, self._pulse.sent(conversation_id, view))
                self._rooms.broadcast(room, "heart", self._heart(conversation_id, view), key="heart")

    def stop(self) -> None:
        """Tell every screen that the server goes away for a moment."""
        for conversation_id in self._pulse.watched():
            for view in ("phone", "stage", "crew"):
                self._rooms.broadcast(room_of(conversation_id, view), "stop", {}, key="stop")

    def _send(self, due: Beat) -> None:
        with self._engine.connect() as database:
            changes = delta_of(database, due.conversation_id, due.since, due.upto, crew=due.view == "crew")
        room = room_of(due.conversation_id, due.view)
        if due.view == "stage":
            self._presence.show(due.conversation_id, due.upto)
        if changes is None:
            self._rooms.broadcast(room, "sync", {"to": due.upto}, key="sync")
            return
        changes["counts"]["here"] = self._presence.here(due.conversation_id)
        shown = self._presence.shown(due.conversation_id)
        frame = {"from": due.since, "to": due.upto, "shown": shown, "changes": changes}
        self._rooms.broadcast(room, "beat", frame)

    def _heart(self, conversation_id: int, view: str) -> dict[str, Any]:
        with self._engine.connect() as database:
            counts = counts_of(database, conversation_id)
        counts["here"] = self._presence.here(conversation_id)
        share, step = self._presence.progress(conversation_id)
        to, shown = self._pulse.sent(conversation_id, view), self._presence.shown(conversation_id)
        return {"to": to, "shown": shown, "counts": counts, "progress": share, "step": step}

    def _connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        try:
            seat = seat_of(self._app, self._identity, environ, auth)
            with self._engine.connect() as database:
                self._pulse.watch(seat.conversation_id, seq_of(database, seat.conversation_id))
        except Refusal as refusal:
            self.counters[f"refused_{refusal.code}"] += 1
            raise Refused(refusal.code) from None
        except Exception:  # noqa: BLE001 -- without an answer the phone would take the socket for open, and wait
            _log.exception("a connect broke")
            raise Refused(Busy.code) from None
        self._seats[sid] = seat
        self.socketio.server.enter_room(sid, room_of(seat.conversation_id, seat.view))
        if seat.actor.participant_id is not None:
            self._presence.come(seat.conversation_id, seat.actor.participant_id)
        gevent.spawn(self._greet, sid, seat)  # after the answer to the connect itself

    def _greet(self, sid: str, seat: Seat) -> None:
        self.socketio.server.emit("heart", self._heart(seat.conversation_id, seat.view), to=sid)

    def _disconnect(self, sid: str, _reason: object = None) -> None:
        seat = self._seats.pop(sid, None)
        if seat is not None and seat.actor.participant_id is not None:
            self._presence.go(seat.conversation_id, seat.actor.participant_id)

    def _op(self, sid: str, data: object = None) -> Ack:
        """Answer one op of a phone; the ack follows the commit."""
        seat = self._seats.get(sid)
        try:
            op = parse_op(data)
            if seat is None or seat.view != "phone":
                raise Forbidden
            done = AsyncResult()
            actor = seat.actor
            self._gate.writer.submit(
                seat.conversation_id,
                lambda tx: apply_op(tx, actor, op),
                lambda result, refusal: done.set((result, refusal)),
            )
            result, refusal = done.get(timeout=ACK_WAIT)
        except Refusal as said:
            result, refusal = None, said
        except gevent.Timeout:
            result, refusal = None, Busy(after_ms=RETRY_MS)
        ack = ack_of(op_id(data), result, refusal)
        self.counters[f"ack_{ack['status']}"] += 1
        return ack

    def _close(self, chosen: Any) -> None:
        # The transport, not only the namespace: a client that may come back does so by itself, the others are refused.
        for sid in [sid for sid, seat in self._seats.items() if chosen(seat)]:
            if connection := self._rooms.connection_of(sid):
                connection.hang_up(GONE)

    def _run(self, step: Any, pause: float) -> None:
        while True:
            gevent.sleep(pause)
            try:
                step()
            except Exception:  # noqa: BLE001 -- one fault must not end the loop
                _log.exception("a beat broke")  # what it would have told is healed by the next heartbeat and sync
