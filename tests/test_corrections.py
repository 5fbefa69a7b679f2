"""What the desk has decided is never undone by a run: real runs of the engine, through the queue, between real edits.

Some edits come before a run reads, some while it computes. The mutants take one guard away; the same story must then
fail.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from feedback.actions import edits, places, runs, themes
from feedback.domain.roles import HOUSE, Actor, Role
from feedback.domain.themes import Placed
from feedback.job_queue import make_queue
from feedback.jobs import ThemeJobs, themes_task
from feedback.presence import Presence
from feedback.settings import read_settings
from feedback.store import runs as stored
from feedback.store.themes import ThemeRun, all_themes_of, places_of

#: Three subjects whose ideas share a word, so that every run wants them together.
SUBJECTS = {
    "bus": "at night/to the hospital/for the valley/with ramps/Sundays/to the lake/at the market/for schools",
    "library": "at lunch/with quiet rooms/in the harbour/with sofas/for toddlers/with novels/in villages/until ten",
    "theatre": "in the square/with cheap seats/for beginners/by puppets/under the bridge/with bands/after work/outside",
}


class Desk:
    """A conversation with ideas on three subjects, a rapporteur, and a worker that works when it is told to."""

    def __init__(self, room: Any, settings: Any) -> None:
        self.room, self.place = room, room.conversation().id
        self.rapporteur = Actor(Role.RAPPORTEUR, self.place)
        self.jobs = ThemeJobs(settings, room.gate, room.engine, Presence(), lambda _place: None)
        self.queue = make_queue(settings)
        themes_task(self.queue, settings)
        self.anna = room.phone("anna")
        self.ideas = {
            word: [self.anna.write(f"The {word} {what}") for what in whats.split("/")]
            for word, whats in SUBJECTS.items()
        }

    def do(self, action: Any, *args: Any, **more: Any) -> Any:
        """Act as the rapporteur."""
        return self.room.do(action, self.place, *args, actor=self.rapporteur, **more)

    def run(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Let the engine look for themes; `meanwhile` comes after it has read and before its result is written."""
        run = self.room.gate.write(self.place, runs.request_themes, HOUSE, self.place)
        self.jobs.hear(self.room.facts)
        self.room.facts.clear()
        self.jobs.step()
        while task := self.queue.dequeue():
            self.queue.execute(task)
        meanwhile()
        self.jobs.step()
        with self.room.read() as db:
            assert db.get_one(ThemeRun, run).state == "done"

    def spots(self) -> dict[str, Placed]:
        """Where each idea stands."""
        with self.room.read() as db:
            return places_of(db, self.place)

    def members(self, number: int) -> set[str]:
        """The ideas of a theme."""
        return {idea for idea, place in self.spots().items() if place.theme == number}

    def name(self, number: int) -> str:
        """A theme's name; "" where it does not stand."""
        with self.room.read() as db:
            row = all_themes_of(db, self.place)[number]
            return row.name if row.standing else ""

    def home_of(self, word: str) -> int:
        """The theme that holds most ideas of a subject."""
        homes = [self.spots()[idea].theme for idea in self.ideas[word]]
        return max({home for home in homes if home is not None}, key=homes.count)


def story(desk: Desk) -> list[str]:
    """Put right what a run has found, before and while others run; returns what they undid."""
    bus, library, theatre = (desk.ideas[word] for word in SUBJECTS)
    desk.run()
    one, two, three = (desk.home_of(word) for word in SUBJECTS)
    assert len({one, two, three}) == 3, "the story begins with three themes"
    decided: dict[str, Callable[[], bool]] = {}
    wrong: list[str] = []

    def look(moment: str) -> None:
        wrong.extend(f"{moment}: {what}" for what, holds in decided.items() if not holds())

    # What the words say is not what people say, so every run would rather have it otherwise.
    desk.do(themes.rename_theme, one, "Getting home")
    desk.do(places.move_ideas, bus[:2], two)
    desk.do(places.move_ideas, [bus[2]], None)
    desk.do(places.bar_ideas, [library[3]])
    decided |= {
        "a name is gone": lambda: desk.name(one) == "Getting home",
        "what was moved went back": lambda: set(bus[:2]) <= desk.members(two),
        "what was left out came in": lambda: desk.spots()[bus[2]].theme is None,
        "not here, and it is here again": lambda: library[3] not in desk.members(two),
    }
    look("at once")
    desk.run()
    look("the next run")

    desk.do(places.move_ideas, [library[5]], one)
    lent = desk.do(themes.add_theme, "Harbours", "The harbour")
    for text in ("Harbours with benches", "A harbour festival", "Swimming in harbours", "The theatre by boat"):
        desk.anna.write(text)

    def meanwhile() -> None:
        desk.do(edits.undo_edit)
        desk.do(edits.undo_edit)
        desk.do(themes.rename_theme, two, "Reading")
        desk.do(places.move_ideas, [theatre[4]], one)
        desk.do(places.bar_ideas, [bus[5]])
        desk.do(themes.lock_theme, three)
        kept = desk.members(three)
        decided.update(
            {
                "a move that was taken back is done again": lambda: library[5] in desk.members(two),
                "a theme that was taken back stands again": lambda: desk.name(lent) == "",
                "a new name is gone": lambda: desk.name(two) == "Reading",
                "what was just moved went back": lambda: theatre[4] in desk.members(one),
                "not here, said just now, and it is here again": lambda: bus[5] not in desk.members(one),
                "a locked theme has changed": lambda: desk.members(three) == kept,
            }
        )
        look("at the desk")

    desk.run(meanwhile)
    look("the run that was computing")
    desk.anna.write("The theatre by train")
    # With a run that has read it all, the machine may place again what nobody placed.
    del decided["a move that was taken back is done again"]
    desk.run()
    look("the run after it")
    return wrong


@pytest.fixture
def desk(room, tmp_path, sqlite_url):
    """The conversation, with a queue of its own."""
    settings = read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_SECRET_KEY": "k" * 40})
    return Desk(room, dataclasses.replace(settings, database_url=sqlite_url))


def test_no_run_undoes_what_the_desk_has_decided(desk):
    assert story(desk) == []


def ignores_pins(monkeypatch):
    """A run reads no pins, and its result is written over them."""
    monkeypatch.setattr(stored, "_pins", lambda *_: {})
    unpinned = lambda db, place: {  # noqa: E731
        idea: dataclasses.replace(spot, pinned=False) for idea, spot in places_of(db, place).items()
    }
    monkeypatch.setattr(runs, "places_of", unpinned)


def writes_over_pins(monkeypatch):
    """A run reads the pins and honours them, but is written without: the next one finds none."""
    unpinned = lambda db, place: {  # noqa: E731
        idea: dataclasses.replace(spot, pinned=False) for idea, spot in places_of(db, place).items()
    }
    monkeypatch.setattr(runs, "places_of", unpinned)


def ignores_what_came_meanwhile(monkeypatch):
    """Nobody asks which ideas were decided on while the run was computing."""
    monkeypatch.setattr(runs, "decided_since", lambda *_: frozenset())


def goes_anywhere(monkeypatch):
    """Locks and “not here” count for what a run reads, not for what it writes."""
    monkeypatch.setattr(runs, "_may_move", lambda *_: True)


def brings_back(monkeypatch):
    """Themes that people took back stand again."""
    monkeypatch.setattr(runs, "taken_back", lambda *_: frozenset())


def names_over_people(monkeypatch):
    """Nobody looks whose name a theme has by now."""

    def nameless(db, place):
        rows = all_themes_of(db, place)
        for row in rows.values():
            row.named_by_person = False
        return rows

    monkeypatch.setattr(runs, "all_themes_of", nameless)
    monkeypatch.setattr(runs, "named_since", lambda *_: frozenset())


@pytest.mark.parametrize(
    ("mutant", "undone"),
    [
        (ignores_pins, "what was moved went back"),
        (writes_over_pins, "what was moved went back"),
        (ignores_what_came_meanwhile, "a move that was taken back is done again"),
        (goes_anywhere, "a locked theme has changed"),
        (brings_back, "a theme that was taken back stands again"),
        (names_over_people, "a new name is gone"),
    ],
)
def test_the_story_notices_a_run_that_does_not_look(desk, monkeypatch, mutant, undone):
    mutant(monkeypatch)
    assert any(undone in what for what in story(desk))
