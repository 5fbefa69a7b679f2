"""Hiding, restoring, withdrawing, voting, theme edits and their undo, in any order, against a model of forty lines.

The mutants break one of the actions on purpose; the same sequences must then fail.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, update

from feedback.actions import ideas as idea_deeds
from feedback.actions import runs as run_deeds
from feedback.actions import themes as theme_deeds
from feedback.domain.facts import IdeaGone, NotFound, NothingToUndo, OwnIdea, Refusal
from feedback.domain.ideas import IdeaState
from feedback.domain.themes import Theme, ThemeSet
from feedback.store.ideas import Idea, Vote
from feedback.store.screens import state_of
from feedback.store.themes import Placement, places_of, themes_of

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

    def vote(self, phone: int, idea: int, val: int | None) -> None:
        self._need(self.state[idea] == "shown", IdeaGone)
        self._need(idea % PHONES != phone, OwnIdea)
        self.votes.pop((idea, phone), None)
        if val is not None:
            self.votes[idea, phone] = val

    def change(self, idea: int, was: str, becomes: str) -> None:
        self._need(self.state[idea] == was, IdeaGone)
        self.state[idea] = becomes

    def edit(self, *numbers: int | None) -> None:
        self._need(all(number is None or number in self.names for number in numbers), NotFound)
        self.before.append((dict(self.names), dict(self.places)))

    def undo(self) -> None:
        self._need(bool(self.before), NothingToUndo)
        self.names, self.places = self.before.pop()

    def tally(self, idea: int) -> tuple[int, int, int]:
        vals = [val for (to, _), val in self.votes.items() if to == idea]
        return vals.count(1), vals.count(-1), vals.count(0)

    def _need(self, holds: bool, refusal: type[Refusal]) -> None:
        if not holds:
            raise refusal


class Deeds:
    """The actions under test; a mutant replaces one."""

    hide, restore = staticmethod(idea_deeds.hide_idea), staticmethod(idea_deeds.restore_idea)
    merge, undo = staticmethod(theme_deeds.merge_themes), staticmethod(theme_deeds.undo_edit)


class Sequences(RuleBasedStateMachine):
    """Does the same to a real conversation and to the model, and compares after each step."""

    def __init__(self, opener: Any, deeds: type[Deeds]) -> None:
        super().__init__()
        self.deeds, self.model = deeds, Model()
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
            lambda: self.model.edit(theme), lambda: self.room.do(theme_deeds.move_ideas, self.place, ids, theme)
        ):
            self.model.places[idea] = (theme, True)

    @rule(theme=themes, number=st.integers(0, 9))
    def rename(self, theme, number):
        rename = lambda: self.room.do(theme_deeds.rename_theme, self.place, theme, f"Name {number}")  # noqa: E731
        if self.both(lambda: self.model.edit(theme), rename):
            self.model.names[theme] = f"Name {number}"

    @rule()
    def undo(self):
        self.both(self.model.undo, lambda: self.room.do(self.deeds.undo, self.place))

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
        undone = theme_deeds.undo_edit(tx, actor, conversation_id)
        tx.db.execute(update(Placement).where(Placement.idea_id.in_(pinned)).values(pinned=True))
        return undone


#: The shortest sequence that shows each.
SHOWN_BY = {
    HiddenForGood: lambda machine: (machine.vote(1, 0, 1), machine.hide(0)),
    ShownWithdrawn: lambda machine: (machine.withdraw(0, 0), machine.restore(0)),
    HalfUndone: lambda machine: (machine.merge(1, 2), machine.undo()),
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
