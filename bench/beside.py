"""`bench themes --beside bertopic`: the same rooms and vectors through BERTopic, in an environment of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from bench.embedders import embedder_named
from bench.environments import NoEnvironment, python_of
from bench.grouping import measure_room, size_of
from bench.labelled import LabelledRoom, head_of, line_of, print_report, rooms_of
from feedback.clustering.embedders import Embedder
from feedback.settings import ROOT

Json = dict[str, Any]
PINS = ROOT / "bench" / "requirements-bertopic.txt"
PEER = ROOT / "bench" / "bertopic_peer.py"
FIGURES = {"ours": 3, "default": 3, "tuned": 3, "default*": 3, "tuned*": 3}
LEGEND = (
    "ours: each leftover is a group of its own. BERTopic by default, and tuned (min_topic_size = ideas / 40): its\n"
    "leftovers count as one group, and in the columns with * as ours do."
)


def measure(folder: Path, *, seed: int, as_json: bool, embedder: str) -> int:
    """Group every room of a folder by both, print the adjusted Rand indexes and return the exit code."""
    measures = embedder_named(embedder)
    if measures is None:
        sys.exit("BERTopic groups vectors: choose --embedder local or http.")
    rooms = rooms_of(folder)
    python = environment()
    ours = {}
    for room in rooms:
        ours[room.name] = measure_room(room, seed=seed, embedder=measures)["ari"]
        print(f"{room.name:<48}{ours[room.name]:>10.3f}", file=sys.stderr, flush=True)
    theirs = grouped_by_peer(python, rooms, measures, seed)
    measured = [
        {"room": room.name, "n": len(room.ideas), "ours": ours[room.name], **theirs[room.name]} for room in rooms
    ]
    print_report(summed_up(measured), seed, text_of, as_json=as_json)
    return 0


def environment() -> Path:
    """Return the Python of BERTopic's environment, which is made when it is missing or its pins have changed."""
    try:
        return python_of("bertopic", PINS, size="about 700 MB")
    except NoEnvironment as why:
        sys.exit(str(why))


def grouped_by_peer(python: Path, rooms: Sequence[LabelledRoom], embedder: Embedder, seed: int) -> dict[str, Json]:
    """Return BERTopic's adjusted Rand indexes by room."""
    with tempfile.TemporaryDirectory() as place:
        there = Path(place)
        texts = {room.name: [idea.text for idea in room.ideas] for room in rooms}
        (there / "rooms.json").write_text(json.dumps(texts), encoding="utf-8")
        rows: Json = {name: embedder.encode(said) for name, said in texts.items()}
        np.savez(there / "rows.npz", **rows)
        print("BERTopic's turn; its first start compiles for minutes …", file=sys.stderr, flush=True)
        _run(str(python), str(PEER), place, str(seed))
        labels = json.loads((there / "labels.json").read_text(encoding="utf-8"))
    return {room.name: scores(room, {way: groups[room.name] for way, groups in labels.items()}) for room in rooms}


def _run(*command: str) -> None:
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        sys.exit("BERTopic could not be measured: the lines above say why.")


def scores(room: LabelledRoom, ways: Mapping[str, Sequence[int]]) -> Json:
    """Return the adjusted Rand index of each way to group, leftovers (-1) as one group, and each alone ("*")."""
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 -- slow import

    truth = [theme or f"alone {at}" for at, theme in enumerate(room.truth)]
    found: Json = {}
    for way, groups in ways.items():
        alone = [str(group) if group >= 0 else f"alone {at}" for at, group in enumerate(groups)]
        found[way] = float(adjusted_rand_score(truth, [str(group) for group in groups]))
        found[f"{way}*"] = float(adjusted_rand_score(truth, alone))
        found[f"{way} left over"] = sum(group < 0 for group in groups) / len(groups)
    return found


def summed_up(measured: Sequence[Json]) -> Json:
    """Return the figures of each room, and their means by size and in all."""
    sizes = dict.fromkeys(size_of(each["n"]) for each in measured)
    return {
        "rooms": list(measured),
        "sizes": {size: _mean([each for each in measured if size_of(each["n"]) == size]) for size in sizes},
        "mean": _mean(measured),
    }


def _mean(measured: Sequence[Json]) -> Json:
    return {figure: mean(each[figure] for each in measured) for figure in FIGURES} | {"rooms": len(measured)}


def text_of(report: Json) -> str:
    """Return a report as people read it."""
    groups = report["sizes"] | {"all": report["mean"]}
    lines = [line_of(f"{name} ({figures['rooms']})", figures, FIGURES) for name, figures in groups.items()]
    return "\n".join([head_of(FIGURES, "ARI of ours and of BERTopic"), *lines, LEGEND])
