"""People move ideas between themes; nothing is lost, and a move can be taken back."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.themes import (
    MergeProposal,
    Outlook,
    Placed,
    Theme,
    ThemeSet,
    freed,
    is_firm,
    kept_out,
    members_of,
    moved,
    pinned,
    renumbered,
)

THEMES = st.none() | st.integers(1, 3)
BARRED = st.frozensets(st.integers(1, 3))
PRIORS = st.dictionaries(THEMES, st.floats(0, 1))
PLACES = st.dictionaries(st.sampled_from("abcdef"), st.builds(Placed, THEMES, st.booleans(), BARRED))
SOME = st.lists(st.sampled_from("abcdef"), unique=True)


@given(PLACES, SOME, THEMES)
def test_moved_pins_exactly_the_moved_ideas_and_lifts_their_bar(places, ids, theme):
    barred = {idea: place.barred for idea, place in places.items()}
    assert moved(places, ids, theme) == {
        idea: Placed(theme, pinned=True, barred=barred.get(idea, frozenset()) - {theme}) for idea in ids
    }


@given(PLACES, SOME)
def test_pinned_and_freed_leave_every_idea_where_it_is(places, ids):
    tied = pinned(places, ids)
    assert set(tied) == set(ids)
    assert all(place.pinned and place.theme == places.get(idea, Placed(None)).theme for idea, place in tied.items())
    loose = freed(places | tied, ids)
    assert loose == {idea: Placed(place.theme, barred=place.barred) for idea, place in tied.items()}
    assert freed(places | loose, ids) == {}


@given(PLACES, SOME, st.dictionaries(st.sampled_from("abcdef"), PRIORS), st.frozensets(st.integers(1, 3)))
def test_kept_out_never_leads_back_or_into_a_closed_theme(places, ids, priors, open_themes):
    out = kept_out(places, ids, priors, open_themes, {})
    assert set(out) == {idea for idea in ids if idea in places and places[idea].theme is not None}
    for idea, place in out.items():
        assert place.barred == places[idea].barred | {places[idea].theme}
        assert place.theme is None or (place.theme in open_themes and place.theme not in place.barred)
        assert not place.pinned


def test_kept_out_goes_to_the_likeliest_place_that_is_left():
    places = {"a": Placed(1), "b": Placed(1)}
    priors = {"a": {1: 0.5, 2: 0.3, None: 0.2}, "b": {1: 0.5, 2: 0.2, None: 0.3}}
    assert {idea: place.theme for idea, place in kept_out(places, "ab", priors, (1, 2), {}).items()} == {
        "a": 2,
        "b": None,
    }


@given(PLACES, SOME, st.dictionaries(st.sampled_from("abcdef"), st.none() | st.integers(1, 3)))
def test_kept_out_bars_from_where_an_idea_stood_and_leaves_what_has_moved_since(places, ids, stood):
    out = kept_out(places, ids, {}, (), stood)
    homes = {idea: places.get(idea, Placed(None)) for idea in ids}
    assert set(out) == {idea for idea, place in homes.items() if stood.get(idea, place.theme) is not None}
    for idea, place in out.items():
        theme = stood.get(idea, homes[idea].theme)
        assert place.barred == homes[idea].barred | {theme}
        if theme != homes[idea].theme:
            assert replace(place, barred=frozenset()) == replace(homes[idea], barred=frozenset())


@given(st.integers(1, 3), st.integers(1, 3))
def test_renumbered_gives_a_theme_its_new_number_everywhere(old, other):
    found = ThemeSet(
        (Theme(old, "Found"),),
        outlooks={"a": Outlook(((old, 0.6), (None, 0.4)), 0.6)},
        merges=(MergeProposal(old, other),),
    )
    assert renumbered(found, {old: 9}) == ThemeSet(
        (Theme(9, "Found"),),
        outlooks={"a": Outlook(((9, 0.6), (None, 0.4)), 0.6)},
        merges=(MergeProposal(9, 9 if other == old else other),),
    )


def test_firm_from_one_half_on():
    assert [is_firm(share) for share in (None, 0.0, 0.49, 0.5, 1.0)] == [None, False, False, True, True]


@given(PLACES, st.integers(1, 3), st.integers(1, 3))
def test_merging_by_moving_all_members_loses_no_idea(places, into, other):
    after = moved(places, members_of(places, other), into)
    merged = {**places, **after}
    assert set(merged) == set(places)
    assert set(members_of(merged, into)) == set(members_of(places, into)) | set(members_of(places, other))
    if into != other:
        assert members_of(merged, other) == ()
