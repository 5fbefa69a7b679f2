"""Near-duplicates: ideas that say nearly the same in nearly the same words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from feedback.clustering.text import Word, fold

SUGGEST = 0.75  # closeness from which two ideas are suggested as one
SUGGEST_SHORT = 0.85  # the same for a text under eight words, where one word makes a difference
SAME = 0.90  # closeness from which two ideas count as the same, if no content word differs
SHORT = 8
CHUNK = 500  # rows compared at once, so that 5 000 ideas need no square matrix

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


def near_duplicates(texts: Sequence[str], words: Sequence[Sequence[Word]]) -> list[Duplicate]:
    """Return the pairs worth suggesting, in order of position.

    Nothing is merged here: "medical" and "recreational" differ in one word and in everything.

    Parameters
    ----------
    texts : sequence of str
        Normalised.
    words : sequence of sequences of Word
        The same ideas, split.
    """
    if len(texts) < 2:
        return []
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    try:
        rows = vectorizer.fit_transform([fold(text) for text in texts])
    except ValueError:  # nothing but white space
        return []
    found = []
    for start in range(0, len(texts), CHUNK):
        block = (rows[start : start + CHUNK] @ rows.T).tocoo()
        near = block.data >= SUGGEST
        for at, second, closeness in zip(block.row[near] + start, block.col[near], block.data[near], strict=True):
            if at < second and closeness >= _needed(words[at], words[second]):
                found.append(_pair(int(at), int(second), float(closeness), words))
    return sorted(found, key=lambda pair: (pair.first, pair.second))


def _needed(one: Sequence[Word], other: Sequence[Word]) -> float:
    return SUGGEST_SHORT if min(len(one), len(other)) < SHORT else SUGGEST


def _pair(first: int, second: int, closeness: float, words: Sequence[Sequence[Word]]) -> Duplicate:
    same = closeness >= SAME and _substance(words[first]) == _substance(words[second])
    return Duplicate(first, second, float(np.round(closeness, 6)), same)


def _substance(words: Sequence[Word]) -> frozenset[str]:
    """Return what must agree: content words, numbers, and the small words that turn a sentence round."""
    return frozenset(
        word.stem for word in words if not word.is_stop or word.surface.isdecimal() or word.stem in NEGATIONS
    )
