"""Ideas drawn to themes that people have named: by the name's words, and by the ideas that people put there.

How far likeness is to be trusted is learned from the sorts: of several ways to read it, the one is taken under which
what people said is most probable. In a room whose words tell nothing, people alone decide.
"""

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from feedback.clustering.sorting import Said, Shares, posterior, weighed
from feedback.clustering.vectors import Rows

#: An idea belongs to none of the themes with this probability, before anybody has said anything.
NONE = 0.06
#: How sharply likeness to a name decides, and which part of the word likeness has, before anything is learned.
SHARP, TRUST = 0.05, 0.7
#: What is tried for both once people have sorted, and how much the names still count beside the themes' ideas.
SHARPS = (0.03, 0.06, 0.12, 0.25, 0.5, 1.0)
TRUSTS = (0.3, 0.5, 0.7, 0.85, 0.95)
NAME_PARTS = (0.0, 0.3, 0.6)
#: The power of its share with which a sorted idea speaks for its theme: what is unsure hardly speaks.
SURENESS = 3
LEARNINGS = 2
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Likeness:
    """How ideas and names are measured.

    `rows` (n, d) are the ideas' unit rows and `names` (k, d) the themes'; `to_names` (n, k) is the likeness of each
    idea to each name by their own words, which are few and must not be squeezed.
    """

    rows: Rows
    names: Rows
    to_names: NDArray[np.float64]


class Drawn(NamedTuple):
    """What is thought of n ideas and k themes.

    `prior` (n, k + 1) is how probable each theme is without the sorts, `shares` after them; the last column is none of
    them. `right` is how often each participant is right, 0 to 1.
    """

    prior: Shares
    shares: Shares
    right: NDArray[np.float64]


def drawn(likeness: Likeness, said: Said, placed: NDArray[np.int64], barred: NDArray[np.bool_]) -> Drawn:
    """Return how probable each theme is for each idea, and how often each participant is right.

    Parameters
    ----------
    likeness : Likeness
        Of n ideas and k themes.
    said : Said
        The sorts.
    placed : array (n,)
        The theme where somebody of the crew put the idea, k for none of them, -1 for ideas that nobody placed. Their
        word is final.
    barred : array (n, k)
        True where an idea does not go to a theme, whatever it is like.
    """
    count = likeness.names.shape[0]
    first = by_names = _softly(likeness.to_names, SHARP)
    prior = _with_none(TRUST * first + (1 - TRUST) / count)
    shares, right = weighed(_kept(prior, placed, barred), said)
    known = placed >= 0
    known[said.ideas] = True
    for _ in range(LEARNINGS if known.any() else 0):
        near = _nearness(likeness, shares * known[:, None])
        people = posterior(_kept(np.full_like(prior, 1 / (count + 1)), placed, barred), said, right)
        prior = _best_reading(near, by_names, people[known], known)
        shares, right = weighed(_kept(prior, placed, barred), said)
    return Drawn(_kept(prior, placed, barred), shares, right)


def _nearness(likeness: Likeness, shares: Shares) -> NDArray[np.float64]:
    """Return the cosine of each idea to each theme's name and ideas together, itself left out of the theme."""
    count = likeness.names.shape[0]
    weights = shares[:, :count] * shares.max(axis=1, keepdims=True) ** SURENESS
    centres = likeness.names + weights.T @ likeness.rows
    raw = likeness.rows @ centres.T
    own = np.square(likeness.rows).sum(axis=1)[:, None] * weights
    lengths = np.square(centres).sum(axis=1) - 2 * weights * raw + weights * own
    near: NDArray[np.float64] = (raw - own) / np.sqrt(np.maximum(lengths, TINY))
    return near


def _best_reading(
    near: NDArray[np.float64], by_names: NDArray[np.float64], people: Shares, known: NDArray[np.bool_]
) -> Shares:
    """Return the prior that makes what people said of the `known` ideas most probable; `people` is that alone."""
    count = near.shape[1]
    best, found = -np.inf, _with_none(by_names)
    for sharp, trust, part in product(SHARPS, TRUSTS, NAME_PARTS):
        themes = trust * ((1 - part) * _softly(near, sharp) + part * by_names) + (1 - trust) / count
        reading = _with_none(themes)
        fit = float(np.log((people * reading[known]).sum(axis=1)).sum())
        if fit > best:
            best, found = fit, reading
    return found


def _softly(likeness: NDArray[np.float64], sharp: float) -> NDArray[np.float64]:
    weights = np.exp((likeness - likeness.max(axis=1, keepdims=True)) / sharp)
    shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return shares


def _with_none(themes: NDArray[np.float64]) -> Shares:
    return np.hstack([(1 - NONE) * themes, np.full((len(themes), 1), NONE)])


def _kept(prior: Shares, placed: NDArray[np.int64], barred: NDArray[np.bool_]) -> Shares:
    """Return the prior with certainty where somebody of the crew has decided."""
    out = prior.copy()
    out[:, :-1][barred] = TINY
    out /= out.sum(axis=1, keepdims=True)
    decided = np.flatnonzero(placed >= 0)
    out[decided] = TINY
    out[decided, placed[decided]] = 1.0
    return out
