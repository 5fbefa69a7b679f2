"""Laws of the search for opinion groups, and its steps against the same steps done in another way."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from feedback.clustering.opinions import find_opinions, groupings, positions, table_of
from feedback.domain.opinions import ENOUGH_VOTERS, SMALLEST_GROUP, Counts, agreement, plain_of

IDEAS = [f"idea{number:02}" for number in range(10)]


def room(camps, seed=1, *, ideas=IDEAS, skip=0.1, sure=0.9):
    """People of several camps (sizes): each camp agrees with its own part of the ideas, and all with every fifth."""
    chance = random.Random(seed)
    ballots = {}
    for camp, size in enumerate(camps):
        for _ in range(size):
            ballot = {}
            for place, idea in enumerate(ideas):
                if chance.random() < skip and len(ideas) - place > 3:
                    continue
                likes = place % 5 == 0 or place % len(camps) == camp
                ballot[idea] = (1 if likes else -1) if chance.random() < sure else 0
            ballots[f"person{len(ballots)}"] = ballot
    return ballots


def shuffled(ballots, chance):
    people = list(ballots.items())
    chance.shuffle(people)
    return {f"other{place}": dict(chance.sample(list(b.items()), len(b))) for place, (_, b) in enumerate(people)}


@given(st.randoms(use_true_random=False))
@settings(max_examples=8)
def test_the_order_and_names_of_people_and_the_order_of_ideas_do_not_matter(chance):
    ballots = room([14, 9])
    assert find_opinions(shuffled(ballots, chance), chance.sample(IDEAS, len(IDEAS))) == find_opinions(ballots, IDEAS)


def test_camps_are_found_with_what_they_share_and_what_divides_them():
    found = find_opinions(room([20, 12]), IDEAS, seq=5)
    assert (found.seq, found.voters, found.votes_needed, found.ideas) == (5, 32, 7, 10)
    assert [(each.letter, each.size) for each in found.groups] == [("A", 20), ("B", 12)]
    assert set(found.consensus) == {"idea00", "idea05"}
    assert not set(found.divisive) & {"idea00", "idea05"}
    assert {each.idea for each in found.groups[0].typical if each.side == 1} <= set(IDEAS[::2])
    assert all(-1 <= value <= 1 for each in found.groups for value in (each.x, each.y, each.spread))


def test_consensus_is_the_published_product_of_shares_counted_from_the_votes():
    ballots = room([20, 12], sure=0.8)
    found = find_opinions(ballots, IDEAS)
    summed = {idea: sum(group.counts.get(idea, Counts()).votes for group in found.groups) for idea in IDEAS}
    assert summed == {idea: sum(idea in ballot for ballot in ballots.values()) for idea in IDEAS}
    for idea in IDEAS:
        product = 1.0
        for group in found.groups:
            counts = group.counts[idea]
            product *= (counts.agree + 1) / (counts.agree + counts.disagree + counts.passes + 2)
        assert agreement([group.counts for group in found.groups], idea) == product


@pytest.mark.parametrize("people", [0, 1, ENOUGH_VOTERS - 1])
def test_below_fifteen_voters_nothing_is_shown(people):
    found = find_opinions(room([people]) | {"few": dict.fromkeys(IDEAS[:6], 1)}, IDEAS)
    assert (found.groups, found.consensus, found.divisive, found.axes, found.voters) == ((), (), (), {}, people)


def test_fifteen_voters_are_enough_and_six_votes_are_not():
    assert len(find_opinions(room([8, 7]), IDEAS).groups) == 2
    six = {name: dict(list(ballot.items())[:6]) for name, ballot in room([8, 7], skip=0).items()}
    assert (find_opinions(six, IDEAS).voters, find_opinions(six, IDEAS).groups) == (0, ())
    assert find_opinions(six, IDEAS[:6]).voters == 15


@pytest.mark.parametrize("ideas", [IDEAS, IDEAS[:1], []], ids=len)
def test_a_room_that_votes_alike_has_no_groups(ideas):
    alike = {f"person{number}": dict.fromkeys(ideas, 1) for number in range(20)}
    assert find_opinions(alike, ideas).groups == ()


def test_no_group_is_so_small_that_its_shares_are_ballots():
    ballots = room([12, 9]) | {"alone": dict.fromkeys(IDEAS, -1), "odd": dict.fromkeys(IDEAS[:7], 0)}
    found = find_opinions(ballots, IDEAS)
    assert sum(each.size for each in found.groups) == 23
    assert min(each.size for each in found.groups) >= SMALLEST_GROUP
    places, _ = positions(table_of(ballots, IDEAS))
    assert all(np.bincount(labels).min() >= SMALLEST_GROUP for labels, _ in groupings(places).values())


def test_one_far_out_does_not_hide_the_groups_of_the_others():
    lone = np.vstack([np.repeat([[0.0, 0.0], [1.0, 0.0]], 10, axis=0), [[40.0, 0.0]]])
    found = groupings(lone + np.linspace(0, 0.1, 21)[:, None])
    assert sorted(np.bincount(found[2][0])) == [10, 11]


def test_nobody_is_named_in_what_is_kept():
    ballots = room([20, 12])
    kept = repr(plain_of(find_opinions(ballots, IDEAS)))
    assert "person" not in kept
    assert all(len(each.counts) <= len(IDEAS) for each in find_opinions(ballots, IDEAS).groups)


def test_letters_and_sides_of_the_map_stay_when_a_group_outgrows_the_other():
    first = find_opinions(room([18, 12], skip=0), IDEAS)
    grown = room([18, 30], seed=2, skip=0)
    assert [each.size for each in find_opinions(grown, IDEAS).groups] == [30, 18]
    then = find_opinions(grown, IDEAS, previous=first)
    assert [(each.letter, each.size) for each in then.groups] == [("A", 18), ("B", 30)]
    assert [each.x > 0 for each in then.groups] == [each.x > 0 for each in first.groups]


def test_a_new_group_gets_a_free_letter_and_the_others_keep_theirs():
    ideas = [f"idea{number:02}" for number in range(15)]
    two, three = room([16, 16, 0], ideas=ideas), room([16, 16, 16], ideas=ideas)
    first = find_opinions(two, ideas)
    found = find_opinions(three, ideas, previous=replace(first, wanted=3, times=3))
    assert [each.letter for each in found.groups] == ["A", "B", "C"]
    before = {each.letter: {idea for idea, c in each.counts.items() if c.agree > c.disagree} for each in first.groups}
    for each in found.groups[:2]:
        assert {idea for idea, c in each.counts.items() if c.agree > c.disagree} == before[each.letter]


def test_positions_are_principal_components_of_the_voters_imputed_votes_stretched_by_what_is_missing():
    ballots = room([30, 20], skip=0.3, sure=0.7)
    table = table_of(ballots, IDEAS)
    assert 0 < table.voters.sum() < len(table.people)
    places, axes = positions(table)
    means = np.nanmean(table.votes[table.voters], axis=0)
    filled = np.where(np.isnan(table.votes), means, table.votes)
    known = PCA(2, svd_solver="full").fit(filled[table.voters])
    theirs = known.transform(filled) * np.sqrt(len(IDEAS) / table.cast)[:, None]
    for axis in (0, 1):
        assert abs(np.corrcoef(places[:, axis], theirs[:, axis])[0, 1]) == pytest.approx(1)
        assert axes[axis, np.abs(axes[axis].round(9)).argmax()] > 0


def test_whoever_has_hardly_voted_moves_nobody_on_the_map():
    ballots = room([20, 12])
    passing = {f"passing{number}": {IDEAS[0]: -1, IDEAS[1 + number % 2]: -1} for number in range(40)}
    assert find_opinions(ballots | passing, IDEAS) == find_opinions(ballots, IDEAS)


def test_more_than_a_hundred_people_are_put_together_first_and_found_the_same_way():
    ballots = room([90, 60, 40], skip=0)
    found = find_opinions(ballots, IDEAS)
    assert (found.voters, sum(each.size for each in found.groups)) == (190, 190)
    assert 2 <= len(found.groups) <= 5
    assert find_opinions(shuffled(ballots, random.Random(2)), IDEAS) == found
