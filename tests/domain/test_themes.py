"""People move ideas between themes; nothing is lost, and a move can be taken back."""

from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.themes import Placed, members_of, moved

THEMES = st.none() | st.integers(1, 3)
PLACES = st.dictionaries(st.sampled_from("abcdef"), st.builds(Placed, THEMES, st.booleans()))
SOME = st.lists(st.sampled_from("abcdef"), unique=True)


@given(PLACES, SOME, THEMES)
def test_moved_then_undone_returns_the_same_places(places, ids, theme):
    after, before = moved(places, ids, theme)
    undone = {**places, **after, **before}
    assert {idea: undone[idea] for idea in places} == places
    assert all(undone[idea] == Placed(None) for idea in undone if idea not in places)


@given(PLACES, SOME, THEMES)
def test_moved_pins_exactly_the_moved_ideas(places, ids, theme):
    after, before = moved(places, ids, theme)
    assert after == {idea: Placed(theme, pinned=True) for idea in ids}
    assert set(before) == set(ids)


@given(PLACES, st.integers(1, 3), st.integers(1, 3))
def test_merging_by_moving_all_members_loses_no_idea(places, into, other):
    after, _ = moved(places, members_of(places, other), into)
    merged = {**places, **after}
    assert set(merged) == set(places)
    assert set(members_of(merged, into)) == set(members_of(places, into)) | set(members_of(places, other))
    if into != other:
        assert members_of(merged, other) == ()
