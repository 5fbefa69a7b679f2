import numpy as np

from feedback.clustering.refine import (
    NOWHERE,
    Given,
    Growth,
    arrived,
    founded,
    grown,
    settled,
    without_singles,
)

EAST, NORTH, BETWEEN = [1.0, 0.0], [0.0, 1.0], [0.75, 0.66]


def unit(*rows):
    found = np.array(rows)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def given(size, fixed=(), lonely=(), barred=None):
    return Given(np.isin(np.arange(size), fixed), np.isin(np.arange(size), lonely), barred)


def test_settled_moves_an_idea_to_a_clearly_nearer_theme():
    rows = unit(EAST, EAST, EAST, NORTH, NORTH, NORTH)
    assert settled(rows, np.array([0, 0, 1, 1, 1, 1]), given(6)).tolist() == [0, 0, 0, 1, 1, 1]


def test_settled_leaves_an_idea_that_is_hardly_nearer_elsewhere():
    rows = unit(EAST, EAST, EAST, NORTH, NORTH, NORTH, [1.0, 0.98])
    places = np.array([0, 0, 0, 1, 1, 1, 1])
    assert settled(rows, places, given(7)).tolist() == places.tolist()


def test_settled_never_moves_what_a_person_placed():
    rows = unit(EAST, EAST, EAST, NORTH, NORTH, NORTH)
    places = np.array([0, 0, 1, 1, 1, NOWHERE])
    assert settled(rows, places, given(6, fixed=[2, 5])).tolist() == places.tolist()


def test_settled_takes_a_leftover_in_when_it_fits():
    rows = unit(EAST, EAST, NORTH, NORTH, BETWEEN)
    assert settled(rows, np.array([0, 0, 1, 1, NOWHERE]), given(5)).tolist() == [0, 0, 1, 1, 0]


def test_settled_leaves_lonely_ideas_nowhere():
    rows = unit(EAST, EAST, EAST)
    assert settled(rows, np.array([0, 0, 0]), given(3, lonely=[2])).tolist() == [0, 0, NOWHERE]


def test_settled_takes_an_idea_out_of_a_theme_that_is_barred_to_it():
    rows = unit(EAST, EAST, EAST, NORTH, NORTH, NORTH)
    barred = np.zeros((6, 2), dtype=bool)
    barred[0, 0] = True
    places = np.array([0, 0, 0, 1, 1, 1])
    assert settled(rows, places, given(6, barred=barred)).tolist() == [NOWHERE, 0, 0, 1, 1, 1]


def test_settled_twice_changes_nothing():
    rows = np.random.default_rng(3).normal(size=(60, 8))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    once = settled(rows, np.arange(60) % 5, given(60))
    assert settled(rows, once, given(60)).tolist() == once.tolist()


def test_centres_of_weighs_what_people_placed_three_times():
    pinned = Given(np.array([True, False]), np.zeros(2, dtype=bool))
    centre = pinned.centres_of(unit(EAST, NORTH), np.array([0, 0]), 1)
    assert np.allclose(centre, unit([3.0, 1.0]))


def test_a_name_draws_to_a_theme_that_holds_nothing_and_no_new_theme_takes_its_place():
    rows = unit([1, 0, 0], [1, 0, 0], [0.1, 1, 0], [0, 1, 0.1])
    names = np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    called = Given(np.zeros(4, dtype=bool), np.zeros(4, dtype=bool), names=names)
    places = np.array([0, 0, NOWHERE, NOWHERE])
    assert settled(rows, places, called).tolist() == [0, 0, 1, 1]
    assert called.count_of(places) == 2


def test_arrived_puts_a_new_idea_into_the_nearest_theme_and_a_strange_one_nowhere():
    rows = unit([1, 0, 0], [0, 1, 0], [0.9, 0.1, 0], [0, 0, 1])
    places = np.array([0, 1, NOWHERE, NOWHERE])
    seen = np.array([True, True, False, False])
    assert arrived(rows, places, given(4), seen).tolist() == [0, 1, 0, NOWHERE]


def test_grown_splits_where_it_makes_themes_clearer_and_the_larger_part_keeps_its_index():
    rows = unit(*([[1, 0, 0]] * 8), *([[0, 1, 0]] * 6), *([[0, 0, 1]] * 5))
    places = np.array([0] * 14 + [1] * 5)
    out = grown(rows, places, given(19), Growth(3, 1, frozenset()), seed=0)
    assert out.tolist() == [0] * 8 + [2] * 6 + [1] * 5


def test_grown_leaves_themes_that_people_named_and_ideas_that_people_placed():
    rows = unit(*([[1, 0, 0]] * 8), *([[0, 1, 0]] * 6))
    places = np.zeros(14, dtype=np.int64)
    assert grown(rows, places, given(14), Growth(9, 1, frozenset({0})), seed=0).tolist() == [0] * 14
    assert grown(rows, places, given(14, fixed=range(8, 14)), Growth(9, 1, frozenset()), seed=0).tolist() == [0] * 14


def test_grown_splits_no_more_often_than_it_may():
    rows = unit(*([[1, 0, 0]] * 8), *([[0, 1, 0]] * 6), *([[0, 0, 1]] * 5))
    places = np.zeros(19, dtype=np.int64)
    assert len(set(grown(rows, places, given(19), Growth(5, 1, frozenset()), seed=0))) == 2
    assert len(set(grown(rows, places, given(19), Growth(5, 0, frozenset()), seed=0))) == 1


def test_founded_makes_a_theme_of_leftovers_with_a_subject_of_their_own():
    rows = unit(*([[1, 0, 0]] * 5), *([[0, 1, 0]] * 9), [0, 0, 1])
    places = np.array([0] * 5 + [NOWHERE] * 10)
    assert founded(rows, places, given(15, lonely=[14]), seed=0).tolist() == [0] * 5 + [1] * 9 + [NOWHERE]


def test_founded_leaves_a_handful_and_what_people_left_out():
    rows = unit(*([[1, 0, 0]] * 5), *([[0, 1, 0]] * 9))
    places = np.array([0] * 5 + [NOWHERE] * 9)
    assert founded(rows[:12], places[:12], given(12), seed=0).tolist() == places[:12].tolist()
    assert founded(rows, places, given(14, fixed=range(5, 14)), seed=0).tolist() == places.tolist()


def test_without_singles_dissolves_themes_of_one_idea_unless_a_person_made_them():
    rows = unit([1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1])
    places = np.array([0, 0, 1, 2, 3])
    out = without_singles(rows, places, given(5, fixed=[3]), frozenset({3}))
    assert out.tolist() == [0, 0, NOWHERE, 2, 3]


def test_grown_leaves_a_theme_whole_that_two_parts_would_not_make_clearer():
    around = np.random.default_rng(0).normal(0, 0.1, (40, 12))
    rows = unit(*(around + np.repeat(np.eye(2, 12), 20, axis=0)))
    places = np.repeat([0, 1], 20)
    assert grown(rows, places, given(40), Growth(5, 3, frozenset()), seed=0).tolist() == places.tolist()
