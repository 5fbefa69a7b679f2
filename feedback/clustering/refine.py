"""The next run: start from where ideas stand, move few, keep what people placed, split what has grown too wide."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize

from feedback.clustering.clusters import Labels, best_clusters, kmeans
from feedback.clustering.vectors import Rows

NOWHERE = -1
MARGIN = 0.05  # an idea moves only to a theme that is nearer by more than this (cosine)
JOIN = 0.15  # nearness from which a new idea joins a theme; a leftover needs the margin on top
PIN_WEIGHT = 3.0  # what a person placed says more about a theme than what a machine placed
SWEEPS = 100  # settling ends by itself, because each move raises the sum of nearness; this is the seat belt
SPLIT_FROM = 8  # a theme with fewer ideas is not split


Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Limits:
    """What settling may not touch: `fixed` ideas stay where they are, `lonely` ones belong nowhere unless fixed.

    `barred` (n, k), if anything is: the themes, by index, that an idea does not go to; themes past k bar nobody.
    """

    fixed: Mask
    lonely: Mask
    barred: Mask | None = None

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


def settled(rows: Rows, places: Labels, limits: Limits) -> Labels:
    """Return the places after ideas have moved to clearly nearer themes, until none wants to move.

    Settling its own result changes nothing, so a run on an unchanged room moves no idea.

    Parameters
    ----------
    rows : array (n, d)
        Unit rows.
    places : array (n,)
        Theme index 0..k-1 of each idea, or `NOWHERE`.
    limits : Limits
        Masks of n ideas.
    """
    places = np.where((limits.lonely | limits.shut_out(places)) & ~limits.fixed, NOWHERE, places)
    count = int(places.max(initial=NOWHERE)) + 1
    free = ~limits.fixed & ~limits.lonely
    if count == 0:
        return places
    for _ in range(SWEEPS):
        nearness = limits.open_to(rows @ centres_of(rows, places, limits.fixed, count).T)
        sizes = np.bincount(places[places >= 0], minlength=count)
        nearness[:, sizes == 0] = -np.inf
        best = nearness.argmax(axis=1)
        own = np.where(places >= 0, nearness[np.arange(len(rows)), places], JOIN)
        moves = free & (best != places) & (nearness.max(axis=1) > own + MARGIN)
        if not moves.any():
            break
        places = np.where(moves, best, places)
    return places


def arrived(rows: Rows, places: Labels, limits: Limits, seen: Mask) -> Labels:
    """Return the places after ideas that no run has seen yet went to the nearest theme."""
    count = int(places.max(initial=NOWHERE)) + 1
    nearness = limits.open_to(rows @ centres_of(rows, places, limits.fixed, count).T)
    new = ~seen & ~limits.lonely & (nearness.max(axis=1) > JOIN)
    return np.where(new, nearness.argmax(axis=1), places)


def centres_of(rows: Rows, places: Labels, fixed: Mask, count: int) -> Rows:
    """Return the unit centre of each theme, fixed ideas counting three times; zeros for a theme without ideas."""
    weights = np.where(fixed, PIN_WEIGHT, 1.0)
    placed = places >= 0
    sums = np.zeros((count, rows.shape[1]))
    np.add.at(sums, places[placed], rows[placed] * weights[placed, None])
    centres: Rows = normalize(sums)
    return centres


@dataclass(frozen=True, slots=True)
class Growth:
    """How far the number of themes may grow in one run: up to `usual`, by at most `times` splits, never of `closed`."""

    usual: float
    times: int
    closed: frozenset[int]


def grown(rows: Rows, places: Labels, limits: Limits, growth: Growth, *, seed: int) -> Labels:
    """Return the places after wide themes were split in two, each split followed by settling.

    The larger part keeps the theme's index, the smaller gets the next free one; ideas that people placed stay.
    """
    for _ in range(growth.times):
        if growth.usual < len(np.unique(places[places >= 0])) + 1:
            break
        split = _split_widest(rows, places, limits, growth.closed, seed)
        if split is None:
            break
        places = settled(rows, split, limits)
    return places


def founded(rows: Rows, places: Labels, limits: Limits, *, seed: int) -> Labels:
    """Return the places after leftovers that have a subject of their own became new themes.

    A room that turns to something new would fill the leftovers otherwise: no theme is near, so none takes the ideas in.
    """
    pool = np.flatnonzero((places == NOWHERE) & ~limits.fixed & ~limits.lonely)
    if len(pool) < SPLIT_FROM:
        return places
    labels = best_clusters(rows[pool], seed=seed, report=_silent)
    out = places.copy()
    for label in np.unique(labels):
        members = pool[labels == label]
        centre = normalize(rows[members].mean(axis=0, keepdims=True))[0]
        near = members[rows[members] @ centre > JOIN + MARGIN]
        if len(near) >= _least(len(rows)):
            out[near] = out.max() + 1
    return settled(rows, out, limits)


def without_singles(rows: Rows, places: Labels, limits: Limits, closed: frozenset[int]) -> Labels:
    """Return the places after themes of one idea were dissolved, unless a person made them so."""
    while True:
        lone = [
            int(index)
            for index, size in zip(*np.unique(places[places >= 0], return_counts=True), strict=True)
            if size == 1 and index not in closed and not limits.fixed[places == index].any()
        ]
        if not lone:
            return places
        places = settled(rows, np.where(np.isin(places, lone), NOWHERE, places), limits)


def _least(size: int) -> float:
    """Return how many ideas a new theme must have: three, or 3 % of a large room."""
    return max(3.0, 0.03 * size)


def _silent(share: float) -> None:
    """Take a progress report and say nothing."""


def _split_widest(rows: Rows, places: Labels, limits: Limits, closed: frozenset[int], seed: int) -> Labels | None:
    count = int(places.max(initial=NOWHERE)) + 1
    centres = centres_of(rows, places, limits.fixed, count)
    widths = {
        index: float((1 - rows[members] @ centres[index]).sum())
        for index in range(count)
        if index not in closed and len(members := np.flatnonzero(places == index)) >= SPLIT_FROM
    }
    for index in sorted(widths, key=lambda one: (-widths[one], one)):
        free = np.flatnonzero((places == index) & ~limits.fixed)
        if len(free) < SPLIT_FROM:
            continue
        parts = kmeans(rows[free], 2, seed=seed)
        smaller = int(parts.sum() * 2 <= len(parts))
        leaving = free[parts == smaller]
        if min(len(leaving), len(free) - len(leaving)) >= _least(len(rows)):
            out = places.copy()
            out[leaving] = count
            return out
    return None
