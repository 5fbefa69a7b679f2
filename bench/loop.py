"""A small event loop on epoll: readiness and timers, nothing else. Time is `time.monotonic()` in seconds."""

from __future__ import annotations

import heapq
import itertools
import select
import socket
from collections.abc import Callable
from time import monotonic

READ, WRITE = select.EPOLLIN, select.EPOLLOUT
MOST_EVENTS = 4096
#: Clients per source address: one address has 28,000 ports towards a server, and a phone takes two, for minutes.
PER_ADDRESS = 8_000


class Loop:
    """Calls back when a descriptor is ready or a time has come."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._ready: dict[int, Callable[[int], None]] = {}
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def watch(self, fd: int, events: int, ready: Callable[[int], None]) -> None:
        """Call `ready(events)` whenever the descriptor is ready."""
        self._ready[fd] = ready
        self._poll.register(fd, events)

    def rewatch(self, fd: int, events: int, ready: Callable[[int], None]) -> None:
        """Wait for something else on a watched descriptor."""
        self._ready[fd] = ready
        self._poll.modify(fd, events)

    def forget(self, fd: int) -> None:
        """Stop watching, before the descriptor is closed."""
        if self._ready.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call once, in so many seconds."""
        self.at(monotonic() + seconds, call)

    def at(self, when: float, call: Callable[[], None]) -> None:
        """Call once, at this time."""
        heapq.heappush(self._timers, (when, next(self._order), call))

    def run_until(self, done: Callable[[], bool], deadline: float) -> bool:
        """Run until `done()`, which is asked after every turn, or the deadline; tells whether it was done."""
        while not done():
            now = monotonic()
            if now >= deadline:
                return False
            self._turn(now, deadline)
        return True

    def run_for(self, seconds: float) -> None:
        """Run for so long."""
        self.run_until(lambda: False, monotonic() + seconds)

    def _turn(self, now: float, deadline: float) -> None:
        timers = self._timers
        wait = min(deadline, timers[0][0] if timers else deadline) - now
        ready = self._ready
        for fd, events in self._poll.poll(max(0.0, wait), MOST_EVENTS):
            call = ready.get(fd)
            if call is not None:
                call(events)
        now = monotonic()
        while timers and timers[0][0] <= now:
            heapq.heappop(timers)[2]()


def dial(port: int, number: int) -> socket.socket:
    """Begin to connect to the server from the `number`-th client's address; the socket does not block."""
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if number >= PER_ADDRESS:
        sock.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24), 1)
        sock.bind((f"127.0.0.{2 + number // PER_ADDRESS}", 0))
    sock.connect_ex(("127.0.0.1", port))
    return sock
