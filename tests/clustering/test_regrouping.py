"""A better grouping is proposed where there is one, and never done."""

import numpy as np
import pytest

from feedback.clustering.measuring import measured
from feedback.clustering.pipeline import find_themes
from feedback.clustering.regrouping import regrouped
from feedback.domain.themes import Theme, ThemeSet

SUBJECTS = ("buses", "books", "trees", "money")


@pytest.fixture(scope="module")
def seen(room):
    return measured(room, (), None, 0)


def subjects(seen):
    return np.array([SUBJECTS.index(idea.partition("-")[0]) for idea in seen.room.ids])


def nobody(seen):
    return np.zeros(len(seen.room.ids), dtype=np.bool_)


def test_a_grouping_that_fits_is_left_alone(seen):
    assert regrouped(seen, subjects(seen), nobody(seen), seed=0) is None


def test_a_grouping_by_chance_is_worth_a_better_one(seen):
    found = regrouped(seen, np.arange(80) % 4, nobody(seen), seed=0)
    assert found.gain > 0.05
    assert sorted(idea for group in found.groups for idea in group) == seen.room.ids
    pure = [len({idea.partition("-")[0] for idea in group}) == 1 for group in found.groups]
    assert sum(pure) >= len(pure) - 1


def test_what_people_placed_is_left_out(seen):
    fixed = nobody(seen)
    fixed[:30] = True
    found = regrouped(seen, np.arange(80) % 4, fixed, seed=0)
    assert sorted(idea for group in found.groups for idea in group) == seen.room.ids[30:]


def test_too_few_ideas_are_not_regrouped(seen):
    fixed = np.ones(80, dtype=np.bool_)
    fixed[:19] = False
    assert regrouped(seen, np.arange(80) % 4, fixed, seed=0) is None


def test_a_run_proposes_and_moves_nothing_that_is_not_clearly_nearer(room):
    early = room[:70]
    mixed = ThemeSet(
        tuple(Theme(at + 1, f"Mixed {at}", ideas=tuple(idea.id for idea in early[at::4])) for at in range(4)), (), 5
    )
    locked = ThemeSet(tuple(Theme(t.id, t.name, ideas=t.ideas, locked=t.id < 4) for t in mixed.themes), (), 5)
    assert find_themes(early, previous=mixed).regroup is None  # nothing has come
    found = find_themes(room, previous=locked)
    assert [theme.ideas for theme in found.themes][:3] == [theme.ideas for theme in locked.themes][:3]
    whole = find_themes(room, previous=mixed)
    assert whole.regroup is None or {i for group in whole.regroup.groups for i in group} <= {i.id for i in room}
