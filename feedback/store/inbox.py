"""What waits for the writer's thread, and the bell that wakes it.

A thread that is woken by a lock wants the interpreter while whoever woke it still has it, so both are switched to and
fro before anything is done. This bell is a pipe: the one who rings gives the interpreter away in that moment, and does
so when there is nothing else to do, so that what came together is taken together.
"""

import os
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
#: Calls back from the same thread, at once or when it has nothing else to do.
Soon = Callable[[Callable[[], None]], object]


class Inbox(Generic[T]):
    """A queue with one reader. With `soon` only the thread it belongs to may put; else any may."""

    def __init__(self, soon: Soon | None = None) -> None:
        self._soon = soon or _now
        self._waiting: deque[T] = deque()
        self._closed = False
        # Each is set before the other side's part is looked at, so one of the two always sees what the other did.
        self._asleep = False
        self._promised = False
        #: As many as are about to ring: their bell may not be taken away.
        self._ringing: deque[None] = deque()
        #: The ends of the pipe, from the first time that somebody reads.
        self._ears = self._bell = -1
        self._hang_up: Callable[[], object] = _nothing

    def __len__(self) -> int:
        """Count what waits."""
        return len(self._waiting)

    def put(self, job: T) -> None:
        """Add something at the end."""
        self._waiting.append(job)
        if self._asleep and not self._promised:
            self._promised = True
            self._soon(self._ring)

    def close(self) -> None:
        """Let the reader come to its end when it has taken everything."""
        self._closed = True
        self._ring()

    def take(self, most: int) -> list[T]:
        """Wait for something and return all there is, up to `most`; nothing when it was closed and is empty."""
        self._open()
        while not self._waiting and not self._closed:
            self._asleep = True
            if not self._waiting and not self._closed:
                os.read(self._ears, 64)
            self._asleep = False
        if not self._waiting:
            self._end()
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def _ring(self) -> None:
        self._promised = False
        self._ringing.append(None)
        if self._asleep:
            self._asleep = False
            os.write(self._bell, b"!")
        self._ringing.pop()

    def _open(self) -> None:
        if self._ears < 0:
            self._ears, self._bell = os.pipe()
            self._hang_up = weakref.finalize(self, _close, self._ears, self._bell)

    def _end(self) -> None:
        """Give the descriptors back; whoever rings from now on finds nobody asleep."""
        while self._ringing:
            time.sleep(0.001)
        self._hang_up()


def _now(call: Callable[[], None]) -> None:
    call()


def _nothing() -> None:
    pass


def _close(*ends: int) -> None:
    for end in ends:
        os.close(end)
