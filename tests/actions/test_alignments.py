"""Looks across conversations: asked for once at a time; what the organiser says outlives every look."""

import pytest

from feedback.actions.alignments import (
    fail_alignment,
    finish_alignment,
    join_themes,
    part_themes,
    request_alignment,
    undo_decision,
)
from feedback.actions.programme import clear_conversation
from feedback.actions.runs import finish_theme_run, request_themes
from feedback.actions.themes import add_theme, merge_themes, rename_theme
from feedback.domain.alignments import Aligned, Alignment, Decision, Member, from_json
from feedback.domain.facts import (
    AlignmentRequested,
    Forbidden,
    LookInFlight,
    NotFound,
    NothingToUndo,
    NotTheLast,
    TooFewConversations,
)
from feedback.domain.roles import HOUSE, Actor, Role
from feedback.domain.themes import Theme, ThemeSet
from feedback.store.alignments import across_of, alignment_input, alignment_now, changed_since, newest_alignment

WORDS = ("More night buses", "Buses at night", "Longer library hours", "Open the library on Sunday")


class Programme:
    """Three conversations; in each a theme 1 about buses and a theme 2 about libraries, with two ideas each."""

    def __init__(self, room) -> None:
        self.room = room
        self.ids = [room.conversation(place).id for place in range(3)]
        self.ideas = [[room.phone(f"anna{place}", place).write(text) for text in WORDS] for place in range(3)]
        for place in range(3):
            self.find(place)

    def find(self, place: int) -> None:
        a, b, c, d = self.ideas[place]
        themes = (Theme(1, "Buses", ideas=(a, b), representatives=(b,)), Theme(2, "Libraries", ideas=(c, d)))
        run = self.room.do(request_themes, self.ids[place], place=place)
        self.room.gate.write(self.ids[place], finish_theme_run, run, ThemeSet(themes, (), 3))

    def do(self, action, *args, actor=HOUSE):
        return self.room.gate.write(None, action, actor, *args)

    def end(self, action, *args) -> None:
        self.room.gate.write(None, action, *args)

    def look(self, *groups) -> None:
        """Let a look find these groups."""
        self.do(request_alignment)
        self.end(finish_alignment, Aligned(groups), alignment_input(self.room.engine).seqs)

    def at(self, place: int, theme: int) -> Member:
        return Member(self.ids[place], theme)

    def now(self) -> Alignment:
        found = alignment_now(self.room.engine)
        assert found is not None
        return found

    def across(self):
        with self.room.read() as db:
            return across_of(db, self.now(), language="en", now=5)

    def names(self):
        return [tuple((theme.strand, theme.name) for theme in each.themes) for each in self.across().subjects]


@pytest.fixture
def programme(any_room):
    return Programme(any_room)


def test_a_look_is_asked_for_once_at_a_time_by_the_organiser_alone(programme):
    for role in (Role.FACILITATOR, Role.RAPPORTEUR, Role.STAGE, Role.PARTICIPANT):
        with pytest.raises(Forbidden):
            programme.do(request_alignment, actor=Actor(role, programme.ids[0]))
    programme.do(request_alignment)
    assert programme.room.facts[-1] == AlignmentRequested()
    assert programme.now().asked_at is not None
    with pytest.raises(LookInFlight):
        programme.do(request_alignment)
    programme.end(fail_alignment)
    assert (programme.now().asked_at, programme.now().failed) == (None, True)
    programme.look((programme.at(0, 1), programme.at(1, 1)))
    assert (programme.now().asked_at, programme.now().failed) == (None, False)


def test_a_look_needs_themes_in_two_conversations(room):
    room.do(add_theme, room.conversation(0).id, "Buses")
    with pytest.raises(TooFewConversations):
        room.gate.write(None, request_alignment, HOUSE)
    room.do(add_theme, room.conversation(1).id, "Buses", place=1)
    room.gate.write(None, request_alignment, HOUSE)


def test_a_look_reads_themes_ideas_titles_and_what_people_said(programme):
    programme.look()
    programme.do(part_themes, [programme.at(0, 1)], [programme.at(1, 1)])
    data = alignment_input(programme.room.engine)
    assert [theme.member for theme in data.themes] == [programme.at(place, at) for place in range(3) for at in (1, 2)]
    assert {idea.text for idea in data.themes[0].ideas} == set(WORDS[:2])
    assert data.seqs == {place: programme.room.conversation(at).seq for at, place in enumerate(programme.ids)}
    assert "Inspire" in data.stop_texts
    assert data.apart == {frozenset((programme.at(0, 1), programme.at(1, 1)))}


def test_subjects_show_strands_names_ideas_and_votes(programme):
    programme.room.phone("ben", 1).vote(programme.ideas[1][2])
    programme.look(tuple(programme.at(place, 1) for place in range(3)), (programme.at(0, 2), programme.at(1, 2)))
    across = programme.across()
    assert [(each.strands, each.votes, each.ideas) for each in across.subjects] == [
        (("Inspire", "Impact", "Involve"), 0, 6),
        (("Inspire", "Impact"), 1, 4),
    ]
    assert [idea.text for idea in across.subjects[1].themes[1].ideas] == [WORDS[2], WORDS[3]]
    assert [idea.text for idea in across.subjects[0].themes[0].voices] == [WORDS[1]]
    assert [(theme.strand, theme.name) for theme in across.alone] == [("Involve", "Libraries")]
    assert across.strands == ("Inspire", "Impact", "Involve")


def test_a_theme_without_ideas_is_not_told_as_one_of_a_single_conversation(programme):
    programme.look()
    told = [theme.name for theme in programme.across().alone]
    programme.room.do(add_theme, programme.ids[0], "Empty as yet")
    assert [theme.name for theme in programme.across().alone] == told


def test_what_people_say_is_kept_by_later_looks_also_by_one_under_way(programme):
    a, b, c = (programme.at(place, 1) for place in range(3))
    programme.look((a, b))
    programme.do(join_themes, [a, b], [c])
    programme.do(request_alignment)
    programme.do(part_themes, [a], [b, c])
    programme.end(finish_alignment, Aligned(((a, b),)), {})
    assert programme.now().subjects == ((b, c),)
    assert programme.names() == [(("Impact", "Buses"), ("Involve", "Buses"))]


def test_what_compared_is_kept_with_what_was_found_and_stays_when_a_look_fails(programme):
    a, b = programme.at(0, 1), programme.at(1, 1)
    programme.do(request_alignment)
    programme.end(finish_alignment, Aligned(((a, b),), "local:minilm:ab", ""), {})
    assert (programme.now().embedder, programme.across().embedder) == ("local:minilm:ab", "local:minilm:ab")
    programme.do(request_alignment)
    programme.end(fail_alignment)
    programme.do(part_themes, [a], [b])
    assert (programme.now().embedder, programme.now().problem) == ("local:minilm:ab", "")
    programme.do(request_alignment)
    programme.end(finish_alignment, Aligned((), "lexical", "slow"), {})
    assert (programme.now().embedder, programme.now().problem) == ("lexical", "slow")


def test_words_are_taken_back_in_order_until_none_is_left(programme):
    a, b = programme.at(0, 1), programme.at(1, 1)
    programme.look((a, b))
    programme.do(part_themes, [a], [b])
    programme.do(join_themes, [a], [programme.at(2, 2)])
    assert programme.do(undo_decision) == Decision(True, (a,), (programme.at(2, 2),))
    assert programme.now().subjects == ()
    assert programme.do(undo_decision) == Decision(False, (a,), (b,))
    assert programme.now().subjects == ((a, b),)
    with pytest.raises(NothingToUndo):
        programme.do(undo_decision)


def test_words_that_are_not_the_last_any_more_are_not_taken_back(programme):
    a, b = programme.at(0, 1), programme.at(1, 1)
    programme.look((a, b))
    first = programme.do(part_themes, [a], [b])
    second = programme.do(join_themes, [a], [programme.at(2, 2)])
    with pytest.raises(NotTheLast):
        programme.do(undo_decision, first)
    assert len(programme.now().decisions) == 2
    assert programme.do(undo_decision, second).same
    assert not programme.do(undo_decision, first).same


def test_words_are_about_themes_that_stand_and_only_the_organisers(programme):
    a, b = programme.at(0, 1), programme.at(1, 1)
    with pytest.raises(NotFound):
        programme.do(join_themes, [a], [b])  # nobody has looked yet
    programme.look()
    for ones, others in (([a], [Member(programme.ids[1], 9)]), ([a], [a, b]), ([], [b]), ([a], [Member(99, 1)])):
        with pytest.raises(NotFound):
            programme.do(join_themes, ones, others)
    with pytest.raises(Forbidden):
        programme.do(part_themes, [a], [b], actor=Actor(Role.RAPPORTEUR, programme.ids[0]))
    assert programme.now().decisions == ()


def test_a_merged_theme_counts_where_it_went_and_one_that_is_gone_counts_no_more(programme):
    programme.look((programme.at(0, 1), programme.at(1, 1)), (programme.at(0, 2), programme.at(2, 2)))
    programme.room.do(merge_themes, programme.ids[0], 2, 1)
    # Both subjects come to the same theme by the merge; the first one keeps it.
    assert programme.names() == [(("Inspire", "Libraries"), ("Impact", "Buses"))]
    programme.room.do(merge_themes, programme.ids[1], 2, 1, place=1)
    assert programme.names() == [(("Inspire", "Libraries"), ("Impact", "Libraries"))]


def test_changes_of_themes_make_a_look_stale_and_votes_do_not(programme):
    def stale() -> bool:
        with programme.room.read() as db:
            return changed_since(db, programme.now().seqs)

    programme.look((programme.at(0, 1), programme.at(1, 1)))
    programme.room.phone("ben").vote(programme.ideas[0][0])
    assert not stale()
    programme.room.do(rename_theme, programme.ids[0], 1, "Night buses")
    assert stale()
    programme.look()
    assert not stale()


def test_a_cleared_conversation_leaves_the_subjects(programme):
    members = tuple(programme.at(place, 1) for place in range(3))
    programme.look(members)
    programme.do(part_themes, [members[2]], [members[1]])
    code = programme.room.conversation(1).code
    programme.room.gate.write(programme.ids[1], lambda tx: clear_conversation(tx, HOUSE, programme.ids[1], code=code))
    assert programme.now().groups == ((members[0], members[2]),)
    assert programme.now().decisions == ()
    with programme.room.read() as db:
        row = newest_alignment(db)
        assert row is not None
        assert from_json(row.content) == programme.now()
