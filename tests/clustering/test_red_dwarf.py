"""Opinion groups against red-dwarf, an independent way from the same votes: map, groups, consensus, what is typical."""

import random
import warnings
from functools import cache

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from feedback.clustering.opinions import counts_by, find_opinions, groupings, positions, table_of
from feedback.domain.opinions import NO_COUNTS, agreement, is_sure, one_share, together, two_shares, typical_of

#: Rooms of known camps: their sizes, ideas, share of votes not cast, share of opinions that are clear, seed. Of more
#: than a hundred people we make base clusters first, which red-dwarf does without.
ROOMS = {
    "two": ((20, 12), 10, 0.1, 0.9, 1),
    "gaps": ((24, 16), 24, 0.5, 0.9, 2),
    "three": ((18, 16, 14), 15, 0.15, 0.95, 3),
    "uneven": ((40, 9), 12, 0.2, 0.9, 4),
    "hall": ((90, 60), 30, 0.4, 0.9, 5),
}
LIKE = pytest.approx


def voted(name):
    """Somebody's votes and camp, person by person; a few have cast too few votes to be counted."""
    sizes, ideas, missing, clear, seed = ROOMS[name]
    chance = random.Random(seed)
    ballots, camps = {}, {}
    for camp in [camp for camp, size in enumerate(sizes) for _ in range(size)] + [0] * 5:
        person, few = f"person{len(ballots):03}", len(ballots) >= sum(sizes)
        asked = chance.sample(range(ideas), 3) if few else range(ideas)
        ballots[person] = {
            f"idea{at:02}": (1 if at % 5 == 0 or at % len(sizes) == camp else -1) if chance.random() < clear else 0
            for at in asked
            if few or chance.random() >= missing
        }
        camps[person] = camp
    return ballots, camps, [f"idea{at:02}" for at in range(ideas)]


@cache
def told(name, count):
    """What red-dwarf makes of the votes of those who count, with a number of groups, or as many as it likes (0)."""
    ballots, _, ideas = voted(name)
    table = table_of(ballots, ideas)
    votes = [
        {"participant_id": row, "statement_id": column, "vote": int(table.votes[row, column])}
        for row, column in np.argwhere(~np.isnan(table.votes) & table.voters[:, None]).tolist()
    ]
    with warnings.catch_warnings():
        # Its dependencies deprecate one another.
        warnings.simplefilter("ignore")
        from reddwarf.implementations.polis import run_pipeline

        return run_pipeline(
            votes=votes, min_user_vote_threshold=7, force_group_count=count or None, random_state=0, pick_max=len(ideas)
        )


def groups_of(theirs, table):
    """Its group of each row, -1 for nobody's."""
    found = theirs.participants_df["cluster_id"]
    return np.array([int(found.get(row, -1)) for row in range(len(table.people))])


@pytest.fixture(params=ROOMS)
def name(request):
    """Each room in turn."""
    return request.param


def test_people_stand_where_red_dwarf_puts_them(name):
    ballots, _, ideas = voted(name)
    table = table_of(ballots, ideas)
    places, _ = positions(table)
    rows = np.flatnonzero(table.voters)
    there = np.array([told(name, 0).participant_projections[row] for row in rows])
    assert len(rows) == len(ballots) - 5
    for axis in (0, 1):
        sign = np.sign(places[rows, axis] @ there[:, axis])
        assert there[:, axis] * sign == LIKE(places[rows, axis], abs=1e-9)


def test_both_find_the_camps_and_as_many_of_them(name):
    ballots, camps, ideas = voted(name)
    table = table_of(ballots, ideas)
    found = find_opinions(ballots, ideas)
    labels, _ = groupings(positions(table)[0][table.voters])[len(found.groups)]
    theirs = groups_of(told(name, 0), table)[table.voters]
    known = [camps[person] for person, counts in zip(table.people, table.voters, strict=True) if counts]
    assert len(found.groups) == len(set(theirs)) == len(ROOMS[name][0])
    assert adjusted_rand_score(labels, theirs) == 1
    assert adjusted_rand_score(labels, known) == 1


@pytest.mark.parametrize("count", [2, 3])
def test_consensus_shares_and_tests_of_its_groups_are_the_same_figures(name, count):
    ballots, _, ideas = voted(name)
    table, theirs = table_of(ballots, ideas), told(name, count)
    member = groups_of(theirs, table)
    counts = [counts_by(table.votes, table.ideas, member == group) for group in range(count)]
    stats = theirs.group_comment_stats
    for column, idea in enumerate(table.ideas):
        assert agreement(counts, idea) == LIKE(theirs.group_aware_consensus["agree"][column])
        for group in range(count):
            row = stats.loc[(group, column)]
            own = counts[group].get(idea, NO_COUNTS)
            rest = together([each.get(idea, NO_COUNTS) for at, each in enumerate(counts) if at != group])
            assert (own.agree, own.disagree, own.votes) == (row["na"], row["nd"], row["ns"])
            for side, mark in ((1, "a"), (-1, "d")):
                assert own.share(side) == LIKE(row[f"p{mark}"])
                assert own.share(side) / rest.share(side) == LIKE(row[f"r{mark}"])
                assert one_share(own, side) == LIKE(row[f"p{mark}t"])
                assert two_shares(own, rest, side) == LIKE(row[f"r{mark}t"])


def test_what_is_typical_of_a_group_red_dwarf_calls_representative(name):
    ballots, _, ideas = voted(name)
    count = len(ROOMS[name][0])
    table, theirs = table_of(ballots, ideas), told(name, count)
    member = groups_of(theirs, table)
    counts = [counts_by(table.votes, table.ideas, member == group) for group in range(count)]
    for group in range(count):
        sure = {
            (table.ideas[line["tid"]], 1 if line["repful-for"] == "agree" else -1)
            for line in theirs.repness[group]
            if is_sure(line["p-test"]) and is_sure(line["repness-test"])
        }
        mine = {(each.idea, each.side) for each in typical_of(counts, group, ideas)}
        assert mine <= sure
        assert len(mine) == min(5, len(sure))
