"""Whether a very different grouping would fit the ideas better: looked for, proposed, never done."""

import numpy as np

from feedback.clustering.clusters import Labels, best_clusters, modularity, neighbour_graph
from feedback.clustering.measuring import Measured
from feedback.clustering.refine import NOWHERE, Mask
from feedback.clustering.training import self_trained
from feedback.domain.themes import ENOUGH_FOR_THEMES, RegroupProposal

#: By how much another grouping's modularity must be higher to be worth the trouble of getting used to it.
WORTH = 0.05
SAMPLE = 1500  # ideas above which nobody is bothered: so large a room is not thrown about late


def regrouped(seen: Measured, places: Labels, fixed: Mask, *, seed: int) -> RegroupProposal | None:
    """Return a grouping of the ideas that nobody placed, if it is better than the present one by more than 0.05.

    Parameters
    ----------
    seen : Measured
        The room of n ideas.
    places : array (n,)
        The present theme index of each idea, `NOWHERE` for leftovers.
    fixed : array (n,)
        Ideas that people placed; they are left out on both sides.
    seed : int
        Of the search.
    """
    free = np.flatnonzero(~fixed & (np.square(seen.vectors.rows).sum(axis=1) > 0))
    if not ENOUGH_FOR_THEMES <= len(free) <= SAMPLE:
        return None
    rows, terms = seen.vectors.rows[free], None if seen.vectors.dense else seen.vectors.terms[free]
    other = best_clusters(rows, terms, seed=seed, report=_silent)
    if terms is not None:
        other = self_trained(terms, rows, other)
    graph = neighbour_graph(rows)
    gain = modularity(graph, other) - modularity(graph, _each_its_own(places[free]))
    if gain <= WORTH:
        return None
    groups = [tuple(seen.room.ids[at] for at in free[other == label]) for label in np.unique(other)]
    return RegroupProposal(tuple(sorted(groups, key=lambda group: (-len(group), group))), round(gain, 4))


def _each_its_own(places: Labels) -> Labels:
    """Return the labels with every leftover a group of its own: they are not alike."""
    out = places.copy()
    alone = np.flatnonzero(out == NOWHERE)
    out[alone] = out.max(initial=NOWHERE) + 1 + np.arange(len(alone))
    return out


def _silent(share: float) -> None:
    """Take a progress report and say nothing."""
