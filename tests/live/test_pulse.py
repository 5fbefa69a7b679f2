"""Many commits, one frame: at most one beat per audience and period, and never a gap between two of them."""

from itertools import pairwise

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


def test_pulse_keeps_its_rhythm_though_it_is_asked_a_little_late():
    pulse, sent = Pulse({"phone": 0.25}), []
    for seq in range(1, 401):
        pulse.mark(1, seq)
        sent += [seq * 0.026 for _ in pulse.due(seq * 0.026)]
    assert len(sent) == 42  # in 10.4 s, four a second, as if it were asked at every moment
    assert min(late - early for early, late in pairwise(sent)) > 0.2
    # After a rest, and when it was asked much too late, the rhythm begins anew.
    pulse.mark(1, 401)
    assert len(pulse.due(20.0)) == 1
    pulse.mark(1, 402)
    assert pulse.due(20.2) == []


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


def test_pulse_goes_on_where_a_beat_was_held():
    pulse = Pulse({"phone": 0.25})
    pulse.watch(1, 10)
    pulse.mark(1, 50)
    (beat,) = pulse.due(0.0)
    pulse.hold(beat, 30)
    assert (pulse.sent(1, "phone"), pulse.is_behind(), pulse.due(0.2)) == (30, True, [])
    pulse.mark(1, 60)
    assert pulse.due(0.25) == [Beat(1, "phone", 30, 60)]
