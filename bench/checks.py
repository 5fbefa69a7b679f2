"""What must be true before a figure is believed. Each function returns sentences; an empty list means: believe it."""

from __future__ import annotations

from typing import Any

from bench.served import Stored

Json = dict[str, Any]
#: Above this share of its core the load generator measures itself.
OWN_SHARE = 0.80


def doubts(
    phones: int, phases: dict[str, Json], report: Json, database: Stored, *, own_share: float = OWN_SHARE
) -> list[str]:
    """Return why the figures of a round may not be printed."""
    return [
        *_of_phones(phones, phases, report),
        *_of_generator(phases, own_share),
        *_of_rows(report, database),
        *_of_screens(report, database),
    ]


def _of_phones(phones: int, phases: dict[str, Json], report: Json) -> list[str]:
    found = []
    if report["live"] != phones:
        found.append(f"{report['live']} of {phones} phones are live at the end")
    if phases["join"]["joined"] != phones:
        found.append(f"{phases['join']['joined']} of {phones} phones joined")
    for name, phase in phases.items():
        if wrong := phase["counts"].get("malformed", 0):
            found.append(f"{wrong} frames in the phase “{name}” were malformed")
        if phase.get("unanswered", 0):
            found.append(f"{phase['unanswered']} votes of the phase “{name}” were never answered")
    return found


def _of_generator(phases: dict[str, Json], most: float) -> list[str]:
    return [
        f"the load generator used {phase['own_cpu_share']:.0%} of its core in the phase “{name}”, at most "
        f"{most:.0%} may be: fewer phones or votes, or a quieter machine"
        for name, phase in phases.items()
        if phase["own_cpu_share"] > most
    ]


def _of_rows(report: Json, database: Stored) -> list[str]:
    told = {(idea, person): (val, rev) for idea, person, val, rev in report["cells"]}
    found = []
    missing = [cell for cell, worth in told.items() if database.cells.get(cell) != worth]
    surplus = database.cells.keys() - told.keys()
    if missing:
        found.append(f"{len(missing)} of {len(told)} acked votes are not in the database as acked")
    if surplus:
        found.append(f"{len(surplus)} votes in the database were never acked")
    wrong = [idea for idea, counts in database.counts.items() if counts != database.sums[idea]]
    if wrong:
        found.append(f"the tallies of {len(wrong)} ideas are not the sum of their votes")
    return found


def _of_screens(report: Json, database: Stored) -> list[str]:
    found = []
    if report["seen"] != [database.seq, database.seq]:
        found.append(f"phones stand at {report['seen'][0]} to {report['seen'][1]}, the database at {database.seq}")
    if report["rooms_that_differ"]:
        found.append(f"{report['rooms_that_differ']} of {report['rooms']} watched phones show other tallies")
    shown = {idea: tuple(tally) for idea, tally in report["room"].items()}
    if shown != database.counts:
        differ = sum(shown.get(idea) != counts for idea, counts in database.counts.items())
        found.append(f"phones show other tallies than the database for {differ} of {len(database.counts)} ideas")
    return found
