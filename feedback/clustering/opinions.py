"""Opinion groups: people by how they vote on the ideas of one prompt, on a map of two axes.

The way is the one published for Polis (Small et al., Polis: Scaling deliberation by mapping high dimensional opinion
spaces, 2021), built anew from its description: principal components of the imputed votes, KMeans on the people.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from feedback.domain.opinions import (
    ENOUGH_VOTERS,
    LETTERS,
    NO_COUNTS,
    SMALLEST_GROUP,
    Counts,
    OpinionGroup,
    OpinionMap,
    consensus_of,
    divisive_of,
    most_groups,
    smoothed,
    typical_of,
    votes_needed,
)

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]
Ballots = Mapping[Any, Mapping[str, int]]

#: People beyond which they are first put together in this many base clusters.
BASE = 100
#: Components of larger tables are approximated, which is exact enough and many times faster.
_FULL = 500
_ROUNDS = 4
_STARTS = 10


@dataclass(frozen=True, slots=True)
class Table:
    """The votes: a row for each person, a column for each idea in id order; nan where somebody has not voted."""

    people: tuple[Any, ...]
    ideas: tuple[str, ...]
    votes: Floats

    @property
    def cast(self) -> Labels:
        """How many votes each person has cast."""
        return np.asarray((~np.isnan(self.votes)).sum(axis=1), dtype=np.int64)

    @property
    def voters(self) -> NDArray[np.bool_]:
        """Who has cast enough votes to be counted in a group."""
        return self.cast >= max(1, votes_needed(len(self.ideas)))


def find_opinions(
    ballots: Ballots, ideas: Sequence[str], *, seq: int = 0, previous: OpinionMap | None = None, seed: int = 0
) -> OpinionMap:
    """Return who votes alike on one prompt; no groups below 15 voters, or where nobody stands apart.

    Same votes, history and seed give the same map, in whatever order people and ideas come.

    Parameters
    ----------
    ballots : mapping of person to mapping of idea id to 1, -1 or 0
        Only who the same votes belong to matters: the map names nobody. Votes on other ideas are ignored.
    ideas : sequence of idea ids
        The ideas that are shown.
    seq : int
        The commit number of the votes.
    previous : OpinionMap, optional
        What the last run found: letters, sides of the map and the number of groups follow it.
    seed : int
        Of the clusters' starts.
    """
    table = table_of(ballots, ideas)
    needed = votes_needed(len(table.ideas))
    voters = table.voters
    blank = OpinionMap(seq, len(table.ideas), int(voters.sum()), needed)
    if blank.voters < ENOUGH_VOTERS or len(table.ideas) < 2:
        return blank
    with threadpool_limits(1):
        places, axes = positions(table, previous)
        labels, wanted, times = _grouped(places[voters], previous, seed)
    if labels is None:
        return blank
    return _mapped(blank, table.votes[voters], table.ideas, places[voters], labels, axes, (wanted, times), previous)


def table_of(ballots: Ballots, ideas: Sequence[str]) -> Table:
    """Return the votes as a table; people in the order of their votes, so that no other order is left to matter."""
    columns = tuple(sorted(set(ideas)))
    at = {idea: column for column, idea in enumerate(columns)}
    rows = []
    for person, ballot in ballots.items():
        row = np.full(len(columns), np.nan)
        for idea, val in ballot.items():
            if idea in at:
                row[at[idea]] = val
        if not np.isnan(row).all():
            rows.append((tuple(np.nan_to_num(row, nan=2.0)), person, row))
    rows.sort(key=lambda each: each[0])
    votes = np.array([row for _, _, row in rows]).reshape(len(rows), len(columns))
    return Table(tuple(person for _, person, _ in rows), columns, votes)


def positions(table: Table, previous: OpinionMap | None = None) -> tuple[Floats, Floats]:
    """Return where people are (n, 2) and the weight of each idea on the two axes (2, ideas).

    Means and axes are those of the voters: of others nearly everything is filled in, which would draw the axes to the
    ideas that came first. People are placed by their own votes alone; whoever cast few is moved out, as far as the
    missing ones may weigh.
    """
    seen, voters = ~np.isnan(table.votes), table.voters
    means = np.where(seen, table.votes, 0)[voters].sum(axis=0) / np.maximum(1, seen[voters].sum(axis=0))
    filled = np.where(seen, table.votes, means)
    known = filled[voters]
    axes = np.zeros((2, len(table.ideas)))
    if len(known) and np.ptp(known, axis=0).any():
        parts = min(2, *known.shape)
        solver = "full" if min(known.shape) <= _FULL else "arpack"
        axes[:parts] = PCA(parts, svd_solver=solver, random_state=0).fit(known).components_
    axes = _turned(axes, table.ideas, previous)
    stretch = np.sqrt(len(table.ideas) / np.maximum(1, table.cast))
    return (filled - means) @ axes.T * stretch[:, None], axes


def groupings(places: Floats, seed: int = 0) -> dict[int, tuple[Labels, float]]:
    """Return each possible number of groups with everybody's group and the silhouette; one with tiny groups is none.

    Where a few people far out make a group of their own in every case, groups are found without them, and they belong
    to the nearest one.
    """
    points, home, sizes = _based(places, seed)
    weights = sizes.astype(float)
    distinct = len(np.unique(points.round(9), axis=0))
    counts = range(2, min(most_groups(len(points)), distinct, len(points) - 1) + 1)
    for _ in range(_ROUNDS):
        found = {k: _by_means(points, weights, k, seed) for k in counts if (weights > 0).sum() >= k}
        fits = {k: labels for k, labels in found.items() if _smallest(labels, sizes, k) >= SMALLEST_GROUP}
        if fits:
            return {k: (labels[home], float(silhouette_score(points, labels))) for k, labels in fits.items()}
        if 2 not in found:
            break
        people = np.bincount(found[2], weights=sizes, minlength=2)
        weights[people[found[2]] < SMALLEST_GROUP] = 0
    return {}


def counts_by(votes: Floats, ideas: Sequence[str], members: NDArray[np.bool_]) -> dict[str, Counts]:
    """Count the votes of some people; ideas that none of them voted on are left out."""
    sides = [(votes[members] == side).sum(axis=0) for side in (1, -1, 0)]
    counted = {idea: Counts(*(int(side[column]) for side in sides)) for column, idea in enumerate(ideas)}
    return {idea: counts for idea, counts in counted.items() if counts.votes}


def _grouped(places: Floats, previous: OpinionMap | None, seed: int) -> tuple[Labels | None, int, int]:
    found = groupings(places, seed)
    if not found:
        return None, 0, 0
    best = max(found, key=lambda k: (found[k][1], -k))
    count, wanted, times = smoothed(previous, best, list(found))
    return found[count][0], wanted, times


def _based(places: Floats, seed: int) -> tuple[Floats, Labels, Labels]:
    """Return base clusters, which one each person is in, and how many each holds; of few people each is their own."""
    if len(places) <= BASE:
        return places, np.arange(len(places)), np.ones(len(places), dtype=np.int64)
    count = min(BASE, len(np.unique(places.round(9), axis=0)))
    # What is published starts from the last run's clusters, which settles over time; the best of some starts does too,
    # and nobody's cluster need be kept.
    means = KMeans(count, n_init=_STARTS, random_state=seed).fit(places)
    return means.cluster_centers_, means.labels_, np.bincount(means.labels_, minlength=count)


def _by_means(points: Floats, weights: Floats, count: int, seed: int) -> Labels:
    means = KMeans(count, n_init=_STARTS, random_state=seed)
    return np.asarray(means.fit_predict(points, sample_weight=weights), dtype=np.int64)


def _smallest(labels: Labels, sizes: Labels, count: int) -> int:
    return int(np.bincount(labels, weights=sizes, minlength=count).min())


def _turned(axes: Floats, ideas: Sequence[str], previous: OpinionMap | None) -> Floats:
    """Return the axes as the last map had them, as far as ideas tell: a component has no sign, and two may swap."""
    known = [(column, previous.axes[idea]) for column, idea in enumerate(ideas) if previous and idea in previous.axes]
    if not known:
        heaviest = np.abs(axes.round(9)).argmax(axis=1)
        return np.where(axes[[0, 1], heaviest] < 0, -1, 1)[:, None] * axes
    alike = axes[:, [column for column, _ in known]] @ np.array([weights for _, weights in known])
    if abs(alike[0, 1]) + abs(alike[1, 0]) > abs(alike[0, 0]) + abs(alike[1, 1]):
        axes, alike = axes[::-1], alike[::-1]
    return np.where(np.diag(alike) < 0, -1, 1)[:, None] * axes


def _mapped(
    blank: OpinionMap,
    votes: Floats,
    ideas: tuple[str, ...],
    places: Floats,
    labels: Labels,
    axes: Floats,
    history: tuple[int, int],
    previous: OpinionMap | None,
) -> OpinionMap:
    members = [labels == label for label in np.unique(labels)]
    counts = [counts_by(votes, ideas, those) for those in members]
    # Without a history the larger group comes first; equal ones by where they are on the map.
    first = sorted(range(len(members)), key=lambda at: (-members[at].sum(), *places[members[at]].mean(axis=0).round(6)))
    members, counts = [members[at] for at in first], [counts[at] for at in first]
    letters = _letters(counts, previous)
    order = sorted(range(len(members)), key=lambda at: letters[at])
    members, counts = [members[at] for at in order], [counts[at] for at in order]
    circles = _circles([places[those] for those in members])
    groups = tuple(
        OpinionGroup(letter, int(those.sum()), *circle, counts=own, typical=typical_of(counts, at, ideas))
        for at, (letter, those, own, circle) in enumerate(zip(sorted(letters), members, counts, circles, strict=True))
    )
    return OpinionMap(
        seq=blank.seq,
        ideas=blank.ideas,
        voters=blank.voters,
        votes_needed=blank.votes_needed,
        groups=groups,
        consensus=consensus_of(counts, ideas),
        divisive=divisive_of(counts, ideas),
        axes={idea: (round(float(axes[0, at]), 4), round(float(axes[1, at]), 4)) for at, idea in enumerate(ideas)},
        wanted=history[0],
        times=history[1],
    )


def _letters(counts: Sequence[Mapping[str, Counts]], previous: OpinionMap | None) -> list[str]:
    """Return a letter for each group: that of the old group which voted most alike, else the first one that is free.

    Groups are compared by how they voted on each idea, so that nobody's membership need be kept.
    """
    old = previous.groups if previous else ()
    letters: dict[int, str] = {}
    if old:
        apart = np.array([[_apart(new, group.counts) for group in old] for new in counts])
        letters = {int(at): old[int(place)].letter for at, place in zip(*linear_sum_assignment(apart), strict=True)}
    free = iter(letter for letter in LETTERS if letter not in letters.values())
    return [letters[at] if at in letters else next(free) for at in range(len(counts))]


def _apart(first: Mapping[str, Counts], second: Mapping[str, Counts]) -> float:
    """Return how differently two groups voted, by the mean squared difference of their leanings."""
    ideas = first.keys() | second.keys()
    return float(np.mean([(_leaning(first, idea) - _leaning(second, idea)) ** 2 for idea in sorted(ideas)]))


def _leaning(counts: Mapping[str, Counts], idea: str) -> float:
    found = counts.get(idea, NO_COUNTS)
    return found.share() - found.share(-1)


def _circles(members: Sequence[Floats]) -> list[tuple[float, float, float]]:
    """Return a circle (x, y, spread) for each group, all of them between -1 and 1: no map shows single people."""
    centres = [those.mean(axis=0) for those in members]
    spreads = [float(np.sqrt(((those - c) ** 2).sum(axis=1).mean())) for those, c in zip(members, centres, strict=True)]
    reach = max(float(np.abs(c).max()) + spread for c, spread in zip(centres, spreads, strict=True)) or 1.0
    return [
        (round(float(c[0]) / reach, 2), round(float(c[1]) / reach, 2), round(spread / reach, 2))
        for c, spread in zip(centres, spreads, strict=True)
    ]
