"""A room measured once: its vectors, and how whatever people name lies to them. Kept while the ideas stay the same."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.preprocessing import normalize

from feedback.clustering.duplicates import Duplicate, surest_pairs
from feedback.clustering.embedders import Embedder, EmbedderFailed
from feedback.clustering.languages import guess_languages
from feedback.clustering.room import Room, read_room
from feedback.clustering.text import normalise, words_of
from feedback.clustering.vectors import CHUNK, Centring, Lexicon, Rows, Vectors, nearest_likeness
from feedback.domain.themes import IdeaText

LEXICAL = "lexical"
KEPT = 8  # rooms kept measured: a correction is answered without reading its room again
WORDS_SHARE = 0.2  # length of an idea's words beside its meaning of length 1, where an embedder measures
LONELY = 0.05  # likeness in words to every other idea below which an idea belongs to no theme
FAR = 2.2  # deviations from the median nearness below which an embedder says so too
NEIGHBOURS = 5  # nearest ideas that nearness is the mean of


@dataclass(frozen=True)
class Measured:
    """A room with its vectors, and what measures names as the ideas were measured.

    `embedder` is the id of what measured; `problem` the code of why the embedder that was asked for did not.
    """

    room: Room
    vectors: Vectors
    lexicon: Lexicon
    centring: Centring
    embedder: str
    problem: str
    _asked: Embedder | None

    # Both compare every idea with every other one; a look across conversations needs neither.
    @cached_property
    def lonely(self) -> NDArray[np.bool_]:
        """Ideas that resemble no other: they belong to no theme unless a person says so."""
        lonely: NDArray[np.bool_] = nearest_likeness(self.lexicon.terms) < LONELY
        return lonely & _far(self.vectors.rows) if self.vectors.dense else lonely

    @cached_property
    def pairs(self) -> tuple[Duplicate, ...]:
        """What says nearly the same, the surest pairs first."""
        return tuple(surest_pairs(self.room.texts, self.room.words))

    def names(self, texts: Sequence[str]) -> Vectors:
        """Measure names as if they were ideas; one that the embedder has no vector for is known by its words."""
        plain = [normalise(text) for text in texts]
        if not any(plain):
            shapes = [(len(plain), each.shape[1]) for each in (self.vectors.terms, self.vectors.rows)]
            return Vectors(csr_matrix(shapes[0]), np.zeros(shapes[1]), dense=self.vectors.dense)
        languages = guess_languages(plain, [None] * len(plain))
        terms = self.lexicon.terms_of([words_of(text, tag) for text, tag in zip(plain, languages, strict=True)])
        rows = self.lexicon.rows_of(terms)
        if self.vectors.dense:
            rows = _beside_words(self._encoded(plain), rows)
        # Nothing said is nothing, also after a mean was taken from it.
        silent = ~rows.any(axis=1, keepdims=True)
        return Vectors(terms, np.where(silent, 0.0, self.centring.applied(rows, languages)), dense=self.vectors.dense)

    def twins(self) -> list[int]:
        """Return a number for each idea: the same for all that say nearly the same."""
        size = len(self.room.ids)
        ends = [one.first for one in self.pairs], [one.second for one in self.pairs]
        graph = coo_matrix((np.ones(len(self.pairs)), ends), shape=(size, size))
        numbers: list[int] = connected_components(graph, directed=False)[1].tolist()
        return numbers

    def _encoded(self, texts: Sequence[str]) -> Rows:
        """Return a row per text; zeros where there is no text, or no vector of the ideas' kind for any."""
        rows = np.zeros((len(texts), self.vectors.rows.shape[1] - self.lexicon.rows.shape[1]))
        said = [at for at, text in enumerate(texts) if text]
        if said and self._asked:
            with suppress(EmbedderFailed):
                found = self._asked.encode([texts[at] for at in said])
                if found.shape[1] == rows.shape[1]:
                    rows[said] = found
        return rows


def measured(ideas: Sequence[IdeaText], stop_texts: Sequence[str], embedder: Embedder | None, seed: int) -> Measured:
    """Read and measure a room; by words alone where the embedder fails. Raises ValueError when an id occurs twice."""
    key = _key_of(ideas, stop_texts, embedder, seed)
    found = _kept.pop(key, None)
    if found is None:
        found = _measured(read_room(ideas, stop_texts), embedder, seed)
    if not found.problem:
        _kept[key] = found
    while len(_kept) > KEPT:
        _kept.popitem(last=False)
    return found


def _measured(room: Room, embedder: Embedder | None, seed: int) -> Measured:
    lexicon = Lexicon(room.words, seed=seed)
    rows, name, problem = _rows_of(room, lexicon, embedder)
    centring = Centring(rows, room.languages)
    vectors = Vectors(lexicon.terms, centring.applied(rows, room.languages), dense=name != LEXICAL)
    return Measured(room, vectors, lexicon, centring, name, problem, embedder)


def _rows_of(room: Room, lexicon: Lexicon, embedder: Embedder | None) -> tuple[Rows, str, str]:
    """Return the rows, what they were measured by, and the code of why it was not what was asked for."""
    if embedder is None or not any(room.texts):
        return lexicon.rows, LEXICAL, ""
    try:
        return _beside_words(embedder.encode(room.texts), lexicon.rows), embedder.id, ""
    except EmbedderFailed as failure:
        return lexicon.rows, LEXICAL, failure.code


def _beside_words(meaning: Rows, words: Rows) -> Rows:
    """Return unit rows that hold both: a model has not learned what a room calls its own things."""
    rows: Rows = normalize(np.hstack([meaning, WORDS_SHARE * words]))
    return rows


def _far(rows: Rows) -> NDArray[np.bool_]:
    """Return which ideas are far from all others, told by the median deviation from the median nearness."""
    nearness = np.zeros(len(rows))
    count = min(NEIGHBOURS, len(rows) - 1)
    for start in range(0, len(rows) if count else 0, CHUNK):
        likeness = rows[start : start + CHUNK] @ rows.T
        here = np.arange(len(likeness))
        likeness[here, here + start] = -1.0
        nearness[start : start + CHUNK] = np.partition(likeness, -count, axis=1)[:, -count:].mean(axis=1)
    usual = np.median(nearness)
    far: NDArray[np.bool_] = nearness < usual - FAR * np.median(np.abs(nearness - usual))
    return far


#: The worker's rooms, the last one used at the end. A process has one; nothing else writes to it.
_kept: OrderedDict[bytes, Measured] = OrderedDict()


def _key_of(ideas: Sequence[IdeaText], stop_texts: Sequence[str], embedder: Embedder | None, seed: int) -> bytes:
    told = (
        seed,
        embedder.id if embedder else LEXICAL,
        tuple(stop_texts),
        sorted((idea.id, idea.text, idea.lang or "") for idea in ideas),
    )
    return sha256(repr(told).encode("utf-8", "surrogatepass")).digest()


def forget_rooms() -> None:
    """Let go of the rooms that are kept: benchmarks measure what a first run costs."""
    _kept.clear()
