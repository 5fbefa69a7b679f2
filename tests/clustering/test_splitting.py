"""Two parts of a theme, when somebody asks for them."""

from dataclasses import replace

import pytest

from feedback.clustering.pipeline import find_themes
from feedback.domain.themes import IdeaText, NearDuplicate, SplitProposal, Theme, ThemeSet


@pytest.fixture(scope="module")
def mixed(room):
    """A theme of two subjects, one of five ideas, and a locked one."""
    ids = sorted(idea.id for idea in room)
    of = {
        subject: tuple(one for one in ids if one.startswith(subject))
        for subject in ("buses", "books", "trees", "money")
    }
    themes = (
        Theme(1, "Both", ideas=of["buses"] + of["books"][:12], terms=("both",)),
        Theme(2, "Trees", ideas=of["trees"], locked=True),
        Theme(3, "Few", ideas=of["money"][:5], terms=("few",)),
        Theme(4, "Money", ideas=of["money"][5:], terms=("money",)),
    )
    return ThemeSet(themes, of["books"][12:], next_id=5)


def split(room, before, *wanted, **more):
    pins = {idea: theme.id for theme in before.themes for idea in theme.ideas} | dict.fromkeys(before.leftovers)
    return find_themes(room, previous=before, pins=pins, quick=True, splits=wanted, seed=3, **more).splits


def test_a_theme_of_two_subjects_comes_in_two_parts_the_larger_first(room, mixed):
    (found,) = split(room, mixed, 1)
    larger, smaller = found.parts
    assert found.theme == 1
    assert len(larger) >= len(smaller)
    assert sorted(larger + smaller) == sorted(mixed.themes[0].ideas)
    bus = max(found.parts, key=lambda part: sum(idea.startswith("buses") for idea in part))
    assert sum(idea.startswith("buses") for idea in bus) >= 0.8 * len(bus)
    assert all(found.names)
    assert found.names[0] != found.names[1]


def test_the_same_parts_come_in_whatever_order_the_ideas_came(room, mixed):
    assert split(room, mixed, 1) == split(list(reversed(room)), mixed, 1)


def test_a_locked_theme_and_one_that_is_not_there_are_passed_over(room, mixed):
    assert split(room, mixed, 2, 99) == ()


def test_too_small_a_theme_has_no_parts(room, mixed):
    assert split(room, mixed, 3) == (SplitProposal(3),)


def test_ideas_that_are_all_the_same_have_no_parts(room, mixed):
    same = [replace(idea, text="Late buses") if idea.id in mixed.themes[3].ideas else idea for idea in room]
    (found,) = split(same, mixed, 4)
    assert found == SplitProposal(4)


def test_nobody_asks_for_nothing(room, mixed):
    assert split(room, mixed) == ()


def test_a_full_run_looks_for_near_duplicates_and_a_quick_one_does_not(room, mixed):
    text = "A skating rink on the roof of the old depot"
    full = find_themes([*room, IdeaText("zz", text.upper(), "en"), IdeaText("zy", text, "en")])
    assert NearDuplicate(("zy", "zz"), 1.0, same=True) in full.near_duplicates
    assert find_themes(room, previous=mixed, quick=True).near_duplicates is None
    assert find_themes(room[:5]).near_duplicates == ()
