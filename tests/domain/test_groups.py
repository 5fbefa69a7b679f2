"""A proposed grouping breaks nothing that people decided; a group is called by what sets it apart."""

from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.groups import Regrouped, regrouped, suggested_name
from feedback.domain.themes import NAME_LIMIT, Placed

NUMBERS = st.integers(1, 4)
PLACES = st.dictionaries(
    st.sampled_from("abcdefgh"), st.builds(Placed, st.none() | NUMBERS, st.booleans(), st.frozensets(NUMBERS))
)
GROUPS = st.permutations("abcdefgh").flatmap(
    lambda ids: st.integers(1, 7).map(lambda cut: (tuple(ids[:cut]), tuple(ids[cut:])))
)


@given(GROUPS, PLACES, st.frozensets(NUMBERS))
def test_pins_locks_and_bars_stand(groups, places, locked):
    found = regrouped(groups, places, range(1, 5), locked)
    moved = [(idea, group.theme) for group in found for idea in group.ideas]
    assert len({idea for idea, _ in moved}) == len(moved)
    for idea, theme in moved:
        place = places.get(idea, Placed(None))
        assert not place.pinned
        assert place.theme not in locked
        assert theme not in locked
        assert theme not in place.barred


@given(GROUPS, PLACES)
def test_each_theme_is_carried_on_once(groups, places):
    carried = [group.theme for group in regrouped(groups, places, range(1, 5), ()) if group.theme is not None]
    assert len(carried) == len(set(carried))


def test_a_group_carries_on_the_theme_it_has_most_in_common_with():
    places = {"a": Placed(1), "b": Placed(1), "c": Placed(2), "d": Placed(None)}
    assert regrouped([("a", "c"), ("b",), ("d",)], places, (1, 2), ()) == (
        Regrouped(2, ("a", "c")),
        Regrouped(1, ("b",)),
        Regrouped(None, ("d",)),
    )


def test_a_name_is_what_sets_the_ideas_apart():
    others = ["Open the library at night", "Open the pool on Sundays"]
    assert suggested_name(["Open more night buses", "Night buses for all", "Cheap buses"], others) == "buses, night"


def test_without_common_words_the_first_text_is_the_name():
    assert suggested_name(["Night", "Depot"], ["Tram"]) == "Night"
    assert suggested_name(["🚋", "🚌"], []) == "🚋"


@given(st.lists(st.text(min_size=1, max_size=500), min_size=1), st.lists(st.text(max_size=50)))
def test_a_name_fits(texts, others):
    assert len(suggested_name(texts, others)) <= NAME_LIMIT
