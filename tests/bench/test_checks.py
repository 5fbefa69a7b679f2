"""What makes the benchmark refuse: each lie of a server or of the load generator has its sentence."""

from copy import deepcopy
from typing import Any

import pytest

from bench.checks import doubts
from bench.served import Stored

PHASE = {"counts": {}, "own_cpu_share": 0.2, "unanswered": 0}
PHASES: dict[str, Any] = {"join": PHASE | {"joined": 2}, "votes": PHASE}
REPORT: dict[str, Any] = {
    "live": 2,
    "seen": [9, 9],
    "room": {"a": [1, 0, 0], "b": [0, 1, 0]},
    "rooms": 2,
    "rooms_that_differ": 0,
    "cells": [["a", 1, 1, 3], ["b", 1, -1, 4], ["b", 2, None, 2]],
}
DATABASE = Stored(
    seq=9,
    cells={("a", 1): (1, 3), ("b", 1): (-1, 4), ("b", 2): (None, 2)},
    counts={"a": (1, 0, 0), "b": (0, 1, 0)},
    sums={"a": (1, 0, 0), "b": (0, 1, 0)},
)


def test_the_truth_is_believed() -> None:
    assert doubts(2, PHASES, REPORT, DATABASE) == []


def without(cell: tuple[str, int]) -> Stored:
    cells = {key: worth for key, worth in DATABASE.cells.items() if key != cell}
    return Stored(DATABASE.seq, cells, DATABASE.counts, DATABASE.sums)


@pytest.mark.parametrize(
    ("sentence", "change"),
    [
        ("1 of 2 phones are live", {"live": 1}),
        ("phones stand at 8 to 9, the database at 9", {"seen": [8, 9]}),
        ("1 of 2 watched phones show other tallies", {"rooms_that_differ": 1}),
        ("other tallies than the database for 1 of 2 ideas", {"room": {"a": [1, 0, 0], "b": [0, 2, 0]}}),
        ("1 votes in the database were never acked", {"cells": REPORT["cells"][:2]}),
        ("1 of 3 acked votes are not in the database", {"cells": [["a", 1, 1, 4], *REPORT["cells"][1:]]}),
    ],
)
def test_a_load_generator_that_saw_something_else_is_not_believed(sentence: str, change: dict[str, Any]) -> None:
    found = doubts(2, PHASES, REPORT | change, DATABASE)
    assert any(sentence in doubt for doubt in found), found


def test_a_lost_row_is_found() -> None:
    assert doubts(2, PHASES, REPORT, without(("b", 2))) == ["1 of 3 acked votes are not in the database as acked"]


def test_tallies_that_are_no_sums_are_found() -> None:
    wrong = Stored(DATABASE.seq, DATABASE.cells, DATABASE.counts, {"a": (1, 0, 0), "b": (0, 0, 1)})
    assert doubts(2, PHASES, REPORT, wrong) == ["the tallies of 1 ideas are not the sum of their votes"]


@pytest.mark.parametrize(
    ("sentence", "phase", "change"),
    [
        ("1 of 2 phones joined", "join", {"joined": 1}),
        ("3 frames in the phase “votes” were malformed", "votes", {"counts": {"malformed": 3}}),
        ("1 votes of the phase “votes” were never answered", "votes", {"unanswered": 1}),
        ("the load generator used 81% of its core in the phase “votes”", "votes", {"own_cpu_share": 0.81}),
    ],
)
def test_a_phase_that_went_wrong_is_told(sentence: str, phase: str, change: dict[str, Any]) -> None:
    phases = deepcopy(PHASES)
    phases[phase] |= change
    found = doubts(2, phases, REPORT, DATABASE)
    assert any(sentence in doubt for doubt in found), found
