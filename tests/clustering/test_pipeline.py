"""The laws of the one door: every idea once, people obeyed, nothing left to chance."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from feedback.clustering.pipeline import find_themes
from feedback.domain.themes import IdeaText, Theme, ThemeSet

WORDS = [
    "bus",
    "tram",
    "night",
    "library",
    "book",
    "tree",
    "park",
    "grant",
    "artist",
    "museum",
    "free",
    "the",
    "🚲",
    "école",
]
texts = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)
rooms = st.lists(texts, min_size=1, max_size=19) | st.lists(texts, min_size=20, max_size=45)


STRAYS = ("zither", "quokka", "fjord", "glyph", "nymph", "waltz", "oxbow", "igloo", "kiosk", "jumbo", "vivid", "wharf")


def ideas_of(texts):
    return [IdeaText(f"{number:03d}", text) for number, text in enumerate(texts)]


def placed(found):
    return {idea: theme.id for theme in found.themes for idea in theme.ideas} | dict.fromkeys(found.leftovers)


def groups(found):
    return {frozenset(theme.ideas) for theme in found.themes}


def assert_whole(found, ideas):
    everywhere = [idea for theme in found.themes for idea in theme.ideas] + list(found.leftovers)
    assert sorted(everywhere) == sorted(idea.id for idea in ideas)
    ids = [theme.id for theme in found.themes]
    assert ids == sorted(set(ids))
    assert found.next_id > max(ids, default=0)
    for theme in found.themes:
        assert set(theme.representatives) <= set(theme.ideas)
        assert theme.name


def test_find_themes_finds_the_subjects_of_a_room(room):
    found = find_themes(room)
    assert_whole(found, room)
    truth = [idea.id.partition("-")[0] for idea in room]
    assert adjusted_rand_score(truth, [str(placed(found)[idea.id]) for idea in room]) > 0.8


def test_find_themes_names_and_orders_a_first_run_by_size(room):
    found = find_themes(room)
    assert [theme.id for theme in found.themes] == list(range(1, found.next_id))
    assert all(len(one.ideas) >= len(other.ideas) for one, other in pairwise(found.themes))
    assert all(1 <= len(theme.representatives) <= 3 and theme.terms for theme in found.themes)
    assert not any(theme.named_by_person for theme in found.themes)


def test_find_themes_keeps_ideas_of_a_theme_in_the_order_they_came(room):
    order = {idea.id: at for at, idea in enumerate(room)}
    for theme in find_themes(room).themes:
        assert list(theme.ideas) == sorted(theme.ideas, key=order.__getitem__)


@settings(max_examples=12)
@given(rooms)
def test_find_themes_keeps_every_idea_once_and_is_stable(texts):
    ideas = ideas_of(texts)
    found = find_themes(ideas)
    assert_whole(found, ideas)
    assert find_themes(ideas) == found
    assert find_themes(ideas, previous=found) == found


@settings(max_examples=8)
@given(rooms, st.randoms(use_true_random=False))
def test_find_themes_does_not_care_about_the_order_of_ideas(texts, chance):
    ideas = ideas_of(texts)
    shuffled = chance.sample(ideas, len(ideas))
    one, other = find_themes(ideas), find_themes(shuffled)
    assert placed(one) == placed(other)
    assert [theme.name for theme in one.themes] == [theme.name for theme in other.themes]


@settings(max_examples=12)
@given(rooms, rooms, st.data())
def test_find_themes_obeys_people_whatever_else_changes(texts, more, data):
    ideas = ideas_of(texts)
    first = find_themes(ideas)
    named = data.draw(st.sets(st.sampled_from([theme.id for theme in first.themes]))) if first.themes else set()
    first = replace(first, themes=tuple(_named(theme) if theme.id in named else theme for theme in first.themes))
    targets = st.sampled_from([None, 77, *(theme.id for theme in first.themes)])
    pins = data.draw(st.dictionaries(st.sampled_from([idea.id for idea in ideas]), targets, max_size=6))
    room = ideas[len(ideas) // 5 :] + [IdeaText(f"new-{number:03d}", text) for number, text in enumerate(more)]

    found = find_themes(room, previous=first, pins=pins)

    assert_whole(found, room)
    here = placed(found)
    assert {idea: here[idea] for idea in pins if idea in here} == {idea: pins[idea] for idea in pins if idea in here}
    assert {theme.name for theme in found.themes if theme.named_by_person} == {f"Ours {theme_id}" for theme_id in named}
    assert found.next_id >= first.next_id
    # Another grouping is proposed when ideas have come, and not again.
    assert find_themes(room, previous=found, pins=pins) == replace(found, regroup=None)


def _named(theme):
    return replace(theme, name=f"Ours {theme.id}", named_by_person=True)


def test_find_themes_moves_few_ideas_when_new_ones_arrive(room):
    first = find_themes(room[:60])
    second = find_themes(room, previous=first)
    before, after = placed(first), placed(second)
    assert sum(before[idea] != after[idea] for idea in before) <= 12


def boats(count):
    return [IdeaText(f"boats-{at:02d}", f"River boats and harbour ferries, number {at}", "en") for at in range(count)]


def test_a_quick_run_takes_nothing_from_what_the_next_full_one_does_for_new_ideas(room):
    first = find_themes(room)
    quick = find_themes(room + boats(30), previous=first, quick=True)
    assert {theme.id for theme in quick.themes} == {theme.id for theme in first.themes}
    assert set(quick.unread) == {idea.id for idea in boats(30)}
    again = find_themes(room + boats(30), previous=find_themes(room + boats(30), previous=quick, quick=True))
    assert {theme.id for theme in first.themes} < {theme.id for theme in again.themes}
    assert again.unread == ()


def test_a_room_that_the_rapporteur_has_sorted_out_stays_as_it_is(room):
    strays = [IdeaText(f"stray-{at}", f"{word} {word[::-1]}", "en") for at, word in enumerate(STRAYS)]
    first = find_themes(room + strays)
    found = find_themes(room + strays, previous=first)
    assert len(found.leftovers) > len(STRAYS) / 2
    smallest = min(found.themes, key=lambda theme: len(theme.ideas))
    pins = {idea: theme.id for theme in found.themes if theme != smallest for idea in theme.ideas}
    assert placed(find_themes(room + strays, previous=found, pins=pins)) == placed(found)


def test_a_description_draws_ideas_and_keeps_its_theme_also_where_the_machine_gave_the_name(room):
    first = find_themes(room)
    home = first.themes[0]
    told = replace(home, description="River boats, harbour ferries")
    rest = [idea for idea in room if idea.id not in home.ideas]
    start = replace(first, themes=(told, *first.themes[1:]))
    found = find_themes(rest + boats(3), previous=start)
    theme = next(theme for theme in found.themes if theme.id == home.id)
    assert set(theme.ideas) >= {idea.id for idea in boats(3)}
    assert home.id in {theme.id for theme in find_themes(rest, previous=start).themes}
    assert home.id not in {theme.id for theme in find_themes(rest, previous=first).themes}


def test_find_themes_gives_a_new_subject_a_new_id_and_leaves_the_old_ones(room):
    first = find_themes(room)
    second = find_themes(room + boats(60), previous=first)
    assert {theme.id for theme in first.themes} < {theme.id for theme in second.themes}
    home = {placed(second)[idea.id] for idea in boats(60)}
    assert len(home) == 1
    assert home.pop() >= first.next_id


def test_find_themes_lists_only_below_twenty_ideas(room):
    ideas = room[:19]
    found = find_themes(ideas)
    assert replace(found, near_duplicates=None) == ThemeSet((), tuple(idea.id for idea in ideas), 1)
    assert find_themes([]) == ThemeSet((), (), 1, near_duplicates=())


def test_find_themes_goes_on_below_twenty_when_there_are_themes(room):
    first = find_themes(room)
    largest = first.themes[0]
    few = [idea for idea in room if idea.id in largest.ideas[:9]]
    second = find_themes([*few, IdeaText("new", "🚲")], previous=first)
    assert [(theme.id, theme.ideas) for theme in second.themes] == [(1, largest.ideas[:9])]
    assert second.leftovers == ("new",)


def test_find_themes_never_uses_an_id_again(room):
    first = find_themes(room)
    gone = {idea for theme in first.themes[:2] for idea in theme.ideas}
    second = find_themes([idea for idea in room if idea.id not in gone], previous=first)
    assert second.next_id == first.next_id
    assert {theme.id for theme in second.themes} == {theme.id for theme in first.themes[2:]}


def test_find_themes_keeps_a_theme_that_a_person_named_even_without_ideas(room):
    ours = Theme(5, "Chess clubs", named_by_person=True)
    found = find_themes(room, previous=ThemeSet((ours,), (), 6))
    assert next(theme for theme in found.themes if theme.id == 5) == ours
    assert min(theme.id for theme in found.themes if theme.id != 5) == 6


def test_find_themes_brings_a_pinned_theme_back(room):
    pins = {room[0].id: 12}
    found = find_themes(room, previous=find_themes(room), pins=pins)
    assert placed(found)[room[0].id] == 12
    assert found.next_id == 13


def test_find_themes_keeps_a_suggested_name_while_it_fits(room):
    first = find_themes(room)
    renamed = replace(first, themes=tuple(replace(theme, name=f"{theme.terms[0]}, old") for theme in first.themes))
    second = find_themes(room, previous=renamed)
    assert [theme.name for theme in second.themes] == [theme.name for theme in renamed.themes]
    strange = replace(first, themes=tuple(replace(theme, terms=("cheese",)) for theme in first.themes))
    assert find_themes(room, previous=strange) == first


def test_find_themes_ignores_the_words_of_the_title(room):
    found = find_themes(room, stop_texts=["Night buses and trams", "Grants?"])
    assert not {"buses", "tram", "grants"} & {term for theme in found.themes for term in theme.terms}


def test_find_themes_groups_by_subject_and_not_by_language():
    sentences = {"en": "We want the {} to be open for all of us", "de": "Wir wollen, dass {} für alle offen ist"}
    ideas = [
        IdeaText(f"{thing}-{language}-{number}", sentence.format(thing) + "!" * number, language)
        for thing in ("Festival", "Museum", "Orchester", "Studio")
        for language, sentence in sentences.items()
        for number in range(8)
    ]
    found = placed(find_themes(ideas))
    labels = [str(found[idea.id]) for idea in ideas]
    assert adjusted_rand_score([idea.id.partition("-")[0] for idea in ideas], labels) > 0.7
    assert adjusted_rand_score([str(idea.lang) for idea in ideas], labels) < 0.2


def test_find_themes_refuses_an_id_that_occurs_twice():
    with pytest.raises(ValueError, match="occurs twice"):
        find_themes([IdeaText("1", "buses"), IdeaText("1", "trees")])


def test_find_themes_reports_rising_progress(room):
    said = []
    find_themes(room, progress=lambda share, step: said.append((share, step)))
    assert [share for share, _ in said] == sorted(share for share, _ in said)
    assert list(dict.fromkeys(step for _, step in said)) == [
        "reading", "measuring", "grouping", "settling", "naming", "done",
    ]  # fmt: skip
    assert (said[0][0], said[-1][0]) == (0, 1)


def _nonsense(chance):
    return " ".join("".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(6))


HOSTILE = {
    "all the same": ["Buses at night"] * 30,
    "two texts": ["Buses at night", "More trees please"] * 15,
    "emoji alone": ["🚲🚲", "🎭", "😀😀😀"] * 10,
    "one letter": ["a" * 500] * 25,
    "one letter, many lengths": ["a" * length for length in range(1, 60)],
    "nonsense": [_nonsense(random.Random(seed)) for seed in range(40)],
    "arabic": ["نريد المزيد من المكتبات", "الحافلات الليلية بعد الحفلات", "حدائق للأطفال في المدينة"] * 8,
    "chinese": ["我们需要更多的图书馆", "晚上的公交车太少了", "请支持本地艺术家"] * 8,
    "blank": ["", " ", "\n\t", "\u200b"] * 8,
    "stop words": ["the and of", "is it", "to be or not to be"] * 9,
    "numbers": [str(number) for number in range(30)],
    "directions": ["\u202eabc buses", "\u202eabc trees"] * 12,
    "marks": ["Z̶̢͓a̷l̴g̸o̵ comes"] * 15 + ["Zalgo went"] * 10,
}


@pytest.mark.parametrize("texts", HOSTILE.values(), ids=HOSTILE.keys())
def test_find_themes_survives_hostile_texts(texts):
    ideas = ideas_of(texts)
    found = find_themes(ideas)
    assert_whole(found, ideas)
    assert find_themes(ideas, previous=found) == found


def test_find_themes_puts_what_has_no_words_among_the_leftovers(room):
    ideas = [*room, IdeaText("blank", " \n"), IdeaText("emoji", "🚲")]
    assert {"blank", "emoji"} <= set(find_themes(ideas).leftovers)


def test_find_themes_makes_one_theme_of_one_text():
    assert groups(find_themes(ideas_of(["Buses at night"] * 30))) == {frozenset(f"{n:03d}" for n in range(30))}


def test_find_themes_names_a_theme_of_chinese_ideas_by_an_idea():
    found = find_themes(ideas_of(HOSTILE["chinese"]))
    assert {theme.name for theme in found.themes} == set(HOSTILE["chinese"])
