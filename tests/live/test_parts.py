"""What goes out of a large beat at once: as much as fits into a frame, and nothing is left out."""

from hypothesis import given
from hypothesis import strategies as st

from feedback.live.parts import LARGEST_BEAT, first_part
from feedback.live.pulse import Beat, Pulse


class Log:
    """Commits of these sizes, from number 101 on."""

    def __init__(self, *sizes: int, broken: int | None = None) -> None:
        self.sizes = sizes
        self.broken = broken
        self.built: list[tuple[int, int]] = []

    def frame(self, since: int, upto: int) -> bytes | None:
        """Return what stands for the frame of a span, None when a commit in it wants the whole state."""
        self.built.append((since, upto))
        if self.broken is not None and since < self.broken <= upto:
            return None
        return b"".join(f"{seq} ".ljust(self.sizes[seq - 101]).encode() for seq in range(since + 1, upto + 1))

    def first(self, since: int = 100) -> tuple[bytes, int] | None:
        return first_part(since, 100 + len(self.sizes), lambda upto: self.frame(since, upto))


class Forgetful(Pulse):
    """Takes a beat for sent of which only a part was."""

    def hold(self, _beat: Beat, _upto: int) -> None:
        pass


def told(log: Log, pulse: Pulse) -> list[int]:
    """Send a log beat by beat; returns the commits that a phone is told, or that it will find in the whole state."""
    seqs, now = list[int](), 0.0
    pulse.watch(1, 100)
    pulse.mark(1, 100 + len(log.sizes))
    while due := [beat for beat in pulse.due(now) if beat.view == "phone"]:
        part = log.first(due[0].since)
        if part is None:
            assert sum(log.sizes[due[0].since - 100 :]) > LARGEST_BEAT
            return list(range(101, due[0].upto + 1))
        assert len(part[0]) <= LARGEST_BEAT
        seqs += [int(seq) for seq in part[0].split()]
        pulse.hold(due[0], part[1])
        now += 1
    return seqs


@given(st.lists(st.integers(50, LARGEST_BEAT), min_size=1, max_size=150))
def test_what_goes_out_beat_by_beat_fits_and_together_is_all(sizes):
    pulse = Pulse()
    assert told(Log(*sizes), pulse) == list(range(101, 101 + len(sizes)))
    assert pulse.sent(1, "phone") == 100 + len(sizes)


def test_a_pulse_that_forgets_the_rest_of_a_beat_is_found_out():
    assert told(Log(*[LARGEST_BEAT // 8] * 10), Forgetful()) == [101, 102, 103, 104, 105]


def test_a_beat_that_fits_goes_out_whole_and_is_built_once():
    log = Log(50, LARGEST_BEAT - 50)
    assert (log.first()[1], log.built) == (102, [(100, 102)])


def test_the_whole_state_is_asked_for_when_a_commit_wants_it_or_is_too_large_or_an_eighth_does_not_fit():
    assert Log(LARGEST_BEAT + 1).first() is None
    assert Log(50, LARGEST_BEAT).first()[1] == 101
    assert Log(50, 50, broken=102).first() is None
    assert Log(*[LARGEST_BEAT // 2] * 16).first()[1] == 102
    many = Log(*[LARGEST_BEAT // 2] * 24)
    assert (many.first(), len(many.built)) == (None, 4)
