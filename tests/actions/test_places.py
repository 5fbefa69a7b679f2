"""Where people put ideas: pinned, free again, and never there."""

from feedback.actions.edits import undo_edit
from feedback.actions.places import bar_ideas, move_ideas, pin_ideas, unpin_ideas
from feedback.actions.themes import lock_theme, rename_theme
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
