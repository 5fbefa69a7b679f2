"""Ideas are encoded when they arrive, by a real queue and endpoint; when that fails, words alone do, and it is said."""

import dataclasses

import pytest
from endpoint import Endpoint
from sqlalchemy import func, select

from feedback import encoding
from feedback.actions.embedders import choose_embedder
from feedback.actions.runs import request_themes
from feedback.clustering.measuring import forget_rooms
from feedback.domain.embedders import EmbedderKind, Measure, measure_of
from feedback.domain.facts import ServerFault
from feedback.domain.roles import HOUSE
from feedback.domain.texts import digest_of
from feedback.encoding import BATCH, StoredVectors, encoding_task, take_home
from feedback.jobs import ThemeJobs, make_queue, themes_task
from feedback.presence import Presence
from feedback.settings import read_settings
from feedback.store.themes import last_run, themes_of
from feedback.store.vectors import Vector

SUBJECTS = {
    "buses": ["night buses", "bus stops", "bus lines", "late buses", "bus drivers", "tram lines"],
    "books": ["library books", "reading rooms", "library hours", "old books", "library cards", "reading evenings"],
}
THINGS = [thing for things in SUBJECTS.values() for thing in things]
IDEAS = [f"We want more {thing}, please: number {at}" for at in range(2) for thing in THINGS]


@pytest.fixture
def endpoint():
    with Endpoint() as running:
        yield running


class House:
    """One conversation whose ideas an endpoint measures, the jobs of its server, and a worker that works when told."""

    def __init__(self, room, settings):
        self.room, self.place, self.settings = room, room.conversation().id, settings
        self.jobs = ThemeJobs(settings, room.gate, room.engine, Presence(), lambda _place: None)
        self.queue = make_queue(settings)
        themes_task(self.queue, settings)
        encoding_task(self.queue, settings)
        self.anna = room.phone("anna")

    def choose(self, kind="http", place=None):
        place = self.settings.embedders.place if place is None else place
        offered = frozenset({"local", "http"})
        self.room.gate.write(None, choose_embedder, HOUSE, kind=kind, offered=offered, place=place, consent=True)

    def write(self, *texts):
        for text in texts:
            self.anna.write(text)
        self.hear()

    def hear(self):
        self.jobs.hear(self.room.facts)
        self.room.facts.clear()

    def step(self):
        """Let the server do what is due and the worker work that off, until nothing is left."""
        idle = 0  # a step brings home, and only the next one hands over what is left
        while idle < 2:
            self.jobs.step()
            self.hear()
            idle += 1
            while task := self.queue.dequeue():
                self.queue.execute(task)
                idle = 0

    def find(self):
        forget_rooms()
        self.room.gate.write(self.place, request_themes, HOUSE, self.place)
        self.hear()
        self.step()
        with self.room.read() as db:
            found = last_run(db, self.place)
            names = [theme.name for theme in themes_of(db, self.place)]
        return found, names

    def vectors(self):
        with self.room.read() as db:
            return db.scalar(select(func.count()).select_from(Vector))


@pytest.fixture
def house(room, tmp_path, sqlite_url, endpoint, monkeypatch):
    monkeypatch.setattr(encoding, "REST", 0.0)
    monkeypatch.setattr(encoding, "LOOK", 0.0)
    monkeypatch.setattr(encoding, "FIRST_PAUSE", 600.0)
    encoding._at_work.cache_clear()
    env = {
        "FEEDBACK_INSTANCE": str(tmp_path),
        "FEEDBACK_SECRET_KEY": "k" * 40,
        "FEEDBACK_EMBEDDER_URL": endpoint.url,
        "FEEDBACK_EMBEDDER_NAME": "letters",
        "FEEDBACK_EMBEDDER_KEY": "a-key",
    }
    return House(room, dataclasses.replace(read_settings(env), database_url=sqlite_url))


def test_words_stay_in_the_house_until_the_organiser_says_otherwise(house, endpoint):
    house.write(*IDEAS)
    house.step()
    found, _ = house.find()
    assert (found.state, found.problem, endpoint.asked, house.vectors()) == ("done", "", [], 0)
    assert found.embedder == "lexical"


def test_ideas_are_encoded_when_they_come_and_not_when_themes_are_looked_for(house, endpoint):
    house.choose()
    house.write(*IDEAS)
    house.step()
    assert sorted(endpoint.texts) == sorted(IDEAS)
    assert (endpoint.keys[0], endpoint.asked[0]["model"], house.vectors()) == ("Bearer a-key", "letters", len(IDEAS))
    found, names = house.find()
    assert (found.state, found.problem, len(names) >= 2) == ("done", "", True)
    assert measure_of(found.embedder) == Measure(EmbedderKind.HTTP, "letters")
    assert {endpoint.texts.count(text) for text in IDEAS} == {1}
    house.write("We want more night trams, please")
    house.step()
    assert {endpoint.texts.count(text) for text in [*IDEAS, "We want more night trams, please"]} == {1}


def test_ideas_that_were_there_before_are_encoded_batch_by_batch_once_it_is_chosen(house, endpoint):
    texts = [f"We want more night buses, number {at}" for at in range(2 * BATCH + 3)]
    for phone in range(0, len(texts), 30):
        house.anna = house.room.phone(f"phone {phone}")
        house.write(*texts[phone : phone + 30])
    house.step()
    assert endpoint.asked == []
    house.choose()
    house.step()
    assert [len(body["input"]) for body in endpoint.asked] == [BATCH, BATCH, 3]
    assert house.vectors() == len(texts)


def test_a_run_encodes_what_is_missing_and_brings_it_home(house, endpoint, monkeypatch):
    house.choose()
    monkeypatch.setattr(encoding, "REST", 600.0)
    monkeypatch.setattr(encoding, "PATIENCE", 600.0)
    monkeypatch.setattr(encoding, "places_with_ideas", lambda _engine: [])
    house.write(*IDEAS)
    found, _ = house.find()
    assert (found.state, found.problem, house.vectors()) == ("done", "", len(IDEAS))
    assert {endpoint.texts.count(text) for text in IDEAS} == {1}


@pytest.mark.parametrize(
    ("mode", "problem"), [("hangs_up", "unreachable"), ("500", "failed"), ("401", "refused"), ("one_short", "wrong")]
)
def test_when_the_endpoint_fails_words_alone_do_and_the_run_says_so(house, endpoint, mode, problem):
    house.choose()
    endpoint.mode = mode
    house.write(*IDEAS)
    house.step()
    found, names = house.find()
    assert (found.state, found.problem, house.vectors()) == ("done", problem, 0)
    assert found.embedder == "lexical"
    assert names
    asked = len(endpoint.asked)
    house.step()
    assert len(endpoint.asked) == asked  # it is left in peace for a while
    endpoint.mode = "good"
    found, _ = house.find()
    assert (found.problem, house.vectors()) == ("", len(IDEAS))


def test_an_endpoint_that_is_down_or_slow_does_not_stop_themes(house, endpoint, monkeypatch):
    house.choose()
    house.write(*IDEAS)
    monkeypatch.setattr("feedback.clustering.http_embedder.PER_TEXT", 0.0)
    embedder = encoding.embedder_for(house.settings, encoding.chosen_embedder(house.room.engine))
    embedder._inner._patience = 0.1
    endpoint.mode = "slow"
    assert house.find()[0].problem == "slow"
    endpoint.close()
    assert house.find()[0].problem == "unreachable"


def test_words_go_only_where_the_organiser_agreed(house, endpoint):
    house.choose(place="https://another.example")
    house.write(*IDEAS)
    house.step()
    found, _ = house.find()
    assert (found.state, found.problem, endpoint.asked) == ("done", "moved", [])


def test_a_model_that_is_not_here_is_said(house):
    settings = dataclasses.replace(house.settings.embedders, model="no-such-package", url=None)
    house = House(house.room, dataclasses.replace(house.settings, embedders=settings))
    house.choose("local")
    house.write(*IDEAS)
    house.step()
    assert house.find()[0].problem == "missing"


def test_words_that_are_changed_are_encoded_anew(house, endpoint):
    house.choose()
    idea = house.anna.write("More night buses")
    house.hear()
    house.step()
    house.anna.op(k="edit", idea=idea, text="More night trams", rev=house.anna.next_rev())
    house.hear()
    house.step()
    assert endpoint.texts == ["More night buses", "More night trams"]


def test_a_worker_that_dies_over_a_batch_is_not_waited_for_for_ever(house, endpoint, monkeypatch):
    house.choose()
    house.write(*IDEAS)
    house.jobs.step()
    house.queue.dequeue()  # taken up, and dead
    house.step()
    assert endpoint.asked == []
    monkeypatch.setattr(encoding, "STALE", 0.0)
    monkeypatch.setattr(encoding, "FIRST_PAUSE", 0.0)
    house.jobs._encoding._pause = 0.0
    house.jobs.step()
    monkeypatch.setattr(encoding, "STALE", 600.0)
    house.step()
    assert house.vectors() == len(IDEAS)


def test_another_process_that_takes_over_encodes_what_is_left(house, endpoint):
    house.choose()
    house.write(*IDEAS)
    house.jobs.forget()
    house.step()
    assert house.vectors() == len(IDEAS)


def test_vectors_that_cannot_be_kept_do_not_hold_up_a_run(house, monkeypatch):
    house.choose()
    house.write(*IDEAS)

    def refused(*_args):
        raise ServerFault

    monkeypatch.setattr(encoding, "keep_vectors", refused)
    assert house.find()[0].state == "done"
    assert house.vectors() == 0


def test_a_job_brings_home_no_more_than_fits(monkeypatch):
    monkeypatch.setattr(encoding, "MOST_BYTES", 10)
    monkeypatch.setattr(encoding, "KEPT", 3)
    cache = StoredVectors("sqlite://")
    texts = [(str(at), f"Idea {at}") for at in range(5)]
    cache.keep("letters", {digest_of(text): b"1234" for _, text in texts})
    home = cache.brought_home("letters", texts)
    assert [idea for idea, _, _ in home] == ["2", "3"]
    assert [idea for idea, _, _ in cache.brought_home("letters", texts)] == ["4"]


def test_nothing_new_writes_nothing(room):
    seq = room.conversation().seq
    take_home(room.gate, room.conversation().id, {})
    take_home(room.gate, room.conversation().id, {"embedder": "letters", "vectors": []})
    assert room.conversation().seq == seq
