"""Self-training: a Bayes classifier learns each cluster from its core and puts the rest where their words belong."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.naive_bayes import ComplementNB

from feedback.clustering.vectors import Rows

Labels = NDArray[np.int64]

ROUNDS = 4
ALPHA = 0.3
CORE = 0.7  # share of each cluster, nearest its centre, that the classifier learns from
ENOUGH = 0.01  # share of ideas that still change below which training stops


def self_trained(terms: csr_matrix, rows: Rows, labels: Labels, *, rounds: int = ROUNDS) -> Labels:
    """Return the labels after rounds of training on each cluster's core, until hardly an idea moves.

    Parameters
    ----------
    terms : sparse matrix (n, t)
        Non-negative term weights.
    rows : array (n, d)
        Unit rows, to tell core from rim.
    labels : array (n,)
        The clusters to start from; one alone is left as it is.
    rounds : int
        How many there are at most.
    """
    for _ in range(rounds):
        if len(np.unique(labels)) < 2:
            break
        core = _core(rows, labels)
        model = ComplementNB(alpha=ALPHA).fit(terms[core], labels[core])
        after = np.asarray(model.predict(terms), dtype=np.int64)
        changed = float((after != labels).mean())
        labels = after
        if changed < ENOUGH:
            break
    return labels


def _core(rows: Rows, labels: Labels) -> Labels:
    chosen = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        closeness = rows[members] @ rows[members].mean(axis=0)
        order = np.argsort(-closeness, kind="stable")
        chosen.append(members[order[: max(1, int(np.ceil(CORE * len(members))))]])
    return np.sort(np.concatenate(chosen)).astype(np.int64)
