"""A room measured once: its vectors, and how whatever people name lies to them. Kept while the ideas stay the same."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from feedback.clustering.embedders import Embedder, EmbedderFailed
from feedback.clustering.languages import guess_languages
from feedback.clustering.room import Room, read_room
from feedback.clustering.text import normalise, words_of
from feedback.clustering.vectors import Centring, Lexicon, Rows, Vectors, nearest_likeness
from feedback.domain.themes import IdeaText

LEXICAL = "lexical"
KEPT = 8  # rooms kept measured: a correction is answered without reading its room again


@dataclass(frozen=True, slots=True)
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
    #: Likeness to the nearest other idea, by words.
    nearest: NDArray[np.float64]
    _asked: Embedder | None

    def names(self, texts: Sequence[str]) -> Vectors:
        """Measure names as if they were ideas; a name that the embedder has no vector for draws nothing."""
        plain = [normalise(text) for text in texts]
        languages = guess_languages(plain, [None] * len(plain))
        terms = self.lexicon.terms_of([words_of(text, tag) for text, tag in zip(plain, languages, strict=True)])
        rows = self._encoded(plain) if self.vectors.dense else self.lexicon.rows_of(terms)
        # Nothing said is nothing, also after a mean was taken from it.
        silent = ~rows.any(axis=1, keepdims=True)
        return Vectors(terms, np.where(silent, 0.0, self.centring.applied(rows, languages)), dense=self.vectors.dense)

    def _encoded(self, texts: Sequence[str]) -> Rows:
        """Return a row per text; zeros where there is no text, or no vector of the ideas' kind for any."""
        rows = np.zeros((len(texts), self.vectors.rows.shape[1]))
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
    nearest = nearest_likeness(lexicon.terms)
    rows, name, problem = _rows_of(room, lexicon, embedder)
    centring = Centring(rows, room.languages)
    vectors = Vectors(lexicon.terms, centring.applied(rows, room.languages), dense=name != LEXICAL)
    return Measured(room, vectors, lexicon, centring, name, problem, nearest, embedder)


def _rows_of(room: Room, lexicon: Lexicon, embedder: Embedder | None) -> tuple[Rows, str, str]:
    """Return the rows, what they were measured by, and the code of why it was not what was asked for."""
    if embedder is None or not any(room.texts):
        return lexicon.rows, LEXICAL, ""
    try:
        return embedder.encode(room.texts), embedder.id, ""
    except EmbedderFailed as failure:
        return lexicon.rows, LEXICAL, failure.code


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
