"""Firm is what two halves of the words agree on; shuffled words agree on nothing."""

import random

import numpy as np

from feedback.clustering import firmness
from feedback.clustering.firmness import firmness_of
from feedback.clustering.pipeline import find_themes
from feedback.clustering.room import read_room
from feedback.domain.themes import IdeaText


def shuffled(ideas, seed):
    """Deal the room's words anew: as many ideas, each as long as before."""
    words = [word for idea in ideas for word in idea.text.split()]
    random.Random(seed).shuffle(words)
    supply = iter(words)
    return [IdeaText(idea.id, " ".join(next(supply) for _ in idea.text.split()), idea.lang) for idea in ideas]


def test_themes_of_a_room_with_subjects_are_firm(room):
    found = find_themes(room)
    assert min(theme.firmness for theme in found.themes) >= 0.5


def test_of_themes_in_shuffled_words_one_in_twenty_is_firm_at_most(room):
    rooms = [find_themes(shuffled(room, seed)) for seed in range(8)]
    shares = [theme.firmness for found in rooms for theme in found.themes]
    assert sum(share >= 0.5 for share in shares) <= 0.05 * len(shares)


def test_firmness_judges_each_theme_for_itself(room):
    whole = read_room(room, ())
    subject = [idea.partition("-")[0] for idea in whole.ids]
    mixed = {"books": 1, "trees": 1, "money": 2}
    places = np.array([mixed.get(each, 0) if at % 2 else at % 3 for at, each in enumerate(subject)])
    places[[each == "buses" for each in subject]] = 3
    told = firmness_of(whole.words, places, seed=0)
    assert told.keys() == {0, 1, 2, 3}
    assert all(0 <= share <= 1 for share in told.values())
    assert told[3] > 0.5


def test_firmness_of_a_room_that_says_nothing_is_none():
    words = read_room([IdeaText(str(at), "🚲") for at in range(30)], ()).words
    assert firmness_of(words, np.zeros(30, dtype=np.int64), seed=0) == {0: 0.0}


def test_firmness_comes_out_the_same_again(room):
    words = read_room(room, ()).words
    places = np.arange(80) % 4
    assert firmness_of(words, places, seed=3) == firmness_of(words, places, seed=3)


def test_each_word_is_dealt_as_ever_whatever_else_is_in_the_room():
    few, many = firmness._lots(["tram", "bus"], 3), firmness._lots(["depot", "bus", "tram"], 3)
    assert [few[0], few[1]] == [many[2], many[1]]
    words = [f"word {number}" for number in range(2_000)]
    coins = firmness._lots(words, 3)[:, None] >> np.arange(firmness.DEALS) & 1
    # Fair, and one deal says nothing of the next.
    assert np.abs(coins.mean(axis=0) - 0.5).max() < 0.06
    assert np.abs(np.corrcoef(coins.T) - np.eye(firmness.DEALS)).max() < 0.1
