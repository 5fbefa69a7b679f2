"""Themes of different conversations meet by their ideas and names; people's words hold; order plays no part."""

import random
from itertools import combinations

import numpy as np
import pytest

from feedback.clustering.alignment import align_themes, grouped
from feedback.clustering.embedders import EmbedderFailed
from feedback.domain.alignments import Aligned, Member, ThemeText
from feedback.domain.themes import IdeaText

SUBJECTS = ("buses", "books", "trees", "money")


@pytest.fixture(scope="module")
def theme(room):
    """Makes a theme of a conversation: every third idea on a subject, so that no two conversations share one."""

    def make(place, number, subject):
        ideas = [idea for idea in room if idea.id.startswith(subject)][place % 3 :: 3]
        # Two conversations may well number their ideas alike.
        texts = tuple(IdeaText(f"{subject}{at}", idea.text, "en") for at, idea in enumerate(ideas))
        return ThemeText(Member(place, number), "", texts)

    return make


@pytest.fixture(scope="module")
def themes(theme):
    """Buses in all three conversations, books in two, trees and money in one each."""
    return [
        theme(1, 1, "buses"),
        theme(2, 1, "buses"),
        theme(3, 1, "buses"),
        theme(1, 2, "books"),
        theme(3, 2, "books"),
        theme(2, 2, "trees"),
        theme(2, 3, "money"),
    ]


BUSES = (Member(1, 1), Member(2, 1), Member(3, 1))
BOOKS = (Member(1, 2), Member(3, 2))
NONE = frozenset()


def groups_in(themes, **more):
    return align_themes(themes, **more).groups


def test_what_comes_up_everywhere_is_found_and_what_comes_up_once_stays_alone(themes):
    assert groups_in(themes) == (BUSES, BOOKS)


def test_order_of_themes_and_ideas_plays_no_part(themes):
    chance = random.Random(3)
    for _ in range(3):
        mixed = [
            ThemeText(each.member, each.name, tuple(chance.sample(each.ideas, len(each.ideas)))) for each in themes
        ]
        chance.shuffle(mixed)
        assert groups_in(mixed) == (BUSES, BOOKS)


def test_themes_of_one_conversation_are_never_put_together_by_the_machine(theme):
    twins = [theme(1, 1, "buses"), theme(1, 2, "buses"), theme(2, 1, "buses"), theme(2, 2, "books")]
    groups = groups_in(twins)
    assert all(len({member.conversation for member in group}) == len(group) for group in groups)
    assert groups_in([theme(1, 1, "buses"), theme(1, 2, "buses")]) == ()


def test_the_only_themes_of_two_conversations_meet_when_they_are_alike_and_not_when_they_are_not(theme):
    assert groups_in([theme(1, 1, "buses"), theme(2, 1, "buses")]) == ((Member(1, 1), Member(2, 1)),)
    assert groups_in([theme(1, 1, "buses"), theme(2, 1, "trees")]) == ()
    assert groups_in([]) == groups_in([theme(1, 1, "buses")]) == ()


def test_what_people_parted_stays_apart_and_what_they_put_together_stays(themes):
    apart = frozenset({frozenset(BUSES[:2])})
    parted = {frozenset(pair) for group in groups_in(themes, apart=apart) for pair in combinations(group, 2)}
    assert frozenset(BUSES[:2]) not in parted
    same = frozenset({frozenset((Member(2, 2), Member(1, 2)))})
    joined = {frozenset(pair) for group in groups_in(themes, same=same) for pair in combinations(group, 2)}
    assert same <= joined
    gone = frozenset({frozenset((Member(7, 7), Member(1, 2)))})
    assert groups_in(themes, same=gone, apart=gone) == (BUSES, BOOKS)


def test_people_may_put_themes_of_one_conversation_together(themes):
    same = frozenset({frozenset((Member(2, 2), Member(2, 3)))})
    assert (Member(2, 2), Member(2, 3)) in groups_in(themes, same=same)


def test_names_that_people_gave_count(theme):
    odd = [
        ThemeText(Member(place, 1), "Night buses", (IdeaText("a", words, "en"),), named_by_person=named)
        for place, words, named in ((1, "Late rides home", True), (2, "Trams until two", True))
    ]
    others = [theme(1, 2, "books"), theme(2, 2, "trees"), theme(1, 3, "money")]
    wanted = (Member(1, 1), Member(2, 1))
    assert wanted in groups_in([*odd, *others])
    machine = [ThemeText(each.member, each.name, each.ideas) for each in odd]
    assert wanted not in groups_in([*machine, *others])


def test_themes_with_one_name_are_one_subject_whatever_is_in_them(theme):
    named = [
        ThemeText(each.member, name, each.ideas, named_by_person=True)
        for each, name in ((theme(1, 1, "books"), "Café culture"), (theme(2, 1, "trees"), "CAFE culture "))
    ]
    assert groups_in(named) == ((Member(1, 1), Member(2, 1)),)
    assert groups_in(named, apart=frozenset({frozenset((Member(1, 1), Member(2, 1)))})) == ()


def test_a_theme_without_ideas_is_known_by_its_name(themes):
    empty = ThemeText(Member(4, 1), "Library books", (), "Reading rooms, library hours", named_by_person=True)
    assert (*BOOKS, Member(4, 1)) in groups_in([*themes, empty])


def test_ideas_without_words_break_nothing():
    blank = [
        ThemeText(Member(place, 1), "", (IdeaText("x", "👍", "en"), IdeaText("y", "!!", None))) for place in (1, 2)
    ]
    assert groups_in(blank) in ((), ((Member(1, 1), Member(2, 1)),))


def test_the_most_alike_meet_first_and_one_likeness_is_shared_by_all_of_a_group():
    members = [Member(1, 1), Member(2, 1), Member(3, 1)]
    likeness = np.array([[1.0, 0.9, 0.5], [0.9, 1.0, 0.1], [0.5, 0.1, 1.0]])
    # 3.1 is as near as 0.3 to the two others on average.
    assert grouped(members, likeness, NONE, NONE) == ((Member(1, 1), Member(2, 1)),)
    likeness[1, 2] = likeness[2, 1] = 0.4
    assert grouped(members, likeness, NONE, NONE) == ((Member(1, 1), Member(2, 1), Member(3, 1)),)


def test_what_is_alike_within_a_conversation_tells_what_alike_means():
    members = [Member(1, 1), Member(1, 2), Member(2, 1)]
    likeness = np.array([[1.0, 0.8, 0.7], [0.8, 1.0, 0.1], [0.7, 0.1, 1.0]])
    assert grouped(members, likeness, NONE, NONE) == ()
    likeness[0, 1] = likeness[1, 0] = 0.2
    assert grouped(members, likeness, NONE, NONE) == ((Member(1, 1), Member(2, 1)),)


class Broken:
    """An embedder that is away."""

    id = "broken"

    def encode(self, _texts):
        raise EmbedderFailed("away")


class Meaning:
    """An embedder that knows what each text is about."""

    id = "meaning"

    def encode(self, texts):
        rows = np.zeros((len(texts), len(SUBJECTS)))
        for at, text in enumerate(texts):
            rows[at, max(range(len(SUBJECTS)), key=lambda one: text.count(SUBJECTS[one]))] = 1
        return rows


def test_an_embedder_measures_and_words_take_over_when_it_fails(themes):
    assert align_themes(themes, embedder=Broken()) == Aligned((BUSES, BOOKS), "lexical", "away")
    foreign = [
        ThemeText(Member(place, at), "", tuple(IdeaText(f"{n}", f"{subject} {n}{place}{at}", "en") for n in range(4)))
        for place, at, subject in ((1, 1, "buses"), (2, 1, "buses"), (1, 2, "trees"), (2, 2, "books"))
    ]
    assert align_themes(foreign, embedder=Meaning()) == Aligned(((Member(1, 1), Member(2, 1)),), "meaning", "")
