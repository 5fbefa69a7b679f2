"""What people say of subjects holds over whatever a look finds; the last word on two themes counts."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.alignments import (
    Alignment,
    Decision,
    Member,
    Subject,
    SubjectIdea,
    SubjectTheme,
    apart_pairs,
    decided,
    from_json,
    ranked,
    same_pairs,
    tidy,
    to_json,
    without,
)

A, B, C, D = Member(1, 1), Member(2, 1), Member(3, 1), Member(2, 2)
ALL = [Member(place, theme) for place in (1, 2, 3) for theme in (1, 2, 3)]


@st.composite
def groupings(draw):
    """Themes in groups, none in two."""
    homes = {member: draw(st.integers(0, 4)) for member in ALL}
    return tidy([member for member, home in homes.items() if home == at] for at in range(1, 5))


@st.composite
def words(draw):
    """A person's word on some themes."""
    chosen = draw(st.lists(st.sampled_from(ALL), min_size=2, max_size=4, unique=True))
    cut = draw(st.integers(1, len(chosen) - 1))
    return Decision(draw(st.booleans()), tuple(chosen[:cut]), tuple(chosen[cut:]))


def together(groups):
    return {frozenset(pair) for group in groups for pair in combinations(group, 2)}


@given(groupings(), st.lists(words(), max_size=5))
def test_no_theme_is_in_two_subjects_and_none_stands_alone(groups, decisions):
    subjects = decided(groups, decisions)
    members = [member for group in subjects for member in group]
    assert len(members) == len(set(members))
    assert all(len(group) > 1 for group in subjects)


@given(groupings(), st.lists(words(), max_size=5), words())
def test_the_last_word_holds_whatever_was_found_and_said_before(groups, decisions, last):
    pairs = together(decided(groups, [*decisions, last]))
    for one in last.ones:
        for other in last.others:
            assert (frozenset((one, other)) in pairs) is last.same


@given(groupings(), groupings(), words())
def test_a_word_is_kept_by_every_later_look(first, later, word):
    before, after = (together(decided(groups, [word])) for groups in (first, later))
    said = {frozenset((one, other)) for one in word.ones for other in word.others}
    assert said & before == said & after == (said if word.same else set())


@given(groupings())
def test_without_words_a_look_stands_as_it_is(groups):
    assert decided(groups, []) == groups


def test_putting_together_brings_companions_but_not_those_who_were_parted():
    found = ((A, B), (C, D))
    assert decided(found, [Decision(True, (A,), (C,))]) == ((A, B, D, C),)
    parted = Decision(False, (D,), (A,))
    assert decided(found, [parted, Decision(True, (A,), (C,))]) == ((A, B, C),)


def test_the_last_word_on_a_pair_is_the_one_that_the_engine_is_told():
    decisions = [Decision(True, (A,), (B, C)), Decision(False, (B,), (A,))]
    assert (same_pairs(decisions), apart_pairs(decisions)) == ({frozenset((A, C))}, {frozenset((A, B))})


@given(groupings(), st.lists(words(), max_size=3), st.none() | st.integers(0, 2**50), st.booleans())
def test_alignment_comes_back_from_json_as_it_went(groups, decisions, asked_at, failed):
    whole = Alignment(groups, {1: 7, 2: 9}, tuple(decisions), asked_at, failed)
    assert from_json(to_json(whole)) == whole


def test_a_cleared_conversation_leaves_nothing_behind():
    whole = Alignment(((A, B, C), (D, Member(1, 2))), {}, (Decision(False, (B,), (A,)), Decision(True, (A, B), (C,))))
    left = without(whole, 2)
    assert left.groups == ((A, C),)
    assert left.decisions == (Decision(True, (A,), (C,)),)


def theme(member: Member, strand: str, agree: int, *, named: bool = False) -> SubjectTheme:
    ideas = tuple(SubjectIdea(f"{at}", at, "Words", "en", agree, 0, 0, at == 2) for at in (1, 2))
    return SubjectTheme(member, strand, "other", "O", "Talk", "ABCDEF", f"{strand} {agree}", ideas, named)


def test_subjects_of_more_strands_come_first_then_those_with_more_votes():
    wide = Subject((theme(A, "Inspire", 1), theme(B, "Impact", 1), theme(C, "Involve", 1)))
    loved = Subject((theme(A, "Inspire", 5), theme(B, "Impact", 4)))
    twice = Subject((theme(A, "Inspire", 9), theme(D, "Inspire", 9)))
    assert ranked([twice, loved, wide]) == (wide, loved, twice)
    assert (loved.votes, loved.ideas, loved.strands) == (18, 4, ("Inspire", "Impact"))


def test_a_persons_name_is_the_subjects():
    assert Subject((theme(A, "Inspire", 9), theme(B, "Impact", 1, named=True))).name == "Impact 1"
    assert Subject((theme(A, "Inspire", 1), theme(B, "Impact", 9))).name == "Impact 9"


def test_representatives_speak_for_a_theme_and_the_most_supported_idea_where_there_are_none():
    spoken = theme(A, "Inspire", 1)
    assert [idea.number for idea in spoken.voices] == [2]
    silent = SubjectTheme(A, "I", "other", "I", "T", "C", "N", (SubjectIdea("1", 1, "First", "en", 3, 0, 0),))
    assert [idea.number for idea in silent.voices] == [1]
