"""What waits for the writer's thread, and the bell that wakes it.

A thread that is woken by a lock wants the interpreter while whoever woke it still has it, so both are switched to and
fro before anything is done. This bell is a pipe: the one who rings gives the interpreter away in that moment, and does
so when there is nothing else to do, so that what came together is taken together.
"""

import os
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
        self._ears, self._bell = os.pipe()
        # Not sooner: somebody may still be about to ring.
        weakref.finalize(self, _close, self._ears, self._bell)

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
        while not self._waiting and not self._closed:
            self._asleep = True
            if not self._waiting and not self._closed:
                os.read(self._ears, 64)
            self._asleep = False
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def _ring(self) -> None:
        self._promised = False
        if self._asleep:
            self._asleep = False
            os.write(self._bell, b"!")


def _now(call: Callable[[], None]) -> None:
    call()


def _close(*ends: int) -> None:
    for end in ends:
        os.close(end)
