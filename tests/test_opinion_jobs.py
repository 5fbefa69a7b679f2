"""The server's side of opinion groups, with a real queue in which the test plays the worker: no vote is overlooked."""

import dataclasses
import logging
from typing import Any

import pytest

from feedback import opinion_jobs
from feedback.actions.ideas import hide_idea
from feedback.actions.programme import clear_conversation
from feedback.domain.facts import Busy, ServerFault
from feedback.jobs import make_queue
from feedback.opinion_jobs import PATIENCE, REST, STALE, OpinionJobs, opinions_task
from feedback.settings import read_settings
from feedback.store.opinions import opinions_of, outdated_prompts

IDEAS = 8


class Clock:
    """Time as the jobs see it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Desk:
    """One conversation that is asked for opinions, the jobs of its server, and a worker that works when told to."""

    def __init__(self, room, settings, clock):
        self.room, self.place, self.settings, self.clock = room, room.conversation().id, settings, clock
        room.ask_opinions()
        self.jobs = OpinionJobs(settings, room.gate, room.engine, lambda: make_queue(settings))
        self.queue = make_queue(settings)
        opinions_task(self.queue, settings)
        anna = room.phone("anna")
        self.ideas = [anna.write(f"Idea {number}") for number in range(IDEAS)]

    def vote(self, people: int, first: int = 0) -> None:
        """Let people of two camps vote on every idea."""
        for number in range(first, first + people):
            phone = self.room.phone(f"person {number}")
            for place, idea in enumerate(self.ideas):
                phone.vote(idea, 1 if place % 4 == 0 or place % 2 == number % 2 else -1)

    def hear(self, later: float = 0.0) -> None:
        self.jobs.hear(self.room.facts)
        self.room.facts.clear()
        self.clock.now += later

    def work(self) -> int:
        done = 0
        while task := self.queue.dequeue():
            self.queue.execute(task)
            done += 1
        return done

    def found(self) -> Any:
        with self.room.read() as db:
            return opinions_of(db, self.room.prompt().id)

    def whole(self) -> int:
        """Start what is due, work it off, bring it home; returns how many jobs there were."""
        self.jobs.step()
        done = self.work()
        self.jobs.step()
        return done


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(opinion_jobs, "time", clock)
    return clock


@pytest.fixture
def desk(room, tmp_path, sqlite_url, clock):
    settings = read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_SECRET_KEY": "k" * 40})
    return Desk(room, dataclasses.replace(settings, database_url=sqlite_url), clock)


def test_groups_are_found_five_seconds_after_the_last_vote_and_screens_are_told(desk):
    desk.vote(16)
    desk.hear(REST - 0.1)
    assert desk.whole() == 0
    desk.clock.now += 0.2
    assert desk.whole() == 1
    assert [(each.letter, each.size) for each in desk.found().groups] == [("A", 8), ("B", 8)]
    assert [fact.kind for fact in desk.room.facts] == ["opinions"]
    desk.hear(REST + 1)
    assert desk.whole() == 0  # its own news starts nothing
    assert desk.queue.result_count() == 0


def test_votes_that_never_rest_are_counted_after_thirty_seconds(desk):
    begun = desk.clock.now
    while not desk.whole():
        desk.vote(1, first=int(desk.clock.now))
        desk.hear(REST - 1)
    assert PATIENCE <= desk.clock.now - begun < PATIENCE + REST


def test_votes_on_prompts_for_support_start_nothing(room, tmp_path, sqlite_url, clock):
    settings = read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_SECRET_KEY": "k" * 40})
    jobs = OpinionJobs(settings, room.gate, room.engine, lambda: pytest.fail("no queue is wanted"))
    anna, ben = room.phone("anna"), room.phone("ben")
    ben.vote(anna.write("Open at night"))
    jobs.hear(room.facts)
    clock.now += REST + 1
    jobs.step()
    assert outdated_prompts(room.engine) == []


def test_votes_during_a_job_are_counted_by_the_next_one(desk):
    desk.vote(16)
    desk.hear(REST + 1)
    desk.jobs.step()
    assert desk.work() == 1
    desk.vote(4, first=16)
    desk.hear(REST + 1)
    desk.jobs.step()  # brings the first one home, and starts the next
    assert desk.found().voters == 16
    assert desk.work() == 1
    desk.jobs.step()
    assert desk.found().voters == 20


def test_a_hidden_idea_leaves_the_groups(desk):
    desk.vote(16)
    desk.hear(REST + 1)
    desk.whole()
    desk.room.facts.clear()
    desk.room.do(hide_idea, desk.ideas[0], reason="Twice")
    desk.hear(REST + 1)
    assert desk.whole() == 1
    assert (desk.found().ideas, desk.ideas[0] in desk.found().axes) == (IDEAS - 1, False)


def test_what_a_server_or_worker_lost_is_taken_up(desk):
    desk.vote(16)
    desk.hear(REST + 1)
    desk.jobs.step()
    assert desk.queue.dequeue()  # its worker dies
    desk.clock.now += STALE + 1
    desk.jobs.step()
    desk.clock.now += REST
    assert desk.whole() == 1
    desk.vote(2, first=16)
    desk.room.facts.clear()  # of which nobody heard
    desk.jobs.take_up()
    desk.clock.now += REST
    assert desk.whole() == 1
    assert desk.found().voters == 18


def test_a_result_waits_for_the_writer_and_a_fault_ends_it(desk, monkeypatch, caplog):
    desk.vote(16)
    desk.hear(REST + 1)
    desk.jobs.step()
    desk.work()
    with monkeypatch.context() as away:
        away.setattr("feedback.store.writer.QUEUE_LIMIT", 0)
        with pytest.raises(Busy):
            desk.jobs.step()
    desk.jobs.step()
    assert desk.found().voters == 16
    desk.vote(1, first=16)
    desk.hear(REST + 1)
    desk.jobs.step()
    desk.work()

    def broken(*_args):
        raise ServerFault

    monkeypatch.setattr(desk.jobs._gate, "write", broken)
    with caplog.at_level(logging.ERROR, "feedback.opinion_jobs"):
        desk.jobs.step()
    assert "could not be kept" in caplog.text
    desk.clock.now += REST + 1
    assert desk.whole() == 0


def test_a_job_that_breaks_is_told_and_the_next_vote_asks_again(desk, monkeypatch, caplog):
    desk.vote(16)
    desk.hear(REST + 1)
    with monkeypatch.context() as broken, caplog.at_level(logging.WARNING, "feedback.opinion_jobs"):
        broken.setattr("feedback.clustering.opinions.find_opinions", lambda *_args, **_more: 1 / 0)
        assert desk.whole() == 1
    assert "opinion groups failed: ZeroDivisionError" in caplog.text
    desk.vote(1, first=16)
    desk.hear(REST + 1)
    assert desk.whole() == 1
    assert desk.found().voters == 17


def test_a_conversation_that_was_cleared_meanwhile_has_no_groups(desk):
    desk.vote(16)
    desk.hear(REST + 1)
    desk.jobs.step()
    code = desk.room.conversation().code
    desk.room.do(clear_conversation, desk.place, code=code)
    desk.work()
    desk.hear()
    desk.jobs.step()
    assert desk.found() is None or desk.found().voters == 0
    desk.jobs.forget()
    desk.clock.now += STALE
    assert desk.whole() == 0
