"""Laws of opinion groups as values: consensus, what divides, what is typical, and when their number changes."""

import json
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.facts import VotingFixed
from feedback.domain.opinions import (
    PATIENCE,
    Counts,
    OpinionGroup,
    OpinionMap,
    Typical,
    agreement,
    consensus_of,
    content_of,
    divisive_of,
    map_of,
    most_groups,
    shares_of,
    shown_of,
    smoothed,
    two_shares,
    typical_of,
    votes_needed,
)
from feedback.domain.programme import Voting, change_voting, check_budget

COUNTS = st.builds(Counts, st.integers(0, 30), st.integers(0, 30), st.integers(0, 10))
IDEAS = tuple("abcdefgh")
GROUPS = st.lists(st.dictionaries(st.sampled_from(IDEAS), COUNTS), min_size=2, max_size=5)


def group(letter: str, counts: dict[str, Counts], **more) -> OpinionGroup:
    return OpinionGroup(letter, 12, 0.25, -0.5, 0.3, counts, **more)


def found(*groups: OpinionGroup, wanted: int = 0, times: int = 0, **more) -> OpinionMap:
    return OpinionMap(7, 8, 30, 7, groups, wanted=wanted, times=times, **more)


@given(GROUPS)
def test_agreement_is_the_product_of_smoothed_shares(groups):
    for idea in IDEAS:
        counted = [each.get(idea, Counts()) for each in groups]
        assert agreement(groups, idea) == pytest.approx(prod((c.agree + 1) / (c.votes + 2) for c in counted))


@given(GROUPS, st.randoms(use_true_random=False))
def test_lists_depend_neither_on_the_order_of_ideas_nor_of_groups(groups, chance):
    ideas, shuffled = list(IDEAS), list(groups)
    chance.shuffle(ideas)
    chance.shuffle(shuffled)
    assert consensus_of(shuffled, ideas) == consensus_of(groups, IDEAS)
    assert divisive_of(shuffled, ideas) == divisive_of(groups, IDEAS)
    for place, own in enumerate(groups):
        if groups.count(own) == 1:
            assert typical_of(shuffled, shuffled.index(own), ideas) == typical_of(groups, place, IDEAS)


@given(GROUPS)
def test_consensus_is_agreed_on_by_most_of_every_group_and_best_first(groups):
    listed = consensus_of(groups, IDEAS)
    assert len(listed) <= 5
    assert all(2 * c.get(idea, Counts()).agree > c.get(idea, Counts()).votes for idea in listed for c in groups)
    assert sorted((agreement(groups, idea) for idea in listed), reverse=True) == [agreement(groups, i) for i in listed]


@given(COUNTS, COUNTS, st.sampled_from([1, -1]))
def test_two_shares_compares_both_ways_alike(first, second, side):
    assert two_shares(first, second, side) == pytest.approx(-two_shares(second, first, side))
    assert two_shares(first, first, side) == 0


def test_lists_name_what_holds_at_ninety_per_cent_only():
    groups = [
        {"a": Counts(19, 1), "b": Counts(18, 2), "c": Counts(11, 9), "d": Counts(2, 18)},
        {"a": Counts(18, 1, 1), "b": Counts(1, 19), "c": Counts(10, 10), "d": Counts(19, 1)},
    ]
    assert consensus_of(groups, IDEAS) == ("a",)
    assert divisive_of(groups, IDEAS) == ("b", "d")
    assert [(each.idea, each.side) for each in typical_of(groups, 0, IDEAS)] == [("b", 1), ("d", -1)]
    assert [(each.idea, each.side) for each in typical_of(groups, 1, IDEAS)] == [("b", -1), ("d", 1)]
    assert (consensus_of([{}, {}], IDEAS), divisive_of([{}, {}], IDEAS), typical_of([{}, {}], 0, IDEAS)) == ((), (), ())


def test_the_number_of_groups_changes_after_four_runs_in_a_row_that_want_the_same():
    kept = found(group("A", {}), group("B", {}), wanted=2, times=9)
    counts = []
    for _ in range(PATIENCE):
        count, wanted, times = smoothed(kept, 3, [2, 3])
        counts.append(count)
        kept = found(*(group(letter, {}) for letter in "ABC"[:count]), wanted=wanted, times=times)
    assert counts == [2, 2, 2, 3]
    assert smoothed(found(group("A", {}), group("B", {}), wanted=3, times=3), 2, [2, 3]) == (2, 2, 1)


def test_the_first_number_of_groups_and_one_that_is_possible_no_more_are_taken_at_once():
    assert smoothed(None, 3, [2, 3]) == (3, 3, 1)
    assert smoothed(found(), 3, [2, 3]) == (3, 3, 1)
    three = found(*(group(letter, {}) for letter in "ABC"), wanted=3, times=5)
    assert smoothed(three, 2, [2]) == (2, 2, 1)


def test_limits_follow_the_published_ones():
    assert [votes_needed(ideas) for ideas in (0, 2, 7, 100)] == [0, 2, 7, 7]
    assert [most_groups(points) for points in (15, 24, 36, 100)] == [3, 4, 5, 5]


@given(st.lists(st.dictionaries(st.sampled_from(IDEAS), COUNTS), max_size=4))
def test_a_map_comes_back_from_its_json(counted):
    groups = [group("ABCD"[at], each, typical=(Typical("a", -1, 1.5),)) for at, each in enumerate(counted)]
    whole = found(*groups, consensus=("a",), divisive=("b", "c"), axes={"a": (0.1, -0.2)}, wanted=2, times=3)
    assert map_of(content_of(whole)) == whole
    assert json.loads(content_of(whole))["seq"] == 7


@given(COUNTS)
def test_shares_are_whole_per_cents_of_all_votes_and_hidden_where_few_voted(counts):
    (share,) = shares_of(found(group("A", {"a": counts})), "a")
    if counts.votes < 3:
        assert share is None
    else:
        assert sum(share) == 100
        assert all(
            abs(part - 100 * n / counts.votes) <= 1
            for part, n in zip(share, (counts.agree, counts.disagree), strict=False)
        )
        assert min(share) >= 0


def test_shown_names_ideas_by_number_and_leaves_out_those_that_are_gone():
    both = {"a": Counts(9, 1), "b": Counts(1, 1)}
    whole = found(group("A", both, typical=(Typical("a", 1, 2), Typical("b", -1, 2))), consensus=("a", "b"))
    shown = shown_of(whole, {"a": 4})
    assert shown["groups"][0]["typical"] == [[4, 1]]
    assert shown["consensus"] == [{"n": 4, "shares": [(90, 10, 0)]}]
    assert "counts" not in json.dumps(shown)


def test_what_a_vote_says_changes_only_before_the_first_vote_and_opinions_have_no_budget():
    assert change_voting(Voting.SUPPORT, Voting.OPINION, voted=False) is Voting.OPINION
    assert change_voting(Voting.OPINION, Voting.OPINION, voted=True) is Voting.OPINION
    with pytest.raises(VotingFixed):
        change_voting(Voting.SUPPORT, Voting.OPINION, voted=True)
    assert (check_budget(3, Voting.OPINION), check_budget(3, Voting.SUPPORT)) == (None, 3)
