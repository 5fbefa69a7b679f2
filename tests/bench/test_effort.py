"""`bench effort`: simulated people sort as they are said to, and an engine that does not listen is found out."""

from collections import Counter

import pytest

from bench import effort
from bench.effort import PEOPLE, Crowd, Taps, majority, sort_room, starters_of
from bench.labelled import LabelledRoom
from feedback.clustering import pipeline
from feedback.domain.themes import IdeaText

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
    blank = effort.starters_of
    # Names that say nothing, so that only what people say can help.
    monkeypatch.setattr(effort, "starters_of", lambda room: blank(_renamed(room)))
    deaf = sort_room(_renamed(room), Crowd(1.0, 0.0), seed=1)
    assert len(set(deaf.values())) == 1


def _renamed(room):
    names = {"night_buses": "alpha", "libraries": "beta", "": "", "alpha": "alpha", "beta": "beta"}
    return LabelledRoom(room.name, room.set_name, room.ideas, tuple(names[theme] for theme in room.truth))
