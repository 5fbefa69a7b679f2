"""Themes that people name draw ideas by their words, and learn from what people say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.clustering.drawing import Likeness, drawn
from feedback.clustering.pipeline import find_themes
from feedback.clustering.sorting import Said
from feedback.domain.sorts import Sort
from feedback.domain.themes import IdeaText, Theme, ThemeSet

NAMES = ("Buses and trams", "Library and books", "Trees and parks", "Money, grants, taxes")
SUBJECTS = ("buses", "books", "trees", "money")


@pytest.fixture(scope="module")
def starters():
    themes = tuple(Theme(number, name, named_by_person=True) for number, name in enumerate(NAMES, start=1))
    return ThemeSet(themes, (), 5)


def place_of(found):
    return {idea: theme.id for theme in found.themes for idea in theme.ideas} | dict.fromkeys(found.leftovers)


def true_theme(idea):
    return SUBJECTS.index(idea.partition("-")[0]) + 1


def rightly(room, found):
    places = place_of(found)
    return sum(places[idea.id] == true_theme(idea.id) for idea in room) / len(room)


def test_ideas_are_drawn_by_the_words_of_a_name(room, starters):
    found = find_themes(room, previous=starters)
    assert [theme.name for theme in found.themes][:4] == list(NAMES)
    assert rightly(room, found) > 0.7
    assert set(found.unsure) <= {idea.id for idea in room}


def test_a_description_draws_as_the_name_does(room):
    def starter(description):
        return ThemeSet((Theme(1, "Getting about", named_by_person=True, description=description),), (), 2)

    def drawn(description):
        return set(find_themes(room, previous=starter(description)).themes[0].ideas)

    buses = {idea.id for idea in room if idea.id.startswith("buses")}
    assert len(drawn("") & buses) < len(drawn("Night buses, bus lines, trams") & buses)


def test_one_name_leaves_the_rest_of_the_room_as_it_is(room):
    ours = Theme(1, "Library books", named_by_person=True)
    found = find_themes(room, previous=ThemeSet((ours,), (), 2))
    drawn = found.themes[0].ideas
    assert len(drawn) >= 15
    assert all(idea.startswith("books") for idea in drawn)
    assert len(found.themes) >= 4


def test_a_theme_named_after_a_run_draws_what_the_machine_placed_and_no_pin(room):
    first = find_themes(room)
    buses = {idea.id for idea in room if idea.id.startswith("buses")}
    pinned, home = next((idea, theme.id) for theme in first.themes for idea in theme.ideas if idea in buses)
    ours = Theme(first.next_id, "Night buses, bus lines", named_by_person=True)
    start = replace(first, themes=(*first.themes, ours), next_id=first.next_id + 1)
    found = find_themes(room, previous=start, pins={pinned: home}, quick=True)
    drawn = {idea for theme in found.themes if theme.id == ours.id for idea in theme.ideas}
    assert len(drawn & buses) >= len(buses) / 2
    assert pinned not in drawn
    again = find_themes(room, previous=found, pins={pinned: home}, quick=True)
    assert place_of(again) == place_of(found)


def test_a_theme_made_by_hand_before_the_first_run_leaves_the_rest_of_the_room_as_it_is(room):
    mine = tuple(idea.id for idea in room if idea.id.startswith("books"))[:3]
    ours = Theme(1, "Shelves", named_by_person=True, ideas=mine)
    found = find_themes(room, previous=ThemeSet((ours,), (), 2), pins=dict.fromkeys(mine, 1))
    assert set(mine) <= set(found.themes[0].ideas)
    assert all(idea.startswith("books") for idea in found.themes[0].ideas)
    assert len(found.themes) >= 4


@pytest.mark.parametrize("name", ["Library books", "Please open it at night"])
@pytest.mark.parametrize(("early", "quick"), [(12, False), (12, True), (40, True), (80, True)])
def test_a_run_before_the_room_is_grouped_changes_nothing_of_what_the_first_grouping_finds(room, name, early, quick):
    named = ThemeSet((Theme(1, name, named_by_person=True),), (), 2)
    first = find_themes(room[:early], previous=named, quick=quick)
    assert [theme.id for theme in first.themes] == [1]
    again = find_themes(room[:early], previous=first, quick=True)
    assert place_of(again) == place_of(first)
    found = find_themes(room, previous=first)
    assert place_of(found) == place_of(find_themes(room, previous=named))
    assert len(found.themes[0].ideas) <= len(room) / 4


@pytest.mark.parametrize("shut", ["locked", "barred"])
def test_a_theme_that_takes_nothing_in_throws_nothing_out_elsewhere(room, shut):
    first = find_themes(room)
    ours = Theme(first.next_id, "Night buses, bus lines", named_by_person=True, locked=shut == "locked")
    start = replace(first, themes=(*first.themes, ours), next_id=first.next_id + 1)
    barred = {idea.id: frozenset({ours.id}) for idea in room} if shut == "barred" else {}
    assert place_of(find_themes(room, previous=start, barred=barred, quick=True)) == place_of(first)


def test_it_takes_nothing_from_a_theme_that_somebody_has_named(room):
    first = find_themes(room)
    mine = tuple(replace(theme, name=f"Ours {theme.id}", named_by_person=True) for theme in first.themes)
    ours = Theme(first.next_id, "Night buses, bus lines", named_by_person=True)
    start = replace(first, themes=(*mine, ours), next_id=first.next_id + 1)
    before, after = place_of(first), place_of(find_themes(room, previous=start, quick=True))
    left = [idea for idea in before if before[idea] != after[idea]]
    assert len(left) < len(before) / 20  # what is clearly nearer to the new name settles there, as it would anywhere


def test_a_description_draws_also_when_ideas_are_in_the_theme(room, starters):
    first = find_themes(room, previous=starters)
    new = [IdeaText(f"z-{n}", f"A longer funicular to the hill number {n}", "en") for n in range(2)]
    told = [replace(theme, description="Funicular") if theme.id == 1 else theme for theme in first.themes]
    undescribed = find_themes([*room, *new], previous=first)
    described = find_themes([*room, *new], previous=replace(first, themes=tuple(told)))
    assert place_of(undescribed)["z-1"] != 1
    assert place_of(described)["z-1"] == 1


def test_what_people_say_stands_against_the_words(room, starters):
    # Five people put one idea about buses among the books, and none of them is ever wrong elsewhere.
    stray = next(idea.id for idea in room if idea.id.startswith("buses"))
    sorts = [Sort(f"p{n}", idea.id, true_theme(idea.id)) for n in range(5) for idea in room[:20] if idea.id != stray]
    sorts += [Sort(f"p{n}", stray, 2) for n in range(5)]
    found = find_themes(room, previous=starters, sorts=sorts)
    assert place_of(found)[stray] == 2
    assert stray not in found.unsure


def test_sorts_of_some_ideas_teach_the_rest(room):
    # Names that say nothing: what the themes are about is learned from the ideas that people put there.
    blank = ThemeSet(tuple(Theme(n, name, named_by_person=True) for n, name in enumerate("ABCD", start=1)), (), 5)
    sorts = [Sort(f"p{n % 6}", idea.id, true_theme(idea.id)) for n, idea in enumerate(room[:40])]
    rest = room[40:]
    assert rightly(rest, find_themes(room, previous=blank)) < 0.1
    assert rightly(rest, find_themes(room, previous=blank, sorts=sorts)) > 0.7


def test_none_of_these_is_an_answer(room, starters):
    odd = room[0].id
    found = find_themes(room, previous=starters, sorts=[Sort(f"p{n}", odd, None) for n in range(4)])
    assert odd in found.leftovers


def test_a_pin_is_final_whatever_the_room_says(room, starters):
    pinned = room[0].id
    sorts = [Sort(f"p{n}", pinned, 3) for n in range(9)]
    found = find_themes(room, previous=starters, pins={pinned: 4}, sorts=sorts)
    assert place_of(found)[pinned] == 4
    assert pinned not in found.unsure


def test_the_last_word_of_a_participant_counts_and_unknown_ones_do_not(room, starters):
    idea = room[0].id
    last = [Sort("p", idea, 3)]
    said = [Sort("p", idea, 1), Sort("p", "no such idea", 1), Sort("q", idea, 99), *last]
    assert find_themes(room, previous=starters, sorts=said) == find_themes(room, previous=starters, sorts=last)


def test_themes_of_the_machine_can_be_sorted_into_too(room):
    first = find_themes(room)
    stray, home = room[0].id, place_of(first)[room[0].id]
    other = next(theme.id for theme in first.themes if theme.id != home)
    later = find_themes(room, previous=first, sorts=[Sort(f"p{n}", stray, other) for n in range(6)])
    assert place_of(later)[stray] == other
    unmoved = [idea for idea, theme in place_of(first).items() if idea != stray and place_of(later)[idea] == theme]
    assert len(unmoved) > 0.9 * len(room)


@settings(max_examples=8, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_ideas_and_sorts_makes_no_difference(room, starters, chance):
    sorts = [Sort(f"p{n % 7}", idea.id, true_theme(idea.id)) for n, idea in enumerate(room[::2])]
    expected = find_themes(room, previous=starters, sorts=sorts)
    mixed, said = list(room), list(sorts)
    chance.shuffle(mixed)
    chance.shuffle(said)
    found = find_themes(mixed, previous=starters, sorts=said)
    assert place_of(found) == place_of(expected)
    assert replace(found, themes=(), leftovers=()) == replace(expected, themes=(), leftovers=())


def test_what_is_meant_more_often_is_more_probable_where_nobody_has_sorted():
    rows = np.array([[1.0, 0.0]] * 4 + [[0.0, 1.0]] + [[0.5**0.5, 0.5**0.5]])
    names = np.eye(2)
    said = Said(np.tile([0, 1], 5), np.repeat(range(5), 2), np.repeat([0, 0, 0, 0, 1], 2))
    view = drawn(Likeness(rows, names, rows @ names.T), said, np.full(6, -1), np.zeros((6, 2), dtype=bool))
    assert view.prior[5, 0] > 1.5 * view.prior[5, 1]
    # What the crew placed says nothing of how many more belong there.
    placed = np.array([0, 0, 0, 0, 1, -1])
    view = drawn(Likeness(rows, names, rows @ names.T), said, placed, np.zeros((6, 2), dtype=bool))
    assert view.prior[5, 0] < 1.5 * view.prior[5, 1]
