"""Near-duplicates: ideas that say nearly the same in nearly the same words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import minimum_spanning_tree
from sklearn.feature_extraction.text import TfidfVectorizer

from feedback.clustering.text import Word, fold

SUGGEST = 0.75  # closeness from which two ideas are suggested as one
SUGGEST_SHORT = 0.85  # the same for a text under eight words, where one word makes a difference
SAME = 0.90  # closeness from which two ideas count as the same, if no content word differs
SHORT = 8
CHUNK = 500  # rows compared at once, so that 5 000 ideas need no square matrix
COMMON = 0.04  # share of the texts from which a run of letters is too common to be compared by
LARGE = 500  # texts above which common runs are left for later

Places = NDArray[np.int64]
Pairs = tuple[Places, Places, NDArray[np.float64]]  # first, second (first < second), closeness

# Folded small words that turn a sentence round.
NEGATIONS = frozenset(
    {
        *("against", "cannot", "doesn", "don", "mustn", "never", "no", "none", "nor", "not", "shouldn", "without"),
        *("aucun", "contre", "jamais", "ne", "non", "pas", "sans"),
        *("gegen", "kein", "keine", "nicht", "nie", "ohne"),
        *("contra", "mai", "ni", "nunca", "senza", "sin"),
        *("geen", "niet", "nooit", "zonder", "bez", "nao", "sem", "aldrig", "ei", "ikke", "inte"),
    }
)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two ideas, by position, first < second; their closeness 0..1; whether they count as the same idea."""

    first: int
    second: int
    closeness: float
    same: bool


def surest_pairs(texts: Sequence[str], words: Sequence[Sequence[Word]]) -> list[Duplicate]:
    """Return as few pairs as join all ideas that say nearly the same, the surest first; at most n - 1.

    Of three ideas that say the same two pairs come, not three, so a flood of copies makes no flood of pairs. Nothing is
    merged here: "medical" and "recreational" differ in one word and in everything.

    Parameters
    ----------
    texts : sequence of str
        Normalised.
    words : sequence of sequences of Word
        The same ideas, split.
    """
    folded = [fold(text) for text in texts]
    first_with: dict[str, int] = {}
    copies = [(first_with.setdefault(text, at), at) for at, text in enumerate(folded) if text.strip()]
    kept = np.array(sorted(first_with.values()), dtype=np.int64)
    first, second, closeness = _near([folded[at] for at in kept], [words[at] for at in kept])
    twins = np.array([(one, at) for one, at in copies if one != at], dtype=np.int64).reshape(-1, 2)
    found = _told(
        (
            np.concatenate([kept[first], twins[:, 0]]),
            np.concatenate([kept[second], twins[:, 1]]),
            np.concatenate([closeness, np.ones(len(twins))]),
        ),
        words,
    )
    return _joining(sorted(found, key=lambda one: (not one.same, -one.closeness, one.first, one.second)), len(texts))


def _joining(pairs: Sequence[Duplicate], size: int) -> list[Duplicate]:
    """Return, in their order, the pairs that join what no pair before them has joined."""
    if not pairs:
        return []
    # Ranks are weights that never tie, so there is one tree only.
    graph = coo_matrix(
        (np.arange(1.0, len(pairs) + 1), ([one.first for one in pairs], [one.second for one in pairs])),
        shape=(size, size),
    )
    ranks = np.sort(minimum_spanning_tree(graph.tocsr()).data).astype(np.int64)
    return [pairs[rank - 1] for rank in ranks]


def _near(folded: Sequence[str], words: Sequence[Sequence[Word]]) -> Pairs:
    """Return the pairs that look alike, in no order."""
    nothing = np.empty(0, dtype=np.int64)
    if len(folded) < 2:
        return nothing, nothing, np.empty(0)
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    try:
        rows = csr_matrix(vectorizer.fit_transform(folded))
    except ValueError:  # nothing but white space
        return nothing, nothing, np.empty(0)
    first, second, closeness = _alike(rows)
    lengths = np.array([len(idea) for idea in words])
    needed = np.where(np.minimum(lengths[first], lengths[second]) < SHORT, SUGGEST_SHORT, SUGGEST)
    near = closeness >= needed
    return first[near], second[near], closeness[near]


def _alike(rows: csr_matrix) -> Pairs:
    """Return the pairs of rows with a cosine from 0.75 on, all of them.

    In a large room most of the work is comparing by runs of letters that everybody uses. Two rows are alike by no more
    than by their rare runs, and by the lengths of their common parts; whatever stays below 0.75 by that is passed over.
    """
    held = np.asarray((rows > 0).sum(axis=0)).ravel()
    common = held > (COMMON * rows.shape[0] if rows.shape[0] > LARGE else rows.shape[0])
    rare = rows[:, ~common]
    rest = np.sqrt(np.asarray(rows[:, common].power(2).sum(axis=1)).ravel())
    # Only with one of these can a row be alike without sharing a rare run.
    plain = np.flatnonzero(np.square(rest) >= SUGGEST - 1e-6)
    found = [
        _above(rare, rare, np.arange(rows.shape[0]), rest),
        _above(rows[plain], rows, plain, np.zeros_like(rest)),
    ]
    pairs = np.unique(np.concatenate(found), axis=0)
    first, second = pairs[:, 0], pairs[:, 1]
    closeness = np.concatenate(
        [np.empty(0)]
        + [
            np.asarray(rows[first[at : at + CHUNK]].multiply(rows[second[at : at + CHUNK]]).sum(axis=1)).ravel()
            for at in range(0, len(pairs), CHUNK)
        ]
    )
    near = closeness >= SUGGEST
    return first[near], second[near], closeness[near]


def _above(some: csr_matrix, rows: csr_matrix, numbers: Places, rest: NDArray[np.float64]) -> Places:
    """Return the pairs (m, 2), smaller first, of `some` rows, which have these numbers, that may reach 0.75."""
    found = [np.empty((0, 2), dtype=np.int64)]
    for start in range(0, some.shape[0], CHUNK):
        block = (some[start : start + CHUNK] @ rows.T).tocoo()
        one, other = numbers[block.row + start], block.col.astype(np.int64)
        near = (one != other) & (block.data + rest[one] * rest[other] >= SUGGEST - 1e-6)
        found.append(np.sort(np.stack([one[near], other[near]], axis=1), axis=1))
    return np.unique(np.concatenate(found), axis=0)


def _told(pairs: Pairs, words: Sequence[Sequence[Word]]) -> list[Duplicate]:
    substance = [_substance(idea) for idea in words]
    return [
        Duplicate(one, other, closeness, closeness >= SAME and substance[one] == substance[other])
        for one, other, closeness in zip(
            pairs[0].tolist(), pairs[1].tolist(), np.round(pairs[2], 6).tolist(), strict=True
        )
    ]


def _substance(words: Sequence[Word]) -> frozenset[str]:
    """Return what must agree: content words, numbers, and the small words that turn a sentence round."""
    return frozenset(
        word.stem for word in words if not word.is_stop or word.surface.isdecimal() or word.stem in NEGATIONS
    )
