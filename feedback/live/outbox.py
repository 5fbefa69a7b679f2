"""What stands where the engine has its queue, its threads and its sleeping pings: packets go straight to the socket.

The engine lets a greenlet sleep for twenty seconds per socket before each ping, also for sockets that have gone since:
thousands that come and vanish would leave megabytes, and each phone of a room costs some kilobytes more. And it looks
at all sockets in turn, one in each fraction of a second, for those that have not answered: with a thousand phones it
wakes the loop 67 times a second. Here the next pings of all sockets are a list, and so are the ends of the waits for
their answers: those of half a second go together, each at a tenth of the cost, as what the first one touches is at hand
for the others. Private name of python-engineio: `Socket._send_ping`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from math import ceil
from typing import Any

import gevent
from engineio.packet import PING, Packet
from engineio.socket import Socket as EngineSocket

from feedback.live.connection import Connection, frame_of

#: Seconds by which a ping may be late, so that it goes together with others.
SLOT = 0.5
LOG = logging.getLogger("feedback.live")


class Wheel:
    """Calls what is due, twice a second while there is anything."""

    def __init__(self) -> None:
        self._slots: dict[int, dict[Outbox, Callable[[], None]]] = {}
        self._timer: Any = None

    def put(self, outbox: Outbox, seconds: float, call: Callable[[], None]) -> int:
        """Call once, in the hub, in so many seconds or half a second later; returns the slot to `drop` it from."""
        slot = ceil((time.monotonic() + seconds) / SLOT)
        self._slots.setdefault(slot, {})[outbox] = call
        if self._timer is None:
            self._timer = gevent.get_hub().loop.timer(SLOT, repeat=SLOT)
            self._timer.start(self._turn)
        return slot

    def drop(self, outbox: Outbox, slot: int) -> None:
        """Do not call."""
        self._slots.get(slot, {}).pop(outbox, None)

    def _turn(self) -> None:
        now = time.monotonic() / SLOT
        for slot in [slot for slot in self._slots if slot <= now]:
            for call in self._slots.pop(slot).values():
                try:
                    call()
                except Exception:
                    LOG.exception("a ping broke")
        if not self._slots:
            self._timer.stop()
            self._timer.close()
            self._timer = None


_WHEEL = Wheel()


class Outbox:
    """Stands where the engine has its queue: packets go straight to the socket, in order with the beats.

    The engine's writer asks for the next packet and is told at once that there is none, so it ends: one greenlet and
    one switch per message less.
    """

    __slots__ = ("_early", "_slot", "connection")

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self._early: list[bytes] = []
        self._slot: int | None = None

    def open(self, connection: Connection) -> None:
        """Send what was put before the upgrade was answered, and everything later at once."""
        self.connection = connection
        for frame in self._early:
            connection.send(frame)
        self._early.clear()

    def call_in(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once, in the hub, unless the outbox is closed before; a later call takes the place of an earlier one."""
        self.close()
        self._slot = _WHEEL.put(self, seconds, call)

    def close(self) -> None:
        """Call nothing any more."""
        if self._slot is not None:
            _WHEEL.drop(self, self._slot)
            self._slot = None

    def put(self, packet: Any) -> None:
        """Send a packet; None means that the engine has closed this socket."""
        if packet is None:
            self.close()
            if self.connection:
                self.connection.hang_up()
        elif self.connection:
            self.connection.send(frame_of(packet.encode()))
        else:
            self._early.append(frame_of(packet.encode()))

    def get(self, block: bool = True, timeout: float | None = None) -> None:
        """Return None: nothing ever waits here."""

    def task_done(self) -> None:
        """Nothing to count."""

    def join(self) -> None:
        """Nothing to wait for."""


class Aside:
    """Stands where the engine has its threads: who waits to send a ping is put on a list, others go the stock way."""

    def __init__(self, stock: Callable[..., Any]) -> None:
        self._stock = stock

    def __call__(self, target: Callable[..., Any], args: Any = (), kwargs: Any = None) -> Any:
        """Return something with a `start` method."""
        engine = getattr(target, "__self__", None)
        if isinstance(engine, EngineSocket) and target == engine._send_ping:
            return NextPing(engine)
        return self._stock(target=target, args=args, kwargs=kwargs or {})


class NextPing:
    """The next ping of one socket."""

    __slots__ = ("_engine",)

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def start(self) -> None:
        """Send it in a ping interval, unless the socket's outbox is closed before."""
        self._engine.queue.call_in(self._engine.server.ping_interval, self._send)

    def _send(self) -> None:
        # In the hub: nothing here may wait.
        engine = self._engine
        if not engine.closing and not engine.closed:
            engine.last_ping = time.time()
            engine.send(Packet(PING))
            # The answer asks for the next ping, which takes the place of this.
            engine.queue.call_in(engine.server.ping_timeout, self._give_up)

    def _give_up(self) -> None:
        engine = self._engine
        gevent.spawn(engine.close, wait=False, reason=engine.server.reason.PING_TIMEOUT)
