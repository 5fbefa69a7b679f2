"""`bench stability`: a room fills up batch by batch; how many ideas change their theme, and is what people did kept."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

from bench.embedders import embedder_named
from bench.grouping import likeness
from bench.keeping import lost, places_of, settle
from bench.labelled import LabelledRoom, head_of, line_of, over_rooms, print_report, rooms_of
from feedback.clustering.embedders import Embedder
from feedback.domain.themes import ThemeSet

Json = dict[str, Any]
#: Share of the room that is there at first, and that each batch brings.
FIRST, BATCH = 0.4, 0.1
#: What people have settled and a run did not keep: counted, not averaged.
LOST = ("pins_lost", "locks_lost", "names_lost")
SUMMED = (*LOST, "checked")
FIGURES = {"moved": 3, "worst": 3, "to_last": 3, "final_ari": 3, "fresh_ari": 3, **dict.fromkeys(SUMMED, 0)}


def measure(folder: Path, *, seed: int, as_json: bool, embedder: str = "lexical") -> int:
    """Fill every room of a folder and print the figures; returns the exit code: 1 when a pin, lock or name was lost."""
    one = partial(fill, seed=seed, embedder=embedder_named(embedder))
    filled = over_rooms(rooms_of(folder), one, lambda each: line_of(each["room"], each, FIGURES))
    report: Json = {"rooms": filled, "mean": _mean(filled)}
    print_report(report, seed, text_of, as_json=as_json)
    return int(any(report["mean"][name] > 0 for name in LOST))


def fill(room: LabelledRoom, *, seed: int, embedder: Embedder | None = None) -> Json:
    """Fill a room twice, once left to itself and once with pins, a lock and a name.

    `moved` and `worst`: mean and largest share of the ideas that were there before and stand in another theme, or
    in none, after a batch; a theme is told by its id. `to_last`: mean adjusted Rand index of two runs in a row, over
    the ideas that both had. `final_ari` to the truth; `fresh_ari` is what one run over the full room reaches.
    What was lost of pins, lock and name (see `lost`) is summed over the
    runs after the first that found themes; `checked` is how many these are.
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
        **_lost(room, seed, embedder),
    }


def sizes(whole: int) -> list[int]:
    """Return how many ideas are there before each run."""
    steps = round((1 - FIRST) / BATCH)
    return [round(whole * (FIRST + BATCH * step)) for step in range(steps + 1)]


def _lost(room: LabelledRoom, seed: int, embedder: Embedder | None) -> Json:
    from feedback.clustering.pipeline import find_themes  # noqa: PLC0415 -- slow import

    find = partial(find_themes, embedder=embedder, seed=seed)
    found, settled, checked = ThemeSet(), None, []
    for size in sizes(len(room.ideas)):
        ideas = room.ideas[:size]
        if settled:
            found = find(ideas, previous=found, pins=settled.pins)
            checked.append(lost(settled, found))
        else:
            found = find(ideas)
            # A rapporteur has nothing to settle before there are themes.
            found, settled = settle(found, ideas, seed) if found.themes else (found, None)
    return {name: sum(run[name] for run in checked) for name in LOST} | {"checked": len(checked)}


def _moved(before: ThemeSet, after: ThemeSet) -> float:
    now = places_of(after)
    then = places_of(before)
    return sum(now[idea] != theme for idea, theme in then.items()) / len(then)


def _alike(before: ThemeSet, after: ThemeSet) -> float:
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 -- slow import

    now, then = places_of(after), places_of(before)
    pairs = [(str(theme or f"alone {idea}"), str(now[idea] or f"alone {idea}")) for idea, theme in then.items()]
    return float(adjusted_rand_score(*zip(*pairs, strict=True)))


def _mean(filled: list[Json]) -> Json:
    means = {figure: mean(each[figure] for each in filled) for figure in FIGURES}
    return means | {name: sum(each[name] for each in filled) for name in SUMMED} | {"rooms": len(filled)}


def text_of(report: Json) -> str:
    """Return a report as people read it."""
    return "\n".join([head_of(FIGURES), line_of(f"all {report['mean']['rooms']}", report["mean"], FIGURES)])
