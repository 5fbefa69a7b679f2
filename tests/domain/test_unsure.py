"""The queue asks the least sure idea first, and never what is decided."""

from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.sorts import SURE, Sort
from feedback.domain.themes import Outlook, Placed
from feedback.domain.unsure import counted, homes_of, likely_themes, unsure_ideas

IDEAS = st.sampled_from("abcdef")
PLACES = st.dictionaries(IDEAS, st.builds(Placed, st.none() | st.integers(1, 3), st.booleans()))
SURENESS = st.dictionaries(IDEAS, st.floats(0, 1))


@given(st.dictionaries(IDEAS, st.integers(0, 9)), PLACES, SURENESS, st.frozensets(st.integers(1, 3)))
def test_the_queue_holds_what_is_open_in_order_of_use(supporters, places, sureness, locked):
    queue = unsure_ideas(supporters, places, sureness, locked)
    keys = [(sureness[idea], -supporters[idea]) for idea in queue]
    assert keys == sorted(keys)
    open_ones = {
        idea
        for idea in supporters.keys() & sureness.keys()
        if sureness[idea] < SURE and not (idea in places and (places[idea].pinned or places[idea].theme in locked))
    }
    assert set(queue) == open_ones


def test_likely_themes_are_first_what_people_say_then_what_the_run_thinks_then_the_largest():
    outlook = Outlook(((1, 0.5), (None, 0.2), (2, 0.2)), 0.5)
    sizes = {1: 3, 2: 9, 3: 5, 4: 8}
    assert likely_themes(Placed(1), outlook, {}, sizes) == (1, 2, 4)
    assert likely_themes(Placed(1), outlook, {3: 2, None: 4}, sizes) == (3, 1, 2)
    assert likely_themes(Placed(None, barred=frozenset({1, 3})), outlook, {3: 2}, sizes) == (2, 4)


def test_where_an_idea_stands_is_always_among_its_likely_themes():
    outlook = Outlook(((1, 0.5), (2, 0.3), (4, 0.2)), 0.1)
    sizes = {1: 3, 2: 9, 3: 5, 4: 8}
    assert likely_themes(Placed(3), outlook, {}, sizes) == (1, 2, 4, 3)
    assert likely_themes(Placed(3, barred=frozenset({3})), outlook, {}, sizes) == (1, 2, 4)
    assert likely_themes(Placed(8), outlook, {}, sizes) == (1, 2, 4)


def test_sorts_count_for_what_their_theme_is_now():
    homes = homes_of({1: None, 2: 1, 3: 2, 4: None, 5: 6, 6: 5}, {1})
    assert homes == {1: 1, 2: 1, 3: 1}
    sorts = [Sort("p", "a", 3), Sort("q", "a", 1), Sort("r", "a", None), Sort("s", "a", 4), Sort("p", "b", 2)]
    assert counted(sorts, homes) == {"a": {1: 2, None: 1}, "b": {1: 1}}
