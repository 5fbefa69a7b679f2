"""What people decide about themes: add, rename, describe, lock, merge, split; and what is refused."""

import pytest
from desks import Desk

from feedback.actions.edits import Undone, undo_edit
from feedback.actions.places import bar_ideas, move_ideas, pin_ideas, unpin_ideas
from feedback.actions.runs import request_themes
from feedback.actions.themes import (
    add_theme,
    describe_theme,
    lock_theme,
    merge_themes,
    rename_theme,
    split_theme,
)
from feedback.domain.facts import (
    EmptyText,
    Forbidden,
    IdeaGone,
    InNoTheme,
    NameTaken,
    NotFound,
    TextTooLong,
    ThemeGone,
    WrongMove,
)
from feedback.domain.roles import Actor, Role
from feedback.domain.themes import Placed, Theme


def test_a_theme_named_by_mistake_is_undone_and_its_number_stays_taken(desk):
    first = desk.do(add_theme, "Wrong")
    assert desk.do(undo_edit) == Undone("add", {"theme": first, "name": "Wrong"})
    assert desk.names() == {}
    assert desk.do(add_theme, "Right") == first + 1


@pytest.mark.parametrize("deed", [(add_theme,), (rename_theme, 2), (split_theme, ["a"])])
def test_no_two_themes_are_called_the_same_by_people(desk, deed):
    desk.found_two()
    action, *args = deed
    name, _ = desk.names()[1]
    before = desk.names()
    with pytest.raises(NameTaken) as refused:
        desk.do(action, *([desk.a] if arg == ["a"] else arg for arg in args), f" {name.upper()}  ")
    assert refused.value.detail == {"number": 1}
    assert desk.names() == before


def test_a_name_is_free_again_where_its_theme_is_gone_and_ones_own_may_be_said_again(desk):
    desk.found_two()
    name, _ = desk.names()[2]
    desk.do(rename_theme, 2, name)
    desk.do(merge_themes, 1, 2)
    desk.do(rename_theme, 1, name)
    assert desk.names() == {1: (name, True)}


def test_edits_refuse_what_is_not_there(desk):
    desk.found_two()
    elsewhere = desk.room.phone("ben", place=1).write("Elsewhere")
    refused = [
        (rename_theme, (9, "x"), NotFound),
        (rename_theme, (1, " "), EmptyText),
        (rename_theme, (1, "a" * 121), TextTooLong),
        (move_ideas, ([desk.a], 9), NotFound),
        (move_ideas, ([], 1), IdeaGone),
        (move_ideas, ([desk.a, elsewhere], 1), IdeaGone),
        (merge_themes, (1, 9), NotFound),
        (merge_themes, (9, 1), NotFound),
        (merge_themes, (1, 1), NotFound),
        (describe_theme, (9, "x"), NotFound),
        (describe_theme, (1, "a" * 501), TextTooLong),
        (lock_theme, (9,), NotFound),
        (split_theme, ([],), IdeaGone),
        (split_theme, ([desk.a, elsewhere],), IdeaGone),
        (split_theme, ([desk.a], "a" * 121), TextTooLong),
        (split_theme, ([desk.a, desk.b],), WrongMove),
        (pin_ideas, ([],), IdeaGone),
        (unpin_ideas, ([desk.a],), WrongMove),
        (bar_ideas, ([desk.d],), InNoTheme),
        (bar_ideas, ([elsewhere],), IdeaGone),
    ]
    before = desk.screen()
    for action, args, refusal in refused:
        with pytest.raises(refusal):
            desk.do(action, *args)
    assert desk.screen() == before
    with pytest.raises(NotFound):
        desk.room.do(rename_theme, 99, 1, "x")


def test_whoever_edits_a_theme_that_a_run_has_dissolved_is_told_so(desk):
    desk.found_two()
    desk.do(merge_themes, 1, 2)
    for action, args in [(rename_theme, (2, "x")), (lock_theme, (2,)), (move_ideas, ([desk.a], 2))]:
        with pytest.raises(ThemeGone):
            desk.do(action, *args)


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.STAGE, Role.FACILITATOR])
def test_theme_edits_are_the_rapporteurs(room, role):
    desk = Desk(room)
    desk.found_two()
    desk.actor = Actor(role, desk.place)
    for action, args in [
        (rename_theme, (1, "x")),
        (move_ideas, ([desk.a], 2)),
        (merge_themes, (1, 2)),
        (split_theme, ([desk.a],)),
        (lock_theme, (1,)),
        (pin_ideas, ([desk.a],)),
        (unpin_ideas, ([desk.a],)),
        (bar_ideas, ([desk.a],)),
        (undo_edit, ()),
    ]:
        with pytest.raises(Forbidden):
            desk.do(action, *args)
    for action, args in [(request_themes, ()), (add_theme, ("Late",)), (describe_theme, (1, "When it is open"))]:
        if role is Role.FACILITATOR:
            desk.do(action, *args)
        else:
            with pytest.raises(Forbidden):
                desk.do(action, *args)
    desk.actor = Actor(Role.RAPPORTEUR, room.conversation(1).id)
    with pytest.raises(Forbidden):
        desk.do(rename_theme, 1, "x")


def test_a_split_pins_both_halves_and_keeps_the_old_number(desk):
    desk.found(Theme(1, "Hours", ideas=(desk.a, desk.b, desk.c), representatives=(desk.a,)), leftovers=(desk.d,))
    number = desk.do(split_theme, [desk.b, desk.b, desk.c], " Quiet  days ")
    assert desk.names() == {1: ("Hours", False), number: ("Quiet days", True)}
    places = desk.places()
    assert {idea: (place.theme, place.pinned) for idea, place in places.items()} == {
        desk.a: (1, True),
        desk.b: (number, True),
        desk.c: (number, True),
        desk.d: (None, False),
    }
    assert {places[idea].edit for idea in (desk.a, desk.b, desk.c)} == {1}
    row = desk.row(number)
    assert (row.split_from, row.split_seq) == (1, desk.room.conversation().seq)
    assert [theme["representatives"] for theme in desk.screen()["themes"]] == [[desk.b, desk.c], [desk.a]]


def test_a_split_without_a_name_is_called_by_its_words_until_a_run_knows_better(desk):
    desk.found_two()
    number = desk.do(split_theme, [desk.b])
    assert desk.names()[number] == ("sunday", False)
    desk.found(Theme(1, "Hours", ideas=(desk.a,)), Theme(number, "Sundays off", ideas=(desk.b,)))
    assert desk.names()[number] == ("Sundays off", False)


def test_ideas_of_several_themes_and_leftovers_make_a_theme_without_an_origin(desk):
    desk.found_two()
    number = desk.do(split_theme, [desk.b, desk.d], "Both")
    assert desk.row(number).split_from is None
    assert desk.places()[desk.a] == Placed(1)
    assert desk.where() == {desk.a: 1, desk.b: number, desk.c: 2, desk.d: number}


def test_a_person_may_move_ideas_of_a_locked_theme(desk):
    desk.found_two()
    desk.do(lock_theme, 1)
    desk.do(move_ideas, [desk.a], 2)
    desk.do(move_ideas, [desk.d], 1)
    assert desk.where() == {desk.a: 2, desk.b: 1, desk.c: 2, desk.d: 1}
    with pytest.raises(WrongMove):
        desk.do(lock_theme, 1)


def test_a_description_is_changed_and_taken_away(desk):
    desk.found_two()
    desk.do(describe_theme, 1, " When it is open ")
    assert desk.row(1).description == "When it is open"
    desk.do(describe_theme, 1, " ")
    assert desk.row(1).description == ""
    desk.do(undo_edit)
    assert desk.row(1).description == "When it is open"
