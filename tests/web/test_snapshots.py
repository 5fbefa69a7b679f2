"""A conversation's state is built once for everybody who asks at once, never too old, and not kept without end."""

import json
import threading
import time
from collections import Counter
from contextlib import nullcontext

import pytest
from mutants import told_until_found
from sqlalchemy import event

from feedback.presence import Presence
from feedback.store.screens import seq_of
from feedback.web import snapshots
from feedback.web.snapshots import Place, Snapshots

CROWD = 12


@pytest.fixture
def clock(monkeypatch):
    """A clock that moves when it is told to, and a little whenever somebody looks; returns how to move it."""
    ticks = [1_000.0]

    def look() -> float:
        ticks[0] += 0.001
        return ticks[0]

    def pass_by(seconds: float) -> None:
        ticks[0] += seconds

    monkeypatch.setattr(snapshots, "monotonic", look)
    return pass_by


def herd(room, kept: Snapshots) -> Counter:
    """Let a crowd ask for the same state in the same moment; returns how often each table was read."""
    reads, ready, answers = Counter(), threading.Barrier(CROWD), []
    place = room.conversation().id

    def slowly(_connection, _cursor, statement, *_):
        table = statement.partition("FROM ")[2].split()[0]
        reads[table] += 1
        if table == "idea":
            time.sleep(0.01)  # as long as a database far away

    def ask():
        with room.engine.connect() as database:
            seq = seq_of(database, place)
            ready.wait()
            answers.append(kept.encoded(database, place, seq, seq, Presence(), crew=False))

    event.listen(room.engine, "before_cursor_execute", slowly)
    threads = [threading.Thread(target=ask) for _ in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    event.remove(room.engine, "before_cursor_execute", slowly)
    assert len({answer.plain for answer in answers}) == 1
    return reads


def test_a_state_is_built_once_however_many_ask(room):
    room.phone().write("Open the depot at night")
    kept = Snapshots()
    reads = herd(room, kept)
    assert reads["prompt"] == 1
    room.phone().write("And on Sundays")
    assert herd(room, kept)["prompt"] == 1
    assert herd(room, kept)["prompt"] == 0


def test_without_taking_turns_everybody_builds_it(room, monkeypatch):
    room.phone().write("Open the depot at night")
    monkeypatch.setattr(snapshots, "Place", lambda: Place(turn=nullcontext()))
    assert told_until_found(lambda _: herd(room, Snapshots())["prompt"] > 1)


@pytest.fixture
def ask(room):
    """Ask for the state of the first conversation; returns its commit number."""
    kept, place = Snapshots(), room.conversation().id

    def asked(at_least: int = 0) -> int:
        with room.engine.connect() as database:
            return kept.state(database, place, at_least)["seq"]

    return asked


def test_a_small_conversation_is_shown_as_it_is_now(room, ask):
    anna = room.phone()
    for _ in range(5):
        anna.write("Open the depot at night")
        assert ask() == room.conversation().seq


def test_a_large_conversation_may_be_a_moment_old_but_never_older_than_what_one_wrote(room, ask, clock, monkeypatch):
    monkeypatch.setattr(snapshots, "LARGE", 1)
    monkeypatch.setattr(snapshots, "SHARE", 1_000_000)
    anna = room.phone()
    anna.write("Open the depot at night")
    anna.write("And on Sundays")
    before = ask()
    anna.write("And in the holidays")
    assert (ask(), ask(at_least=before + 1)) == (before, before + 1)
    anna.write("And for concerts")
    clock(snapshots.LAG)
    assert ask() == before + 2


def test_deltas_are_shared_until_something_changes_or_a_second_has_passed(room, clock, monkeypatch):
    kept, place, presence = Snapshots(), room.conversation().id, Presence()
    anna = room.phone()
    first = anna.op(k="idea", id=anna.write("One"), prompt=room.prompt().id, text="One", lang="en")["seq"]
    anna.write("Two")

    def delta() -> bytes:
        with room.engine.connect() as database:
            found = kept.delta(database, place, (first, seq_of(database, place)), presence, crew=False)
            assert found is not None
            return found.plain

    once = delta()
    presence.come(place, 1)
    assert delta() is once
    monkeypatch.setattr(snapshots, "DELTA_LIFE", -1.0)
    assert (json.loads(once)["changes"]["counts"]["here"], json.loads(delta())["changes"]["counts"]["here"]) == (0, 1)
    anna.write("Three")
    assert json.loads(delta())["to"] == first + 2


def test_many_changes_may_be_a_moment_old_but_are_newer_than_what_one_had(room, clock, monkeypatch):
    monkeypatch.setattr(snapshots, "LARGE_DELTA", 1)
    monkeypatch.setattr(snapshots, "SHARE", 1_000_000)
    kept, place, presence, anna = Snapshots(), room.conversation().id, Presence(), room.phone()
    anna.write("One")
    first = room.conversation().seq

    def delta() -> int:
        with room.engine.connect() as database:
            found = kept.delta(database, place, (first, seq_of(database, place)), presence, crew=False)
            assert found is not None
            return found.seq

    anna.write("Two")
    anna.write("Three")
    assert delta() == first + 2
    anna.write("Four")
    assert delta() == first + 2
    clock(snapshots.LAG)
    assert delta() == first + 3


def test_what_is_kept_is_bounded(room, monkeypatch):
    monkeypatch.setattr(snapshots, "KEPT_IDEAS", 3)
    kept = Snapshots()
    for place in range(3):
        anna = room.phone(place=place)
        for text in ("One", "Two"):
            anna.write(text)
        with room.engine.connect() as database:
            kept.state(database, room.conversation(place).id, 0)
    assert len(kept._places) == 1
