"""Laws of voting: a vote is a state, counts follow the state, no budget is overspent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.facts import BadValue, BudgetSpent, OwnIdea
from feedback.domain.tally import count
from feedback.domain.votes import REV_LIMIT, check_not_own, check_rev, check_val, shift_of, spend

VALS = st.sampled_from([1, -1, 0, None])
BALLOTS = st.lists(st.tuples(st.integers(1, 4), st.sampled_from("abc"), VALS), max_size=60)


def counted(ballots) -> tuple[dict, dict]:
    """Apply votes in order by shifts; returns standing votes and counters."""
    standing: dict[tuple[int, str], int | None] = {}
    counters: dict[str, list[int]] = {}
    for voter, idea, val in ballots:
        shift = shift_of(standing.get((voter, idea)), val)
        cell = counters.setdefault(idea, [0, 0, 0])
        cell[0] += shift.agree
        cell[1] += shift.disagree
        cell[2] += shift.passes
        standing[voter, idea] = val
    return standing, {idea: tuple(cell) for idea, cell in counters.items()}


@given(BALLOTS)
def test_shifts_in_any_order_equal_a_recount(ballots):
    standing, counters = counted(ballots)
    assert counters == count((idea, val) for (_, idea), val in standing.items())


@given(BALLOTS)
def test_voting_twice_is_voting_once(ballots):
    assert counted([vote for vote in ballots for _ in range(2)]) == counted(ballots)


@given(VALS, VALS)
def test_shift_back_undoes_a_shift(was, becomes):
    there, back = shift_of(was, becomes), shift_of(becomes, was)
    assert (there.agree + back.agree, there.disagree + back.disagree, there.passes + back.passes) == (0, 0, 0)


@given(st.integers(1, 4), st.lists(st.tuples(st.sampled_from("abcdefg"), VALS), max_size=60))
def test_spend_never_lets_more_stand_than_the_budget(budget, wishes):
    votes: dict[str, int | None] = {}
    for idea, val in wishes:
        standing = sum(known == 1 for known in votes.values())
        if val == 1 and votes.get(idea) != 1 and standing == budget:
            with pytest.raises(BudgetSpent) as refused:
                spend(budget, standing, votes.get(idea), val)
            assert refused.value.detail == {"left": 0}
            continue
        left = spend(budget, standing, votes.get(idea), val)
        votes[idea] = val
        assert left == budget - sum(known == 1 for known in votes.values())
        assert left >= 0


def test_spend_lets_votes_be_taken_back_when_the_budget_was_lowered():
    assert spend(2, 5, 1, None) == 0
    assert spend(2, 5, 1, 1) == 0
    assert spend(2, 5, None, -1) == 0
    with pytest.raises(BudgetSpent):
        spend(2, 5, None, 1)


@given(st.integers(0, 10**6), VALS, VALS)
def test_spend_without_budget_is_unlimited(standing, was, becomes):
    assert spend(None, standing, was, becomes) is None


def test_check_val_and_rev_take_whole_numbers_in_range():
    assert [check_val(val) for val in (1, -1, 0, None)] == [1, -1, 0, None]
    assert [check_rev(rev) for rev in (1, REV_LIMIT)] == [1, REV_LIMIT]
    for val in (2, -2, True, False, "1", 1.0, [], {}):
        with pytest.raises(BadValue):
            check_val(val)
    for rev in (0, -1, REV_LIMIT + 1, True, None, "1", 1.0):
        with pytest.raises(BadValue):
            check_rev(rev)


def test_check_not_own_refuses_the_author():
    check_not_own(1, 2)
    check_not_own(None, 2)
    with pytest.raises(OwnIdea):
        check_not_own(2, 2)
