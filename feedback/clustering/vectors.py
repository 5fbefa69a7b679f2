"""Ideas as vectors: weighted words and character runs, squeezed to fifty dimensions, with each language centred."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from feedback.clustering.text import Word, fold

Rows = NDArray[np.float64]
#: What a kind of term weighs, what measures it, and the room's ideas measured.
_Part = tuple[float, TfidfVectorizer, csr_matrix]

DIMENSIONS = 50
CHAR_WEIGHT = 0.5  # character runs catch compounds and typing errors, words carry the subject
ROW_WEIGHT = 1.0  # what they weigh beside words before they are squeezed: there they hold a room together
BREADTH = 0.5  # power by which wide dimensions, which many ideas share, count more than the decomposition gives them
COMMON = 0.5  # share of ideas above which a term says nothing
FEW = 20  # below this many ideas every term counts
RARE_FROM = 100  # from this many ideas on, a word that a single idea uses is left out
CENTRE_FROM = 5  # a language with fewer ideas is centred only in part
CHUNK = 500  # ideas compared with all others at once


@dataclass(frozen=True, slots=True)
class Vectors:
    """Each idea twice: `terms`, sparse and readable by Bayes, and `rows`, dense unit vectors to measure distance in.

    Both have one row per idea; an idea without any known word is a row of zeros. `dense`: the rows are an embedder's.
    """

    terms: csr_matrix
    rows: Rows
    dense: bool = False


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
    lexicon = Lexicon(words, seed=seed)
    return Vectors(lexicon.terms, centred(lexicon.rows, languages))


def centred(rows: Rows, languages: Sequence[str | None]) -> Rows:
    """Return unit rows from which each language's mean is taken, so that nearness means subject and not language."""
    return Centring(rows, languages).applied(rows, languages)


class Centring:
    """The mean of each language in a room, to be taken from rows of that language.

    A language with few ideas has no mean of its own worth the name: its mean is drawn towards the room's, and the
    room's mean is all there is where the language is not known. One language alone is left as it is.
    """

    def __init__(self, rows: Rows, languages: Sequence[str | None]) -> None:
        """Take the means of unit rows (n, d) with their n languages."""
        tags = np.array([language or "" for language in languages])
        self._means: dict[str, Rows] = {}
        if len(set(tags.tolist()) - {""}) < 2:
            return
        self._means[""] = rows.mean(axis=0)
        for language in sorted(set(tags.tolist()) - {""}):
            members = tags == language
            share = min(1.0, float(members.sum()) / CENTRE_FROM)
            self._means[language] = share * rows[members].mean(axis=0) + (1 - share) * self._means[""]

    def applied(self, rows: Rows, languages: Sequence[str | None]) -> Rows:
        """Return unit rows with the mean of each one's language taken away; the room's for a language it lacks."""
        if not self._means:
            return rows
        means = [self._means.get(language or "", self._means[""]) for language in languages]
        unit: Rows = normalize(rows - np.array(means).reshape(rows.shape))
        return unit


class Lexicon:
    """The words of a room, weighed: fitted on its ideas, it measures other texts, such as names, the same way.

    `terms` (n, t) and `rows` (n, d) are those of the ideas it was fitted on.
    """

    def __init__(self, words: Sequence[Sequence[Word]], *, seed: int) -> None:
        """Fit on the words of n ideas; where every idea says the same, what all of them say is all there is."""
        fitted: list[_Part] = []
        for common in (COMMON, 1.0):
            fitted = fitted or list(_parts(words, common))
        self._parts = [(weight, vectorizer) for weight, vectorizer, _ in fitted]
        self.terms = _joined([weight * found for weight, _, found in fitted], len(words))
        #: What each column weighs in the rows.
        self._weights = diags([self._row_weights()], [0], format="csr")
        self._squeeze = _squeeze_of(self._weighed(self.terms), seed)
        self.rows = self.rows_of(self.terms)

    def terms_of(self, words: Sequence[Sequence[Word]]) -> csr_matrix:
        """Return the weighted terms of texts that were split into words, (m, t)."""
        documents = _documents(words)
        found = [
            weight * csr_matrix(vectorizer.transform(documents[vectorizer.analyzer == "char_wb"]))
            for weight, vectorizer in self._parts
        ]
        return _joined(found, len(words))

    def rows_of(self, terms: csr_matrix) -> Rows:
        """Return the dense unit rows of weighted terms, (m, d)."""
        if self._squeeze is None:
            plain: Rows = terms.toarray()
            return plain
        rows: Rows = normalize(self._squeeze.transform(self._weighed(terms)) * self._squeeze.singular_values_**BREADTH)
        return rows

    def _weighed(self, terms: csr_matrix) -> csr_matrix:
        return csr_matrix(normalize(terms @ self._weights)) if terms.shape[0] else terms

    def _row_weights(self) -> Rows:
        parts = [
            np.full(len(vectorizer.vocabulary_), ROW_WEIGHT / weight if vectorizer.analyzer == "char_wb" else 1.0)
            for weight, vectorizer in self._parts
        ]
        return np.concatenate(parts) if parts else np.ones(1)


def _documents(words: Sequence[Sequence[Word]]) -> tuple[list[tuple[str, ...]], list[str]]:
    """Return each text as stems, and as letters."""
    stems = [tuple(word.stem for word in idea if not word.is_stop) for idea in words]
    return stems, [" ".join(fold(word.surface) for word in idea) for idea in words]


def _joined(parts: Sequence[csr_matrix], size: int) -> csr_matrix:
    return csr_matrix(normalize(hstack(parts, format="csr"))) if parts and size else csr_matrix((size, 1))


def _parts(words: Sequence[Sequence[Word]], common: float) -> Iterator[_Part]:
    stems, letters = _documents(words)
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
            different = {document: at for at, document in enumerate(dict.fromkeys(documents))}
            found = vectorizer.fit_transform(different)
            yield weight, vectorizer, found[[different[document] for document in documents]]


def _as_is(words: tuple[str, ...]) -> tuple[str, ...]:
    return words


def _squeeze_of(terms: csr_matrix, seed: int) -> TruncatedSVD | None:
    rank = min(DIMENSIONS, terms.shape[1] - 1, terms.shape[0] - 1)
    if rank < 2 or terms.nnz == 0:
        return None
    # Ideas that are all the same have no variance, and the library divides by it for a figure that is not used here.
    with np.errstate(invalid="ignore", divide="ignore"):
        return TruncatedSVD(rank, random_state=seed).fit(terms)


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
