"""Hiding, restoring, voting, theme edits, their undo and redo, in any order, against a model of fifty lines.

The mutants break one of the actions on purpose; the same sequences must then fail.
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desks import Desk
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select, update

from feedback.actions import edits as edit_deeds
from feedback.actions import ideas as idea_deeds
from feedback.actions import places as place_deeds
from feedback.actions import runs as run_deeds
from feedback.actions import themes as theme_deeds
from feedback.domain.facts import (
    IdeaGone,
    NameTaken,
    NothingToRedo,
    NothingToUndo,
    OwnIdea,
    Refusal,
    ThemeGone,
    WrongMove,
)
from feedback.domain.ideas import IdeaState
from feedback.domain.themes import Placed, Theme, ThemeSet
from feedback.store.ideas import Idea, Vote
from feedback.store.runs import run_input
from feedback.store.screens import state_of
from feedback.store.themes import Placement, ThemeEdit, ThemeRun, places_of, themes_of

#: How many sequences are tried; the long form, before a release: FEEDBACK_TEST_SEQUENCES=1000.
SEQUENCES = int(os.environ.get("FEEDBACK_TEST_SEQUENCES", "8"))
PHONES, IDEAS, THEMES = 2, 4, 3
phones, ideas, themes = st.integers(0, PHONES - 1), st.integers(0, IDEAS - 1), st.integers(1, THEMES)


class Model:
    """What must be true: each idea's author and state, each standing vote, each theme's name and each idea's place."""

    def __init__(self) -> None:
        self.state = dict.fromkeys(range(IDEAS), "shown")
        self.votes: dict[tuple[int, int], int] = {}
        self.names = {number: f"Theme {number}" for number in range(1, THEMES + 1)}
        self.places: dict[int, tuple[int | None, bool]] = {idea: (idea % THEMES + 1, False) for idea in range(IDEAS)}
        self.before: list[tuple[dict[int, str], dict[int, tuple[int | None, bool]]]] = []
        self.after: list[tuple[dict[int, str], dict[int, tuple[int | None, bool]]]] = []

    def vote(self, phone: int, idea: int, val: int | None) -> None:
        self._need(self.state[idea] == "shown", IdeaGone)
        self._need(idea % PHONES != phone, OwnIdea)
        self.votes.pop((idea, phone), None)
        if val is not None:
            self.votes[idea, phone] = val

    def change(self, idea: int, was: str, becomes: str) -> None:
        self._need(self.state[idea] == was, IdeaGone)
        self.state[idea] = becomes

    def edit(self, *numbers: int | None, idea: int | None = None) -> None:
        self._need(all(number is None or number in self.names for number in numbers), ThemeGone)
        self._need(idea is None or self.state[idea] == "shown", IdeaGone)
        self.before.append((dict(self.names), dict(self.places)))
        self.after.clear()

    def name(self, name: str, number: int | None = None) -> None:
        others = [said for other, said in self.names.items() if other != number]
        self._need(name not in others, NameTaken)

    def undo(self) -> None:
        self._need(bool(self.before), NothingToUndo)
        self.after.append((self.names, self.places))
        self.names, self.places = self.before.pop()

    def redo(self) -> None:
        self._need(bool(self.after), NothingToRedo)
        self.before.append((self.names, self.places))
        self.names, self.places = self.after.pop()

    def tally(self, idea: int) -> tuple[int, int, int]:
        vals = [val for (to, _), val in self.votes.items() if to == idea]
        return vals.count(1), vals.count(-1), vals.count(0)

    def _need(self, holds: bool, refusal: type[Refusal]) -> None:
        if not holds:
            raise refusal


class Deeds:
    """The actions under test; a mutant replaces one."""

    hide, restore = staticmethod(idea_deeds.hide_idea), staticmethod(idea_deeds.restore_idea)
    merge, split = staticmethod(theme_deeds.merge_themes), staticmethod(theme_deeds.split_theme)
    undo, redo = staticmethod(edit_deeds.undo_edit), staticmethod(edit_deeds.redo_edit)


class Sequences(RuleBasedStateMachine):
    """Does the same to a real conversation and to the model, and compares after each step."""

    def __init__(self, opener: Any, deeds: type[Deeds]) -> None:
        super().__init__()
        self.deeds, self.model, self.made = deeds, Model(), THEMES
        self.folder = tempfile.TemporaryDirectory()
        self.opened = opener(Path(self.folder.name))
        self.room: Any = next(self.opened)
        self.place = self.room.conversation().id
        self.room.ask_opinions()
        self.phones = [self.room.phone(f"phone{number}") for number in range(PHONES)]
        self.ideas = [self.phones[idea % PHONES].write(f"Idea {idea}") for idea in range(IDEAS)]
        found = [Theme(n, f"Theme {n}", ideas=tuple(self.ideas[n - 1 :: THEMES])) for n in range(1, THEMES + 1)]
        run = self.room.do(run_deeds.request_themes, self.place)
        self.room.gate.write(self.place, run_deeds.finish_theme_run, run, ThemeSet(tuple(found), (), THEMES + 1))

    def teardown(self) -> None:
        self.opened.close()
        self.folder.cleanup()

    def both(self, expected: Any, done: Any) -> bool:
        """Do it to the model and to the conversation; both refuse for the same reason, or neither does."""
        outcomes = []
        for deed in (expected, done):
            try:
                deed()
                outcomes.append(None)
            except Refusal as refusal:
                outcomes.append(type(refusal))
        assert outcomes[0] == outcomes[1]
        return outcomes[0] is None

    @rule(phone=phones, idea=ideas, val=st.sampled_from([1, 1, -1, 0, None]))
    def vote(self, phone, idea, val):
        self.both(lambda: self.model.vote(phone, idea, val), lambda: self.phones[phone].vote(self.ideas[idea], val))

    @rule(idea=ideas)
    def hide(self, idea):
        hide = lambda: self.room.do(self.deeds.hide, self.ideas[idea], reason="Names a person")  # noqa: E731
        self.both(lambda: self.model.change(idea, "shown", "hidden"), hide)

    @rule(idea=ideas)
    def restore(self, idea):
        restore = lambda: self.room.do(self.deeds.restore, self.ideas[idea])  # noqa: E731
        self.both(lambda: self.model.change(idea, "hidden", "shown"), restore)

    @rule(idea=ideas, chance=st.integers(0, 5))
    def withdraw(self, idea, chance):
        if chance or self.model.state[idea] == "withdrawn":
            return  # rarely: what is withdrawn never comes back
        author = self.phones[idea % PHONES]
        self.both(
            lambda: self.model.change(idea, "shown", "withdrawn"),
            lambda: author.op(k="withdraw", idea=self.ideas[idea], rev=author.next_rev()),
        )

    @rule(into=themes, other=themes)
    def merge(self, into, other):
        if into == other:
            return
        if self.both(
            lambda: self.model.edit(into, other), lambda: self.room.do(self.deeds.merge, self.place, into, other)
        ):
            del self.model.names[other]
            for idea, (theme, _) in list(self.model.places.items()):
                if theme in (into, other):
                    self.model.places[idea] = (into, True)

    @rule(idea=ideas, theme=st.none() | themes)
    def move(self, idea, theme):
        ids = [self.ideas[idea]]
        if self.both(
            lambda: self.model.edit(theme, idea=idea),
            lambda: self.room.do(place_deeds.move_ideas, self.place, ids, theme),
        ):
            self.model.places[idea] = (theme, True)

    @rule(theme=themes, number=st.integers(0, 9))
    def rename(self, theme, number):
        name = f"Name {number}"

        def expected():
            self.model._need(theme in self.model.names, ThemeGone)
            self.model.name(name, theme)
            self.model.edit(theme)

        if self.both(expected, lambda: self.room.do(theme_deeds.rename_theme, self.place, theme, name)):
            self.model.names[theme] = name

    @rule(idea=ideas, number=st.integers(0, 9))
    def split(self, idea, number):
        model, ids = self.model, [self.ideas[idea]]
        origin = model.places[idea][0]
        rest = [other for other, (theme, _) in model.places.items() if theme == origin and other != idea]

        def expected():
            model._need(model.state[idea] == "shown", IdeaGone)
            model.name(name)
            model._need(origin is None or bool(rest), WrongMove)
            model.edit()

        name = f"Half {number}"
        if self.both(expected, lambda: self.room.do(self.deeds.split, self.place, ids, name)):
            self.made += 1
            model.names[self.made] = name
            model.places |= {idea: (self.made, True)} | (dict.fromkeys(rest, (origin, True)) if origin else {})

    @rule()
    def undo(self):
        self.both(self.model.undo, lambda: self.room.do(self.deeds.undo, self.place))

    @rule()
    def redo(self):
        self.both(self.model.redo, lambda: self.room.do(self.deeds.redo, self.place))

    @invariant()
    def the_conversation_is_as_the_model_says(self):
        with self.room.read() as db:
            rows = {row.id: row for row in db.query(Idea)}
            votes = {(row.idea_id, row.participant_id): row.val for row in db.query(Vote) if row.val is not None}
            names = {row.number: row.name for row in themes_of(db, self.place)}
            places = {idea: (place.theme, place.pinned) for idea, place in places_of(db, self.place).items()}
            screen = state_of(db.connection(), self.place, crew=False)
        model = self.model
        people = [phone.actor.participant_id for phone in self.phones]
        assert {self.ideas.index(key): row.state.value for key, row in rows.items()} == model.state
        assert votes == {(self.ideas[idea], people[phone]): val for (idea, phone), val in model.votes.items()}
        for number, key in enumerate(self.ideas):
            assert (rows[key].agree, rows[key].disagree, rows[key].passes) == model.tally(number)
        assert (names, places) == (model.names, {self.ideas[idea]: place for idea, place in model.places.items()})
        shown = [idea for idea in range(IDEAS) if model.state[idea] == "shown"]
        assert [idea["id"] for idea in screen["ideas"]] == [self.ideas[idea] for idea in shown]
        for theme in screen["themes"]:
            mine = [idea for idea in shown if model.places[idea][0] == theme["id"]]
            assert (theme["ideas_count"], theme["votes"]) == (len(mine), sum(model.tally(idea)[0] for idea in mine))


def test_any_sequence_leaves_what_the_model_says(opener):
    run_state_machine_as_test(
        lambda: Sequences(opener, Deeds),
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


class HiddenForGood(Deeds):
    """Hiding takes the votes away."""

    @staticmethod
    def hide(tx, actor, idea_id, *, reason):
        idea_deeds.hide_idea(tx, actor, idea_id, reason=reason)
        tx.db.execute(delete(Vote).where(Vote.idea_id == idea_id))
        tx.db.execute(update(Idea).where(Idea.id == idea_id).values(agree=0, disagree=0, passes=0))


class ShownWithdrawn(Deeds):
    """Restoring shows what its author took back, too."""

    @staticmethod
    def restore(tx, actor, idea_id):
        tx.db.execute(
            update(Idea).where(Idea.id == idea_id, Idea.state == IdeaState.WITHDRAWN).values(state=IdeaState.HIDDEN)
        )
        idea_deeds.restore_idea(tx, actor, idea_id)


class HalfUndone(Deeds):
    """Undo brings ideas back and leaves the pin in them."""

    @staticmethod
    def undo(tx, actor, conversation_id):
        pinned = {idea for idea, place in places_of(tx.db, conversation_id).items() if place.pinned}
        undone = edit_deeds.undo_edit(tx, actor, conversation_id)
        tx.db.execute(update(Placement).where(Placement.idea_id.in_(pinned)).values(pinned=True))
        return undone


class RedoOfTheWrongEdit(Deeds):
    """Redo does the newest undone edit again, not the one that was undone last."""

    @staticmethod
    def redo(tx, actor, conversation_id):
        undone = select(ThemeEdit).where(ThemeEdit.undone_at.is_not(None), ThemeEdit.forward.is_not(None))
        newest = tx.db.scalars(undone.order_by(ThemeEdit.id.desc())).first()
        if newest is not None:
            tx.db.execute(update(ThemeEdit).where(ThemeEdit.id < newest.id).values(forward=None))
        return edit_deeds.redo_edit(tx, actor, conversation_id)


class ForgetfulSplit(Deeds):
    """A split leaves those that stay to the machine."""

    @staticmethod
    def split(tx, actor, conversation_id, idea_ids, name):
        number = theme_deeds.split_theme(tx, actor, conversation_id, idea_ids, name)
        tx.db.execute(update(Placement).where(Placement.theme != number).values(pinned=False))
        return number


#: The shortest sequence that shows each.
SHOWN_BY = {
    HiddenForGood: lambda machine: (machine.vote(1, 0, 1), machine.hide(0)),
    ShownWithdrawn: lambda machine: (machine.withdraw(0, 0), machine.restore(0)),
    HalfUndone: lambda machine: (machine.merge(1, 2), machine.undo()),
    RedoOfTheWrongEdit: lambda machine: (
        machine.move(0, 2),
        machine.move(0, 3),
        machine.undo(),
        machine.undo(),
        machine.redo(),
    ),
    ForgetfulSplit: lambda machine: machine.split(0, 1),
}


@pytest.mark.parametrize("mutant", SHOWN_BY)
def test_the_model_notices(opener, mutant):
    for deeds in (Deeds, mutant):
        machine = Sequences(opener, deeds)
        try:
            machine.the_conversation_is_as_the_model_says()
            if deeds is Deeds:
                SHOWN_BY[mutant](machine)
                machine.the_conversation_is_as_the_model_says()
            else:
                with pytest.raises(AssertionError):
                    SHOWN_BY[mutant](machine), machine.the_conversation_is_as_the_model_says()
        finally:
            machine.teardown()


class WithRuns(RuleBasedStateMachine):
    """Any edits, undos and redos with theme runs among them, some of which have read what stood before an edit."""

    def __init__(self, opener: Any, finish: Any) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.opened = opener(Path(self.folder.name))
        self.desk, self.finish = Desk(next(self.opened)), finish
        self.desk.found_two()
        self.start = self.decided()
        self.after: list[Any] = []
        self.before: list[Any] = []
        self.computing: tuple[int, ThemeSet] | None = None

    def teardown(self) -> None:
        self.opened.close()
        self.folder.cleanup()

    def decided(self) -> Any:
        """What only people change: their names, descriptions, locks, merges, pins and bars."""
        themes, places = self.desk.decided()
        named = {
            number: (row[0] if row[1] else None, *row[1:4], row[5])
            for number, row in themes.items()
            if row[5] is not None or (row[4] and (row[1] or row[3] or row[2]))
        }
        pins = {idea: place for idea, place in places.items() if place.pinned}
        return named, pins, {idea: place.barred for idea, place in places.items() if place.barred}

    def themes(self) -> list[int]:
        return sorted(self.desk.names())

    def edit(self, action: Any, *args: Any, **more: Any) -> None:
        before = self.decided()
        try:
            self.desk.do(action, *args, **more)
        except Refusal:
            assert self.decided() == before
            return
        self.before.append(before)
        self.after.clear()

    @rule(idea=ideas, pick=st.integers(0, 3))
    def move(self, idea, pick):
        self.edit(place_deeds.move_ideas, [self.idea(idea)], [*self.themes(), None][pick % (len(self.themes()) + 1)])

    @rule(idea=ideas, deed=st.sampled_from([place_deeds.pin_ideas, place_deeds.unpin_ideas, place_deeds.bar_ideas]))
    def place(self, idea, deed):
        self.edit(deed, [self.idea(idea)])

    @rule(idea=ideas, other=ideas, name=st.sampled_from(["", "Half"]))
    def split(self, idea, other, name):
        self.edit(theme_deeds.split_theme, [self.idea(idea), self.idea(other)], name)

    @rule(pick=st.integers(0, 5), other=st.integers(0, 5))
    def merge(self, pick, other):
        if len(self.themes()) > 1:
            numbers = self.themes()
            self.edit(theme_deeds.merge_themes, numbers[pick % len(numbers)], numbers[other % len(numbers)])

    @rule(pick=st.integers(0, 5), locked=st.booleans())
    def lock(self, pick, locked):
        if self.themes():
            self.edit(theme_deeds.lock_theme, self.themes()[pick % len(self.themes())], locked=locked)

    @rule(pick=st.integers(0, 5), name=st.sampled_from(["North", "South"]))
    def rename(self, pick, name):
        if self.themes():
            self.edit(theme_deeds.rename_theme, self.themes()[pick % len(self.themes())], name)

    @rule()
    def add(self):
        self.edit(theme_deeds.add_theme, "Beforehand", "What nobody has said yet")

    @rule()
    def undo(self):
        if self.before:
            self.after.append(self.decided())
            self.desk.do(edit_deeds.undo_edit)
            assert self.decided() == self.before.pop()

    @rule()
    def redo(self):
        if self.after:
            self.before.append(self.decided())
            self.desk.do(edit_deeds.redo_edit)
            assert self.decided() == self.after.pop()

    @rule(deal=st.lists(st.integers(0, 3), min_size=IDEAS, max_size=IDEAS))
    def run_begins(self, deal):
        """A run reads what stands now, as the engine does: pins, locks and names; the rest it deals out."""
        if self.computing is not None:
            return
        run = self.desk.asked()
        given = run_input(self.desk.room.engine, run)
        assert given is not None
        assert given.previous is not None
        known = {theme.id: theme for theme in given.previous.themes}
        locked = {idea: theme.id for theme in known.values() if theme.locked for idea in theme.ideas}
        closed = {theme.id for theme in known.values() if theme.locked}
        fresh = given.previous.next_id
        spots: list[int | None] = [*(number for number in known if number not in closed), fresh, None]
        homes: dict[int | None, list[str]] = {}
        for idea, pick in zip(given.ideas, deal, strict=True):
            home = given.pins[idea.id] if idea.id in given.pins else locked.get(idea.id, spots[pick % len(spots)])
            homes.setdefault(home, []).append(idea.id)
        found = tuple(
            replace(known.get(number, Theme(fresh, f"Found {fresh}")), ideas=tuple(homes.get(number, ())))
            for number in sorted({*known, fresh})
            if number in homes or (number in known and (number in closed or known[number].named_by_person))
        )
        self.computing = run, ThemeSet(found, tuple(homes.get(None, ())), fresh + 1)

    @rule()
    def run_ends(self):
        if self.computing is not None:
            run, found = self.computing
            before, places = self.decided(), self.desk.places()
            self.desk.room.gate.write(self.desk.place, self.finish, run, found)
            self.computing = None
            assert self.decided() == before
            locked = {number for number in self.themes() if self.desk.row(number).locked}
            for idea, place in self.desk.places().items():
                assert place.theme is None or place.theme not in place.barred
                was = places.get(idea, Placed(None)).theme
                assert was == place.theme or not {was, place.theme} & locked

    def idea(self, number: int) -> str:
        return (self.desk.a, self.desk.b, self.desk.c, self.desk.d)[number]

    @invariant()
    def undo_all_is_the_start_and_redo_all_the_end(self):
        if self.computing is None and len(self.before) % 4 == 3:
            end, steps = self.decided(), len(self.before)
            for _ in range(steps):
                self.desk.do(edit_deeds.undo_edit)
            assert self.decided() == self.start
            for _ in range(steps):
                self.desk.do(edit_deeds.redo_edit)
            assert self.decided() == end


def with_runs(opener: Any, finish: Any) -> None:
    """Try sequences of edits and runs; `finish` is the action that ends a run."""
    run_state_machine_as_test(
        lambda: WithRuns(opener, finish),
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


def test_no_run_loses_what_people_did_and_undo_all_is_the_start(opener):
    with_runs(opener, run_deeds.finish_theme_run)


def finish_without_looking(tx, run_id, found):
    """The mutant: what people did while the run was computing is not looked at, nor what they locked."""
    run = tx.db.get_one(ThemeRun, run_id)
    run.seq = 10**9
    tx.db.execute(update(Placement).values(barred=None, pinned=False))
    run_deeds.finish_theme_run(tx, run_id, found)


@pytest.mark.parametrize("finish", [run_deeds.finish_theme_run, finish_without_looking])
def test_the_laws_notice_a_run_that_does_not_look(opener, finish):
    machine = WithRuns(opener, finish)
    try:
        machine.run_begins([0, 1, 2, 3])
        machine.move(0, 1)
        machine.place(1, place_deeds.bar_ideas)
        if finish is run_deeds.finish_theme_run:
            machine.run_ends()
        else:
            with pytest.raises(AssertionError):
                machine.run_ends()
    finally:
        machine.teardown()
