"""`bench themes`: how well the theme engine finds again what people have grouped."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

from bench.embedders import embedder_named
from bench.labelled import (
    LabelledRoom,
    head_of,
    line_of,
    over_rooms,
    print_report,
    rooms_of,
    sampled,
    shuffled,
    starters_of,
)
from bench.measure import forget_peak, peak_mb
from feedback.clustering.embedders import Embedder
from feedback.domain.themes import ThemeSet, is_firm

Json = dict[str, Any]
#: What is averaged over rooms, with the digits that are printed.
FIGURES = {
    "ari": 3,
    "ami": 3,
    "k_error": 1,
    "leftovers": 3,
    "firm": 2,
    "seconds": 2,
    "again": 3,
    "encoding_seconds": 2,
    "memory_mb": 0,
}
#: Where themes were named beforehand: which share of what they hold belongs there.
NAMED = {"rightly": 2}
#: Of the memory also the largest is told: that is what a machine must have.
MOST = {"most_memory_mb": 0}


def measure(
    folder: Path,
    *,
    seed: int,
    as_json: bool,
    embedder: str = "lexical",
    size: int | None = None,
    shuffle: bool = False,
    named: int | None = None,
) -> int:
    """Measure every room of a folder and print the figures; returns the exit code.

    `size`: not the rooms that are drawn, but one of so many ideas from each set. `shuffle`: the words are dealt anew,
    so that there is nothing to find. `named`: so many of the true themes are named beforehand.
    """
    one = partial(measure_room, seed=seed, embedder=embedder_named(embedder), named=named)
    rooms = sampled(folder, size, seed) if size else rooms_of(folder)
    rooms = [shuffled(room, seed) for room in rooms] if shuffle else rooms
    measured = over_rooms(rooms, one, lambda each: line_of(each["room"], each, _figures(each)))
    print_report(summed_up(measured), seed, text_of, as_json=as_json)
    return 0


def measure_room(
    room: LabelledRoom,
    *,
    seed: int,
    embedder: Embedder | None = None,
    named: int | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Json:
    """Find the themes of a room and compare them with the true ones; `seconds` are of the processor.

    They leave out what an embedder takes: a server encodes ideas when they arrive. That is `encoding_seconds`, by the
    clock, because an endpoint computes elsewhere; texts that came in an earlier room are not encoded again. `again`
    are the seconds of the quick run after one correction; `firm` is the share of themes that the engine calls firm;
    `memory_mb` the most resident memory in this room, with libraries, model and
    what rooms before it have left.
    """
    from feedback.clustering.pipeline import find_themes  # noqa: PLC0415 -- slow import

    forget_peak()
    encoding = 0.0
    if embedder is not None:
        begun = clock()
        embedder.encode([idea.text for idea in room.ideas])
        encoding = clock() - begun
    begun = time.process_time()
    previous = None if named is None else starters_of(room, named, seed=seed)
    found = find_themes(room.ideas, previous=previous, embedder=embedder, seed=seed)
    seconds = time.process_time() - begun
    return {
        "room": room.name,
        "set": room.set_name,
        "n": len(room.ideas),
        "k": room.true_count,
        "found": len(found.themes),
        "k_error": abs(len(found.themes) - room.true_count),
        "leftovers": len(found.leftovers) / len(room.ideas),
        "firm": mean([is_firm(theme.firmness) is True for theme in found.themes] or [False]),
        "seconds": seconds,
        "again": _again(room, found, embedder, seed),
        "encoding_seconds": encoding,
        "memory_mb": peak_mb(),
        **likeness(room, found),
        **({} if named is None else {"rightly": _rightly(room, found)}),
    }


def _rightly(room: LabelledRoom, found: ThemeSet) -> float:
    """Return which share of the ideas in themes that were named beforehand belongs there; 0 where they hold none."""
    truth = {idea.id: theme.replace("_", " ") for idea, theme in zip(room.ideas, room.truth, strict=True)}
    right = [truth[idea] == theme.name for theme in found.themes if theme.named_by_person for idea in theme.ideas]
    return mean(right or [False])


def _again(room: LabelledRoom, found: ThemeSet, embedder: Embedder | None, seed: int) -> float:
    """Return the processor seconds until the rest is placed anew after a person has moved one idea."""
    from feedback.clustering.pipeline import find_themes  # noqa: PLC0415 -- slow import

    full = [theme for theme in found.themes if theme.ideas]
    if len(full) < 2:
        return 0.0
    pins = {full[0].ideas[0]: full[1].id}
    begun = time.process_time()
    find_themes(room.ideas, previous=found, pins=pins, embedder=embedder, quick=True, seed=seed)
    return time.process_time() - begun


def likeness(room: LabelledRoom, found: ThemeSet) -> Json:
    """Return the adjusted Rand index (Hubert and Arabie 1985) and adjusted mutual information (Vinh and others 2010).

    An idea in no theme is a group of its own, in what was found as in the truth: a machine that leaves everything
    over, or puts everything together, gets 0.
    """
    from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score  # noqa: PLC0415 -- slow import

    theme_of = {idea: str(theme.id) for theme in found.themes for idea in theme.ideas}
    truth = _alone(room.truth)
    said = _alone([theme_of.get(idea.id, "") for idea in room.ideas])
    return {
        "ari": float(adjusted_rand_score(truth, said)),
        "ami": float(adjusted_mutual_info_score(truth, said)),
    }


def _alone(groups: Sequence[str]) -> list[str]:
    return [group or f"alone {number}" for number, group in enumerate(groups)]


def summed_up(measured: Sequence[Json]) -> Json:
    """Return the figures of each room, their means by set, by size and in all."""
    return {
        "rooms": list(measured),
        "sets": _means(measured, lambda each: each["set"]),
        "sizes": _means(measured, lambda each: size_of(each["n"])),
        "mean": _mean(measured),
    }


def size_of(ideas: int) -> str:
    """Return the name of the size that rooms of so many ideas are averaged under."""
    return "up to 100" if ideas <= 100 else "up to 400" if ideas <= 400 else "above 400"


def _means(measured: Sequence[Json], key: Any) -> dict[str, Json]:
    return {name: _mean([each for each in measured if key(each) == name]) for name in dict.fromkeys(map(key, measured))}


def _mean(measured: Sequence[Json]) -> Json:
    means: Json = {figure: mean(each[figure] for each in measured) for figure in _figures(measured[0])}
    return means | {"most_memory_mb": max(each["memory_mb"] for each in measured), "rooms": len(measured)}


def text_of(report: Json) -> str:
    """Return a report as people read it."""
    groups: Mapping[str, Json] = report["sets"] | report["sizes"] | {f"all {report['mean']['rooms']}": report["mean"]}
    columns = _figures(report["mean"]) | MOST
    lines = [line_of(name, figures, columns) for name, figures in groups.items()]
    return "\n".join([head_of(columns), *lines])


def _figures(found: Json) -> dict[str, int]:
    return FIGURES | (NAMED if NAMED.keys() <= found.keys() else {})
