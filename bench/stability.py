"""`bench stability`: a room fills up batch by batch; how many ideas change their theme, and is every pin kept."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from statistics import mean
from typing import Any

from bench.grouping import likeness
from bench.labelled import BadFolder, LabelledRoom, read_labelled
from bench.report import where
from feedback.domain.themes import ThemeSet

Json = dict[str, Any]
#: Share of the room that is there at first, and that each batch brings.
FIRST, BATCH = 0.4, 0.1
#: Share of the first ideas that somebody places by hand, anywhere.
PINNED = 0.05
FIGURES = {"moved": 3, "worst": 3, "to_last": 3, "final_ari": 3, "fresh_ari": 3, "pins_lost": 0}


def measure(folder: Path, *, seed: int, as_json: bool) -> int:
    """Fill every room of a folder and print the figures; returns the exit code: 1 when a pin was not kept."""
    try:
        rooms = read_labelled(folder)
    except BadFolder as reason:
        print(reason, file=sys.stderr)
        return 1
    filled = []
    for room in rooms:
        filled.append(fill(room, seed=seed))
        print(_line(room.name, filled[-1]), file=sys.stderr, flush=True)
    report: Json = {"rooms": filled, "mean": _mean(filled), "seed": seed} | where()
    print(json.dumps(report) if as_json else text_of(report))
    return int(report["mean"]["pins_lost"] > 0)


def fill(room: LabelledRoom, *, seed: int) -> Json:
    """Fill a room twice, once left to itself and once with pins.

    `moved` and `worst`: mean and largest share of the ideas that were there before and stand in another theme, or
    in none, after a batch; a theme is told by its id. `to_last`: mean adjusted Rand index of two runs in a row, over
    the ideas that both had. `final_ari` to the truth; `fresh_ari` is what one run over the full room reaches.
    """
    from feedback.clustering.pipeline import find_themes  # noqa: PLC0415 -- slow import

    moved, alike = [], []
    found = ThemeSet()
    for size in sizes(len(room.ideas)):
        before, found = found, find_themes(room.ideas[:size], previous=found if found.themes else None, seed=seed)
        if before.themes:
            moved.append(_moved(before, found))
            alike.append(_alike(before, found))
    fresh = find_themes(room.ideas, seed=seed)
    return {
        "room": room.name,
        "n": len(room.ideas),
        "moved": mean(moved) if moved else 0.0,
        "worst": max(moved, default=0.0),
        "to_last": mean(alike) if alike else 1.0,
        "final_ari": likeness(room, found)["ari"],
        "fresh_ari": likeness(room, fresh)["ari"],
        "pins_lost": _pins_lost(room, seed),
    }


def sizes(whole: int) -> list[int]:
    """Return how many ideas are there before each run."""
    steps = round((1 - FIRST) / BATCH)
    return [round(whole * (FIRST + BATCH * step)) for step in range(steps + 1)]


def _pins_lost(room: LabelledRoom, seed: int) -> int:
    from feedback.clustering.pipeline import find_themes  # noqa: PLC0415 -- slow import

    chance = random.Random(seed)
    first, *later = sizes(len(room.ideas))
    found = find_themes(room.ideas[:first], seed=seed)
    themes = [None, *(theme.id for theme in found.themes)]
    chosen = chance.sample(room.ideas[:first], max(1, round(PINNED * first)))
    pins = {idea.id: chance.choice(themes) for idea in chosen}
    lost = 0
    for size in later:
        found = find_themes(room.ideas[:size], previous=found, pins=pins, seed=seed)
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
    head = _line("", {figure: figure for figure in FIGURES})
    tail = f"{report['machine']}; {report['date']}; {report['commit']}; seed {report['seed']}"
    return "\n".join([head, _line(f"all {report['mean']['rooms']}", report["mean"]), tail])


def _line(name: str, figures: Json) -> str:
    shown = [
        f"{figures[figure]:>10}" if isinstance(figures[figure], str) else f"{figures[figure]:>10.{digits}f}"
        for figure, digits in FIGURES.items()
    ]
    return f"{name:<28}{''.join(shown)}"
