"""Ideas as vectors: weighted words and character runs, squeezed to fifty dimensions, with each language centred."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from feedback.clustering.text import Word, fold

Rows = NDArray[np.float64]

DIMENSIONS = 50
CHAR_WEIGHT = 0.5  # character runs catch compounds and typing errors, words carry the subject
COMMON = 0.5  # share of ideas above which a term says nothing
FEW = 20  # below this many ideas every term counts
RARE_FROM = 100  # from this many ideas on, a word that a single idea uses is left out
CENTRE_FROM = 5  # a language with fewer ideas is centred only in part
CHUNK = 500  # ideas compared with all others at once


@dataclass(frozen=True, slots=True)
class Vectors:
    """Each idea twice: `terms`, sparse and readable by Bayes, and `rows`, dense unit vectors to measure distance in.

    Both have one row per idea; an idea without any known word is a row of zeros.
    """

    terms: csr_matrix
    rows: Rows


def lexical_vectors(words: Sequence[Sequence[Word]], languages: Sequence[str | None], *, seed: int) -> Vectors:
    """Return the vectors of ideas that were split into words.

    Parameters
    ----------
    words : sequence of sequences of Word
        One per idea.
    languages : sequence of str or None
        One per idea.
    seed : int
        Of the random start of the decomposition.
    """
    terms = _terms_of(words)
    return Vectors(terms, centred(_squeezed(terms, seed), languages))


def centred(rows: Rows, languages: Sequence[str | None]) -> Rows:
    """Return unit rows from which each language's mean is taken, so that nearness means subject and not language.

    A language with few ideas has no mean of its own worth the name: its mean is drawn towards the room's, and the
    room's mean is all there is where the language is not known. One language alone is left as it is.
    """
    known = sorted({language for language in languages if language})
    if len(known) < 2:
        return rows
    out = rows.copy()
    room = rows.mean(axis=0)
    tags = np.array([language or "" for language in languages])
    for language in sorted(set(tags.tolist())):
        members = tags == language
        share = min(1.0, float(members.sum()) / CENTRE_FROM) if language else 0.0
        out[members] -= share * rows[members].mean(axis=0) + (1 - share) * room
    unit: Rows = normalize(out)
    return unit


def _terms_of(words: Sequence[Sequence[Word]]) -> csr_matrix:
    """Return the weighted terms; where every idea says the same, what all of them say is all there is."""
    for common in (COMMON, 1.0):
        found = [weight * part for weight, part in _parts(words, common)]
        if found:
            return csr_matrix(normalize(hstack(found, format="csr")))
    return csr_matrix((len(words), 1), dtype=np.float64)


def _parts(words: Sequence[Sequence[Word]], common: float) -> Iterator[tuple[float, csr_matrix]]:
    stems = [tuple(word.stem for word in idea if not word.is_stop) for idea in words]
    letters = [" ".join(fold(word.surface) for word in idea) for idea in words]
    # What is common and what is rare is counted over different texts: twenty times "test" is one way to say it.
    size = len(set(letters))
    most = common if size >= FEW else 1.0
    by_word = TfidfVectorizer(analyzer=_as_is, sublinear_tf=True, min_df=1 if size < RARE_FROM else 2, max_df=most)
    by_letters = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=1 if size < FEW else 2, max_df=most
    )
    for weight, vectorizer, documents in ((1.0, by_word, stems), (CHAR_WEIGHT, by_letters, letters)):
        # Emoji alone, or the same words in every idea, leave no term, and that is what the library raises then.
        with suppress(ValueError):
            yield weight, csr_matrix(vectorizer.fit(dict.fromkeys(documents)).transform(documents))


def _as_is(words: tuple[str, ...]) -> tuple[str, ...]:
    return words


def _squeezed(terms: csr_matrix, seed: int) -> Rows:
    rank = min(DIMENSIONS, terms.shape[1] - 1, terms.shape[0] - 1)
    if rank < 2 or terms.nnz == 0:
        plain: Rows = terms.toarray()
        return plain
    # Ideas that are all the same have no variance, and the library divides by it for a figure that is not used here.
    with np.errstate(invalid="ignore", divide="ignore"):
        rows: Rows = normalize(TruncatedSVD(rank, random_state=seed).fit_transform(terms))
    return rows


def nearest_likeness(terms: csr_matrix) -> Rows:
    """Return, for each idea, the cosine to the most similar other idea, measured on its own words and letters."""
    size = terms.shape[0]
    nearest = np.zeros(size)
    turned = terms.T.tocsc()
    for start in range(0, size, CHUNK):
        likeness = (terms[start : start + CHUNK] @ turned).toarray()
        here = np.arange(len(likeness))
        likeness[here, here + start] = 0.0
        nearest[start : start + CHUNK] = likeness.max(axis=1, initial=0.0)
    return nearest
