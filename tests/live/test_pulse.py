"""Many commits, one frame: at most one beat per audience and period, and never a gap between two of them."""

from hypothesis import given
from hypothesis import strategies as st

from feedback.live.pulse import Beat, Pulse

PERIODS = {"phone": 0.25, "stage": 0.1}


def test_pulse_sends_many_commits_as_one_beat():
    pulse = Pulse(PERIODS)
    pulse.watch(1, 10)
    for seq in range(11, 112):
        pulse.mark(1, seq)
    assert sorted(pulse.due(0.0), key=lambda beat: beat.view) == [Beat(1, "phone", 10, 111), Beat(1, "stage", 10, 111)]
    assert pulse.due(0.01) == []


def test_pulse_waits_for_the_period_of_each_audience():
    pulse = Pulse(PERIODS)
    pulse.mark(1, 1)
    pulse.due(0.0)
    pulse.mark(1, 2)
    assert pulse.due(0.05) == []
    assert pulse.due(0.11) == [Beat(1, "stage", 1, 2)]
    assert pulse.due(0.26) == [Beat(1, "phone", 1, 2)]
    assert pulse.sent(1, "phone") == 2


def test_pulse_keeps_conversations_apart():
    pulse = Pulse(PERIODS)
    pulse.mark(1, 5)
    pulse.watch(2, 9)
    assert {beat.conversation_id for beat in pulse.due(0.0)} == {1}
    assert pulse.sent(2, "phone") == 9
    assert pulse.watched() == [1, 2]


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 0.2)), max_size=40))
def test_pulse_beats_join_without_gap_and_reach_the_newest(steps):
    pulse, seq, now, seen = Pulse({"phone": 0.25}), 0, 0.0, 0
    pulse.watch(1, 0)
    for commits, pause in steps:
        for _ in range(commits):
            seq += 1
            pulse.mark(1, seq)
        now += pause
        for beat in pulse.due(now):
            assert beat.since == seen
            seen = beat.upto
    for beat in pulse.due(now + 1):
        assert beat.since == seen
        seen = beat.upto
    assert seen == seq
