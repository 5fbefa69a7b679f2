"""What looks like a flood, and what does not."""

from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.floods import MANY, NEWCOMER_MS, WINDOW_MS, flooders

NOW = 1_790_000_000_000


def burst(participants, ideas_each, *, at=NOW, over=WINDOW_MS - 1):
    """Ideas of these participants, spread evenly."""
    count = len(participants) * ideas_each
    return [(participants[n % len(participants)], at + n * over // count) for n in range(count)]


def test_five_hundred_newcomers_with_three_ideas_each_in_a_minute_are_one():
    bots = range(1_000, 1_500)
    room = burst(range(1, 200), 2)
    joined = dict.fromkeys(bots, NOW - 5000)
    assert flooders(room + burst(bots, 3), joined) == set(bots)


def test_a_room_that_has_been_here_is_none_however_fast_it_writes():
    room = range(1, 300)
    assert flooders(burst(room, 3), {}) == frozenset()
    assert flooders(burst(room, 3), dict.fromkeys(room, NOW - NEWCOMER_MS - 1)) == frozenset()


def test_newcomers_at_a_usual_pace_are_none():
    phones = range(1, 100)
    slow = [(who, NOW + who * 2_100) for who in phones]
    assert flooders(slow, {who: NOW + who * 2_100 - 5_000 for who in phones}) == frozenset()


def test_as_many_as_that_are_none_and_one_more_is():
    joined = dict.fromkeys(range(MANY + 1), NOW)
    assert flooders(burst(range(MANY), 1), joined) == frozenset()
    assert flooders(burst(range(MANY + 1), 1), joined) == set(range(MANY + 1))


def test_who_came_before_and_after_the_flood_is_not_of_it():
    early, late = (1, NOW - WINDOW_MS - 1), (2, NOW + 2 * WINDOW_MS)
    bots = range(10, 60)
    joined = {1: early[1], 2: late[1]} | dict.fromkeys(bots, NOW)
    assert flooders([early, late, *burst(bots, 1)], joined) == set(bots)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 300_000)), max_size=200), st.integers(0, 40))
def test_a_flooder_is_a_newcomer_who_wrote_in_a_window_of_many(written, known):
    joined = dict.fromkeys(range(known), 0)
    fresh = [(who, at) for who, at in written if who in joined and at <= NEWCOMER_MS]
    crowded = {
        who
        for who, at in fresh
        if any(
            sum(begin <= other <= begin + WINDOW_MS for _, other in fresh) > MANY
            for begin in {start for _, start in fresh if start <= at <= start + WINDOW_MS}
        )
    }
    assert flooders(written, joined) == crowded
