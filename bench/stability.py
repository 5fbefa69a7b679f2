"""`bench stability`: a room fills up batch by batch; how many ideas change their theme, and is every pin kept."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

from bench.embedders import embedder_named
from bench.grouping import likeness
from bench.labelled import LabelledRoom, head_of, line_of, over_rooms, print_report
from feedback.clustering.embedders import Embedder
from feedback.domain.themes import ThemeSet

Json = dict[str, Any]
#: Share of the room that is there at first, and that each batch brings.
FIRST, BATCH = 0.4, 0.1
#: Share of the first ideas that somebody places by hand, anywhere.
PINNED = 0.05
FIGURES = {"moved": 3, "worst": 3, "to_last": 3, "final_ari": 3, "fresh_ari": 3, "pins_lost": 0}


def measure(folder: Path, *, seed: int, as_json: bool, embedder: str = "lexical") -> int:
    """Fill every room of a folder and print the figures; returns the exit code: 1 when a pin was not kept."""
    one = partial(fill, seed=seed, embedder=embedder_named(embedder))
    filled = over_rooms(folder, one, lambda each: line_of(each["room"], each, FIGURES))
    report: Json = {"rooms": filled, "mean": _mean(filled)}
    print_report(report, seed, text_of, as_json=as_json)
    return int(report["mean"]["pins_lost"] > 0)


def fill(room: LabelledRoom, *, seed: int, embedder: Embedder | None = None) -> Json:
    """Fill a room twice, once left to itself and once with pins.

    `moved` and `worst`: mean and largest share of the ideas that were there before and stand in another theme, or
    in none, after a batch; a theme is told by its id. `to_last`: mean adjusted Rand index of two runs in a row, over
    the ideas that both had. `final_ari` to the truth; `fresh_ari` is what one run over the full room reaches.
    """
    from feedback.clustering.pipeline import find_themes  # noqa: PLC0415 -- slow import

    moved, alike = [], []
    found = ThemeSet()
    for size in sizes(len(room.ideas)):
        before, previous = found, found if found.themes else None
        found = find_themes(room.ideas[:size], previous=previous, embedder=embedder, seed=seed)
        if before.themes:
            moved.append(_moved(before, found))
            alike.append(_alike(before, found))
    fresh = find_themes(room.ideas, embedder=embedder, seed=seed)
    return {
        "room": room.name,
        "n": len(room.ideas),
        "moved": mean(moved) if moved else 0.0,
        "worst": max(moved, default=0.0),
        "to_last": mean(alike) if alike else 1.0,
        "final_ari": likeness(room, found)["ari"],
        "fresh_ari": likeness(room, fresh)["ari"],
        "pins_lost": _pins_lost(room, seed, embedder),
    }


def sizes(whole: int) -> list[int]:
    """Return how many ideas are there before each run."""
    steps = round((1 - FIRST) / BATCH)
    return [round(whole * (FIRST + BATCH * step)) for step in range(steps + 1)]


def _pins_lost(room: LabelledRoom, seed: int, embedder: Embedder | None) -> int:
    from feedback.clustering.pipeline import find_themes  # noqa: PLC0415 -- slow import

    chance = random.Random(seed)
    first, *later = sizes(len(room.ideas))
    found = find_themes(room.ideas[:first], embedder=embedder, seed=seed)
    themes = [None, *(theme.id for theme in found.themes)]
    chosen = chance.sample(room.ideas[:first], max(1, round(PINNED * first)))
    pins = {idea.id: chance.choice(themes) for idea in chosen}
    lost = 0
    for size in later:
        found = find_themes(room.ideas[:size], previous=found, pins=pins, embedder=embedder, seed=seed)
        places = _places(found)
        lost += sum(places[idea] != theme for idea, theme in pins.items())
    return lost


def _places(found: ThemeSet) -> dict[str, int | None]:
    return {idea: theme.id for theme in found.themes for idea in theme.ideas} | dict.fromkeys(found.leftovers)


def _moved(before: ThemeSet, after: ThemeSet) -> float:
    now = _places(after)
    then = _places(before)
    return sum(now[idea] != theme for idea, theme in then.items()) / len(then)


def _alike(before: ThemeSet, after: ThemeSet) -> float:
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 -- slow import

    now, then = _places(after), _places(before)
    pairs = [(str(theme or f"alone {idea}"), str(now[idea] or f"alone {idea}")) for idea, theme in then.items()]
    return float(adjusted_rand_score(*zip(*pairs, strict=True)))


def _mean(filled: list[Json]) -> Json:
    means = {figure: mean(each[figure] for each in filled) for figure in FIGURES}
    return means | {"pins_lost": sum(each["pins_lost"] for each in filled), "rooms": len(filled)}


def text_of(report: Json) -> str:
    """Return a report as people read it."""
    return "\n".join([head_of(FIGURES), line_of(f"all {report['mean']['rooms']}", report["mean"], FIGURES)])
