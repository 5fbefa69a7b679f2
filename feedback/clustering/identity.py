"""Which theme is which: the themes of this run matched to those of the last, so that ids, names and colours stay."""

from collections.abc import Mapping, Sequence, Set

import numpy as np
from scipy.optimize import linear_sum_assignment

ENOUGH = 0.1  # overlap from which a theme counts as the same one


def matched(
    groups: Sequence[Set[str]], known: Mapping[int, Set[str]], forced: Mapping[int, int], next_id: int
) -> tuple[list[int], int]:
    """Return the theme id of each group, and the next free id.

    Overlap is Jaccard over ideas that both runs know, so that a theme does not lose its id by growing.

    Parameters
    ----------
    groups : sequence of sets of idea ids
        The themes of this run.
    known : mapping of theme id to idea ids
        The themes of the last run.
    forced : mapping of position in `groups` to theme id
        Groups that people pinned to an id.
    next_id : int
        First id never given.
    """
    ids = dict(forced)
    open_groups = [at for at in range(len(groups)) if at not in ids]
    open_ids = sorted(set(known) - set(ids.values()))
    ids.update(_best_pairs(groups, known, open_groups, open_ids))
    for at in open_groups:
        if at not in ids:
            ids[at] = next_id
            next_id += 1
    return [ids[at] for at in range(len(groups))], next_id


def _best_pairs(
    groups: Sequence[Set[str]], known: Mapping[int, Set[str]], open_groups: Sequence[int], open_ids: Sequence[int]
) -> list[tuple[int, int]]:
    if not open_groups or not open_ids:
        return []
    now = set().union(*groups)
    before = set().union(*known.values())
    overlap = np.array([[_jaccard(groups[at] & before, known[one] & now) for one in open_ids] for at in open_groups])
    pairs = zip(*linear_sum_assignment(overlap, maximize=True), strict=True)
    return [(open_groups[row], open_ids[column]) for row, column in pairs if overlap[row, column] > ENOUGH]


def _jaccard(one: Set[str], other: Set[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0
