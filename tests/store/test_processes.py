"""Four real processes, each with a writer of its own, on one conversation: nothing drifts and nothing is refused."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from checks import doubled_votes, drifted_counters
from mutants import told_until_found
from sqlalchemy import func, select

from feedback.settings import ROOT
from feedback.store.engine import is_sqlite
from feedback.store.ideas import Idea, Vote
from feedback.store.programme import Change

STORM = Path(__file__).parent.parent / "support" / "storm.py"
PROCESSES, OPS = 4, 500


def open_storm(url: str, conversation: int, seed: int, ops: int, *mutants: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(STORM), url, str(conversation), str(seed), str(ops), *mutants],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def weather(room, *mutants: str, ops: int = OPS) -> Counter[str]:
    """Let the processes vote all at once; returns the answers they got."""
    room.ask_opinions()
    author = room.phone("author")
    cells = {
        "ideas": [author.write(f"Idea {number}") for number in range(20)],
        "voters": [room.phone(f"voter {number}").actor.participant_id for number in range(8)],
    }
    place = room.conversation().id
    storms = [open_storm(room.url, place, seed, ops, *mutants) for seed in range(PROCESSES)]
    for storm in storms:
        assert storm.stdout.readline() == "ready\n"
    for storm in storms:  # all at once, once all are there
        storm.stdin.write(json.dumps(cells) + "\n")
        storm.stdin.flush()
    told = sum((Counter(json.loads(storm.communicate(timeout=300)[0])) for storm in storms), Counter())
    assert sum(told.values()) == PROCESSES * ops
    return told


@pytest.mark.parametrize("any_url", [pytest.param("postgres", marks=pytest.mark.postgres), "sqlite"], indirect=True)
def test_counters_equal_the_votes_after_four_processes(any_room):
    told = weather(any_room)
    # On SQLite a writer that got no turn for five seconds, as on a slow disk, is told to come again.
    assert set(told) <= {"ok", "superseded"} | ({"busy"} if is_sqlite(any_room.url) else set()), told
    assert told["ok"] > PROCESSES * OPS / 8
    with any_room.read() as db:
        assert drifted_counters(db) == {}
        assert doubled_votes(db) == 0
        net = func.sum(Idea.agree - Idea.disagree)
        assert db.scalar(select(net)) == db.scalar(select(func.sum(Vote.val)))
        place = any_room.conversation().id
        seqs = sorted(db.scalars(select(Change.seq).where(Change.conversation_id == place)))
    assert seqs == list(range(1, any_room.conversation().seq + 1))


@pytest.mark.parametrize("any_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_four_processes_get_in_each_others_way_where_a_writer_locks_nothing(any_room):
    def story(_number):
        told = weather(any_room, "unlocked", ops=40)  # few, because hardly any gets through
        with any_room.read() as db:
            return set(told) - {"ok", "superseded"} or drifted_counters(db)

    # Where one process is through before the next one begins, nobody is in anybody's way.
    assert told_until_found(story)
