"""A sort that was acked is never lost, never doubled, and stays as said, whatever happens to the themes.

Any sorts of three people among merges, splits, renames, runs, undos and redos; what must be true is told by what was
said and by what stood before each deed. The mutants break one action on purpose; the same story must then fail.
"""

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import bindparam, delete, select, text, update

from feedback.actions import edits as edit_deeds
from feedback.actions import runs as run_deeds
from feedback.actions import sorts as sort_deeds
from feedback.actions import themes as theme_deeds
from feedback.domain.facts import Refusal, Superseded
from feedback.domain.roles import Actor, Role
from feedback.domain.themes import Outlook, Theme, ThemeSet
from feedback.store import sorts as sql
from feedback.store.sorts import SortRow, sorts_of
from feedback.store.statements import Statement
from feedback.store.themes import ThemeRow, places_of, themes_of

#: How many sequences are tried; the long form, before a release: FEEDBACK_TEST_SEQUENCES=1000.
SEQUENCES = int(os.environ.get("FEEDBACK_TEST_SEQUENCES", "8"))
IDEAS = 6
people, ideas, picks = st.integers(0, 2), st.integers(0, IDEAS - 1), st.integers(0, 5)


class Deeds:
    """The actions under test; a mutant replaces one."""

    merge, split = staticmethod(theme_deeds.merge_themes), staticmethod(theme_deeds.split_theme)
    finish = staticmethod(run_deeds.finish_theme_run)
    #: Changes the house before anything is said.
    begin = staticmethod(lambda _machine: None)
    #: Gives back what `begin` changed for more than the house.
    end = staticmethod(lambda: None)


class Sorted(RuleBasedStateMachine):
    """A room that sorts six ideas into two themes, and a desk that takes these apart."""

    def __init__(self, opener: Any, deeds: type[Deeds]) -> None:
        super().__init__()
        self.deeds = deeds
        self.folder = tempfile.TemporaryDirectory()
        self.opened = opener(Path(self.folder.name))
        self.room: Any = next(self.opened)
        self.place = self.room.conversation().id
        self.desk = Actor(Role.RAPPORTEUR, self.place)
        self.phones = [self.room.phone(name) for name in ("anna", "ben", "cleo")]
        self.ideas = [self.phones[0].write(f"Idea {number}") for number in range(IDEAS)]
        #: What each person was told is saved: the theme that they named, whether they passed it over, and the rev.
        self.told: dict[tuple[int, str], tuple[int | None, bool, int]] = {}
        #: What counted before each edit that stands, or was taken back; None once somebody has sorted since.
        self.before: list[dict[Any, Any] | None] = []
        self.after: list[dict[Any, Any] | None] = []
        self.find(self.ideas[:3], self.ideas[3:])
        # A person's name keeps a theme standing when it is empty.
        for number in (1, 2):
            self.room.do(theme_deeds.rename_theme, self.place, number, f"Named {number}", actor=self.desk)
        self.halves = False
        self.room.do(sort_deeds.start_sorting, self.place, actor=Actor(Role.FACILITATOR, self.place))
        deeds.begin(self)

    def teardown(self) -> None:
        self.deeds.end()
        self.opened.close()
        self.folder.cleanup()

    def find(self, *groups: list[str]) -> None:
        run = self.room.do(run_deeds.request_themes, self.place)
        themes = tuple(Theme(at, f"Theme {at}", ideas=tuple(group)) for at, group in enumerate(groups, start=1))
        outlooks = {idea: Outlook(((1, 0.5), (2, 0.4), (None, 0.1)), 0.5) for idea in self.ideas}
        found = ThemeSet(themes, (), len(themes) + 1, outlooks=outlooks)
        self.room.gate.write(self.place, self.deeds.finish, run, found)

    def rows(self) -> list[tuple[int, str, int | None, bool, int]]:
        with self.room.read() as db:
            query = select(SortRow.participant_id, SortRow.idea_id, SortRow.theme, SortRow.skipped, SortRow.rev)
            return sorted((who, idea, theme, bool(skip), rev) for who, idea, theme, skip, rev in db.execute(query))

    def counted(self) -> dict[tuple[int, str], int | None]:
        """For which theme each word counts now, as the next run will read it."""
        with self.room.read() as db:
            found = [((int(sort.participant), sort.idea), sort.theme) for sort in sorts_of(db, self.place)]
        assert len(dict(found)) == len(found), "a sort counts twice"
        return dict(found)

    def where(self) -> dict[str, int | None]:
        with self.room.read() as db:
            return {idea: place.theme for idea, place in places_of(db, self.place).items()}

    def themes(self) -> list[int]:
        with self.room.read() as db:
            return [row.number for row in themes_of(db, self.place)]

    def edit(self, deed: Any, *args: Any) -> bool:
        """Edit the themes; a refusal changes nothing."""
        stood = self.counted()
        try:
            self.room.do(deed, self.place, *args, actor=self.desk)
        except Refusal:
            assert self.counted() == stood
            return False
        self.before.append(stood)
        self.after.clear()
        return True

    @rule(who=people, which=ideas, pick=picks, step=st.sampled_from([1, 1, 2, 0, -1]))
    def sort(self, who, which, pick, step):
        """Answer anew (the rev grows), once more the same, or late."""
        phone, idea = self.phones[who], self.ideas[which]
        key = (phone.actor.participant_id, idea)
        theme = [*self.themes(), None, None][pick % (len(self.themes()) + 2)]
        skip = theme is None and pick % 2 == 1
        old = self.told.get(key, (None, False, 0))
        rev = max(1, old[2] + step)
        stood = self.counted()
        try:
            ack = phone.op(k="sort", idea=idea, theme=theme, skip=skip, rev=rev)
        except Superseded:
            assert rev <= old[2]
            return
        assert (ack["theme"], ack["skip"], ack["rev"]) == (theme, skip, rev)
        assert rev > old[2] or (theme, skip, rev) == old
        self.told[key] = (theme, skip, rev)
        now = self.counted()
        if rev > old[2]:
            assert now.get(key, "nothing") == ("nothing" if skip else theme)
            self.before, self.after = [None] * len(self.before), [None] * len(self.after)
        # Those of others on the same idea may count for another half of what was split: the idea has moved.
        others = {each: said for each, said in stood.items() if each[1] != idea}
        assert {each: said for each, said in now.items() if each[1] != idea} == others

    def is_plain(self, said: int | None, stands: int | None) -> bool:
        """Tell whether a word can count for one theme only: of a split theme that is the half where its idea stands."""
        return said is None or said == stands or not self.halves

    @rule(pick=picks, other=picks)
    def merge(self, pick, other):
        numbers = self.themes()
        into, gone = numbers[pick % len(numbers)], numbers[other % len(numbers)]
        stood, where = self.counted(), self.where()
        if len(numbers) > 2 and self.edit(self.deeds.merge, into, gone):
            now = self.counted()
            for (who, idea), said in stood.items():
                if self.is_plain(said, where[idea]):
                    assert now.get((who, idea), "lost") == (into if said == gone else said)

    @rule(which=ideas, other=ideas)
    def split(self, which, other):
        chosen = [self.ideas[which], self.ideas[other]]
        stood, where, numbers = self.counted(), self.where(), set(self.themes())
        if self.edit(self.deeds.split, chosen, "Half"):
            (half,) = set(self.themes()) - numbers
            self.halves = True
            origins = {where[idea] for idea in chosen}
            now = self.counted()
            for (who, idea), said in stood.items():
                moved = idea in chosen and said == where[idea] and said is not None
                if self.is_plain(said, where[idea]) and not (moved and len(origins) > 1):
                    assert now.get((who, idea), "lost") == (half if moved else said)

    @rule(pick=picks)
    def rename(self, pick):
        stood, numbers = self.counted(), self.themes()
        if self.edit(theme_deeds.rename_theme, numbers[pick % len(numbers)], f"Name {pick}"):
            assert self.counted() == stood

    @rule()
    def undo(self):
        if self.before:
            stood = self.counted()
            self.room.do(edit_deeds.undo_edit, self.place, actor=self.desk)
            expected = self.before.pop()
            assert expected is None or self.counted() == expected
            self.after.append(None if expected is None else stood)

    @rule()
    def redo(self):
        if self.after:
            stood = self.counted()
            self.room.do(edit_deeds.redo_edit, self.place, actor=self.desk)
            expected = self.after.pop()
            assert expected is None or self.counted() == expected
            self.before.append(None if expected is None else stood)

    @rule()
    def run(self):
        """A run that finds what stands: nothing that was said changes by it."""
        where, stood = self.where(), self.counted()
        self.find(*([idea for idea, theme in where.items() if theme == number] for number in (1, 2)))
        self.before, self.after = [None] * len(self.before), [None] * len(self.after)
        assert self.counted().keys() == stood.keys()

    @invariant()
    def every_word_stands_once_as_it_was_said(self):
        assert self.rows() == sorted((who, idea, *said) for (who, idea), said in self.told.items())
        spoken = {key: theme for key, (theme, skip, _) in self.told.items() if not skip}
        counted, standing = self.counted(), set(self.themes())
        assert counted.keys() == spoken.keys()
        for key, theme in spoken.items():
            assert (counted[key] is None) == (theme is None)
            assert theme is None or counted[key] in standing


def test_no_word_is_lost_doubled_or_changed_by_what_happens_to_the_themes(opener):
    run_state_machine_as_test(
        lambda: Sorted(opener, Deeds),
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )


class MergeRewrites(Deeds):
    """A merge writes the theme that is left into the words for the other: undo cannot bring them back."""

    @staticmethod
    def merge(tx, actor, conversation_id, into, other):
        theme_deeds.merge_themes(tx, actor, conversation_id, into, other)
        tx.db.execute(update(SortRow).where(SortRow.theme == other).values(theme=into))


class MergeForgets(Deeds):
    """A merge takes the words for the emptied theme away."""

    @staticmethod
    def merge(tx, actor, conversation_id, into, other):
        theme_deeds.merge_themes(tx, actor, conversation_id, into, other)
        tx.db.execute(delete(SortRow).where(SortRow.theme == other))


class MergeLeavesNoTrace(Deeds):
    """A merge does not keep who took the ideas: words for the emptied theme count no more."""

    @staticmethod
    def merge(tx, actor, conversation_id, into, other):
        theme_deeds.merge_themes(tx, actor, conversation_id, into, other)
        tx.db.execute(update(ThemeRow).where(ThemeRow.number == other).values(merged_into=None))


class SplitLeavesNoTrace(Deeds):
    """A split does not keep where its half came from: words stay behind."""

    @staticmethod
    def split(tx, actor, conversation_id, idea_ids, name):
        number = theme_deeds.split_theme(tx, actor, conversation_id, idea_ids, name)
        tx.db.execute(update(ThemeRow).where(ThemeRow.number == number).values(split_seq=None))
        return number


class RunUsesUp(Deeds):
    """A run takes away the words that it has read."""

    @staticmethod
    def finish(tx, run_id, found):
        run_deeds.finish_theme_run(tx, run_id, found)
        tx.db.execute(delete(SortRow))


NAMES = ("idea_id", "participant_id", "theme", "skipped", "rev", "seq")


def binds(names):
    """Values that are named when the statement runs."""
    return {name: bindparam(name) for name in names}


class LastOneWins(Deeds):
    """Whatever comes last stands, whatever its rev."""

    kept = sql.idea_and_my_sort, sql.SET_SORT

    @staticmethod
    def begin(_machine):
        found = sql.idea_and_my_sort

        def upsert(insert):
            row = insert(SortRow).values(binds(NAMES))
            changed = {name: row.excluded[name] for name in NAMES[2:]}
            return row.on_conflict_do_update(index_elements=list(NAMES[:2]), set_=changed)

        sql.idea_and_my_sort = lambda tx, *args: (found(tx, *args)[0], None)
        sql.SET_SORT = Statement(upsert)

    @classmethod
    def end(cls):
        sql.idea_and_my_sort, sql.SET_SORT = cls.kept


class NoKey(LastOneWins):
    """A row for each word: whoever answers anew counts twice."""

    @staticmethod
    def begin(machine):
        sql.SET_SORT = Statement(lambda insert: insert(SortRow).values(binds(NAMES)))
        with machine.room.engine.begin() as db:
            db.execute(text('ALTER TABLE "sort" RENAME TO sort_with_key'))
            db.execute(text('CREATE TABLE "sort" AS SELECT * FROM sort_with_key'))


#: The shortest sequence that shows each; theme 1 holds the first three ideas.
SHOWN_BY = {
    MergeRewrites: lambda machine: (machine.split(0, 0), machine.sort(1, 0, 2, 1), machine.merge(0, 2)),
    MergeForgets: lambda machine: (machine.split(0, 0), machine.sort(1, 0, 2, 1), machine.merge(0, 2)),
    MergeLeavesNoTrace: lambda machine: (machine.split(0, 0), machine.sort(1, 0, 2, 1), machine.merge(1, 2)),
    SplitLeavesNoTrace: lambda machine: (machine.sort(1, 0, 0, 1), machine.split(0, 0)),
    RunUsesUp: lambda machine: (machine.sort(1, 0, 1, 1), machine.run()),
    LastOneWins: lambda machine: (machine.sort(1, 0, 1, 2), machine.sort(1, 0, 0, -1)),
    NoKey: lambda machine: (machine.sort(1, 0, 1, 1), machine.sort(1, 0, 0, 1)),
}


@pytest.mark.parametrize("mutant", SHOWN_BY)
def test_the_story_notices(opener, mutant):
    for deeds in (Deeds, mutant):
        machine = Sorted(opener, deeds)

        def told(machine=machine):
            SHOWN_BY[mutant](machine)
            machine.every_word_stands_once_as_it_was_said()

        try:
            machine.every_word_stands_once_as_it_was_said()
            if deeds is Deeds:
                told()
            else:
                with pytest.raises(AssertionError):
                    told()
        finally:
            machine.teardown()
