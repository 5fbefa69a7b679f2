"""What many sockets want done later is done together, once each, and not at all for those that have gone."""

from types import SimpleNamespace

import pytest

from feedback.live import outbox
from feedback.live.outbox import SLOT, Outbox, Wheel


class Loop:
    """An event loop with a clock that only moves when it is told to."""

    def __init__(self):
        self.now, self.calls = 100.0, []

    def timer(self, _after, *, repeat):
        assert repeat == SLOT
        return SimpleNamespace(start=self.calls.append, stop=self.calls.clear, close=lambda: None)

    def run(self, seconds):
        """Let so much time pass."""
        for _ in range(round(seconds / SLOT)):
            self.now += SLOT
            for call in list(self.calls):
                call()


@pytest.fixture
def loop(monkeypatch):
    made = Loop()
    monkeypatch.setattr(outbox, "_WHEEL", Wheel())
    monkeypatch.setattr(outbox, "gevent", SimpleNamespace(get_hub=lambda: SimpleNamespace(loop=made)))
    monkeypatch.setattr(outbox, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


def test_calls_come_in_time_each_once_and_never_too_soon(loop):
    came = []
    for number in range(40):
        Outbox().call_in(1 + number / 20, lambda number=number: came.append((number, loop.now)))
    loop.run(10)
    assert [number for number, _ in came] == list(range(40))
    assert all(1 + number / 20 <= now - 100 <= 1 + number / 20 + SLOT for number, now in came)
    assert len({now for _, now in came}) == 5  # most of them ten at a time


def test_a_later_call_takes_the_place_of_an_earlier_one_and_a_closed_one_is_never_called(loop):
    came, one, other = [], Outbox(), Outbox()
    one.call_in(1, lambda: came.append("early"))
    one.call_in(3, lambda: came.append("late"))
    other.call_in(1, lambda: came.append("never"))
    other.close()
    loop.run(2)
    assert came == []
    loop.run(2)
    assert came == ["late"]


def test_the_loop_is_left_alone_when_nothing_is_wanted_and_one_fault_harms_no_other(loop):
    came = []
    Outbox().call_in(1, lambda: 1 / 0)
    again = Outbox()
    again.call_in(1, lambda: again.call_in(1, lambda: came.append(loop.now)))
    loop.run(1)
    assert loop.calls
    loop.run(2)
    assert (came, loop.calls) == ([102.0], [])
