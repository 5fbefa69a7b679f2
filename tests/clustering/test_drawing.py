"""Themes that people name draw ideas by their words, and learn from what people say."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedback.clustering.pipeline import find_themes
from feedback.domain.sorts import Sort
from feedback.domain.themes import Theme, ThemeSet

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
