"""What an edit makes and what undoes it: written down whole, and exact whatever runs did between."""

import json

from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.edits import Patch, ThemeState, signed, state_under, whole
from feedback.domain.themes import Placed

NUMBERS = st.integers(1, 4)
SPOTS = st.none() | NUMBERS
PLACED = st.builds(Placed, SPOTS, st.booleans(), st.frozensets(NUMBERS), st.none() | st.integers(1, 9))
PLACES = st.dictionaries(st.sampled_from("abcdef"), PLACED)
STATES = st.fixed_dictionaries(
    {
        number: st.builds(
            ThemeState,
            st.text(max_size=3),
            st.booleans(),
            st.text(max_size=3),
            st.booleans(),
            st.booleans(),
            st.none(),
            st.none() | st.integers(1, 4),
        )
        for number in range(1, 5)
    }
)
PATCHES = st.builds(
    Patch,
    st.dictionaries(NUMBERS, st.tuples(st.text(max_size=3), st.booleans())),
    st.dictionaries(NUMBERS, st.text(max_size=3)),
    st.dictionaries(NUMBERS, st.booleans()),
    st.dictionaries(NUMBERS, st.tuples(st.just(True), st.none()) | st.tuples(st.just(False), SPOTS)),
    PLACES,
)


def applied(patch, themes, places):
    """Themes and places as the patch makes them."""
    made = {}
    for number, state in themes.items():
        name, by_person = patch.names.get(number, (state.name, state.named_by_person))
        standing, into = patch.standing.get(number, (state.standing, state.merged_into))
        about, locked = patch.about.get(number, state.description), patch.locked.get(number, state.locked)
        made[number] = ThemeState(name, by_person, about, locked, standing, into, state.split_from)
    return made, places | dict(patch.places)


def seen(themes, places):
    """Where the ideas are: what is in a theme that was taken back is in none, as are ideas without a place."""
    gone = {number for number, theme in themes.items() if not theme.standing and theme.merged_into is None}
    there = {
        idea: Placed(None, barred=place.barred) if place.theme in gone else place for idea, place in places.items()
    }
    return {idea: place for idea, place in there.items() if place != Placed(None)}


@given(PATCHES)
def test_a_patch_is_read_back_as_it_was_written(patch):
    assert Patch.from_json(patch.to_json()) == patch


@given(PATCHES, STATES, PLACES)
def test_what_takes_a_patch_back_leads_to_the_very_state_before(patch, themes, places):
    full = whole(patch, themes, places)
    back = state_under(full, themes, places)
    made = applied(full, themes, places)
    before, there = applied(back, *made)
    assert before == themes
    assert seen(before, there) == seen(themes, places)
    again = applied(state_under(back, *made), before, there)
    assert (again[0], seen(*again)) == (made[0], seen(*made))


@given(PATCHES, STATES, PLACES)
def test_no_idea_stays_in_a_theme_that_was_given_away(patch, themes, places):
    _, there = applied(whole(patch, themes, places), themes, places)
    for number, (stands, into) in patch.standing.items():
        if not stands and into not in (None, number):
            left = {idea for idea, place in there.items() if place.theme == number}
            assert left <= patch.places.keys() | {idea for idea, place in places.items() if place.theme != number}


def test_edits_of_the_first_version_are_read():
    old = {"names": {"1": ["Hours", False]}, "standing": {"2": [True, None]}, "places": {"a": [1, False]}}
    assert Patch.from_json(json.dumps(old)) == Patch(
        names={1: ("Hours", False)}, standing={2: (True, None)}, places={"a": Placed(1)}
    )


def test_a_dissolved_theme_comes_back_with_its_ideas():
    themes = {1: ThemeState("Hours", False, standing=False), 2: ThemeState("Places", False)}
    full = whole(Patch(places={"a": Placed(1)}), themes, {"a": Placed(2)})
    assert full.standing == {1: (True, None)}


def test_only_pins_without_a_signature_are_signed():
    patch = Patch(places={"a": Placed(1, pinned=True), "b": Placed(1), "c": Placed(1, pinned=True, edit=3)})
    assert [place.edit for place in signed(patch, 7).places.values()] == [7, None, 3]
