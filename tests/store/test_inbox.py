"""The inbox: nothing that is put into it stays lying there, however the two sides meet."""

import os
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from feedback.store.inbox import Inbox

HANGS = 60.0


def taken(inbox: Inbox[Any]) -> list[Any] | None:
    """Take what there is, in a thread; None when that thread does not wake up."""
    found: list[list[Any]] = []
    thread = threading.Thread(target=lambda: found.append(inbox.take(64)), daemon=True)
    thread.start()
    thread.join(HANGS if type(inbox) is Inbox else 1.0)
    return found[0] if found else None


class Between(deque[Any]):
    """Seems empty so many times; after the last of these looks, and before it is acted upon, something is put."""

    def __init__(self, looks: int, put: Callable[[], None]) -> None:
        super().__init__()
        self._looks, self._put = looks, put

    def __bool__(self) -> bool:
        if self._looks:
            self._looks -= 1
            if not self._looks:
                self._put()
            return False
        return bool(len(self))


class SleepsAtOnce(Inbox[Any]):
    """Does not look once more when it has said that it sleeps."""

    def take(self, most: int) -> list[Any]:
        """Wait for something."""
        self._open()
        if not self._waiting:
            self._asleep = True
            os.read(self._ears, 64)
        return super().take(most)


def met(inbox: Inbox[Any], looks: int) -> list[Any] | None:
    """Put something just after the reader has looked so many times and found nothing."""
    inbox._waiting = Between(looks, lambda: inbox.put("late"))
    return taken(inbox)


@pytest.mark.parametrize("looks", [1, 2])
def test_what_comes_while_the_reader_falls_asleep_is_taken(looks):
    assert met(Inbox(), looks) == ["late"]


def test_a_reader_that_does_not_look_again_is_noticed():
    inbox = SleepsAtOnce()
    assert met(inbox, 1) is None
    inbox._asleep = True
    inbox.close()  # lets its thread go


def test_what_comes_together_wakes_the_reader_once_and_is_taken_together():
    promised: list[Callable[[], None]] = []
    inbox: Inbox[int] = Inbox(promised.append)
    inbox.put(1)
    assert promised == []  # nobody sleeps yet: it will be found
    assert inbox.take(64) == [1]
    inbox._asleep = True
    for number in (2, 3, 4):
        inbox.put(number)
    assert len(promised) == 1
    promised.pop()()
    inbox.put(5)
    assert promised == []
    assert inbox.take(2) == [2, 3]
    assert inbox.take(64) == [4, 5]


def test_many_put_at_once_and_the_reader_gets_all_in_each_ones_order():
    inbox: Inbox[tuple[int, int]] = Inbox()

    def put_all(who: int) -> None:
        for number in range(2_000):
            inbox.put((who, number))

    writers = [threading.Thread(target=put_all, args=(who,)) for who in range(4)]
    found: list[tuple[int, int]] = []

    def read() -> None:
        while batch := inbox.take(64):
            assert len(batch) <= 64
            found.extend(batch)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(HANGS)
    inbox.close()
    reader.join(HANGS)
    assert not reader.is_alive()
    for who in range(4):
        assert [number for one, number in found if one == who] == list(range(2_000))


def test_a_closed_inbox_gives_what_is_left_and_then_nothing():
    inbox: Inbox[int] = Inbox()
    inbox.put(1)
    inbox.close()
    assert (inbox.take(64), inbox.take(64)) == ([1], [])
    sleeping: Inbox[int] = Inbox()
    thread = threading.Thread(target=sleeping.take, args=(64,), daemon=True)
    thread.start()
    sleeping.close()
    thread.join(HANGS)
    assert not thread.is_alive()
