"""`bench effort`: simulated people sort as they are said to, and an engine that does not listen is found out."""

from collections import Counter

import pytest

from bench import effort
from bench.effort import PEOPLE, Crowd, Taps, majority, sort_room
from bench.labelled import LabelledRoom, starters_of
from bench.rapporteur import Desk, by_hand, measure_desk, put_right
from feedback.clustering import pipeline
from feedback.domain.themes import IdeaText, Outlook, Theme, ThemeSet

WORDS = {"night_buses": "More buses number", "libraries": "Longer library hours number"}


@pytest.fixture(scope="module")
def room():
    named = [(f"{words} {number}", theme) for number in range(15) for theme, words in WORDS.items()] + [
        ("Quite odd", "")
    ]
    ideas = tuple(IdeaText(str(at), text, "en") for at, (text, _) in enumerate(named))
    return LabelledRoom("made", "made theme", ideas, tuple(theme for _, theme in named))


def sorts_of(room, crowd, count, unsure=()):
    taps = Taps(room, starters_of(room), crowd, seed=1)
    while len(taps.sorts) < count and taps.tap(unsure):
        pass
    return taps.sorts


def test_people_are_right_as_often_as_they_are_said_to_be(room):
    truth = {
        idea.id: {"libraries": 1, "night_buses": 2}.get(theme)
        for idea, theme in zip(room.ideas, room.truth, strict=True)
    }
    for right, at_random in ((0.85, 0.0), (0.7, 0.0), (1.0, 1.0)):
        sorts = sorts_of(room, Crowd(right, at_random), 1_500)
        share = sum(sort.theme == truth[sort.idea] for sort in sorts) / len(sorts)
        assert share == pytest.approx(1 / 3 if at_random else right, abs=0.04)


def test_nobody_gets_the_same_idea_twice_and_all_ideas_come_evenly(room):
    sorts = sorts_of(room, Crowd(0.85, adaptive=False), 310)
    assert len({(sort.participant, sort.idea) for sort in sorts}) == 310
    counts = Counter(sort.idea for sort in sorts)
    assert max(counts.values()) - min(counts.values()) <= 2
    assert len(sorts_of(room, Crowd(0.85), 10**6)) == PEOPLE * len(room.ideas)


def test_the_least_certain_ideas_come_first(room):
    sorts = sorts_of(room, Crowd(0.85), 20, unsure=("3", "4"))
    assert {sort.idea for sort in sorts} == {"3", "4"}


def test_more_sorts_bring_the_themes_nearer_and_the_engine_beats_a_majority(room):
    reached = sort_room(room, Crowd(0.85), seed=1)
    assert list(reached) == ["0.0", "0.5", "1.0", "2.0", "3.0"]
    assert reached["3.0"] > 0.9
    assert reached["1.0"] > majority(room, Crowd(0.85), seed=1)["1.0"]


def test_an_engine_that_does_not_listen_is_found_out(room, monkeypatch):
    find = pipeline.find_themes
    monkeypatch.setattr(pipeline, "find_themes", lambda ideas, *, sorts=(), **more: find(ideas, **more))
    blank = starters_of
    # Names that say nothing, so that only what people say can help.
    monkeypatch.setattr(effort, "starters_of", lambda room: blank(_renamed(room)))
    deaf = sort_room(_renamed(room), Crowd(1.0, 0.0), seed=1)
    assert len(set(deaf.values())) == 1


def _renamed(room):
    names = {"night_buses": "alpha", "libraries": "beta", "": "", "alpha": "alpha", "beta": "beta"}
    return LabelledRoom(room.name, room.set_name, room.ideas, tuple(names[theme] for theme in room.truth))


def test_a_desk_merges_what_is_the_same_then_moves_what_is_least_sure(room):
    ids = [idea.id for idea in room.ideas]
    buses, books, odd = ids[0:30:2], ids[1:30:2], ids[30]
    themes = (Theme(1, "a", ideas=tuple(buses[:8])), Theme(2, "b", ideas=(*buses[8:], *books)))
    themes = (*themes, Theme(3, "c", ideas=(odd,)))
    sureness = {buses[9]: 0.2, buses[10]: 0.1}
    outlooks = {idea: Outlook((), sureness.get(idea, 0.9)) for idea in ids}
    desk = Desk(room, ThemeSet(themes, (), 4, outlooks=outlooks))
    assert desk.subjects() == {1: "night_buses", 2: "libraries"}
    assert desk.act()
    assert desk.pins == {buses[10]: 1}
    assert desk.act()
    assert desk.pins == {buses[10]: 1, buses[9]: 1}
    while desk.act():
        pass
    assert {theme.id: set(theme.ideas) for theme in desk.found.themes} == {1: set(buses), 2: set(books), 3: set()}
    assert desk.found.leftovers == (odd,)


def test_a_desk_names_a_theme_that_is_missing_and_merges_twins(room):
    ids = [idea.id for idea in room.ideas]
    buses, books = ids[0:30:2], ids[1:30:2]
    themes = (Theme(1, "a", ideas=tuple(books[:8])), Theme(2, "b", ideas=tuple(books[8:])))
    desk = Desk(room, ThemeSet(themes, (*buses, ids[30]), 3))
    assert desk.act()
    assert [set(theme.ideas) for theme in desk.found.themes] == [set(books)]
    assert desk.act()
    made = desk.found.themes[-1]
    assert (made.id, made.name, made.named_by_person, len(made.ideas)) == (3, "night buses", True, 1)


def test_the_machine_saves_work_and_by_hand_every_idea_costs_a_deed(room):
    hand = by_hand(room)
    assert hand.deeds is not None
    assert hand.deeds > 0.7 * len(room.ideas)
    assert hand.reached["0"] == 0.0
    assert hand.reached["80"] == 1.0
    measured = measure_desk(room, seed=1)
    assert measured["share"] < 0.6
    assert measured["desk"]["80"] >= 0.8


def test_an_engine_that_undoes_what_was_put_right_is_found_out(room, monkeypatch):
    find = pipeline.find_themes

    def forgetful(ideas, *, previous=None, pins=None, **more):
        return find(ideas, seed=more["seed"]) if previous is None else mixed

    ids = [idea.id for idea in room.ideas]
    mixed = ThemeSet((Theme(1, "a", ideas=tuple(ids[::3])), Theme(2, "b", ideas=tuple(ids[1::3]))), tuple(ids[2::3]), 3)
    monkeypatch.setattr(
        pipeline, "find_themes", lambda ideas, **more: mixed if "quick" not in more else forgetful(ideas, **more)
    )
    assert put_right(room, seed=1).deeds is None
