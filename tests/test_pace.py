"""How fast people may go: the rates with their numbers, who is counted under which key, and what is remembered."""

import itertools

import pytest

from feedback import pace as paces
from feedback.domain.facts import TooFast
from feedback.domain.ops import EditOp, IdeaOp, VoteOp, WithdrawOp, ack_of
from feedback.pace import Bucket, Buckets, Pace, Rate, address_of

VOTE = VoteOp("01", "02", 1, 1)
EDIT, WITHDRAWAL = EditOp("01", "02", "Less shade", 1), WithdrawOp("01", "02", 1)


def idea(number, text="More shade"):
    return IdeaOp("01", f"{number:026d}", 1, text, "en")


class Clock:
    """A clock that moves when it is told to, and when somebody sleeps."""

    def __init__(self):
        self.now, self.slept = 1_000.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pace(clock):
    return Pace(clock=clock, sleep=clock.sleep)


def passed(ask, times):
    """Ask so often at once; returns how often it passed, and the waits that were told in ms."""
    waits = []
    for _ in range(times):
        try:
            ask()
        except TooFast as refusal:
            waits.append(refusal.detail["after_ms"])
    return times - len(waits), waits


@pytest.mark.parametrize(
    ("op", "burst", "seconds", "then"),
    [(VOTE, 40, 10, 20), (None, 5, 20, 2), (EDIT, 10, 3, 3), (WITHDRAWAL, 10, 3, 3)],
)
def test_each_kind_of_op_has_its_burst_and_its_rate(pace, clock, op, burst, seconds, then):
    numbers = itertools.count()

    def ask():
        pace.op(op or idea(next(numbers)), 1, 7)

    assert passed(ask, 100)[0] == burst
    clock.now += seconds
    assert passed(ask, 100)[0] == then


def sent_again(pace, clock):
    """An idea that comes again is not counted, and one that was slowed is."""
    wrong = []
    own = [idea(number) for number in range(5)]
    for _ in range(2):  # no answer came, so all are sent again
        wrong += [f"{each} was slowed" for each in own if passed(lambda each=each: pace.op(each, 1, 7), 1)[0] != 1]
    if passed(lambda: pace.op(own[0], 1, 7), 100)[0] != 5:
        wrong.append("repetitions have another pace than changes")
    late = idea(5)
    if any(passed(lambda: pace.op(late, 1, 7), 1)[0] for _ in range(20)):
        wrong.append("a sixth idea passed at once")
    if passed(lambda: pace.op(idea(0), 1, 8), 1)[0] != 1 or pace._counted.keys() >= {(8, own[1].id)}:
        wrong.append("another one's idea counts here")
    clock.now += 10
    if passed(lambda: pace.op(late, 1, 7), 1)[0] != 1:
        wrong.append("the sixth idea did not pass in its time")
    return wrong


def test_an_idea_that_is_sent_again_does_not_use_up_its_authors_pace(pace, clock):
    assert sent_again(pace, clock) == []


def forgets(pace):
    """Every op is counted, as if it were new."""
    pace._remember = lambda _idea: None


def remembers_too_soon(pace):
    """An idea that was slowed comes again for nothing."""
    ask = pace.op

    def op(op, conversation_id, participant_id):
        pace._remember((participant_id, op.id))
        ask(op, conversation_id, participant_id)

    pace.op = op


@pytest.mark.parametrize("mutant", [forgets, remembers_too_soon])
def test_the_story_finds_what_is_wrong_with_repetitions(pace, clock, mutant):
    mutant(pace)
    assert sent_again(pace, clock) != []


def test_what_is_remembered_of_ideas_is_bounded(pace, clock, monkeypatch):
    monkeypatch.setattr(paces, "IDEAS_AT_MOST", 100)
    for number in range(1_000):
        pace.op(idea(number), 1, number)
    assert 75 <= len(pace._counted) <= 100
    assert (999, idea(999).id) in pace._counted


def test_edits_and_withdrawals_share_and_votes_do_not(pace):
    assert passed(lambda: pace.op(EDIT, 1, 7), 6)[0] == 6
    assert passed(lambda: pace.op(WITHDRAWAL, 1, 7), 6)[0] == 4
    pace.op(VOTE, 1, 7)
    assert pace.counters == {"slowed_changes": 2}


def test_one_participant_never_slows_another_one(pace):
    passed(lambda: pace.op(VOTE, 1, 7), 10_000)
    assert [passed(lambda who=who: pace.op(VOTE, 1, who), 1)[0] for who in (8, 9, 10)] == [1, 1, 1]


def test_a_conversation_takes_twenty_thousand_at_once_and_five_thousand_a_second(pace, clock):
    def ask():
        ask.who += 1
        pace.op(VOTE, 1, ask.who)

    ask.who = 0
    assert passed(ask, 21_000)[0] == 20_000
    clock.now += 1
    assert passed(ask, 6_000)[0] == 5_000
    pace.op(VOTE, 2, 1)  # another conversation has its own


def test_who_is_too_fast_is_told_when_to_come_and_finds_a_place_then(pace, clock):
    passed(lambda: pace.op(VOTE, 1, 7), 40)
    _, waits = passed(lambda: pace.op(VOTE, 1, 7), 6)
    assert waits == pytest.approx([500, 1_000, 1_500, 2_000, 2_500, 3_000], abs=2)
    start = clock.now
    for wait in waits:
        clock.now = start + wait / 1_000
        pace.op(VOTE, 1, 7)


def test_nobody_is_told_to_wait_without_end(pace):
    passed(lambda: pace.op(VOTE, 1, 7), 40)
    assert max(passed(lambda: pace.op(VOTE, 1, 7), 1_000)[1]) <= 10_001
    for number in range(5):
        pace.op(idea(number), 1, 7)
    assert max(passed(lambda: pace.op(idea(5), 1, 7), 1_000)[1]) <= 50_001


def test_the_ack_of_who_is_too_fast_is_retry(pace):
    passed(lambda: pace.op(VOTE, 1, 7), 40)
    with pytest.raises(TooFast) as refusal:
        pace.op(VOTE, 1, 7)
    assert ack_of("01", None, refusal.value) == {"op": "01", "status": "retry", "after_ms": 501}


def test_reads_are_one_a_second_by_token_and_strangers_share_an_address(pace):
    assert passed(lambda: pace.read("a", "10.0.0.1"), 50)[0] == 10
    assert passed(lambda: pace.read("b", "10.0.0.1"), 50)[0] == 10
    assert passed(lambda: pace.read(None, "10.0.0.1"), 4_000)[0] == 3_000
    assert passed(lambda: pace.read("c", "10.0.0.1"), 1)[0] == 1


def test_websockets_are_counted_by_browser_then_by_address_and_strangers_take_no_place_of_theirs(pace, clock):
    assert passed(lambda: pace.handshake(None, "10.0.0.1"), 9_000)[0] == 300
    assert passed(lambda: pace.handshake("one", "10.0.0.1"), 50)[0] == 20

    def come():
        come.who += 1
        pace.handshake(str(come.who), "10.0.0.1")

    come.who = 0
    assert passed(come, 4_000)[0] == 3_000 - 20
    assert passed(lambda: pace.handshake("elsewhere", "10.0.0.2"), 1)[0] == 1
    clock.now += 1
    assert passed(come, 400)[0] == 300


def test_two_thousand_phones_behind_one_address_join_without_waiting(pace, clock):
    for number in range(2_000):
        clock.now = 1_000 + number / 200
        pace.join("10.0.0.1")
    assert (clock.slept, pace.counters) == ([], {})


def test_more_wait_their_turn_and_nobody_is_refused_or_waits_longer_than_ten_seconds(pace, clock):
    for _ in range(2_500):
        pace.join("10.0.0.1")
    assert clock.slept == []
    for _ in range(1_000):
        pace.join("10.0.0.1")
    assert clock.slept[:3] == pytest.approx([1 / 40, 2 / 40, 3 / 40])
    assert clock.slept[400:] == [10.0] * 600
    assert pace.counters == {"slowed_joins": 1_000}
    pace.join("10.0.0.2")
    assert len(clock.slept) == 1_000


def test_the_slow_lane_has_so_many_places(clock, monkeypatch):
    monkeypatch.setattr(paces, "SLOW_LANE_PLACES", 3)
    slept = []

    def sleep(_):
        slept.append(pace._waiting)
        if len(slept) < 10:
            pace.join("10.0.0.1")  # while this one sleeps the next one comes

    pace = Pace(clock=clock, sleep=sleep)
    for _ in range(2_501):
        pace.join("10.0.0.1")
    assert slept == [1, 2, 3]
    assert (pace.counters["slowed_joins"], pace._waiting) == (4, 0)


def test_a_pace_of_ten_allows_ten_times_as_much(clock):
    pace = Pace(10, clock=clock)
    assert passed(lambda: pace.op(VOTE, 1, 7), 1_000)[0] == 400


def test_buckets_are_forgotten_once_they_are_full_again():
    buckets = Buckets(Rate(1, 10))
    for key in range(1_000):
        buckets.take(key, 0.0)
    buckets.take("late", 100.0)
    assert len(buckets) == 1


def test_memory_is_bounded_and_who_is_slowed_stays_known():
    buckets = Buckets(Rate(0.001, 2), most=1_000)
    for key in range(20_000):
        buckets.take(key, key / 1e6)
        if key % 100 == 0:
            buckets.take("busy", key / 1e6)
    assert len(buckets) <= 1_000
    first = Buckets(Rate(1, 1))
    assert [bool(first.take("one", 0.0)) for _ in range(3)] == [False, True, True]


def test_addresses_are_not_kept(pace):
    pace.join("203.0.113.77")
    pace.handshake(None, "203.0.113.77")
    pace.read(None, "203.0.113.77")
    kept = [pace._joins, *pace._strangers.values()]
    assert [len(each) for each in kept] == [1, 1, 1]
    assert all(isinstance(key, int) for each in kept for key in each._by_key)


def test_a_bucket_that_owes_is_paid_back_first():
    rate, bucket = Rate(10, 1), Bucket(Rate(10, 1), 0.0)
    assert [bucket.owe(rate, 0.0, 10) for _ in range(3)] == pytest.approx([0.0, 0.1, 0.2])
    assert not bucket.take(rate, 0.25)
    assert bucket.take(rate, 0.3 + 0.01)


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        (None, 0, "10.0.0.9"),
        ("203.0.113.1", 0, "10.0.0.9"),
        ("203.0.113.1", 1, "203.0.113.1"),
        ("spoofed, 203.0.113.1", 1, "203.0.113.1"),
        ("spoofed, 203.0.113.1, 10.0.0.2", 2, "203.0.113.1"),
        ("203.0.113.1", 2, "10.0.0.9"),
        (None, 1, "10.0.0.9"),
    ],
)
def test_the_address_is_the_one_that_the_trusted_proxy_saw(forwarded, proxies, address):
    environ = {"REMOTE_ADDR": "10.0.0.9"} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})
    assert address_of(environ, proxies) == address


def test_the_rates_are_those_of_the_record():
    names = ("VOTES", "IDEAS", "CHANGES", "READS", "REQUESTS", "CONVERSATION", "JOINS", "HANDSHAKES", "TABS")
    told = {name: (getattr(paces, name).rate, getattr(paces, name).burst) for name in names}
    assert told == {
        "VOTES": (2, 40),
        "IDEAS": (0.1, 5),
        "CHANGES": (1, 10),
        "READS": (1, 10),
        "REQUESTS": (4, 60),
        "CONVERSATION": (5_000, 20_000),
        "JOINS": (40, 2_500),
        "HANDSHAKES": (300, 3_000),
        "TABS": (1, 20),
    }
