"""Makes the embedder that was chosen, for the worker and the command line."""

from feedback.clustering.embedders import Cache, CachedEmbedder, Embedder, EmbedderFailed, MemoryCache
from feedback.domain.embedders import EmbedderKind
from feedback.offers import has_library, model_folder
from feedback.settings import EmbedderSettings


def make_embedder(
    kind: str, settings: EmbedderSettings, cache: Cache | None = None, *, within: float | None = None
) -> CachedEmbedder | None:
    """Return the embedder of a kind, None for words alone; raises EmbedderFailed("missing") when it is not here.

    Nothing is loaded or asked before it has to encode. cache: in memory when none is given; within: seconds for one
    room.
    """
    if kind == EmbedderKind.LEXICAL:
        return None
    return CachedEmbedder(_inner(kind, settings), cache or MemoryCache(), within=within)


def _inner(kind: str, settings: EmbedderSettings) -> Embedder:
    if kind == EmbedderKind.HTTP and settings.url is not None:
        from feedback.clustering.http_embedder import HttpEmbedder  # noqa: PLC0415 -- only where it is chosen

        return HttpEmbedder(settings.url, settings.name, settings.key)
    folder = model_folder(settings.model)
    if kind == EmbedderKind.LOCAL and folder is not None and has_library():
        from feedback.clustering.local_embedder import LocalEmbedder  # noqa: PLC0415 -- as above

        return LocalEmbedder(folder, settings.model)
    raise EmbedderFailed("missing")
