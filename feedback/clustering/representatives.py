"""The ideas that stand for a theme: near its centre, unlike each other, of readable length."""

from collections.abc import Sequence

import numpy as np

from feedback.clustering.text import Word
from feedback.clustering.vectors import Rows

REPRESENTATIVES = 3
CLOSENESS, NOVELTY = 0.7, 0.3
SHORTEST, LONGEST = 4, 45  # words of an idea that reads well alone
AWKWARD = 0.3  # taken off the closeness of an idea outside these lengths
LOOKED_AT = 40  # ideas nearest the centre among which representatives are chosen


def representatives_of(
    members: Sequence[int], rows: Rows, words: Sequence[Sequence[Word]], twins: Sequence[int]
) -> list[int]:
    """Return up to three of the members, the most typical first, no two of them near-duplicates.

    Parameters
    ----------
    members : sequence of int
        Positions of the theme's ideas.
    rows : array (n, d)
        Unit rows of the whole room.
    words : sequence of sequences of Word
        All ideas of the room, split.
    twins : sequence of int
        A number for each of them, the same for ideas that say nearly the same.
    """
    if not members:
        return []
    at = np.asarray(members, dtype=np.int64)
    closeness = rows[at] @ rows[at].mean(axis=0)
    closeness = closeness - AWKWARD * np.array([not SHORTEST <= len(words[one]) <= LONGEST for one in members])
    near = np.argsort(-np.round(closeness, 9), kind="stable")[:LOOKED_AT]
    at, closeness = at[near], closeness[near]
    chosen: list[int] = []
    left = list(range(len(at)))
    while left and len(chosen) < REPRESENTATIVES:
        best = max(left, key=lambda one: (_worth(one, chosen, closeness, rows[at]), -one))
        chosen.append(best)
        left = [one for one in left if one != best and twins[at[one]] != twins[at[best]]]
    return [int(at[one]) for one in chosen]


def _worth(one: int, chosen: Sequence[int], closeness: Rows, rows: Rows) -> float:
    if not chosen:
        return float(np.round(closeness[one], 9))
    likeness = float((rows[chosen] @ rows[one]).max())
    return float(np.round(CLOSENESS * closeness[one] - NOVELTY * likeness, 9))
