"""`bench opinions`: opinion groups of real conversations beside those that were published, and beside red-dwarf."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from feedback.clustering import opinions
from feedback.domain.opinions import agreement, votes_needed

Json = dict[str, Any]
#: Figures of a conversation with the digits that are printed; those of a peer are there beside one only.
FIGURES = {
    "people": 0,
    "ideas": 0,
    "voters": 0,
    "k": 0,
    "k_published": 0,
    "ari": 3,
    "seconds": 2,
    "ari_peer": 3,
    "ari_peer_published": 3,
    "axis_1": 4,
    "axis_2": 4,
    "consensus_off": 12,
    "seconds_peer": 2,
}


class BadFolder(Exception):
    """The folder does not hold what is to be compared; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """Votes by person and idea, the group that was published for each person, and the ideas that were shown."""

    name: str
    ballots: Mapping[str, Mapping[str, int]]
    published: Mapping[str, str]
    ideas: tuple[str, ...]


def measure(folder: Path, *, beside: str | None, as_json: bool) -> int:
    """Compare every conversation of a folder and print the figures; returns the exit code."""
    from bench.red_dwarf import NoPeer, peer  # noqa: PLC0415 -- only where it is asked for

    try:
        conversations = read_folder(folder)
        other = peer() if beside else None
        measured = [compare(each, other) for each in conversations]
    except (BadFolder, NoPeer) as reason:
        print(reason, file=sys.stderr)
        return 2
    print(json.dumps({"conversations": measured}, indent=2) if as_json else text_of(measured))
    return 0


def compare(conversation: Conversation, peer: Callable[[Json], Json] | None) -> Json:
    """Find the groups of a conversation; the adjusted Rand index is that of people whom both sides put in a group.

    `ari` is to the published groups, at the published number of groups. A peer gets the same votes and the number of
    groups that we found: `axis_1` and `axis_2` are the correlations of the positions of people, `consensus_off` the
    largest difference of any idea's consensus in the peer's groups.
    """
    begun = time.process_time()
    found = opinions.find_opinions(conversation.ballots, conversation.ideas)
    seconds = time.process_time() - begun
    table = opinions.table_of(conversation.ballots, conversation.ideas)
    voters = table.voters
    places, _ = opinions.positions(table)
    grouped = opinions.groupings(places[voters])
    people = [person for person, votes in zip(table.people, voters, strict=True) if votes]
    count = len({group for group in conversation.published.values() if group})
    ours = {k: dict(zip(people, map(str, labels), strict=True)) for k, (labels, _) in grouped.items()}
    figures: Json = {
        "name": conversation.name,
        "people": len(conversation.ballots),
        "ideas": len(conversation.ideas),
        "voters": found.voters,
        "k": len(found.groups),
        "k_published": count,
        "ari": likeness(ours.get(count, {}), conversation.published),
        "seconds": seconds,
    }
    if peer is None or not found.groups:
        return figures
    mine = ours[len(found.groups)]
    told = peer(_asked(table, len(found.groups)))
    return figures | _beside(told, table, places, mine, conversation.published)


def _asked(table: opinions.Table, groups: int) -> Json:
    votes = [
        {"participant_id": row, "statement_id": column, "vote": int(table.votes[row, column])}
        for row, column in np.argwhere(~np.isnan(table.votes)).tolist()
    ]
    return {"votes": votes, "needed": votes_needed(len(table.ideas)), "groups": groups}


def _beside(
    told: Json, table: opinions.Table, places: Any, mine: Mapping[str, str], published: Mapping[str, str]
) -> Json:
    theirs = {table.people[int(row)]: str(group) for row, group in told["members"].items()}
    rows = sorted(int(row) for row in told["places"])
    there = np.array([told["places"][str(row)] for row in rows])
    member = np.array([told["members"].get(str(row), -1) for row in range(len(table.people))])
    counts = [opinions.counts_by(table.votes, table.ideas, member == group) for group in sorted({*member} - {-1})]
    off = [abs(agreement(counts, table.ideas[int(idea)]) - consensus) for idea, consensus in told["consensus"].items()]
    return {
        "ari_peer": likeness(mine, theirs),
        "ari_peer_published": likeness(theirs, published),
        "axis_1": abs(float(np.corrcoef(places[rows, 0], there[:, 0])[0, 1])),
        "axis_2": abs(float(np.corrcoef(places[rows, 1], there[:, 1])[0, 1])),
        "consensus_off": max(off),
        "seconds_peer": told["seconds"],
    }


def likeness(first: Mapping[str, str], second: Mapping[str, str]) -> float | None:
    """Return the adjusted Rand index over the people who are in a group on both sides; None where nobody is."""
    from sklearn.metrics import adjusted_rand_score  # noqa: PLC0415 -- slow import

    both = [person for person in first if first[person] and second.get(person)]
    if not both:
        return None
    return float(adjusted_rand_score([first[person] for person in both], [second[person] for person in both]))


def read_folder(folder: Path) -> list[Conversation]:
    """Read all conversations of a folder, by name."""
    found = sorted(path.parent for path in folder.glob("*/participants-votes.csv"))
    if not found:
        raise BadFolder(f"{folder} holds no conversation: a folder with participants-votes.csv and comments.csv.")
    return [_read(path) for path in found]


def _read(folder: Path) -> Conversation:
    """Ideas that were moderated out are not shown, so votes on them do not count here."""
    try:
        rows = _rows_of(folder / "participants-votes.csv")
        taken_out = {row["comment-id"] for row in _rows_of(folder / "comments.csv") if row["moderated"] == "-1"}
        ideas = tuple(name for name in rows[0] if name.isdecimal() and name not in taken_out)
        ballots = {
            row["participant"]: {idea: int(float(row[idea])) for idea in ideas if row[idea] not in ("", None)}
            for row in rows
        }
        published = {row["participant"]: row["group-id"] for row in rows}
    except (OSError, KeyError, ValueError, IndexError) as fault:
        raise BadFolder(f"{folder} cannot be read: {type(fault).__name__}: {fault}") from fault
    return Conversation(folder.name, ballots, published, ideas)


def _rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def text_of(measured: Sequence[Json]) -> str:
    """Return the figures as a table."""
    names = [name for name in FIGURES if any(name in each for each in measured)]
    widest = max(len(str(each["name"])) for each in measured)
    lines = [" ".join([" " * widest, *(f"{name:>{max(9, len(name))}}" for name in names)])]
    for each in measured:
        cells = (_cell(each.get(name), FIGURES[name], max(9, len(name))) for name in names)
        lines.append(" ".join([f"{each['name']:<{widest}}", *cells]))
    return "\n".join(lines)


def _cell(value: Any, digits: int, width: int) -> str:
    if value is None:
        return " " * (width - 1) + "-"
    return f"{value:>{width}.{digits}f}" if digits < 10 else f"{value:>{width}.1e}"
