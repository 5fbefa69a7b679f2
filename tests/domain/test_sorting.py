"""One idea's place by its sorts: Bayes' rule as the theme engine has it, and sorts that outlive their themes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.clustering.sorting import Said
from feedback.clustering.sorting import posterior as engine_posterior
from feedback.domain.sorting import (
    NONE_SHARE,
    Kin,
    Place,
    Word,
    best_of,
    counted_for,
    heirs_of,
    is_open_question,
    posterior,
    prior_of,
    shares_of,
)
from feedback.domain.sorts import SURE, is_settled, share_of

rights = st.floats(0.05, 0.95)


@st.composite
def asked(draw):
    """A prior over themes and none, and some sorts of one idea with how often each participant is right."""
    themes = draw(st.lists(st.integers(1, 30), min_size=1, max_size=8, unique=True))
    weights = draw(st.lists(st.floats(0.01, 1), min_size=len(themes) + 1, max_size=len(themes) + 1))
    prior = {spot: weight / sum(weights) for spot, weight in zip([*themes, None], weights, strict=True)}
    return prior, draw(st.lists(st.tuples(st.sampled_from([*themes, None]), rights), max_size=12))


@given(asked())
def test_posterior_is_the_engines(given_):
    prior, sorts = given_
    spots = list(prior)
    said = Said(
        np.arange(len(sorts)), np.zeros(len(sorts), dtype=np.int64), np.array([spots.index(s) for s, _ in sorts], int)
    )
    engine = engine_posterior(np.array([list(prior.values())]), said, np.array([right for _, right in sorts]))
    assert list(posterior(prior, sorts).values()) == pytest.approx(list(engine[0]), abs=1e-9)


@given(asked(), st.randoms())
def test_posterior_is_a_distribution_that_the_order_of_sorts_does_not_change(given_, chance):
    prior, sorts = given_
    found = posterior(prior, sorts)
    assert math.isclose(sum(found.values()), 1)
    assert all(share >= 0 for share in found.values())
    again = list(sorts)
    chance.shuffle(again)
    assert posterior(prior, again) == pytest.approx(found)


@given(asked(), rights)
def test_a_sort_speaks_for_its_place_only_if_its_participant_is_better_than_chance(given_, right):
    prior, sorts = given_
    before = posterior(prior, sorts)
    spot = next(iter(prior))
    after = posterior(prior, [*sorts, (spot, right)])
    chance = 1 / len(prior)
    tolerance = 1e-9
    if right > chance:
        assert after[spot] >= before[spot] - tolerance
    else:
        assert after[spot] <= before[spot] + tolerance


def test_a_sort_for_a_place_that_is_not_there_says_nothing():
    assert posterior({1: 0.5, None: 0.5}, [(9, 0.9)]) == pytest.approx({1: 0.5, None: 0.5})


def test_nobody_is_so_right_that_nothing_else_is_possible():
    found = posterior({1: 0.5, 2: 0.5}, [(1, 1.0), (2, 0.0)])
    assert found[1] > 0.999
    assert found[2] > 0


def test_without_a_run_all_standing_themes_are_alike():
    kin = {1: Kin(1), 2: Kin(2), 3: Kin(3, standing=False)}
    share = (1 - NONE_SHARE) / 2
    assert prior_of(Place(), kin) == pytest.approx({1: share, 2: share, None: NONE_SHARE})


def test_locked_and_barred_themes_are_open_only_to_what_stands_there():
    kin = {1: Kin(1), 2: Kin(2, locked=True), 3: Kin(3)}
    assert set(prior_of(Place(1, barred=frozenset({3})), kin)) == {1, None}
    assert set(prior_of(Place(2), kin)) == {1, 2, 3, None}


def test_a_merged_themes_share_goes_to_the_one_that_took_it():
    kin = {1: Kin(1), 2: Kin(2, standing=False, merged_into=3), 3: Kin(3)}
    prior = prior_of(Place(prior={1: 0.2, 2: 0.5, 3: 0.2, None: 0.1}), kin)
    assert prior == pytest.approx({1: 0.2, 3: 0.7, None: 0.1})


def test_a_split_themes_share_is_both_halves_until_a_run_has_seen_them():
    kin = {1: Kin(1), 2: Kin(2), 3: Kin(3, split_from=2, split_seq=10)}
    before = prior_of(Place(prior={1: 0.2, 2: 0.7, None: 0.1}), kin)
    assert before == pytest.approx({1: 0.2, 2: 0.35, 3: 0.35, None: 0.1})
    after = prior_of(Place(prior={1: 0.2, 2: 0.1, 3: 0.6, None: 0.1}), kin)
    assert after == pytest.approx({1: 0.2, 2: 0.1, 3: 0.6, None: 0.1})


def test_a_word_follows_merges_and_comes_back_when_they_are_undone():
    merged = {1: Kin(1), 2: Kin(2, standing=False, merged_into=1)}
    assert heirs_of(merged, 2, 5) == {1}
    assert heirs_of({1: Kin(1), 2: Kin(2)}, 2, 5) == {2}
    chain = {1: Kin(1), 2: Kin(2, False, merged_into=1), 3: Kin(3, False, merged_into=2)}
    assert heirs_of(chain, 3, 5) == {1}


def test_a_word_for_nothing_that_stands_counts_for_nothing():
    assert heirs_of({1: Kin(1, standing=False)}, 1, 5) == frozenset()
    assert heirs_of({}, 9, 5) == frozenset()
    assert counted_for({1: Kin(1, standing=False)}, 1, 5, Place()) is None


SPLIT = {1: Kin(1), 2: Kin(2), 3: Kin(3, split_from=2, split_seq=10)}


def test_a_word_older_than_a_split_counts_for_the_half_where_the_idea_stands():
    assert counted_for(SPLIT, 2, 5, Place(3)) == 3
    assert counted_for(SPLIT, 2, 5, Place(2)) == 2
    assert counted_for(SPLIT, 2, 5, Place(1, prior={2: 0.1, 3: 0.3})) == 3
    assert counted_for(SPLIT, 2, 5, Place(None)) == 2


def test_a_word_younger_than_a_split_means_what_it_says():
    assert counted_for(SPLIT, 2, 11, Place(3)) == 2
    assert counted_for(SPLIT, 3, 11, Place(2)) == 3


def test_a_split_that_was_undone_gives_its_words_back():
    undone = SPLIT | {3: Kin(3, standing=False, split_from=2, split_seq=10)}
    assert counted_for(undone, 3, 11, Place(2)) == 2
    assert counted_for(undone, 2, 5, Place(2)) == 2


def test_whoever_spoke_for_a_theme_that_was_split_since_may_be_asked_again():
    assert is_open_question(SPLIT, 2, 5)
    assert not is_open_question(SPLIT, 2, 11)
    assert not is_open_question(SPLIT, 1, 5)
    assert not is_open_question(SPLIT, None, 5)


@given(
    st.dictionaries(
        st.integers(1, 8),
        st.tuples(st.booleans(), st.none() | st.integers(1, 8), st.none() | st.integers(1, 8), st.integers(0, 20)),
        max_size=8,
    ),
    st.integers(1, 8),
    st.integers(0, 20),
)
def test_heirs_stand_whatever_has_happened_even_in_circles(themes, theme, said_at):
    kin = {
        number: Kin(number, stands and into is None, False, into, split_from, at)
        for number, (stands, into, split_from, at) in themes.items()
    }
    assert all(kin[heir].standing for heir in heirs_of(kin, theme, said_at))
    if theme in kin and kin[theme].standing:
        assert theme in heirs_of(kin, theme, said_at)


def test_shares_weigh_each_word_and_leave_out_those_that_count_no_more():
    kin = {1: Kin(1), 2: Kin(2), 4: Kin(4, standing=False)}
    place = Place(1, prior={1: 0.5, 2: 0.4, None: 0.1})
    words = [Word(2, 5, 0.8), Word(4, 6, 0.8), Word(None, 7, 0.4)]
    assert shares_of(place, kin, words) == pytest.approx(posterior(place.prior, [(2, 0.8), (None, 0.4)]))


@pytest.mark.parametrize(
    ("shares", "best"),
    [({1: 0.4, 2: 0.6, None: 0.0}, 2), ({2: 0.4, 1: 0.4, None: 0.2}, 1), ({1: 0.4, None: 0.6}, None)],
)
def test_best_is_the_likeliest_of_equals_the_older(shares, best):
    assert best_of(shares) == best


@pytest.mark.parametrize(
    ("sureness", "pinned", "locked", "settled"),
    [
        (None, False, False, False),
        (SURE - 0.001, False, False, False),
        (SURE, False, False, True),
        (0.1, True, False, True),
        (None, False, True, True),
    ],
)
def test_an_idea_is_sorted_when_its_place_is_sure_or_a_persons(sureness, pinned, locked, settled):
    assert is_settled(sureness, pinned=pinned, locked=locked) is settled


def test_the_share_is_whole_only_when_all_is_sorted():
    assert share_of(999, 1000) == 0.99
    assert share_of(1000, 1000) == 1
    assert share_of(0, 0) == 0
