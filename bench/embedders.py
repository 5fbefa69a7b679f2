"""The embedder that a benchmark measures with. Where it fails the benchmark ends: words alone are another figure."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from feedback.cli.embedders import NoEmbedder, chosen_embedder
from feedback.clustering.embedders import Embedder, EmbedderFailed
from feedback.clustering.vectors import Rows
from feedback.settings import BadSetting


class Unfailing:
    """An embedder whose faults end the command."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner

    @property
    def id(self) -> str:
        """That of the embedder inside."""
        return self._inner.id

    def encode(self, texts: Sequence[str]) -> Rows:
        """Return one unit row per text, or end the command."""
        try:
            return self._inner.encode(texts)
        except EmbedderFailed as failure:
            cause = failure.__cause__
            sys.exit(f"The embedder failed: {failure.code}{f' ({type(cause).__name__}: {cause})' if cause else ''}")


def embedder_named(kind: str) -> Embedder | None:
    """Return the embedder of that kind with all vectors kept in memory, None for words alone, or end the command."""
    try:
        found = chosen_embedder(kind)
    except (NoEmbedder, BadSetting) as reason:
        sys.exit(str(reason))
    return None if found is None else Unfailing(found)
