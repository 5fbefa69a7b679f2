"""`bench across`: conversations made of labelled rooms; are the themes put together that are about the same subject."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from statistics import mean
from typing import Any

from bench.labelled import LabelledRoom, head_of, line_of, over_rooms, print_report, rooms_of
from bench.strands import found_themes, pairs_of, strands_of, true_themes
from feedback.domain.alignments import Member, ThemeText

Json = dict[str, Any]
#: Ideas that a room needs to be dealt to several conversations.
LEAST = 100
DEALS = 2
KINDS = ("true", "found")
FIGURES = {f"{figure}, {kind}": 3 for kind in KINDS for figure in ("prec", "recall")} | {"wrong": 1}


def measure(folder: Path, *, seed: int, as_json: bool) -> int:
    """Deal every room that is large enough to conversations; print the figures and return the exit code."""
    large = rooms_of(folder, lambda room: len(room.ideas) >= LEAST)
    rooms = over_rooms(large, partial(measure_room, seed=seed), lambda each: _line(each["room"], each))
    print_report({"rooms": rooms, "mean": _mean(rooms)}, seed, text_of, as_json=as_json)
    return 0


def measure_room(room: LabelledRoom, *, seed: int) -> Json:
    """Deal a room a few times and compare.

    Of the pairs of themes of different conversations: `prec`: share of those put together that are the same subject;
    `recall`: share of the same subjects that were put together; with themes as people made them and as the engine
    finds them. `wrong`: how many pairs are put together where no conversation shares a theme. None is what could not
    be measured: where nothing was put together there is no `prec`.
    """
    deals = [_deal(room, seed=seed * DEALS + at) for at in range(DEALS)]
    figures = {name: _mean_of([deal[name] for deal in deals]) for name in FIGURES}
    return {"room": room.name, "n": len(room.ideas), **figures}


def _deal(room: LabelledRoom, *, seed: int) -> Json:
    strands = strands_of(room, seed=seed)
    apart = strands_of(room, seed=seed, shared=False)
    figures: Json = {"wrong": len(_aligned(true_themes(apart)[0], seed))}
    for kind, (themes, labels) in zip(KINDS, (true_themes(strands), found_themes(strands, seed=seed)), strict=True):
        got, true = _aligned(themes, seed), pairs_of(labels)
        figures[f"prec, {kind}"] = len(got & true) / len(got) if got else None
        figures[f"recall, {kind}"] = len(got & true) / len(true) if true else None
    return figures


def _aligned(themes: Sequence[ThemeText], seed: int) -> set[frozenset[Member]]:
    from feedback.clustering.alignment import align_themes  # noqa: PLC0415 -- slow import

    groups = align_themes(themes, seed=seed).groups
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


def _mean_of(values: Sequence[float | None]) -> float | None:
    """Return the mean of what could be measured; None where nothing could."""
    known = [value for value in values if value is not None]
    return mean(known) if known else None


def _mean(rooms: Sequence[Json]) -> Json:
    return {name: _mean_of([room[name] for room in rooms]) for name in FIGURES} | {"rooms": len(rooms)}


def _line(name: str, figures: Json) -> str:
    return line_of(name, {figure: "-" if figures[figure] is None else figures[figure] for figure in FIGURES}, FIGURES)


def text_of(report: Json) -> str:
    """Return a report as people read it."""
    return "\n".join([head_of(FIGURES), _line(f"all {report['mean']['rooms']}", report["mean"])])
