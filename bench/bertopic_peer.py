"""Group rooms by BERTopic, on vectors that are handed to it; run by the Python of an environment of its own.

`python bertopic_peer.py FOLDER SEED` reads `rooms.json` ({name: texts}) and `rows.npz` (rows by name) in the folder and
writes `labels.json`: {way: {name: a number for each text, -1 = in no group}}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from bertopic import BERTopic
from umap import UMAP

DEFAULT, TUNED = "default", "tuned"
#: What the library takes if nothing is said, from its own source; a seed is all we add, to get the same twice.
UMAP_DEFAULTS = {"n_neighbors": 15, "n_components": 5, "min_dist": 0.0, "metric": "cosine"}


def main(folder: Path, seed: int) -> None:
    """Group every room in both ways."""
    rooms: dict[str, list[str]] = json.loads((folder / "rooms.json").read_text(encoding="utf-8"))
    labels: dict[str, dict[str, list[int]]] = {DEFAULT: {}, TUNED: {}}
    with np.load(folder / "rows.npz") as rows:
        for name, texts in rooms.items():
            labels[DEFAULT][name] = grouped(texts, rows[name], seed)
            labels[TUNED][name] = grouped(texts, rows[name], seed, min_topic_size=max(2, len(texts) // 40))
            print(name, file=sys.stderr, flush=True)
    (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")


def grouped(texts: list[str], rows: Any, seed: int, **tuning: int) -> list[int]:
    """Return the group of each text, -1 for none."""
    model = BERTopic(umap_model=UMAP(**UMAP_DEFAULTS, random_state=seed), **tuning)
    found, _ = model.fit_transform(texts, embeddings=rows.astype(np.float32))
    return [int(group) for group in found]


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
