"""Many people's word on one idea: who is right weighs more, and nobody is judged by a few taps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.clustering.sorting import Said, weighed

THEMES = 4
said_rows = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.integers(0, THEMES)), max_size=40, unique=True)


def said_of(rows):
    return Said(*np.array(rows, dtype=np.int64).reshape(-1, 3).T)


def even(ideas):
    return np.full((ideas, THEMES + 1), 1 / (THEMES + 1))


@given(said_rows)
@settings(max_examples=60)
def test_shares_are_shares_whatever_is_said(rows):
    shares, right = weighed(even(8), said_of(rows))
    assert shares.shape == (8, THEMES + 1)
    assert np.allclose(shares.sum(axis=1), 1)
    assert ((right > 0) & (right < 1)).all()
    untouched = sorted(set(range(8)) - {idea for _, idea, _ in rows})
    assert np.allclose(shares[untouched], 1 / (THEMES + 1))


@given(said_rows, st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_sorts_makes_no_difference(rows, chance):
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert np.allclose(weighed(even(8), said_of(rows))[0], weighed(even(8), said_of(shuffled))[0])


def test_one_word_is_worth_more_than_none_and_less_than_two():
    shares, _ = weighed(even(3), said_of([(0, 0, 2), (0, 1, 2), (1, 1, 2)]))
    assert shares[2, 2] == pytest.approx(1 / (THEMES + 1))
    assert shares[2, 2] < shares[0, 2] < shares[1, 2]


def test_people_who_tap_at_random_hardly_matter():
    # Two who agree with most, and three who do not: where the three outnumber the two, the two are still believed.
    chance = np.random.default_rng(1)
    truth = chance.integers(0, THEMES, 60)
    rows = [(person, idea, int(truth[idea])) for person in (0, 1) for idea in range(60)]
    rows += [(person, idea, int(chance.integers(0, THEMES + 1))) for person in (2, 3, 4) for idea in range(60)]
    shares, right = weighed(even(60), said_of(rows))
    assert (shares.argmax(axis=1) == truth).mean() > 0.98
    assert right[:2].min() > 0.9
    assert right[2:].max() < 0.4


def test_four_taps_judge_nobody():
    rows = [(person, idea, 1) for person in range(1, 6) for idea in range(4)] + [(0, idea, 2) for idea in range(4)]
    _, right = weighed(even(4), said_of(rows))
    assert 0.5 < right[0] < right[1] < 0.9
