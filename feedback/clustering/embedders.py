"""What turns texts into vectors of meaning: the contract, kept by models in a folder and behind an address."""

from collections.abc import Sequence
from typing import Protocol

from feedback.clustering.vectors import Rows


class EmbedderFailed(Exception):
    """No vectors came; `code` says why, for people to be told."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Embedder(Protocol):
    """Turns texts into vectors whose cosine is likeness of meaning."""

    @property
    def id(self) -> str:
        """What tells its vectors from those of every other embedder."""

    def encode(self, texts: Sequence[str]) -> Rows:
        """Return one unit row per text, (n, d); raises EmbedderFailed."""
