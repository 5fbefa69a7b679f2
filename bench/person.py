"""One person with a phone on a bad network: the line of `feedback/frontend/lib/wire.ts` and an outbox, on asyncio.

The state comes by `sync`; a frame is applied when `from ≤ mine < to`; a gap, a hint or a heartbeat that is ahead is
healed by `sync` after 0 to 2 s; without a socket `sync` is asked every 4 to 6 s; back-off has full jitter, 0.5 to 5 s.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from bench.crowd import back_off
from bench.outbox import ACK_WAIT, Ack, NotNow, Op, Outbox
from bench.room import Json, Room, call, parsed

SYNC_EVERY, SYNC_JITTER, SYNC_SHARE = 4.0, 2.0, 0.002
DEAF, DEAF_AT_RETURN = 10.0, 6.0
PING_WAIT = 35.0
FRAMES_HELD = 40
MINE_JITTER = 10.0


class Person:
    """Somebody in the room; `took` is called after each change of their view."""

    outbox_type: type[Outbox] = Outbox

    def __init__(self, port: int, host: str, code: str, *, seed: int, took: Callable[[Person], None]) -> None:
        self.port, self.host, self.code = port, host, code
        self.chance = random.Random(seed)
        self.room: Room | None = None
        self.cookie = ""
        self.participant = ""
        self.counts = {"dials": 0, "syncs": 0, "snapshots": 0, "protocol": 0}
        self.outbox = self.outbox_type(self, self.chance, self._settled)
        self.answered: list[Op] = []
        self._took = took
        self._socket: ClientConnection | None = None
        self._joined = False
        self._waiting: dict[int, asyncio.Future[Ack]] = {}
        self._next = 0
        self._failures = self._sync_failures = 0
        self._syncing = self._again = self._fresh = False
        self._held: list[Json] = []
        self._spoke_at = 0.0
        self._here = 0
        self._not_before = 0.0
        self._loop = asyncio.get_running_loop()
        self._planned: asyncio.TimerHandle | None = None
        self._redial: asyncio.TimerHandle | None = None
        self._mine: asyncio.TimerHandle | None = None
        self._line: asyncio.Task[Any] | None = None
        self._asking: asyncio.Task[Any] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    # Coming and going

    async def join(self) -> None:
        """Open the page until it is there, then the line."""
        path = f"/c/{self.code}"
        while not self.participant:
            try:
                status, headers, body = await call(self.port, self.host, f"{path}/mine", self.cookie)
                self.cookie = headers.get("set-cookie", "") or self.cookie
                if status == 200:
                    self.participant = json.loads(body)["participant"]
            except NotNow:
                await asyncio.sleep(0.5 + self.chance.random())
        self._dial()
        self._sync_now()
        self._spawn(self._tick())

    def revive(self) -> None:
        """Try at once: the phone's system says that the network is back."""
        self._failures = 0
        if self._quiet_for(DEAF_AT_RETURN):
            self._hang_up()
        # What was under way may lead nowhere now.
        if not self.connected:
            if self._line:
                self._line.cancel()
            self._dial()
        if self._asking:
            self._asking.cancel()
        self._syncing = False
        self._sync_now()
        self.outbox.pump(afresh=True)

    async def leave(self) -> None:
        """Close everything."""
        self.outbox.stop()
        for timer in (self._planned, self._redial, self._mine):
            if timer:
                timer.cancel()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # The doors for ops

    @property
    def connected(self) -> bool:
        """Whether the socket is open."""
        return self._joined

    async def by_socket(self, op: Op) -> Ack:
        """Send one op by the socket; raises NotNow without an ack in time."""
        socket = self._socket
        if socket is None or not self._joined:
            raise NotNow
        self._next += 1
        number, answer = self._next, self._loop.create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(ACK_WAIT):
                await socket.send(f"42{number}" + json.dumps(["op", op]))
                return dict(await answer)
        except (TimeoutError, OSError, WebSocketException):
            raise NotNow from None
        finally:
            self._waiting.pop(number, None)

    async def by_http(self, ops: list[Op]) -> list[Ack]:
        """Send some ops by HTTP; raises NotNow."""
        body = json.dumps({"ops": ops}).encode()
        status, headers, answer = await call(self.port, self.host, f"/c/{self.code}/ops", self.cookie, body)
        if status != 200:
            raise NotNow(float(headers.get("retry-after", "0")))
        acks: list[Ack] = json.loads(answer)["acks"]
        return acks

    def _settled(self, op: Op, _ack: Ack) -> None:
        self.answered = [*self.answered[-19:], op]

    # The socket

    def _dial(self, wait: float = 0.0) -> None:
        if self._redial:
            self._redial.cancel()
        self._redial = self._loop.call_later(wait, self._dial_now)

    def _dial_now(self) -> None:
        if self._line is None or self._line.done():
            self._line = self._spawn(self._hold_line())

    def open_socket(self) -> connect:
        """Return the socket, about to be opened."""
        return connect(
            f"ws://{self.host}/socket.io/?EIO=4&transport=websocket",
            origin=f"http://{self.host}",  # type: ignore[arg-type]
            additional_headers={"Cookie": self.cookie},
            compression=None,
            ping_interval=None,
            open_timeout=5,
            close_timeout=0.2,
            proxy=None,
            **self.way(),
        )

    def way(self) -> dict[str, Any]:
        """Return how the socket reaches the server, for `connect`."""
        return {"host": "127.0.0.1", "port": self.port, "max_queue": 256}

    async def rest(self) -> None:
        """Return when this phone reads on."""

    async def _hold_line(self) -> None:
        """Open the socket and read it to its end."""
        self.counts["dials"] += 1
        try:
            async with self.open_socket() as socket:
                self._socket = socket
                await self._talk(socket)
        except (OSError, TimeoutError):
            pass
        except ConnectionClosed as end:
            # These codes are ours: what came was no frame, no text, or endless.
            self.counts["protocol"] += end.sent is not None and end.sent.code in (1002, 1007, 1009)
        except (WebSocketException, EOFError):
            pass  # not let in
        except (ValueError, KeyError, TypeError, IndexError):
            self.counts["protocol"] += 1
        finally:
            self._socket = None
            self._joined = False
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(NotNow())
                    answer.exception()  # whoever waited may have left
        self._failures += 1
        self._dial(back_off(self._failures, self.chance.random()))

    def _hang_up(self) -> None:
        self._joined = False
        if self._socket is not None:
            self._socket.transport.abort()

    async def _talk(self, socket: ClientConnection) -> None:
        auth = {"code": self.code, "view": "phone", "since": self.room.seq if self.room else 0}
        staying = True
        while staying:
            await self.rest()
            async with asyncio.timeout(PING_WAIT):
                text = str(await socket.recv())
            if text[0] == "0":
                await socket.send("40" + json.dumps(auth))
            elif text == "2":
                await socket.send("3")
            else:
                staying = self._told(text[:2], text[2:])

    def _told(self, kind: str, text: str) -> bool:
        """Take one message; False when the server has refused us, or asks us to hang up."""
        if kind == "40":
            self._connected()
        elif kind == "43":
            number, _, answer = text.partition("[")
            if (waits := self._waiting.get(int(number))) and not waits.done():
                waits.set_result(json.loads("[" + answer)[0])
        elif kind == "42":
            return self._hear(*parsed(text))
        return kind in ("40", "42", "43")

    def _connected(self) -> None:
        self._joined = self._fresh = True
        self._failures = 0
        self._spoke_at = self._loop.time()
        self.outbox.pump(afresh=True)
        if self._mine:
            self._mine.cancel()
        wait = self.chance.random() * MINE_JITTER
        self._mine = self._loop.call_later(wait, lambda: self._spawn(self._learn_mine()))

    async def _learn_mine(self) -> None:
        with suppress(NotNow):
            status, _, body = await call(self.port, self.host, f"/c/{self.code}/mine", self.cookie)
            if status == 200:
                self.outbox.rev = max(self.outbox.rev, json.loads(body)["max_rev"])

    def _hear(self, event: str, payload: Json) -> bool:
        """Take one event; False when the server asks to hang up."""
        self._spoke_at = self._loop.time()
        mine = self.room.seq if self.room else 0
        if event == "beat":
            self._beat(payload)
        elif event == "heart" and self.room:
            self._here = payload["counts"]["here"]
            self.room.rest.update({name: payload[name] for name in ("themes", "leftovers") if name in payload})
            if payload["to"] > mine or (self._fresh and payload["to"] < mine):
                self._sync_soon()
            self._fresh = False
        elif event == "sync" and payload["to"] > mine:
            self._sync_soon()
        return event != "stop"

    def _beat(self, beat: Json) -> None:
        if self.room is None or self._syncing:
            self._held = [*self._held, beat][-FRAMES_HELD:]
        elif beat["to"] > self.room.seq:
            if beat["from"] > self.room.seq:
                self._sync_soon()
            else:
                self.room.apply(beat)
                self._took(self)

    def _quiet_for(self, seconds: float) -> bool:
        return self.connected and self._loop.time() - self._spoke_at > seconds

    # The state

    def _sync_soon(self) -> None:
        if self._planned or self._syncing:
            self._again = self._syncing
        else:
            self._plan_sync(self.chance.random() * max(SYNC_JITTER, SYNC_SHARE * self._here))

    def _plan_sync(self, wait: float) -> None:
        if self._planned:
            self._planned.cancel()
        self._planned = self._loop.call_later(wait, self._sync_now)

    def _sync_now(self) -> None:
        if self._syncing:
            return
        early = self._not_before - self._loop.time()
        if early > 0:
            self._plan_sync(early)
            return
        if self._planned:
            self._planned.cancel()
        self._planned = None
        self._syncing = True
        self._asking = self._spawn(self._sync())

    async def _sync(self) -> None:
        asked = self.room.seq if self.room else 0
        self.counts["syncs"] += 1
        try:
            status, headers, body = await call(self.port, self.host, f"/c/{self.code}/sync?since={asked}", self.cookie)
            if status != 200:
                raise NotNow(float(headers.get("retry-after", "0")))
        except NotNow as told:
            self._syncing = False
            self._sync_failures += 1
            wait = told.wait * (1 + self.chance.random() / 2)
            self._not_before = self._loop.time() + wait
            self._plan_sync(max(wait, 0.5 + back_off(self._sync_failures, self.chance.random())))
            return
        self._sync_failures = 0
        self._syncing = False
        self._synced(asked, parsed(body))
        if self._quiet_for(DEAF):
            self._hang_up()

    def _synced(self, asked: int, answer: Json) -> None:
        mine = self.room.seq if self.room else 0
        if answer.get("snapshot"):
            self.counts["snapshots"] += 1
            if answer["seq"] >= mine or asked == mine:
                self.room = Room(answer)
                self._took(self)
        elif self.room and answer["to"] > mine:
            if answer["from"] <= mine:
                self.room.apply(answer)
            else:
                self._again = True
        self._took(self)
        held, self._held = self._held, []
        for beat in held:
            self._beat(beat)
        if self._again:
            self._again = False
            self._sync_soon()

    async def _tick(self) -> None:
        waited, patience = 0.0, SYNC_EVERY
        await asyncio.sleep(self.chance.random())
        while True:
            await asyncio.sleep(1.0)
            deaf = self._quiet_for(DEAF)
            waited = 0.0 if self.connected and not deaf else waited + 1
            if waited >= patience or deaf:
                waited, patience = 0.0, SYNC_EVERY + self.chance.random() * SYNC_JITTER
                if not self._planned:
                    self._sync_now()

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
