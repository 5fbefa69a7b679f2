"""The embedder that a command names, or the cure when it is not to be had here."""

from typing import TYPE_CHECKING

from feedback.domain.embedders import EmbedderKind
from feedback.settings import read_embedders

if TYPE_CHECKING:
    from feedback.clustering.embedders import CachedEmbedder

CURES = {
    EmbedderKind.LOCAL: "There is no model on this machine. Run: python3 -m feedback setup --embed"
    " (or name a folder by FEEDBACK_EMBEDDER_MODEL).",
    EmbedderKind.HTTP: "No endpoint is named: set FEEDBACK_EMBEDDER_URL and FEEDBACK_EMBEDDER_NAME.",
}


class NoEmbedder(Exception):
    """The embedder cannot be had; the message names the cure."""


def chosen_embedder(kind: str) -> "CachedEmbedder | None":
    """Return the embedder of that kind, which keeps vectors in memory, None for words alone; raises NoEmbedder."""
    if kind == EmbedderKind.LEXICAL:
        return None
    from feedback.clustering.embedders import EmbedderFailed  # noqa: PLC0415 -- slow import
    from feedback.embedding import make_embedder  # noqa: PLC0415 -- as above

    try:
        return make_embedder(kind, read_embedders())
    except EmbedderFailed:
        raise NoEmbedder(CURES[EmbedderKind(kind)]) from None
