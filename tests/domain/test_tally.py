"""Ranks and recounts."""

from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.tally import Line, count, ranked

LINES = st.lists(st.integers(0, 4), max_size=12).map(
    lambda agrees: [Line(f"i{number}", number, agree) for number, agree in enumerate(agrees, start=1)]
)


def test_ranked_shares_ranks_among_equals():
    lines = [Line("a", 1, 3), Line("b", 2, 5), Line("c", 3, 3), Line("d", 4, 0)]
    assert [(place.rank, place.line.id) for place in ranked(lines)] == [(1, "b"), (2, "a"), (2, "c"), (4, "d")]
    assert ranked([]) == ()


@given(LINES, st.randoms(use_true_random=False))
def test_ranked_does_not_depend_on_the_order_of_lines(lines, chance):
    shuffled = list(lines)
    chance.shuffle(shuffled)
    assert ranked(shuffled) == ranked(lines)


@given(LINES)
def test_ranked_counts_the_better_ones(lines):
    for place in ranked(lines):
        assert place.rank == 1 + sum(line.agree > place.line.agree for line in lines)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([1, -1, 0, None])), max_size=40))
def test_count_counts_every_standing_vote_once(votes):
    counts = count(votes)
    assert set(counts) == {idea for idea, _ in votes}
    assert sum(map(sum, counts.values())) == sum(val is not None for _, val in votes)
    assert count(reversed(votes)) == counts
