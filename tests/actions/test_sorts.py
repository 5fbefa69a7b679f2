"""A participant's sorts are states; they move an idea at once, and outlive what people do to the themes."""

import json
from contextlib import nullcontext

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from feedback.actions.edits import undo_edit
from feedback.actions.ideas import hide_idea
from feedback.actions.places import move_ideas
from feedback.actions.programme import clear_conversation, close_conversation
from feedback.actions.runs import finish_theme_run, request_themes
from feedback.actions.sorts import start_sorting, stop_sorting
from feedback.actions.themes import add_theme, merge_themes, rename_theme
from feedback.domain.facts import (
    ConversationChanged,
    Forbidden,
    IdeaGone,
    NotSorting,
    PromptClosed,
    Superseded,
    ThemeGone,
    TooFewThemes,
    WrongMove,
)
from feedback.domain.roles import Actor, Role
from feedback.domain.sorting import posterior
from feedback.domain.sorts import Sort
from feedback.domain.themes import Outlook, Theme, ThemeSet
from feedback.store.doorway import mine_of
from feedback.store.sorts import Sorter, SortRow, sorts_of
from feedback.store.themes import Placement, ThemeRow

PRIOR = ((1, 0.6), (2, 0.3), (None, 0.1))


@pytest.fixture
def desk(any_room):
    return Desk(any_room)


class Desk:
    """A room that sorts: two themes with two ideas each, and two people who wrote none of them."""

    def __init__(self, room) -> None:
        self.room, self.place = room, room.conversation().id
        self.anna, self.ben, self.cleo = (room.phone(name) for name in ("anna", "ben", "cleo"))
        self.a, self.b, self.c, self.d = (self.anna.write(text) for text in ("Night", "Sunday", "Depot", "Tram"))
        self.rapporteur = Actor(Role.RAPPORTEUR, self.place)
        self.facilitator = Actor(Role.FACILITATOR, self.place)
        self.found()
        self.do(start_sorting)

    def found(self, run: int | None = None) -> None:
        """Let a run find Hours (a, b) and Places (c, d), and be unsure of all."""
        run = run or self.room.do(request_themes, self.place)
        themes = (Theme(1, "Hours", ideas=(self.a, self.b)), Theme(2, "Places", ideas=(self.c, self.d)))
        outlooks = {idea: Outlook(PRIOR, 0.6) for idea in (self.a, self.b, self.c, self.d)}
        self.room.gate.write(self.place, finish_theme_run, run, ThemeSet(themes, (), 3, outlooks=outlooks))

    def do(self, action, *args, **more):
        return self.room.do(action, self.place, *args, actor=self.facilitator, **more)

    def desk(self, action, *args):
        return self.room.do(action, self.place, *args, actor=self.rapporteur)

    def rows(self, action) -> None:
        """Change rows as the desk's other deeds do."""
        self.room.gate.write(self.place, lambda tx: (action(tx), tx.touch(self.place, "themes"))[1])

    def split(self, *ideas: str, of: int) -> int:
        """Split a theme as the desk does: its new half stands by itself, its ideas are pinned there."""
        number = 9

        def deed(tx):
            seq = tx.touch(self.place, "themes")
            half = {"named_by_person": True, "terms": [], "representatives": []}
            tx.db.add(
                ThemeRow(conversation_id=self.place, number=number, name="Half", split_from=of, split_seq=seq, **half)
            )
            where = Placement.idea_id.in_(ideas)
            tx.db.execute(update(Placement).where(where).values(theme=number, pinned=True))

        self.rows(deed)
        return number

    def where(self, idea: str) -> tuple[int | None, float]:
        with self.room.read() as db:
            row = db.get_one(Placement, idea)
            return row.theme, row.sureness or 0.0

    def said(self) -> set[tuple[str, int | None]]:
        """What the next run will read, without who said it."""
        with self.room.read() as db:
            return {(sort.idea, sort.theme) for sort in sorts_of(db, self.place)}


def sort(phone, idea, theme=None, *, skip=False):
    return phone.op(k="sort", idea=idea, theme=theme, skip=skip, rev=phone.next_rev())


def sure(*sorts):
    return posterior(dict(PRIOR), sorts)


def test_a_sort_moves_its_idea_at_once(desk):
    ack = sort(desk.ben, desk.a, 2)
    assert ack == {"seq": ack["seq"], "theme": 2, "skip": False, "rev": 1}
    assert desk.where(desk.a) == (2, pytest.approx(sure((2, 0.8))[2]))
    assert ConversationChanged(desk.place, ack["seq"], "sort") in desk.room.facts


def test_none_of_these_leads_to_the_leftovers(desk):
    for phone in (desk.ben, desk.cleo):
        sort(phone, desk.a, None)
    assert desk.where(desk.a) == (None, pytest.approx(sure((None, 0.8), (None, 0.8))[None]))


def test_what_is_passed_over_says_nothing(desk):
    before = desk.where(desk.a)
    sort(desk.ben, desk.a, skip=True)
    assert desk.where(desk.a) == before
    assert desk.said() == set()


def test_a_changed_answer_counts_alone(desk):
    sort(desk.ben, desk.a, 2)
    sort(desk.ben, desk.a, 1)
    assert desk.where(desk.a) == (1, pytest.approx(sure((1, 0.8))[1]))
    sort(desk.ben, desk.a, skip=True)
    assert desk.where(desk.a) == (1, pytest.approx(0.6))
    assert desk.said() == set()


def test_a_replay_is_ok_and_an_older_sort_is_superseded_even_after_the_end(desk):
    first = desk.ben.op(k="sort", idea=desk.a, theme=2, skip=False, rev=7)
    desk.do(stop_sorting)
    desk.room.do(close_conversation, desk.place)
    assert desk.ben.op(k="sort", idea=desk.a, theme=2, skip=False, rev=7) == first
    for changed in ({"rev": 6}, {"theme": 1}, {"theme": None}, {"theme": None, "skip": True}):
        with pytest.raises(Superseded) as refused:
            desk.ben.op(**({"k": "sort", "idea": desk.a, "theme": 2, "skip": False, "rev": 7} | changed))
        assert refused.value.detail == {"rev": 7}


def test_participants_weigh_as_the_last_run_has_found_them(desk):
    def know(tx):
        tx.db.add(Sorter(participant_id=desk.ben.actor.participant_id, reliability=0.3))

    desk.rows(know)
    sort(desk.ben, desk.a, 2)
    sort(desk.cleo, desk.a, 1)
    assert desk.where(desk.a) == (1, pytest.approx(sure((2, 0.3), (1, 0.8))[1]))


def test_an_idea_that_no_run_has_seen_is_placed_by_its_sorts(desk):
    idea = desk.anna.write("Late trams")
    sort(desk.ben, idea, 2)
    prior = {1: 0.47, 2: 0.47, None: 0.06}
    assert desk.where(idea) == (2, pytest.approx(posterior(prior, [(2, 0.8)])[2]))


def test_own_ideas_may_always_be_sorted_others_only_while_the_room_is_asked(desk):
    desk.do(stop_sorting)
    with pytest.raises(NotSorting):
        sort(desk.ben, desk.a, 2)
    sort(desk.anna, desk.a, 2)
    assert desk.where(desk.a)[0] == 2
    desk.room.do(close_conversation, desk.place)
    for phone in (desk.anna, desk.ben):
        with pytest.raises(PromptClosed):
            sort(phone, desk.b, 2)


def test_a_sort_of_nothing_is_refused(desk):
    stranger = desk.room.phone("dora", place=1)
    with pytest.raises(IdeaGone):
        sort(stranger, desk.a, 1)
    desk.room.do(hide_idea, desk.a, reason="spam")
    with pytest.raises(IdeaGone):
        sort(desk.ben, desk.a, 1)
    with pytest.raises(ThemeGone):
        sort(desk.ben, desk.b, 5)
    for role in (Role.FACILITATOR, Role.STAGE):
        desk.cleo.actor = Actor(role, desk.place)
        with pytest.raises(Forbidden):
            sort(desk.cleo, desk.b, 1)


def test_pins_locks_and_bars_hold_against_any_number_of_sorts(desk):
    desk.desk(move_ideas, [desk.a], 1)

    def lock_and_bar(tx):
        tx.db.execute(update(Placement).where(Placement.idea_id == desk.b).values(barred=json.dumps([2])))

    desk.rows(lock_and_bar)
    for phone in (desk.ben, desk.cleo):
        sort(phone, desk.a, 2)
        sort(phone, desk.b, 2)
    assert desk.where(desk.a) == (1, pytest.approx(sure((2, 0.8), (2, 0.8))[1]))
    assert desk.where(desk.b)[0] == 1
    desk.rows(lambda tx: tx.db.execute(update(ThemeRow).where(ThemeRow.number == 2).values(locked=True)))
    for phone in (desk.ben, desk.cleo):
        sort(phone, desk.c, 1)
    assert desk.where(desk.c)[0] == 2
    idea = desk.anna.write("Late trams")
    sort(desk.ben, idea, 2)
    assert desk.where(idea)[0] != 2


def test_sorts_survive_a_rename(desk):
    sort(desk.ben, desk.a, 2)
    desk.desk(rename_theme, 2, "Buildings")
    assert desk.said() == {(desk.a, 2)}


def test_sorts_for_a_merged_theme_count_for_the_one_that_took_it_until_that_is_undone(desk):
    sort(desk.ben, desk.a, 2)
    desk.desk(merge_themes, 1, 2)
    assert desk.said() == {(desk.a, 1)}
    sort(desk.cleo, desk.b, 2)  # from a card that was there before
    assert desk.said() == {(desk.a, 1), (desk.b, 1)}
    desk.desk(undo_edit)
    assert desk.said() == {(desk.a, 2), (desk.b, 2)}


def test_sorts_for_a_split_theme_count_for_the_half_where_the_idea_stands(desk):
    sort(desk.ben, desk.c, 2)
    sort(desk.ben, desk.d, 2)
    half = desk.split(desk.d, of=2)
    assert desk.said() == {(desk.c, 2), (desk.d, half)}
    sort(desk.cleo, desk.d, 2)  # who says so now means it
    assert desk.said() == {(desk.c, 2), (desk.d, half), (desk.d, 2)}
    desk.rows(lambda tx: tx.db.execute(update(ThemeRow).where(ThemeRow.number == half).values(standing=False)))
    assert desk.said() == {(desk.c, 2), (desk.d, 2)}


def test_sorts_that_come_while_a_run_is_under_way_stand_after_it(desk):
    run = desk.room.do(request_themes, desk.place)
    sort(desk.ben, desk.a, 2)
    sort(desk.cleo, desk.a, 2)
    before = desk.where(desk.a)
    assert before[0] == 2
    desk.found(run)
    assert desk.where(desk.a) == before


def test_the_room_is_asked_only_when_there_is_something_to_sort_into(room):
    place, facilitator = room.conversation().id, Actor(Role.FACILITATOR, room.conversation().id)
    for left in (2, 1):
        with pytest.raises(TooFewThemes) as refused:
            room.do(start_sorting, place, actor=facilitator)
        assert refused.value.detail == {"limit": 2}
        room.do(add_theme, place, f"Theme {left}")
    room.do(start_sorting, place, actor=facilitator)
    assert room.conversation().sorting
    room.do(stop_sorting, place, actor=facilitator)
    assert not room.conversation().sorting
    with pytest.raises(Forbidden):
        room.do(start_sorting, place, actor=Actor(Role.RAPPORTEUR, place))
    room.do(close_conversation, place)
    with pytest.raises(WrongMove):
        room.do(start_sorting, place, actor=facilitator)


def test_a_cleared_conversation_has_no_sorts(desk):
    sort(desk.ben, desk.a, 2)
    desk.room.do(clear_conversation, desk.place, code=desk.room.conversation().code)
    with desk.room.read() as db:
        assert list(db.scalars(select(SortRow))) == []
    assert not desk.room.conversation().sorting


def test_the_highest_revision_of_a_participant_counts_sorts_too(desk):
    desk.ben.op(k="sort", idea=desk.a, theme=2, skip=False, rev=12)
    with desk.room.engine.connect() as db:
        assert mine_of(db, desk.place, desk.ben.actor.participant_id)["max_rev"] == 12


answers = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 3), st.sampled_from([1, 2, None, "skip"]), st.integers(1, 9)),
    max_size=14,
)


@given(said=answers)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_order_sorts_come_in_the_newest_of_each_stands(desk, said):
    phones, ideas, newest = (desk.anna, desk.ben, desk.cleo), (desk.a, desk.b, desk.c, desk.d), {}
    desk.rows(lambda tx: tx.db.execute(SortRow.__table__.delete()))
    for who, which, answer, rev in said:
        phone, idea = phones[who], ideas[which]
        theme = answer if isinstance(answer, int) else None
        if rev <= newest.get((who, which), (0, None))[0]:
            with pytest.raises(Superseded) if newest[who, which] != (rev, answer) else nullcontext():
                phone.op(k="sort", idea=idea, theme=theme, skip=answer == "skip", rev=rev)
        else:
            phone.op(k="sort", idea=idea, theme=theme, skip=answer == "skip", rev=rev)
            newest[who, which] = (rev, answer)
    stands = {
        Sort(str(phones[who].actor.participant_id), ideas[which], answer)
        for (who, which), (_, answer) in newest.items()
        if answer != "skip"
    }
    with desk.room.read() as db:
        assert set(sorts_of(db, desk.place)) == stands
    for which in {which for (_, which), (_, answer) in newest.items() if answer != "skip"}:
        words = [(answer, 0.8) for (_, at), (_, answer) in newest.items() if at == which and answer != "skip"]
        shares = sure(*words)
        theme, sureness = desk.where(ideas[which])
        assert shares[theme] == pytest.approx(max(shares.values()))
        assert sureness == pytest.approx(shares[theme], abs=1e-9)
