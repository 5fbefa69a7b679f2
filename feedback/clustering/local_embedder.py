"""A sentence-transformers model on this machine: a folder, or a package that brings one. Nothing is ever downloaded."""

import hashlib
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from feedback.clustering.embedders import EmbedderFailed, unit_rows
from feedback.clustering.vectors import Rows

EDGE = 65_536  # bytes at both ends of a file by which models are told apart
BATCH = 32  # texts at once
OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


class LocalEmbedder:
    """Encodes with a model that lies on this machine; it is loaded when it is first used."""

    def __init__(self, folder: Path, name: str) -> None:
        """Folder: where the model lies; name: what people call it, which may be a path."""
        self.folder = folder
        self._name = Path(name).name

    @cached_property
    def id(self) -> str:
        """The name and a digest of what is in the folder: another model in the same place is another embedder."""
        return f"local:{self._name[:60]}:{_digest(self.folder)}"

    def encode(self, texts: Sequence[str]) -> Rows:
        """Return one unit row per text; raises EmbedderFailed."""
        model = self._model
        try:
            values = model.encode(list(texts), batch_size=BATCH, show_progress_bar=False, convert_to_numpy=True)
        except Exception as fault:
            raise EmbedderFailed("broken") from fault
        return unit_rows(values, len(texts))

    @cached_property
    def _model(self) -> Any:
        # Before the libraries are loaded, which read it once.
        os.environ.update(OFFLINE)
        try:
            import torch  # noqa: PLC0415 -- not part of every installation, and slow
            from sentence_transformers import SentenceTransformer  # noqa: PLC0415 -- as above
            from transformers.utils.logging import disable_progress_bar  # noqa: PLC0415 -- as above
        except ImportError:
            raise EmbedderFailed("missing") from None
        # Sums of floats depend on how many threads share them.
        torch.set_num_threads(1)
        disable_progress_bar()
        try:
            return SentenceTransformer(str(self.folder), device="cpu", local_files_only=True, trust_remote_code=False)
        except Exception as fault:
            raise EmbedderFailed("broken") from fault


def _digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        size = path.stat().st_size
        total.update(f"\0{path.relative_to(folder)}\0{size}\0".encode())
        with path.open("rb") as file:
            total.update(file.read(EDGE))
            file.seek(max(EDGE, size - EDGE))
            total.update(file.read(EDGE))
    return total.hexdigest()[:16]
