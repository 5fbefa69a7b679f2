"""Embedders turn texts into vectors whose nearness is nearness of meaning; what they all have in common is here."""

from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from feedback.clustering.text import normalise
from feedback.clustering.vectors import Rows
from feedback.domain.texts import digest_of

CHUNK = 64  # texts encoded at once: what was done is kept, should the rest fail
MOST_DIMENSIONS = 8_192
SINGLE = np.dtype("<f4")  # how vectors are kept


class EmbedderFailed(Exception):
    """No vectors came. `code` says why.

    missing (nothing to encode with is installed or named), broken (the model cannot be loaded or fails), unreachable,
    slow, refused (the key), failed (the endpoint reports a fault), wrong (what came is not what was asked for).
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Embedder(Protocol):
    """Gives texts their vectors. `id` names model and place: vectors of another id do not compare."""

    @property
    def id(self) -> str:
        """At most 120 characters."""
        ...

    def encode(self, texts: Sequence[str]) -> Rows:
        """Return one unit row per text (n, d); raises EmbedderFailed."""
        ...


class Cache(Protocol):
    """Keeps vectors by embedder and digest of the text."""

    def read(self, embedder: str, digests: Sequence[str]) -> Mapping[str, bytes]:
        """Return the vectors that are there, by their digests."""
        ...

    def keep(self, embedder: str, vectors: Mapping[str, bytes]) -> None:
        """Keep vectors."""
        ...


class MemoryCache:
    """A cache that lasts as long as the process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def read(self, embedder: str, digests: Sequence[str]) -> Mapping[str, bytes]:
        """Return the vectors that are there, by their digests."""
        return {digest: self._kept[embedder, digest] for digest in digests if (embedder, digest) in self._kept}

    def keep(self, embedder: str, vectors: Mapping[str, bytes]) -> None:
        """Keep vectors."""
        self._kept.update({(embedder, digest): value for digest, value in vectors.items()})


class CachedEmbedder:
    """An embedder that encodes no text twice; texts without a word become rows of zeros, as they mean nothing.

    Texts that are not in the cache are encoded in the order of their digests, so that rows do not depend on the order
    in which ideas came; and all rows have gone through 32 bits, so that a kept one equals a fresh one.
    """

    def __init__(self, inner: Embedder, cache: Cache, *, within: float | None = None) -> None:
        """Within: seconds after which no further chunk is begun; what was encoded by then is kept."""
        self._inner = inner
        self._cache = cache
        self._within = within

    @property
    def id(self) -> str:
        """That of the embedder inside."""
        return self._inner.id

    def encode(self, texts: Sequence[str]) -> Rows:
        """Return one unit row per text (n, d), or zeros; raises EmbedderFailed."""
        plain = [normalise(text) for text in texts]
        digests = [digest_of(text) for text in plain]
        wanted = {digest: text for digest, text in zip(digests, plain, strict=True) if text}
        values = dict(self._cache.read(self.id, sorted(wanted)))
        fresh = self._fresh({digest: text for digest, text in wanted.items() if digest not in values})
        size = len(next(iter((fresh or values).values()), b"\0" * SINGLE.itemsize))
        values |= fresh
        # The model behind the name was exchanged for one of other dimensions: what was kept of the old one is no use.
        # Where nothing is fresh the first answer tells which ones are of the old one: perhaps those that it is not.
        for _ in range(2):
            outdated = {digest: wanted[digest] for digest, value in values.items() if len(value) != size}
            again = self._fresh(outdated)
            values |= again
            size = len(next(iter(again.values()), b"\0" * size))
        if len({len(value) for value in values.values()}) > 1:
            raise EmbedderFailed("wrong")
        rows = np.zeros((len(texts), size // SINGLE.itemsize))
        for at, digest in enumerate(digests):
            if digest in values:
                rows[at] = np.frombuffer(values[digest], SINGLE)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: Rows = rows / np.where(lengths > 0, lengths, 1)
        return unit

    def _fresh(self, texts: Mapping[str, str]) -> dict[str, bytes]:
        begun = monotonic()
        order, fresh = sorted(texts), dict[str, bytes]()
        for start in range(0, len(order), CHUNK):
            if self._within is not None and monotonic() - begun > self._within:
                raise EmbedderFailed("slow")
            chunk = order[start : start + CHUNK]
            rows = self._inner.encode([texts[digest] for digest in chunk])
            made = {digest: row.astype(SINGLE).tobytes() for digest, row in zip(chunk, rows, strict=True)}
            self._cache.keep(self.id, made)
            fresh |= made
        return fresh


def unit_rows(values: NDArray[np.floating], count: int) -> Rows:
    """Return what a model gave as unit rows; raises EmbedderFailed when it is not one finite vector per text."""
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2 or len(rows) != count or not 2 <= rows.shape[1] <= MOST_DIMENSIONS or not np.isfinite(rows).all():
        raise EmbedderFailed("wrong")
    # By the largest part first: squares of very large or small numbers would not be numbers any more.
    largest = np.abs(rows).max(axis=1, keepdims=True)
    if not largest.all():
        raise EmbedderFailed("wrong")
    rows = rows / largest
    unit: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit
