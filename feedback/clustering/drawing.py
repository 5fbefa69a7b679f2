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
#: Sorted ideas that each theme is thought to have had before anybody says how often it is meant.
USUAL = 2.0
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
        prior = _as_often(_best_reading(near, by_names, people[known], known), shares[_sorted_only(said, placed)])
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
    best, found = -np.inf, _with_none(by_names)
    names = by_names[known]
    for sharp in SHARPS:
        by_ideas = _softly(near, sharp)
        for trust, part in product(TRUSTS, NAME_PARTS):
            fit = float(np.log((people * _read(by_ideas[known], names, trust, part)).sum(axis=1)).sum())
            if fit > best:
                best, found = fit, _read(by_ideas, by_names, trust, part)
    return found


def _read(by_ideas: NDArray[np.float64], by_names: NDArray[np.float64], trust: float, part: float) -> Shares:
    """Return how probable each theme is when likeness has this trust, and names this part of it."""
    themes = trust * ((1 - part) * by_ideas + part * by_names) + (1 - trust) / by_ideas.shape[1]
    return _with_none(themes)


def _sorted_only(said: Said, placed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the ideas that participants alone have judged: what the crew placed says nothing of how many more fit."""
    ideas = np.unique(said.ideas)
    return ideas[placed[ideas] < 0]


def _as_often(prior: Shares, sorted_ones: Shares) -> Shares:
    """Return the prior with each theme as probable as people say that it is meant, the last column as it was.

    A theme that the machine found and nobody ever names gives way to those that people do name.
    """
    often = sorted_ones[:, :-1].sum(axis=0) + USUAL
    out = prior * np.append(often / often.mean(), 1.0)
    shares: Shares = out / out.sum(axis=1, keepdims=True)
    return shares


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
