"""Which embedders this machine could use, looked at without loading any of them."""

import importlib.util
from importlib import metadata
from pathlib import Path

from feedback.domain.embedders import EmbedderKind
from feedback.settings import EmbedderSettings

#: What every folder with a sentence-transformers model has.
_MODEL_FILE = "modules.json"
LIBRARY = "sentence_transformers"


def offered(settings: EmbedderSettings) -> frozenset[str]:
    """Return the kinds that can be chosen here: words alone always."""
    kinds = {EmbedderKind.LEXICAL}
    if model_folder(settings.model) is not None and has_library():
        kinds.add(EmbedderKind.LOCAL)
    if settings.url is not None:
        kinds.add(EmbedderKind.HTTP)
    return frozenset(kinds)


def has_library() -> bool:
    """Tell whether what loads local models is installed."""
    return importlib.util.find_spec(LIBRARY) is not None


def model_folder(name: str) -> Path | None:
    """Return the folder of a model, given that or the name of an installed package; None when there is none."""
    folder = Path(name).expanduser()
    if (folder / _MODEL_FILE).is_file():
        return folder.absolute()
    try:
        files = metadata.files(name) or []
    except (metadata.PackageNotFoundError, ValueError):
        return None
    places = [Path(str(file.locate())) for file in files if file.name == _MODEL_FILE]
    return next((place.parent for place in places if place.is_file()), None)
