"""A room is measured once, by what was asked for or by words, and forgotten last of all the rooms in use."""

from dataclasses import replace

import numpy as np
import pytest

from feedback.clustering.embedders import EmbedderFailed
from feedback.clustering.measuring import KEPT, forget_rooms, measured
from feedback.clustering.pipeline import find_themes
from feedback.domain.themes import IdeaText, Theme, ThemeSet


class Letters:
    """Measures by the letters that a text holds; counts how often it is asked, and fails when told to."""

    id = "letters"

    def __init__(self) -> None:
        self.asked = 0
        self.code = ""

    def encode(self, texts):
        self.asked += 1
        if self.code:
            raise EmbedderFailed(self.code)
        rows = np.array([[text.lower().count(letter) + 0.01 for letter in "abcdefghijklmnop"] for text in texts])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def _forgotten():
    forget_rooms()
    yield
    forget_rooms()


def test_a_room_is_measured_once_while_it_stays_the_same(room):
    first = measured(room, (), None, 0)
    assert measured(list(reversed(room)), (), None, 0) is first
    assert measured(room[1:], (), None, 0) is not first
    assert measured(room, ("buses",), None, 0) is not first


def test_only_the_rooms_in_use_are_kept(room):
    first = measured(room, (), None, 0)
    for size in range(30, 30 + KEPT):
        measured(room[:size], (), None, 0)
    assert measured(room, (), None, 0) is not first


def test_an_embedder_measures_ideas_and_names(room):
    letters = Letters()
    starters = ThemeSet((Theme(1, "Night buses", named_by_person=True),), (), 2)
    found = find_themes(room, previous=starters, embedder=letters)
    assert (found.embedder, found.problem) == ("letters", "")
    assert letters.asked > 1
    assert find_themes(room, previous=starters, embedder=letters) == found


def test_words_take_over_where_an_embedder_fails(room):
    letters = Letters()
    letters.code = "no_answer"
    found = find_themes(room, embedder=letters)
    assert (found.embedder, found.problem) == ("lexical", "no_answer")
    assert [theme.ideas for theme in found.themes] == [theme.ideas for theme in find_themes(room).themes]
    letters.code = ""
    assert find_themes(room, embedder=letters).embedder == "letters"


def test_an_embedder_that_goes_away_before_the_names_stops_nothing(room):
    letters = Letters()
    find_themes(room, embedder=letters)
    letters.code = "no_answer"
    starters = ThemeSet((Theme(1, "Night buses", named_by_person=True),), (), 2)
    found = find_themes(room, previous=starters, embedder=letters)
    assert {idea for theme in found.themes for idea in theme.ideas} | set(found.leftovers) == {i.id for i in room}


@pytest.mark.parametrize("quick", [False, True])
def test_an_embedder_that_goes_away_moves_nothing_that_it_has_placed(room, quick):
    letters = Letters()
    first = find_themes(room[:60], embedder=letters)
    letters.code = "no_answer"
    forget_rooms()
    # Nor does a name that somebody gives meanwhile, and what a person took out of a theme leaves it.
    ours = Theme(first.next_id, "Night buses, bus lines", named_by_person=True)
    start = replace(first, themes=(*first.themes, ours), next_id=first.next_id + 1)
    out = first.themes[0].ideas[0]
    barred = {out: frozenset({first.themes[0].id})}
    found = find_themes(room, previous=start, barred=barred, embedder=letters, quick=quick)
    assert found.problem == "no_answer"
    home = {idea: theme.id for theme in found.themes for idea in theme.ideas}
    assert [idea for theme in first.themes for idea in theme.ideas if home.get(idea) != theme.id] == [out]
    assert not set(first.leftovers) & home.keys()
    assert found.regroup is None


def test_a_repeated_id_is_refused():
    with pytest.raises(ValueError, match="twice"):
        measured([IdeaText("1", "a"), IdeaText("1", "b")], (), None, 0)
