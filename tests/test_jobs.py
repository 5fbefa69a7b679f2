"""The server's side of theme runs, with a real queue in which the test plays the worker: no run is ever forgotten."""

import dataclasses
import functools
import json
import os
import pickle
import re
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
from huey.serializer import Serializer, SignedSerializer
from huey.utils import Error
from sqlalchemy import select

from feedback import jobs
from feedback.actions.programme import clear_conversation
from feedback.actions.runs import request_themes
from feedback.actions.splits import ask_split
from feedback.actions.themes import add_theme, rename_theme
from feedback.domain.facts import Busy, ConversationChanged, ServerFault, ThemesRequested
from feedback.domain.roles import HOUSE
from feedback.job_queue import MARK, SignedJson, make_queue
from feedback.jobs import TRIES, ThemeJobs, themes_task
from feedback.presence import Presence
from feedback.settings import ROOT, read_settings
from feedback.store.proposals import ALIKE, ASK, SPLIT, open_proposals_of
from feedback.store.screens import state_of
from feedback.store.themes import ThemeRun, last_run, places_of, themes_of

WORDS = ("Open the depot at night", "Rooms for rehearsal in the depot", "Grants for young artists", "Pay artists")


class Desk:
    """One conversation with ideas, the jobs of its server, and a worker that works when it is told to."""

    def __init__(self, room, settings):
        self.room, self.place, self.settings = room, room.conversation().id, settings
        self.jobs = ThemeJobs(settings, room.gate, room.engine, Presence(), lambda _place: None)
        self.queue = make_queue(settings)
        themes_task(self.queue, settings)
        self.anna = room.phone("anna")
        for text in WORDS:
            self.anna.write(text)

    def ask(self) -> int:
        run: int = self.room.gate.write(self.place, request_themes, HOUSE, self.place)
        self.hear()
        return run

    def hear(self) -> None:
        self.jobs.hear(self.room.facts)
        self.room.facts.clear()

    def work(self) -> int:
        done = 0
        while task := self.queue.dequeue():
            self.queue.execute(task)
            done += 1
        return done

    def run(self) -> ThemeRun:
        with self.room.read() as db:
            found = last_run(db, self.place)
        assert found is not None
        return found

    def shown(self) -> Any:
        """What screens are told of the run."""
        with self.room.engine.connect() as db:
            return state_of(db, self.place, crew=True)["run"]


@pytest.fixture
def desk(room, tmp_path, sqlite_url):
    settings = read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_SECRET_KEY": "k" * 40})
    return Desk(room, dataclasses.replace(settings, database_url=sqlite_url))


@pytest.fixture
def at_once(monkeypatch):
    """New ideas ask for a run without a rest."""
    monkeypatch.setattr(jobs, "REST", 0.0)


def test_run_is_handed_over_and_brought_home(desk):
    desk.ask()
    desk.jobs.step()
    assert desk.run().state == "queued"
    assert desk.work() == 1
    desk.jobs.step()
    assert desk.run().state == "done"
    assert desk.queue.result_count() == 0


def test_run_is_running_from_the_first_sign_of_a_worker_and_waits_again_when_it_has_died(desk, monkeypatch):
    run = desk.ask()
    desk.jobs.step()
    desk.queue.dequeue()  # taken up
    desk.queue.put(f"progress:{run}", [0.1, "reading"])
    with monkeypatch.context() as away:
        away.setattr("feedback.store.writer.QUEUE_LIMIT", 0)
        with pytest.raises(Busy):
            desk.jobs.step()
    desk.jobs.step()
    assert desk.shown() == {"id": run, "state": "running", "progress": 0}
    seq = desk.room.conversation().seq
    desk.queue.put(f"progress:{run}", [0.2, "measuring"])
    desk.jobs.step()
    assert desk.room.conversation().seq == seq  # written once
    desk.jobs.worker_restarted()
    desk.jobs.step()
    desk.jobs.step()
    assert desk.shown() == {"id": run, "state": "queued", "progress": 0}
    assert desk.work() == 1
    desk.jobs.step()
    assert desk.shown() is None


@pytest.mark.parametrize("state", ["done", "failed"])
def test_end_of_a_run_is_written_when_the_writer_takes_it_again(desk, monkeypatch, state):
    if state == "failed":
        monkeypatch.setattr("feedback.clustering.pipeline.find_themes", lambda *_args, **_more: 1 / 0)
    desk.ask()
    desk.jobs.step()
    desk.work()
    with monkeypatch.context() as away:
        away.setattr("feedback.store.writer.QUEUE_LIMIT", 0)
        for _ in range(2):
            with pytest.raises(Busy):
                desk.jobs.step()
    desk.jobs.step()
    assert desk.run().state == state


def test_result_that_cannot_be_stored_fails_its_run(desk, monkeypatch):
    def refused(*_args):
        raise ServerFault

    desk.ask()
    desk.jobs.step()
    desk.work()
    monkeypatch.setattr(jobs, "finish_theme_run", refused)
    desk.jobs.step()
    assert (desk.run().state, desk.run().problem) == ("failed", "engine_failed")


def test_run_waits_for_a_queue_that_is_away(desk, monkeypatch):
    def away(_run_id):
        raise ConnectionError

    desk.ask()
    with monkeypatch.context() as gone:
        gone.setattr(desk.jobs, "_enqueue", away)
        with pytest.raises(ConnectionError):
            desk.jobs.step()
    desk.jobs.step()
    assert desk.work() == 1


def test_run_of_a_worker_that_keeps_dying_is_given_up(desk):
    desk.ask()
    for _ in range(TRIES):
        desk.jobs.step()
        assert desk.run().state == "queued"
        desk.queue.dequeue()  # taken up, and dead
        desk.jobs.worker_restarted()
    desk.jobs.step()
    assert (desk.run().state, desk.run().problem) == ("failed", "worker_died")
    desk.ask()


def test_idea_that_comes_during_a_run_gets_a_run_of_its_own(desk, at_once):
    desk.ask()
    desk.jobs.step()
    desk.work()
    desk.jobs.step()
    first = desk.ask()
    desk.jobs.step()
    desk.anna.write("A late thought")
    desk.hear()
    desk.jobs.step()  # too early: the run is still under way
    assert desk.run().id == first
    assert desk.work() == 1
    desk.jobs.step()
    desk.hear()
    assert desk.run().id > first
    desk.jobs.step()
    assert desk.work() == 1
    desk.jobs.step()
    assert desk.run().state == "done"


def test_idea_that_comes_while_the_writer_is_busy_is_not_forgotten(desk, at_once, monkeypatch):
    first = desk.ask()
    desk.jobs.step()
    desk.work()
    desk.jobs.step()
    desk.anna.write("A late thought")
    desk.hear()
    with monkeypatch.context() as away:
        away.setattr("feedback.store.writer.QUEUE_LIMIT", 0)
        with pytest.raises(Busy):
            desk.jobs.step()
    desk.jobs.step()
    assert desk.run().id > first


def test_run_of_a_conversation_that_was_cleared_ends_without_a_trace(desk):
    desk.ask()
    desk.jobs.step()
    desk.room.do(clear_conversation, desk.place, code=desk.room.conversation().code)
    assert desk.work() == 1
    desk.jobs.step()
    desk.anna = desk.room.phone("anna")
    desk.anna.write("After the try-out")
    desk.ask()
    desk.jobs.step()
    assert desk.work() == 1
    desk.jobs.step()
    assert desk.run().state == "done"


def test_runs_that_had_not_ended_are_taken_up_once(desk):
    desk.ask()
    desk.jobs.take_up()
    desk.jobs.step()
    assert desk.work() == 1


def test_a_run_waits_in_the_queue_as_json_with_our_mark(desk):
    run = desk.ask()
    desk.jobs.step()
    (kept,) = desk.queue.storage.enqueued_items()
    kind, message = json.loads(kept[MARK:])
    assert (kind, message[1], message[6], message[7]) == ("task", "feedback.jobs.find_themes", [run], {})


def foreign_words(serializer, proof):
    """Put into the queue what others could; complain of whatever is read, and if anything was run."""
    evil = pickle.dumps(functools.partial(os.mkdir, str(proof)))
    signed = SignedSerializer(secret="k" * 40, salt="feedback.jobs").serialize({"gone": True})
    text = json.dumps(["value", 1]).encode()
    other = SignedJson("x" * 40).serialize(1)
    changed = SignedJson("k" * 40).serialize(1).replace(b"1]", b"2]")
    wrong = []
    for data in (evil, signed, b"", b"\x80", text, bytes(MARK) + text, other, changed):
        with suppress(Exception):
            wrong.append(f"{data[:40]!r} was read as {serializer.deserialize(data)!r}")
    run = pickle.dumps(Runs(str(proof)))
    with suppress(Exception):
        serializer.deserialize(run)
    return wrong + ["it was run"] * proof.exists()


class Runs:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_what_others_put_into_the_queue_is_not_run(desk, tmp_path):
    assert foreign_words(desk.queue.serializer, tmp_path / "ran") == []


@pytest.mark.parametrize("mutant", ["stock", "unmarked", "unkeyed"])
def test_the_story_finds_a_queue_that_believes_what_is_in_it(mutant, tmp_path, monkeypatch):
    serializer = SignedJson("k" * 40)
    if mutant == "stock":
        serializer = Serializer()  # of Huey: pickle
    elif mutant == "unmarked":
        monkeypatch.setattr("feedback.job_queue.hmac.compare_digest", lambda *_: True)
    else:
        monkeypatch.setattr(SignedJson, "_mark", lambda *_: bytes(MARK))
    assert foreign_words(serializer, tmp_path / "ran") != []


def test_values_come_back_from_the_queue_as_they_went_in(desk):
    for value in (None, True, [0.5, "reading"], {"gone": True}, "naïve ❤️", Error({"error": "x", "traceback": "y"})):
        back = desk.queue.serializer.deserialize(desk.queue.serializer.serialize(value))
        assert (back, type(back)) == (value, type(value))


def test_nothing_of_ours_unpickles():
    imports = re.compile(r"^\s*(?:import|from) +(pickle|cPickle|dill|marshal|shelve|joblib)\b", re.MULTILINE)
    found = [path for path in (ROOT / "feedback").rglob("*.py") if imports.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_ideas_that_came_after_the_last_run_are_found_at_a_start(desk, at_once):
    first = desk.ask()
    desk.jobs.step()
    desk.work()
    desk.jobs.step()
    desk.anna.write("A late thought, told to another process")
    desk.room.facts.clear()
    desk.jobs.step()
    assert desk.run().id == first
    desk.jobs.take_up()
    desk.jobs.step()
    assert desk.run().id > first


def test_run_that_gives_no_sign_is_asked_for_again_and_given_up(desk, monkeypatch):
    monkeypatch.setattr(jobs, "STALE", -1.0)
    run = desk.ask()
    for _ in range(TRIES + 1):
        assert desk.run().state == "queued"
        desk.jobs.step()
        desk.queue.dequeue()  # lost, as by a Redis that forgets
    assert (desk.run().id, desk.run().state, desk.run().problem) == (run, "failed", "worker_died")


def test_any_runs_sign_is_one_for_those_that_wait(desk):
    desk.ask()
    desk.jobs.step()
    for share in (0.1, 0.2, 0.3):
        desk.jobs._sign -= 0.6 * jobs.STALE
        desk.queue.put(f"progress:{desk.run().id}", [share, "reading"])
        desk.jobs._collect(desk.run().id)
        desk.jobs.step()
    assert desk.work() == 1


def test_run_is_not_asked_for_twice_by_a_hint_that_comes_late(desk):
    desk.ask()
    desk.jobs.step()
    desk.jobs.hear([ThemesRequested(desk.place, desk.run().id)])
    desk.jobs.step()
    assert desk.work() == 1


def a_worker(desk):
    """The worker dies with the run in hand."""
    desk.queue.dequeue()
    desk.jobs.worker_restarted()


def a_queue(desk):
    """Redis comes back without what waited in it, and nobody says so."""
    desk.queue.flush()
    desk.jobs._sign -= jobs.STALE + 1


def a_process(desk):
    """The process that leads dies before it has handed the run over; another one leads then."""
    desk.queue.flush()
    desk.jobs = ThemeJobs(desk.settings, desk.room.gate, desk.room.engine, Presence(), lambda _place: None)
    desk.jobs.take_up()


def outlived(desk, dies):
    """Have a run asked for, let something die, and complain if the run does not come to its end."""
    desk.ask()
    desk.jobs.step()
    dies(desk)
    desk.jobs.step()
    done = desk.work()
    desk.jobs.step()
    return [] if (done, desk.run().state) == (1, "done") else [f"{done} worked off, the run is {desk.run().state}"]


@pytest.mark.parametrize("dies", [a_worker, a_queue, a_process])
def test_a_run_outlives(desk, dies):
    assert outlived(desk, dies) == []


@pytest.mark.parametrize(
    ("dies", "forgotten"), [(a_worker, "worker_restarted"), (a_queue, "worker_restarted"), (a_process, "take_up")]
)
def test_the_story_finds_a_run_that_nobody_asks_for_again(desk, monkeypatch, dies, forgotten):
    monkeypatch.setattr(ThemeJobs, forgotten, lambda _self: None)
    assert outlived(desk, dies) != []


def test_the_story_finds_a_queue_whose_silence_nobody_notices(desk, monkeypatch):
    monkeypatch.setattr(jobs, "STALE", 1e9)
    assert outlived(desk, lambda one: one.queue.flush()) != []


def test_whoever_leads_no_more_forgets_the_runs_and_whoever_leads_finds_them(desk):
    desk.ask()
    desk.jobs.step()
    desk.jobs.forget()
    desk.jobs.step()
    desk.queue.flush()
    desk.jobs.take_up()
    desk.jobs.step()
    assert desk.work() == 1
    desk.jobs.step()
    assert desk.run().state == "done"


def edit(desk, name):
    """Let the rapporteur rename a theme, as the desk does."""
    desk.room.gate.write(desk.place, rename_theme, HOUSE, desk.place, 1, name)
    desk.hear()


@pytest.fixture
def grouped(desk):
    """Twenty ideas more, and a run that found themes in them."""
    for number in range(20):
        desk.room.phone(f"p{number}").write(f"{WORDS[number % 4]}, number {number}")
    desk.ask()
    desk.jobs.step()
    desk.work()
    desk.jobs.step()
    with desk.room.read() as db:
        assert themes_of(db, desk.place)
    return desk


def newest_run(desk):
    with desk.room.read() as db:
        return db.scalars(select(ThemeRun).order_by(ThemeRun.id.desc())).first()


def bring_home(desk):
    """Hand over what was asked for, work, and collect."""
    desk.hear()
    desk.jobs.step()
    desk.work()
    desk.jobs.step()


def test_edit_is_followed_by_a_quick_run_at_once(grouped):
    full = grouped.run()
    edit(grouped, "Depots")
    grouped.jobs.step()
    quick = newest_run(grouped)
    assert (quick.kind, quick.state) == ("rescore", "queued")
    assert grouped.shown() is None
    bring_home(grouped)
    assert (newest_run(grouped).state, grouped.run().id) == ("done", full.id)
    grouped.hear()
    grouped.jobs.step()
    assert newest_run(grouped).id == quick.id  # what a run brings asks for no other one


def test_full_run_takes_the_place_of_a_quick_one(grouped):
    edit(grouped, "Depots")
    grouped.jobs.step()
    quick = newest_run(grouped)
    grouped.hear()
    full = grouped.ask()
    bring_home(grouped)
    with grouped.room.read() as db:
        ended = db.get(ThemeRun, quick.id)
        assert (ended.state, ended.problem, db.get(ThemeRun, full).state) == ("failed", "overtaken", "done")


def offers(desk, *kinds):
    with desk.room.read() as db:
        return [json.loads(row.content) for row in open_proposals_of(db, desk.place, *kinds)]


def test_a_split_that_is_asked_for_comes_home_from_the_worker(grouped):
    with grouped.room.read() as db:
        sizes = Counter(place.theme for place in places_of(db, grouped.place).values() if place.theme is not None)
    number, size = sizes.most_common(1)[0]
    grouped.room.gate.write(grouped.place, ask_split, HOUSE, grouped.place, number)
    assert offers(grouped, SPLIT) == []
    bring_home(grouped)
    (split,) = offers(grouped, SPLIT)
    assert split["theme"] == number
    assert sum(len(part) for part in split["parts"]) in (0, size)
    assert offers(grouped, ASK) == []


def test_near_duplicates_come_home_from_a_full_run_and_a_quick_one_leaves_them(grouped):
    for name in ("ben", "cleo"):
        grouped.room.phone(name).write("A skating rink on the roof of the old depot in winter")
    grouped.ask()
    bring_home(grouped)
    found = offers(grouped, ALIKE)
    assert (1.0, True) in [(pair["closeness"], pair["same"]) for pair in found]
    edit(grouped, "Depots")
    grouped.jobs.step()
    bring_home(grouped)
    assert offers(grouped, ALIKE) == found


def test_new_ideas_get_their_full_run_also_when_a_quick_one_comes_first(grouped, at_once):
    full = grouped.run().id
    for name in ("ben", "cleo"):
        grouped.room.phone(name).write("A skating rink on the roof of the old depot in winter")
    edit(grouped, "Depots")
    grouped.room.gate.write(grouped.place, request_themes, HOUSE, grouped.place, "rescore")
    bring_home(grouped)
    for _ in range(3):
        bring_home(grouped)
    assert grouped.run().id > full
    assert (1.0, True) in [(pair["closeness"], pair["same"]) for pair in offers(grouped, ALIKE)]


def test_edits_before_any_run_start_none(desk):
    desk.room.gate.write(desk.place, add_theme, HOUSE, desk.place, "Depots")
    desk.hear()
    desk.jobs.step()
    assert newest_run(desk) is None


def test_edit_that_could_not_be_followed_is_followed_later(grouped, monkeypatch):
    edit(grouped, "Depots")
    with monkeypatch.context() as away:
        away.setattr("feedback.store.writer.QUEUE_LIMIT", 0)
        with pytest.raises(Busy):
            grouped.jobs.step()
    grouped.jobs.step()
    assert newest_run(grouped).kind == "rescore"


def test_sorts_are_followed_by_a_quick_run_after_a_rest(grouped, at_once):
    grouped.jobs.hear([ConversationChanged(grouped.place, 1, "sort")])
    grouped.jobs.step()
    assert newest_run(grouped).kind == "rescore"
