"""Where people put ideas: pinned, free again, and never there."""

from dataclasses import replace

import pytest

from feedback.actions.edits import redo_edit, undo_edit
from feedback.actions.ideas import hide_idea
from feedback.actions.merging import merge_ideas
from feedback.actions.places import KeptOut, bar_ideas, move_ideas, pin_ideas, unpin_ideas
from feedback.actions.themes import lock_theme, merge_themes, rename_theme, split_theme
from feedback.domain.facts import IdeaGone, InNoTheme, NotFound, ThemeGone
from feedback.domain.themes import Placed, Theme


def test_pin_keeps_an_idea_through_runs_and_unpin_lets_it_go(desk):
    desk.found_two()
    desk.do(pin_ideas, [desk.a, desk.d])
    everything = Theme(2, "Places", ideas=(desk.a, desk.b, desk.c, desk.d))
    desk.found(everything)
    assert desk.where() == {desk.a: 1, desk.b: 2, desk.c: 2, desk.d: None}
    desk.do(unpin_ideas, [desk.a])
    desk.found(everything)
    assert desk.where() == {desk.a: 2, desk.b: 2, desk.c: 2, desk.d: None}


def test_pin_of_what_is_pinned_leaves_who_did_it_first(desk):
    desk.found_two()
    desk.do(move_ideas, [desk.a], 2)
    first = desk.places()[desk.a]
    desk.do(pin_ideas, [desk.a, desk.b])
    assert desk.places()[desk.a] == first
    assert desk.places()[desk.b].pinned


def test_not_here_goes_to_the_next_likeliest_place_and_stays_free(desk):
    desk.found_two_with_outlooks()
    desk.do(bar_ideas, [desk.a, desk.b])
    assert desk.places()[desk.a] == Placed(2, barred=frozenset({1}))
    assert desk.places()[desk.b] == Placed(None, barred=frozenset({1}))
    desk.do(bar_ideas, [desk.a])
    assert desk.places()[desk.a] == Placed(None, barred=frozenset({1, 2}))
    desk.do(undo_edit)
    desk.do(undo_edit)
    assert desk.places()[desk.a] == Placed(1)


def test_not_here_is_said_of_the_theme_in_which_an_idea_was_chosen(desk):
    desk.found_two_with_outlooks()
    desk.do(move_ideas, [desk.a], 2)
    moved = desk.places()[desk.a]
    assert desk.do(bar_ideas, [desk.a, desk.b], {desk.a: 1, desk.b: 1}) == KeptOut(1, 1)
    assert desk.places()[desk.a] == replace(moved, barred=frozenset({1}))
    assert desk.places()[desk.b] == Placed(None, barred=frozenset({1}))
    desk.do(undo_edit)
    assert (desk.places()[desk.a], desk.places()[desk.b]) == (moved, Placed(1))


def test_not_here_of_a_theme_that_is_gone_is_refused_and_of_a_leftover_too(desk):
    desk.found_two_with_outlooks()
    desk.do(merge_themes, 2, 1)
    with pytest.raises(ThemeGone):
        desk.do(bar_ideas, [desk.a], {desk.a: 1})
    with pytest.raises(NotFound):
        desk.do(bar_ideas, [desk.a], {desk.a: 77})
    with pytest.raises(InNoTheme):
        desk.do(bar_ideas, [desk.a], {desk.a: None})
    assert desk.places()[desk.a].barred == frozenset()


def test_not_here_puts_nothing_into_a_locked_theme(desk):
    desk.found_two_with_outlooks()
    desk.do(lock_theme, 2)
    desk.do(bar_ideas, [desk.a])
    assert desk.places()[desk.a] == Placed(None, barred=frozenset({1}))


def test_a_move_into_a_barred_theme_lifts_the_bar(desk):
    desk.found_two()
    desk.do(bar_ideas, [desk.a])
    desk.do(rename_theme, 1, "Opening hours")
    desk.do(move_ideas, [desk.a], 1)
    place = desk.places()[desk.a]
    assert (place.theme, place.pinned, place.barred) == (1, True, frozenset())


def hide(desk):
    desk.room.do(hide_idea, desk.a, reason="Names a person")


def withdraw(desk):
    author = desk.room.phone("anna")
    author.op(k="withdraw", idea=desk.a, rev=author.next_rev())


def merge_away(desk):
    desk.do(merge_ideas, desk.b, desk.a)


@pytest.mark.parametrize("leave", [hide, withdraw, merge_away])
def test_an_idea_that_is_not_shown_is_not_placed_nor_what_was_chosen_with_it(desk, leave):
    desk.found_two()
    desk.do(pin_ideas, [desk.a, desk.c])
    leave(desk)
    before = desk.decided()
    deeds = [(move_ideas, 2), (move_ideas, None), (pin_ideas,), (unpin_ideas,), (bar_ideas,), (split_theme,)]
    for deed, *to in deeds:
        with pytest.raises(IdeaGone):
            desk.do(deed, [desk.c, desk.a], *to)
    assert desk.decided() == before


def test_a_move_is_taken_back_and_done_again_although_its_idea_was_hidden_meanwhile(desk):
    desk.found_two()
    desk.do(move_ideas, [desk.a], 2)
    hide(desk)
    desk.do(undo_edit)
    assert desk.where()[desk.a] == 1
    desk.do(redo_edit)
    assert desk.where()[desk.a] == 2
