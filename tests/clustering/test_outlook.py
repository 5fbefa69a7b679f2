"""A run says what it thinks of its own result: shares, reasons, reliability, and what may be one theme."""

import random
from dataclasses import replace

import pytest

from feedback.clustering.pipeline import find_themes
from feedback.domain.sorts import Sort
from feedback.domain.themes import MergeProposal, Theme


@pytest.fixture(scope="module")
def found(room):
    return find_themes(room)


def home_of(found, idea):
    return next((theme.id for theme in found.themes if idea in theme.ideas), None)


def test_every_idea_has_an_outlook_whose_shares_are_shares(room, found):
    assert found.outlooks.keys() == {idea.id for idea in room}
    for outlook in found.outlooks.values():
        shares = [share for _, share in outlook.prior]
        assert shares == sorted(shares, reverse=True)
        assert 0.9 < sum(shares) <= 1.001
        assert {theme for theme, _ in outlook.prior} <= {None, *(theme.id for theme in found.themes)}


def test_most_ideas_most_probably_belong_where_they_stand(room, found):
    right = [found.outlooks[idea.id].prior[0][0] == home_of(found, idea.id) for idea in room]
    assert sum(right) > 0.9 * len(room)


def test_shared_terms_stand_in_the_idea_and_in_others_of_its_theme(room, found):
    texts = {idea.id: idea.text.casefold() for idea in room}
    for theme in found.themes:
        for idea in theme.ideas:
            for term in found.outlooks[idea].shared_terms:
                assert term.casefold() in texts[idea]
                assert sum(term.casefold()[:4] in texts[other] for other in theme.ideas) > 1
    assert any(outlook.shared_terms for outlook in found.outlooks.values())


def test_what_the_crew_placed_is_sure(room, found):
    idea = room[0].id
    other = next(theme.id for theme in found.themes if theme.id != home_of(found, idea))
    again = find_themes(room, previous=found, pins={idea: other})
    assert again.outlooks[idea].sureness == pytest.approx(1.0, abs=0.001)


def test_sorts_make_an_idea_sure_and_tell_who_is_right(room, found):
    chance = random.Random(1)
    ids = [theme.id for theme in found.themes]
    sorts = [Sort(f"p{at}", idea.id, home_of(found, idea.id)) for idea in room for at in range(3)]
    sorts += [Sort("blind", idea.id, chance.choice(ids)) for idea in room]
    again = find_themes(room, previous=found, sorts=sorts)
    assert min(again.outlooks[idea.id].sureness for idea in room) > 0.95
    assert again.reliability["p0"] > 0.9 > 0.5 > again.reliability["blind"]
    assert again.reliability.keys() == {"p0", "p1", "p2", "blind"}


def test_themes_that_people_take_for_each_other_may_be_merged(room, found):
    one, other = found.themes[:2]
    sorts = [Sort(f"p{at}", idea, other.id) for at, idea in enumerate(one.ideas[:10])]
    sorts += [Sort(f"q{at}{more}", idea, one.id) for more in "ab" for at, idea in enumerate(one.ideas[:10])]
    again = find_themes(room, previous=found, sorts=sorts)
    assert again.merges == (MergeProposal(one.id, other.id, again.merges[0].confused),)
    assert again.merges[0].confused >= 5
    locked = replace(found, themes=(replace(one, locked=True), *found.themes[1:]))
    assert find_themes(room, previous=locked, sorts=sorts).merges == ()


def test_firmness_counts_what_people_decided(room, found):
    loose = replace(found.themes[0], ideas=tuple(idea.id for idea in room[:8]))
    rest = tuple(
        replace(theme, ideas=tuple(idea for idea in theme.ideas if idea not in loose.ideas))
        for theme in found.themes[1:]
    )
    start = replace(found, themes=(loose, *rest))
    pins = dict.fromkeys(loose.ideas, loose.id)
    again = find_themes(room, previous=start, pins=pins)
    theme = next(theme for theme in again.themes if theme.id == loose.id)
    assert theme.firmness >= 0.5


def test_a_quick_run_names_and_judges_nothing_anew(room, found):
    idea = room[0].id
    other = next(theme for theme in found.themes if idea not in theme.ideas)
    called = replace(found, themes=tuple(replace(theme, name=f"As it was {theme.id}") for theme in found.themes))
    quick = find_themes(room, previous=called, pins={idea: other.id}, quick=True)
    assert [theme.name for theme in quick.themes] == [theme.name for theme in called.themes]
    assert [theme.firmness for theme in quick.themes] == [theme.firmness for theme in called.themes]
    assert home_of(quick, idea) == other.id
    assert all(set(theme.representatives) <= set(theme.ideas) for theme in quick.themes)
    assert quick.outlooks.keys() == found.outlooks.keys()


def test_what_the_room_sorts_makes_themes_firm_at_once_and_each_look_says_the_same(room, found):
    loose = replace(found, themes=tuple(replace(theme, by_words=0.0, firmness=0.0) for theme in found.themes))
    sorts = [Sort(f"p{n}", idea, theme.id) for theme in found.themes for idea in theme.ideas for n in range(4)]
    once = find_themes(room, previous=loose, sorts=sorts, quick=True)
    assert min(theme.firmness for theme in once.themes) > 0.9
    assert find_themes(room, previous=once, sorts=sorts, quick=True).themes == once.themes
    assert [theme.by_words for theme in once.themes] == [0.0 for _ in once.themes]


def test_a_theme_of_which_nobody_knows_what_its_words_say_is_not_judged_by_a_quick_run(room, found):
    unknown = replace(found, themes=tuple(replace(theme, by_words=None) for theme in found.themes))
    quick = find_themes(room, previous=unknown, quick=True)
    assert {theme.firmness for theme in quick.themes} == {None}
    full = find_themes(room, previous=unknown)
    assert [theme.by_words for theme in full.themes] == [theme.by_words for theme in found.themes]


def test_a_theme_whose_ideas_people_exchange_is_still_itself_in_a_quick_run(room, found):
    one, other = found.themes[:2]
    sorts = [Sort(f"p{n}", idea, other.id) for idea in one.ideas for n in range(4)]
    sorts += [Sort(f"p{n}", idea, one.id) for idea in other.ideas for n in range(4)]
    quick = find_themes(room, previous=found, sorts=sorts, quick=True)
    assert [theme.id for theme in quick.themes] == [theme.id for theme in found.themes]
    assert [theme.name for theme in quick.themes] == [theme.name for theme in found.themes]
    assert set(other.ideas) <= set(quick.themes[0].ideas)


def test_a_new_name_makes_no_place_less_sure(room, found):
    called = replace(
        found, themes=tuple(replace(theme, name=f"Ours {theme.id}", named_by_person=True) for theme in found.themes)
    )
    again = find_themes(room, previous=called, quick=True)
    before, after = (sum(each.sureness for each in one.outlooks.values()) for one in (found, again))
    assert after > 0.95 * before


def test_a_locked_theme_takes_nothing_in_and_lets_nothing_out(room):
    first = find_themes(room[:60])
    held = replace(first.themes[0], locked=True, ideas=(*first.themes[0].ideas[:6], first.themes[1].ideas[0]))
    ours = set(held.ideas)
    rest = tuple(
        replace(theme, ideas=tuple(idea for idea in theme.ideas if idea not in ours)) for theme in first.themes[1:]
    )
    loose = tuple(idea for idea in first.themes[0].ideas if idea not in ours)
    again = find_themes(room, previous=replace(first, themes=(held, *rest), leftovers=(*first.leftovers, *loose)))
    theme = next(theme for theme in again.themes if theme.id == held.id)
    assert set(theme.ideas) == ours
    assert theme.locked


def test_an_idea_does_not_go_back_to_where_it_was_taken_out_of(room, found):
    idea = found.themes[0].ideas[0]
    theme = found.themes[0].id
    for quick in (False, True):
        again = find_themes(room, previous=found, barred={idea: frozenset({theme})}, quick=quick)
        assert home_of(again, idea) != theme
    sorts = [Sort("p", idea, theme)]
    assert home_of(find_themes(room, previous=found, barred={idea: frozenset({theme})}, sorts=sorts), idea) != theme


def test_an_empty_theme_that_somebody_named_is_not_firm(room, found):
    start = replace(found, themes=(*found.themes, Theme(50, "Zeppelins", named_by_person=True)), next_id=51)
    again = find_themes(room, previous=start)
    assert [theme.firmness for theme in again.themes if theme.id == 50] in ([None], [0.0])


def test_none_of_these_said_before_there_are_themes_harms_nothing(room):
    sorts = [Sort("p", room[0].id, None), Sort("q", room[1].id, 4)]
    assert {theme.ideas for theme in find_themes(room, sorts=sorts).themes}
    assert find_themes(room[:5], sorts=sorts).themes == ()
