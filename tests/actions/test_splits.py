"""A split that the machine suggests: asked for, answered by the next run, done by people as one edit."""

import pytest
from sqlalchemy import select

from feedback.actions.edits import redo_edit, undo_edit
from feedback.actions.ideas import hide_idea
from feedback.actions.places import move_ideas
from feedback.actions.proposals import decline_proposal, take_proposal
from feedback.actions.runs import fail_theme_run, request_themes
from feedback.actions.splits import ask_split
from feedback.actions.themes import lock_theme, merge_themes, rename_theme
from feedback.domain.facts import Forbidden, NotFound, ThemeGone, ThemeLocked, ThemesEdited, TooFewIdeas, WrongMove
from feedback.domain.roles import Actor, Role
from feedback.domain.themes import SplitProposal, Theme
from feedback.store.proposals import ASK, SPLIT, Proposal, open_proposals_of
from feedback.store.runs import run_input, unscored_conversations
from feedback.store.themes import RESCORE, ThemeRun


@pytest.fixture
def wide(desk):
    """Seven ideas in one theme, two in another."""
    return widened(desk)


@pytest.fixture
def wide_here(desk_here):
    return widened(desk_here)


def widened(desk):
    phone = desk.room.phone("ben")
    desk.more = [phone.write(text) for text in ("Bus one", "Bus two", "Bus three", "Book one", "Book two")]
    desk.wide = Theme(1, "Mixed", terms=("mixed",), ideas=(desk.a, desk.b, *desk.more), representatives=(desk.a,))
    desk.other = Theme(2, "Places", terms=("places",), ideas=(desk.c, desk.d))
    desk.found(desk.wide, desk.other)
    return desk


def waiting(desk):
    with desk.room.read() as db:
        return [(row.id, row.kind) for row in open_proposals_of(db, desk.place, ASK, SPLIT)]


def run_asked(desk):
    with desk.room.read() as db:
        return db.scalars(select(ThemeRun).order_by(ThemeRun.id.desc())).first()


def answered(desk, *parts, names=("Night, Sunday", "Book")):
    """Let the run that was asked for suggest these parts; returns the proposal."""
    run = run_asked(desk)
    assert run_input(desk.room.engine, run.id).splits == (1,)
    desk.finish(run.id, desk.wide, desk.other, splits=(SplitProposal(1, parts, names if parts else ()),))
    ((proposal, kind),) = waiting(desk)
    assert kind == SPLIT
    return proposal


def halves(desk):
    return (desk.a, desk.b, *desk.more[:3]), tuple(desk.more[3:])


def test_a_split_is_asked_for_suggested_done_undone_and_done_again(wide):
    wide.do(ask_split, 1)
    run = run_asked(wide)
    assert (run.kind, run.state, [kind for _, kind in waiting(wide)]) == (RESCORE, "queued", [ASK])
    proposal = answered(wide, *halves(wide))
    before = wide.decided()[1]
    wide.do(take_proposal, proposal)
    assert wide.names() == {1: ("Night, Sunday", False), 2: ("Places", False), 3: ("Book", False)}
    assert [wide.where()[idea] for part in halves(wide) for idea in part] == [1] * 5 + [3] * 2
    assert all(wide.places()[idea].pinned for part in halves(wide) for idea in part)
    after = wide.decided()
    wide.do(undo_edit)
    assert wide.names() == {1: ("Mixed", False), 2: ("Places", False)}
    assert {idea: place.theme for idea, place in wide.decided()[1].items()} == {
        idea: place.theme for idea, place in before.items()
    }
    assert waiting(wide) == [(proposal, SPLIT)]
    wide.do(redo_edit)
    assert (wide.decided(), waiting(wide)) == (after, [])


def test_a_run_that_has_read_the_old_name_does_not_bring_it_back(wide):
    wide.do(ask_split, 1)
    proposal = answered(wide, *halves(wide))
    under_way = wide.room.do(request_themes, wide.place, RESCORE)
    wide.do(take_proposal, proposal)
    split = wide.names()
    wide.finish(under_way, wide.wide, wide.other)
    assert wide.names() == split == {1: ("Night, Sunday", False), 2: ("Places", False), 3: ("Book", False)}
    under_way = wide.room.do(request_themes, wide.place, RESCORE)
    wide.do(undo_edit)
    wide.do(redo_edit)
    wide.finish(under_way, wide.wide, wide.other)
    assert wide.names() == split


def test_the_name_that_a_person_gave_stays(wide):
    wide.do(rename_theme, 1, "Evenings")
    wide.do(ask_split, 1)
    wide.do(take_proposal, answered(wide, *halves(wide)))
    assert wide.names() == {1: ("Evenings", True), 2: ("Places", False), 3: ("Book", False)}


def test_what_moved_meanwhile_stays_where_it_is(wide):
    wide.do(ask_split, 1)
    proposal = answered(wide, *halves(wide))
    wide.do(move_ideas, [wide.more[3]], 2)
    wide.do(move_ideas, [wide.c], 1)
    wide.do(take_proposal, proposal)
    where = wide.where()
    assert (where[wide.more[3]], where[wide.c], where[wide.more[4]]) == (2, 1, 3)


def test_a_suggested_split_is_taken_although_one_of_its_ideas_was_hidden_meanwhile(wide):
    wide.do(ask_split, 1)
    proposal = answered(wide, *halves(wide))
    wide.room.do(hide_idea, wide.more[3], reason="Names a person")
    wide.do(take_proposal, proposal)
    where = wide.where()
    assert (where[wide.more[3]], where[wide.more[4]]) == (1, 3)


def test_a_split_that_does_not_fit_any_more_is_refused(wide_here):
    desk = wide_here
    desk.do(ask_split, 1)
    proposal = answered(desk, *halves(desk))
    desk.do(lock_theme, 1)
    with pytest.raises(WrongMove):
        desk.do(take_proposal, proposal)
    desk.do(undo_edit)
    for idea in desk.more[3:]:
        desk.room.do(hide_idea, idea, reason="Spam")
    with pytest.raises(WrongMove):
        desk.do(take_proposal, proposal)
    desk.do(merge_themes, 2, 1)
    with pytest.raises(ThemeGone):
        desk.do(take_proposal, proposal)


def test_small_locked_and_missing_themes_are_refused(wide_here):
    with pytest.raises(TooFewIdeas) as refusal:
        wide_here.do(ask_split, 2)
    assert refusal.value.detail == {"limit": 6}
    with pytest.raises(NotFound):
        wide_here.do(ask_split, 9)
    for idea in wide_here.more[:2]:
        wide_here.room.do(hide_idea, idea, reason="Spam")
    with pytest.raises(TooFewIdeas):
        wide_here.do(ask_split, 1)
    wide_here.do(lock_theme, 1)
    with pytest.raises(ThemeLocked):
        wide_here.do(ask_split, 1)
    assert waiting(wide_here) == []


def test_asking_twice_asks_once_and_asking_again_replaces_the_answer(wide_here):
    wide_here.do(ask_split, 1)
    wide_here.do(ask_split, 1)
    assert len(waiting(wide_here)) == 1
    first = answered(wide_here, *halves(wide_here))
    wide_here.do(ask_split, 1)
    ((second, kind),) = waiting(wide_here)
    assert (second != first, kind) == (True, ASK)


def test_a_run_under_way_is_followed_by_one_that_has_read_the_wish(wide_here):
    run = wide_here.room.do(request_themes, wide_here.place)
    wide_here.room.facts.clear()
    wide_here.do(ask_split, 1)
    assert ThemesEdited(wide_here.place) in wide_here.room.facts
    wide_here.finish(run, wide_here.wide, wide_here.other)
    assert [kind for _, kind in waiting(wide_here)] == [ASK]
    # After a crash the database alone knows that somebody waits.
    assert unscored_conversations(wide_here.room.engine) == [wide_here.place]


def test_no_two_parts_is_an_answer_too_and_put_away(wide_here):
    wide_here.do(ask_split, 1)
    proposal = answered(wide_here)
    with pytest.raises(WrongMove):
        wide_here.do(take_proposal, proposal)
    wide_here.do(decline_proposal, proposal)
    assert waiting(wide_here) == []


def test_a_run_that_fails_answers_and_a_theme_that_was_locked_ends_the_wish(wide_here):
    wide_here.do(ask_split, 1)
    wide_here.room.gate.write(wide_here.place, fail_theme_run, run_asked(wide_here).id, problem="engine_failed")
    with wide_here.room.read() as db:
        (row,) = db.scalars(select(Proposal))
        assert (row.kind, row.state, '"failed": true' in row.content) == (SPLIT, "open", True)
    wide_here.do(ask_split, 1)
    wide_here.do(lock_theme, 1)
    wide_here.finish(run_asked(wide_here).id, wide_here.wide, wide_here.other)
    assert waiting(wide_here) == []


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.FACILITATOR])
def test_splits_are_the_rapporteurs(wide_here, role):
    wide_here.actor = Actor(role, wide_here.place)
    with pytest.raises(Forbidden):
        wide_here.do(ask_split, 1)
