"""The next run: start from where ideas stand, move few, keep what people placed, split what is two subjects."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize

from feedback.clustering.clusters import Labels, best_clusters, kmeans, silhouette
from feedback.clustering.vectors import Rows

NOWHERE = -1
MARGIN = 0.05  # an idea moves only to a theme that is nearer by more than this (cosine)
JOIN = 0.15  # nearness from which a new idea joins a theme; a leftover needs the margin on top
PIN_WEIGHT = 3.0  # what a person placed says more about a theme than what a machine placed
SWEEPS = 100  # settling ends by itself, because each move raises the sum of nearness; this is the seat belt
SPLIT_FROM = 8  # a theme with fewer ideas is not split
CLEARER = 0.005  # by how much a split must raise the silhouette of the room


Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Given:
    """What settling goes by: `fixed` ideas stay where they are, `lonely` ones belong nowhere unless fixed.

    `barred` (n, k), if anything is: the themes, by index, that an idea does not go to; themes past k bar nobody.
    `names` (k, d), if there are any: unit rows of the names that people gave, zeros where there is none. Each counts
    as one idea of the theme, so it draws ideas to a theme that has none, too.
    """

    fixed: Mask
    lonely: Mask
    barred: Mask | None = None
    names: Rows | None = None

    def count_of(self, places: Labels) -> int:
        """Return how many themes there are, those without ideas among them."""
        return max(int(places.max(initial=NOWHERE)) + 1, 0 if self.names is None else len(self.names))

    def centres_of(self, rows: Rows, places: Labels, count: int) -> Rows:
        """Return the unit centre of each theme, what people put there counting three times.

        Zeros for a theme that has neither ideas nor a name.
        """
        weights = np.where(self.fixed, PIN_WEIGHT, 1.0)
        # A product with who belongs where: numpy's adding by index takes ten times as long.
        belongs = (places[:, None] == np.arange(count)) * weights[:, None]
        sums = belongs.T @ rows
        if self.names is not None:
            sums[: len(self.names)] += self.names
        centres: Rows = normalize(sums)
        return centres

    def shut_out(self, places: Labels) -> Mask:
        """Return which ideas stand in a theme that is barred to them."""
        if self.barred is None:
            return np.zeros(len(places), dtype=np.bool_)
        inside = (places >= 0) & (places < self.barred.shape[1])
        out: Mask = (
            inside
            & np.append(self.barred, np.zeros((len(places), 1), dtype=np.bool_), axis=1)[
                np.arange(len(places)), np.where(inside, places, -1)
            ]
        )
        return out

    def open_to(self, nearness: Rows) -> Rows:
        """Return the nearness (n, themes) with what is barred infinitely far."""
        if self.barred is None:
            return nearness
        out = nearness.copy()
        known = min(out.shape[1], self.barred.shape[1])
        out[:, :known][self.barred[:, :known]] = -np.inf
        return out


def settled(rows: Rows, places: Labels, given: Given) -> Labels:
    """Return the places after ideas have moved to clearly nearer themes, until none wants to move.

    Settling its own result changes nothing, so a run on an unchanged room moves no idea.

    Parameters
    ----------
    rows : array (n, d)
        Unit rows.
    places : array (n,)
        Theme index 0..k-1 of each idea, or `NOWHERE`.
    given : Given
        Of n ideas.
    """
    places = np.where((given.lonely | given.shut_out(places)) & ~given.fixed, NOWHERE, places)
    count = given.count_of(places)
    free = ~given.fixed & ~given.lonely
    if count == 0:
        return places
    for _ in range(SWEEPS):
        centres = given.centres_of(rows, places, count)
        nearness = given.open_to(rows @ centres.T)
        nearness[:, ~centres.any(axis=1)] = -np.inf
        best = nearness.argmax(axis=1)
        own = np.where(places >= 0, nearness[np.arange(len(rows)), places], JOIN)
        moves = free & (best != places) & (nearness.max(axis=1) > own + MARGIN)
        if not moves.any():
            break
        places = np.where(moves, best, places)
    return places


def arrived(rows: Rows, places: Labels, given: Given, seen: Mask) -> Labels:
    """Return the places after ideas that no run has seen yet went to the nearest theme."""
    nearness = given.open_to(rows @ given.centres_of(rows, places, given.count_of(places)).T)
    new = ~seen & ~given.lonely & (nearness.max(axis=1) > JOIN)
    return np.where(new, nearness.argmax(axis=1), places)


@dataclass(frozen=True, slots=True)
class Growth:
    """How far the number of themes may grow in one run: up to `usual`, by at most `times` splits, never of `closed`."""

    usual: float
    times: int
    closed: frozenset[int]


def grown(rows: Rows, places: Labels, given: Given, growth: Growth, *, seed: int) -> Labels:
    """Return the places after themes that are clearer as two were split, each split followed by settling.

    The larger part keeps the theme's index, the smaller gets the next free one; ideas that people placed stay.
    """
    for _ in range(growth.times):
        if growth.usual < len(np.unique(places[places >= 0])) + 1:
            break
        split = _clearest_split(rows, places, given, growth.closed, seed)
        if split is None:
            break
        places = split
    return places


def halves(rows: Rows, members: Labels, *, seed: int) -> tuple[Labels, Labels]:
    """Return two parts of these positions as their rows suggest, the larger first."""
    parts = kmeans(rows[members], 2, seed=seed)
    smaller = int(parts.sum() * 2 <= len(parts))
    return members[parts != smaller], members[parts == smaller]


def founded(rows: Rows, places: Labels, given: Given, *, seed: int) -> Labels:
    """Return the places after leftovers that have a subject of their own became new themes.

    A room that turns to something new would fill the leftovers otherwise: no theme is near, so none takes the ideas in.
    """
    pool = np.flatnonzero((places == NOWHERE) & ~given.fixed & ~given.lonely)
    if len(pool) < SPLIT_FROM:
        return places
    labels = best_clusters(rows[pool], seed=seed, report=_silent)
    out = places.copy()
    for label in np.unique(labels):
        members = pool[labels == label]
        centre = normalize(rows[members].mean(axis=0, keepdims=True))[0]
        near = members[rows[members] @ centre > JOIN + MARGIN]
        if len(near) >= _least(len(rows)):
            out[near] = given.count_of(out)
    return settled(rows, out, given)


def without_singles(rows: Rows, places: Labels, given: Given, closed: frozenset[int]) -> Labels:
    """Return the places after themes of one idea were dissolved, unless a person made them so."""
    while True:
        lone = [
            int(index)
            for index, size in zip(*np.unique(places[places >= 0], return_counts=True), strict=True)
            if size == 1 and index not in closed and not given.fixed[places == index].any()
        ]
        if not lone:
            return places
        places = settled(rows, np.where(np.isin(places, lone), NOWHERE, places), given)


def _least(size: int) -> float:
    """Return how many ideas a new theme must have: three, or 3 % of a large room."""
    return max(3.0, 0.03 * size)


def _silent(share: float) -> None:
    """Take a progress report and say nothing."""


def _clearest_split(rows: Rows, places: Labels, given: Given, closed: frozenset[int], seed: int) -> Labels | None:
    """Return the places after the split that makes the themes clearest, and settling; None if none does."""
    best, clearness = None, _clearness(rows, places)
    for index in range(int(places.max(initial=NOWHERE)) + 1):
        free = np.flatnonzero((places == index) & ~given.fixed)
        if index in closed or len(free) < SPLIT_FROM:
            continue
        staying, leaving = halves(rows, free, seed=seed)
        if min(len(leaving), len(staying)) < _least(len(rows)):
            continue
        split = places.copy()
        split[leaving] = given.count_of(places)
        split = settled(rows, split, given)
        if (after := _clearness(rows, split)) > clearness + CLEARER:
            best, clearness = split, after
    return best


def _clearness(rows: Rows, places: Labels) -> float:
    """Return the silhouette over the ideas that have a theme; 0 where there is one theme only."""
    placed = np.flatnonzero(places != NOWHERE)
    themes, labels = np.unique(places[placed], return_inverse=True)
    return round(silhouette(rows[placed], labels), 9) if len(themes) > 1 else 0.0
