"""The live side of the house: sockets in, ops to the writer, beats and heartbeats out."""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import gevent
from flask import Flask
from flask_socketio import SocketIO
from gevent.event import Event
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
    RoomFull,
)
from feedback.domain.ops import ack_of, op_id, parse_op
from feedback.identity import Identity
from feedback.live import transport
from feedback.live.catchup import CatchUp
from feedback.live.connection import Later, event_frame
from feedback.live.crowd import Crowd
from feedback.live.parts import LARGEST_BEAT, first_part
from feedback.live.pulse import Beat, Pulse
from feedback.live.rooms import RoomManager
from feedback.live.seats import VIEWS, Seat, known_to, seat_of, token_in
from feedback.pace import Pace, address_of
from feedback.presence import Presence
from feedback.settings import Settings
from feedback.store.engine import FAULTS
from feedback.store.programme import newest_participant
from feedback.store.screens import counts_of, delta_of, themes_of

TICK = 0.025
HEART = 5.0
GREETING_AGE = 0.25
#: Different frames built for screens that come back between two beats; the others fetch what they missed.
CATCH_UPS = 50
#: Seconds at least between two tellings of how large the themes are: counting them costs more than all else in a beat.
SIZES_EVERY = 1.0
FULL_MS = 5_000
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
        self._news = Event()
        self._pulse = Pulse(wake=self._news.set)
        self._seats: dict[str, Seat] = {}
        #: Conversations whose themes have other sizes or votes than was told, and since when.
        self._owed: dict[int, float] = {}
        #: For screens that come back: the frames up to the last beat, by where they left off.
        self._catching_up: tuple[int, str, int] = (0, "", 0)
        self._catch_ups: dict[int, bytes] = {}
        self._greetings: dict[tuple[int, str], tuple[int, float, bytes]] = {}
        self._settings: Settings = app.config["FEEDBACK_SETTINGS"]
        self._crowd = Crowd(self._settings.sockets)
        self._pace: Pace = app.extensions["feedback.pace"]
        self.counters: Counter[str] = self._pace.counters
        self.socketio = SocketIO(
            app,
            async_mode="gevent",
            client_manager=RoomManager(),
            transports=["websocket"],
            cors_allowed_origins=list(origins),
            max_http_buffer_size=16_384,
            ping_interval=20,
            ping_timeout=15,
            monitor_clients=False,  # each socket has a timer of its own
            manage_session=False,
        )
        transport.install(self.socketio, frozenset({"op"}), self.counters, doorman=self._let_in)
        with app.app_context():
            self._engine = db.engine
        #: What other processes commit; asked only where there are others.
        self.catch_up = CatchUp(self._engine, self._pulse, self._seats, self._close)
        # Registered on the inner server: Flask's wrapper makes a request context per event, which costs half the time.
        server = self.socketio.server
        server.on("connect", self._connect)
        server.on("disconnect", self._disconnect)
        server.on("op", self._op)
        self._rooms: RoomManager = server.manager

    @property
    def sent(self) -> dict[tuple[str, str], list[int]]:
        """What was sent to rooms, by event and view: broadcasts, frames, bytes."""
        return self._rooms.sent

    def seated(self) -> dict[str, int]:
        """Count the sockets that have a seat, by view."""
        return self._crowd.seated()

    def open_sockets(self) -> int:
        """Count all sockets that are open, seated or not."""
        return len(self.socketio.server.eio.sockets)

    def start(self) -> None:
        """Start the beat and the heart."""
        with suppress(*FAULTS):  # the database may be away while this process starts
            self.note_arrivals()
        gevent.spawn(self._run, self.note_arrivals, HEART)
        gevent.spawn(self._run, self._beat_on, TICK)
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
        now = time.monotonic()
        for conversation_id in [place for place, since in self._owed.items() if now >= since + SIZES_EVERY]:
            del self._owed[conversation_id]
            self.heart_of(conversation_id, VIEWS, themes=True)

    def _beat_on(self) -> None:
        """Wait for news and send it beat by beat until all is told; a quiet house is not woken forty times a second."""
        self._news.wait()
        self._news.clear()
        try:
            while self._pulse.is_behind() or self._owed:
                self.beat()
                gevent.sleep(TICK)
        except Exception:
            self._news.set()  # there may be more to tell than what broke
            raise

    def heart(self) -> None:
        """Tell every audience the last beat and the counts, so that a lost frame is noticed."""
        for conversation_id in self._pulse.watched():
            self.heart_of(conversation_id, VIEWS)

    def heart_of(self, conversation_id: int, views: Sequence[str] = ("stage", "crew"), *, themes: bool = False) -> None:
        """Tell some audiences of one conversation at once, as when a theme run gets on; `themes`: with their sizes."""
        more: dict[str, Any] = {}
        if themes:
            with self._engine.connect() as database:
                more = themes_of(database, conversation_id)
            if not more["themes"]:
                return
        for view in views:
            room = room_of(conversation_id, view)
            if self._rooms.sockets_in(room):
                if view == "stage":
                    self._presence.show(conversation_id, self._pulse.sent(conversation_id, view))
                self._rooms.broadcast(
                    room, "heart", self._heart(conversation_id, view) | more, key="sizes" if themes else "heart"
                )

    def note_arrivals(self) -> None:
        """Note who is the newest participant, so that the console can tell newcomers from the room."""
        with self._engine.connect() as database:
            self._presence.arrivals.note(newest_participant(database), time.time_ns() // 1_000_000)

    def stop(self) -> None:
        """Tell every screen that the server goes away for a moment."""
        for conversation_id in self._pulse.watched():
            for view in VIEWS:
                self._rooms.broadcast(room_of(conversation_id, view), "stop", {}, key="stop")

    def _send(self, due: Beat) -> None:
        room = room_of(due.conversation_id, due.view)
        part = first_part(due.since, due.upto, lambda upto: self._frame(replace(due, upto=upto)))
        upto = due.upto if part is None else part[1]
        self._pulse.hold(due, upto)
        if due.view == "stage":
            self._presence.show(due.conversation_id, upto)
        if part is None:
            self._rooms.broadcast(room, "sync", {"to": upto}, key="sync")
        else:
            self._rooms.send(room, "beat", *part)

    def _frame(self, due: Beat, *, sizes: bool = False) -> bytes | None:
        """Build the frame of a beat; None when only the whole state will do. Without `sizes` a heart owes them."""
        place, crew = due.conversation_id, due.view == "crew"
        with self._engine.connect() as database:
            changes = delta_of(database, place, due.since, due.upto, crew=crew, sizes=sizes)
        if changes is None:
            return None
        if changes.pop("owes", False):
            self._owed.setdefault(place, time.monotonic())
        changes["counts"]["here"] = self._presence.here(place)
        shown = self._presence.shown(place)
        return event_frame("beat", {"from": due.since, "to": due.upto, "shown": shown, "changes": changes})

    def _heart(self, conversation_id: int, view: str) -> dict[str, Any]:
        with self._engine.connect() as database:
            counts = counts_of(database, conversation_id)
        counts["here"] = self._presence.here(conversation_id)
        share, step = self._presence.progress(conversation_id)
        to, shown = self._pulse.sent(conversation_id, view), self._presence.shown(conversation_id)
        return {"to": to, "shown": shown, "counts": counts, "progress": share, "step": step}

    def _let_in(self, environ: dict[str, Any]) -> None:
        """Let a browser open a socket, or raise TooFast or RoomFull; before anything is spent on it."""
        token = token_in(environ, self._identity)
        self._pace.handshake(token, address_of(environ, self._settings.trusted_proxies))
        if len(self.socketio.server.eio.sockets) >= self._crowd.sockets_at_most:
            raise RoomFull(after_ms=FULL_MS)

    def _connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        try:
            with self._crowd.place_for(auth):
                seat, seq = seat_of(self._app, self._engine, self._identity, environ, auth)
                self._pulse.watch(seat.conversation_id, seq)
                if self._rooms.connection_of(sid) is None:
                    raise Busy  # it has gone while it was being seated
        except Refusal as refusal:
            self.counters[f"refused_{refusal.code}"] += 1
            raise Refused(refusal.code) from None
        except Exception:  # noqa: BLE001 -- without an answer the phone would take the socket for open, and wait
            _log.exception("a connect broke")
            raise Refused(Busy.code) from None
        self._seats[sid] = seat
        if surplus := self._crowd.sit(sid, seat):
            self._send_away(surplus)
        self.socketio.server.enter_room(sid, room_of(seat.conversation_id, seat.view))
        if seat.actor.participant_id is not None:
            self._presence.come(seat.conversation_id, seat.actor.participant_id)
        gevent.spawn(self._greet, sid, seat, known_to(auth))  # after the answer to the connect itself

    def _greet(self, sid: str, seat: Seat, since: int) -> None:
        connection = self._rooms.connection_of(sid)
        if connection is None:
            return
        if missed := self._missed(seat, since):
            connection.send(missed)
        # When a room comes all at once, hundreds are greeted with the same words.
        place, now = (seat.conversation_id, seat.view), time.monotonic()
        to, made, frame = self._greetings.get(place, (-1, 0.0, b""))
        if to != self._pulse.sent(*place) or now - made > GREETING_AGE:
            heart = self._heart(*place)
            to, frame = heart["to"], event_frame("heart", heart)
            self._greetings[place] = (to, now, frame)
        connection.push(frame, "heart", to)

    def _missed(self, seat: Seat, since: int) -> bytes | None:
        """Return the frame that brings a screen from `since` to the last beat, as far as one frame can."""
        place = (seat.conversation_id, seat.view)
        upto = self._pulse.sent(*place)
        if not 0 < since < upto:
            return None
        if (*place, upto) != self._catching_up:
            self._catching_up, self._catch_ups = (*place, upto), {}
        if since not in self._catch_ups and len(self._catch_ups) < CATCH_UPS:
            self._catch_ups[since] = self._frame(Beat(*place, since, upto), sizes=True) or b""
        missed = self._catch_ups.get(since, b"")
        return missed if 0 < len(missed) <= LARGEST_BEAT else None

    def _disconnect(self, sid: str, _reason: object = None) -> None:
        seat = self._seats.pop(sid, None)
        if seat is not None:
            self._crowd.rise(sid, seat)
        if seat is not None and seat.actor.participant_id is not None:
            self._presence.go(seat.conversation_id, seat.actor.participant_id)

    def _op(self, sid: str, data: object = None) -> Later:
        """Answer one op of a phone; the ack follows the commit, and nothing here waits for it."""
        seat = self._seats.get(sid)
        answer = Later()

        def done(result: dict[str, Any] | None, refusal: Refusal | None) -> None:
            ack = ack_of(op_id(data), result, refusal)
            self.counters[f"ack_{ack['status']}"] += 1
            answer.give(ack)

        try:
            op = parse_op(data)
            if seat is None or seat.view != "phone":
                raise Forbidden
            actor = seat.actor
            self._pace.op(op, seat.conversation_id, actor.participant_id or 0)
            self._gate.writer.submit(seat.conversation_id, lambda tx: apply_op(tx, actor, op), done)
        except Refusal as said:
            done(None, said)
        return answer

    def _send_away(self, sid: str) -> None:
        # Told why, it stays away until somebody looks at it: else the tabs of one browser would fight for their places.
        self.counters["cut_many_tabs"] += 1
        if connection := self._rooms.connection_of(sid):
            connection.send(event_frame("stop", {"code": "many_tabs"}))
            connection.hang_up(GONE)

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
