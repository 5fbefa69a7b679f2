"""Near-duplicates: ideas that say nearly the same in nearly the same words."""

from collections.abc import Iterator, Sequence
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
    marks = _marks(words)
    twins = np.array([(one, at) for one, at in copies if one != at], dtype=np.int64).reshape(-1, 2)
    tree = _surest((twins[:, 0], twins[:, 1], np.ones(len(twins))), marks)
    # Hundreds of copies with a word changed make a pair of any two: no more are held than join what came so far.
    for first, second, closeness in _near([folded[at] for at in kept], [words[at] for at in kept]):
        ends = np.append(tree[0], kept[first]), np.append(tree[1], kept[second])
        tree = _surest((*ends, np.append(tree[2], closeness)), marks)
    return [
        Duplicate(one, other, closeness, same)
        for one, other, closeness, same in zip(
            tree[0].tolist(), tree[1].tolist(), tree[2].tolist(), _same(tree, marks).tolist(), strict=True
        )
    ]


def _surest(pairs: Pairs, marks: Places) -> Pairs:
    """Return, the surest first, the pairs that join what no pair surer than they are has joined."""
    size = len(marks)
    keys, once = np.unique(pairs[0] * size + pairs[1], return_index=True)
    if not len(keys):
        return pairs
    first, second, closeness = keys // size, keys % size, np.round(pairs[2][once], 6)
    order = np.lexsort((keys, -closeness, ~_same((first, second, closeness), marks)))
    first, second, closeness = first[order], second[order], closeness[order]
    # Ranks are weights that never tie, so there is one tree only.
    graph = coo_matrix((np.arange(1.0, len(keys) + 1), (first, second)), shape=(size, size))
    ranks = np.sort(minimum_spanning_tree(graph.tocsr()).data).astype(np.int64) - 1
    return first[ranks], second[ranks], closeness[ranks]


def _near(folded: Sequence[str], words: Sequence[Sequence[Word]]) -> Iterator[Pairs]:
    """Yield the pairs that look alike, some at a time and in no order; one may come twice."""
    if len(folded) < 2:
        return
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    try:
        rows = csr_matrix(vectorizer.fit_transform(folded))
    except ValueError:  # nothing but white space
        return
    lengths = np.array([len(idea) for idea in words])
    for first, second, closeness in _alike(rows):
        needed = np.where(np.minimum(lengths[first], lengths[second]) < SHORT, SUGGEST_SHORT, SUGGEST)
        near = closeness >= needed
        yield first[near], second[near], closeness[near]


def _alike(rows: csr_matrix) -> Iterator[Pairs]:
    """Yield the pairs of rows with a cosine from 0.75 on, all of them.

    In a large room most of the work is comparing by runs of letters that everybody uses. Two rows are alike by no more
    than by their rare runs, and by the lengths of their common parts; whatever stays below 0.75 by that is passed over.
    """
    held = np.asarray((rows > 0).sum(axis=0)).ravel()
    common = held > (COMMON * rows.shape[0] if rows.shape[0] > LARGE else rows.shape[0])
    rare = rows[:, ~common]
    rest = np.sqrt(np.asarray(rows[:, common].power(2).sum(axis=1)).ravel())
    # Only with one of these can a row be alike without sharing a rare run.
    plain = np.square(rest) >= SUGGEST - 1e-6
    for first, second, bound in _above(rare, rare, np.arange(rows.shape[0]), rest):
        new = ~plain[first] & ~plain[second]
        yield _measured(rows, first[new], second[new], bound[new], rest)
    yield from _above(rows[plain], rows, np.flatnonzero(plain), np.zeros_like(rest))


def _above(some: csr_matrix, rows: csr_matrix, numbers: Places, rest: NDArray[np.float64]) -> Iterator[Pairs]:
    """Yield the pairs, smaller first, of `some` rows, with these numbers, that may reach 0.75, with that bound."""
    for start in range(0, some.shape[0], CHUNK):
        block = (some[start : start + CHUNK] @ rows.T).tocoo()
        one, other = numbers[block.row + start], block.col.astype(np.int64)
        bound = block.data + rest[one] * rest[other]
        near = (one != other) & (bound >= SUGGEST - 1e-6)
        yield np.minimum(one[near], other[near]), np.maximum(one[near], other[near]), bound[near]


def _measured(
    rows: csr_matrix, first: Places, second: Places, bound: NDArray[np.float64], rest: NDArray[np.float64]
) -> Pairs:
    """Return the pairs with their cosine, which is the bound itself where they have no common part."""
    closeness = bound.copy()
    unclear = np.flatnonzero(rest[first] * rest[second] > 0)
    for start in range(0, len(unclear), CHUNK):
        at = unclear[start : start + CHUNK]
        closeness[at] = np.asarray(rows[first[at]].multiply(rows[second[at]]).sum(axis=1)).ravel()
    return first, second, closeness


def _same(pairs: Pairs, marks: Places) -> NDArray[np.bool_]:
    same: NDArray[np.bool_] = (pairs[2] >= SAME) & (marks[pairs[0]] == marks[pairs[1]])
    return same


def _marks(words: Sequence[Sequence[Word]]) -> Places:
    """Return a number per idea: the same for those in which no word that must agree differs."""
    numbers: dict[frozenset[str], int] = {}
    return np.array([numbers.setdefault(_substance(idea), len(numbers)) for idea in words], dtype=np.int64)


def _substance(words: Sequence[Word]) -> frozenset[str]:
    """Return what must agree: content words, numbers, and the small words that turn a sentence round."""
    return frozenset(
        word.stem for word in words if not word.is_stop or word.surface.isdecimal() or word.stem in NEGATIONS
    )
