"""The server's side of looks across conversations, with a real queue in which the test plays the worker."""

import dataclasses

import pytest

from feedback.actions.alignments import part_themes, request_alignment
from feedback.actions.runs import finish_theme_run, request_themes
from feedback.actions.themes import rename_theme
from feedback.alignment_jobs import GLANCE, PATIENCE, REST, STALE, TRIES, AlignmentJobs, alignment_task
from feedback.clustering.embedders import EmbedderFailed
from feedback.domain.alignments import Member
from feedback.domain.facts import Busy, ServerFault
from feedback.domain.roles import HOUSE
from feedback.domain.themes import Theme, ThemeSet
from feedback.job_queue import make_queue
from feedback.settings import read_settings
from feedback.store.alignments import alignment_now

WORDS = ("More night buses please", "Night buses until two", "A night bus every hour")


class House:
    """Two conversations that both talk of night buses, the jobs of their server, and a worker that works when told."""

    def __init__(self, room, settings):
        self.room, self.settings = room, settings
        self.time = 1000.0
        self.queue = make_queue(settings)
        alignment_task(self.queue, settings)
        self.jobs = self.another()
        self.ids = [room.conversation(place).id for place in (0, 1)]
        for place, where in enumerate(self.ids):
            phone = room.phone(f"anna{place}", place)
            ideas = tuple(phone.write(text) for text in WORDS)
            run = room.do(request_themes, where, place=place)
            room.gate.write(where, finish_theme_run, run, ThemeSet((Theme(1, "Buses", ideas=ideas),), (), 2))
        self.hear()
        self.jobs.forget()

    def another(self):
        """The jobs of a process that has just taken them up."""
        opener = lambda: alignment_task(make_queue(self.settings), self.settings)  # noqa: E731
        return AlignmentJobs(self.room.gate, self.room.engine, opener, lambda: self.time)

    def ask(self):
        self.room.gate.write(None, request_alignment, HOUSE)
        self.hear()

    def hear(self):
        self.jobs.hear(self.room.facts)
        self.room.facts.clear()

    def work(self):
        done = 0
        while task := self.queue.dequeue():
            self.queue.execute(task)
            done += 1
        return done

    def step(self, seconds=0.0):
        self.time += seconds
        self.jobs.step()

    def now(self):
        return alignment_now(self.room.engine)

    @property
    def pair(self):
        return tuple(Member(where, 1) for where in self.ids)


@pytest.fixture
def house(room, tmp_path, sqlite_url):
    settings = read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_SECRET_KEY": "k" * 40})
    return House(room, dataclasses.replace(settings, database_url=sqlite_url))


def test_look_is_handed_over_and_brought_home(house):
    house.ask()
    house.step()
    assert house.now().asked_at is not None
    assert house.work() == 1
    house.step()
    assert (house.now().asked_at, house.now().subjects) == (None, (house.pair,))
    house.step(2 * STALE)
    assert house.work() == 0


def test_what_somebody_said_meanwhile_stands(house):
    house.ask()
    house.step()
    house.work()
    house.room.gate.write(None, part_themes, HOUSE, house.pair[:1], house.pair[1:])
    house.step()
    assert (house.now().groups, house.now().subjects) == ((house.pair,), ())


def test_nobody_looks_by_themselves_before_somebody_has_asked(house):
    house.room.do(rename_theme, house.ids[0], 1, "Night buses")
    house.hear()
    house.step(PATIENCE + 1)
    assert (house.now(), house.work()) == (None, 0)


def test_after_a_first_look_changes_of_themes_bring_another_one_once_they_rest(house):
    house.ask()
    house.step()
    house.work()
    house.step()
    for name in ("Night", "Night buses"):
        house.room.do(rename_theme, house.ids[0], 1, name)
        house.hear()
        house.step(REST - 1)
    assert house.work() == 0
    house.step(1)
    house.hear()
    house.step()
    assert house.work() == 1


def test_changes_that_never_rest_do_not_put_a_look_off_for_ever(house):
    house.ask()
    house.step()
    house.work()
    house.step()
    looked = 0
    for at in range(int(PATIENCE // (REST - 1)) + 2):
        house.room.do(rename_theme, house.ids[0], 1, f"Night {at}")
        house.hear()
        house.step(REST - 1)
        looked += house.now().asked_at is not None
    assert looked


def a_worker(house):
    house.queue.dequeue()
    house.jobs.worker_restarted()


def a_queue(house):
    house.queue.dequeue()
    house.time += STALE + 1


def a_process(house):
    house.queue.dequeue()
    house.jobs = house.another()
    house.time += GLANCE + 1


@pytest.mark.parametrize("dies", [a_worker, a_queue, a_process])
def test_a_look_outlives(house, dies):
    house.ask()
    house.step()
    dies(house)
    house.step()
    assert house.work() == 1
    house.step()
    assert house.now().subjects == (house.pair,)


def test_look_of_a_worker_that_keeps_dying_is_given_up(house):
    house.ask()
    house.step()
    for _ in range(TRIES):
        a_worker(house)
        house.step()
    assert (house.now().asked_at, house.now().failed) == (None, True)
    house.ask()
    house.step()
    assert house.work() == 1


def test_what_compared_comes_home_and_why_it_was_words_alone(house, monkeypatch):
    class Away:
        id = "http:minilm:ab"

        def encode(self, _texts):
            raise EmbedderFailed("unreachable")

    monkeypatch.setattr("feedback.alignment_jobs.embedder_for", lambda *_: Away())
    house.ask()
    house.step()
    house.work()
    house.step()
    assert (house.now().embedder, house.now().problem) == ("lexical", "unreachable")
    assert house.now().subjects == (house.pair,)


def test_look_that_breaks_fails_and_says_so(house, monkeypatch):
    house.ask()
    house.step()
    monkeypatch.setattr("feedback.clustering.alignment.align_themes", lambda *_args, **_more: 1 / 0)
    house.work()
    house.step()
    assert (house.now().asked_at, house.now().failed) == (None, True)


def test_end_of_a_look_is_written_when_the_writer_takes_it_again(house, monkeypatch):
    house.ask()
    house.step()
    house.work()
    write = house.room.gate.write

    def busy(*_args, **_more):
        raise Busy(after_ms=1)

    monkeypatch.setattr(house.room.gate, "write", busy)
    with pytest.raises(Busy):
        house.step()
    monkeypatch.setattr(house.room.gate, "write", write)
    house.step()
    assert house.now().subjects == (house.pair,)


def test_result_that_cannot_be_stored_fails_its_look(house, monkeypatch):
    house.ask()
    house.step()
    house.work()

    def refused(*_args):
        raise ServerFault

    monkeypatch.setattr("feedback.alignment_jobs.finish_alignment", refused)
    house.step()
    assert (house.now().asked_at, house.now().failed) == (None, True)
