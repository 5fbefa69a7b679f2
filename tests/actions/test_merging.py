"""Ideas that say nearly the same: merged by people, each voter counted once, nothing lost on the way back."""

from collections import defaultdict
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from feedback.actions import standing, votes
from feedback.actions.edits import redo_edit, undo_edit
from feedback.actions.hiding import restore_ideas
from feedback.actions.ideas import hide_idea, restore_idea
from feedback.actions.merging import keep_apart, merge_alike, merge_ideas, part_ideas
from feedback.actions.prompts import add_prompt, close_prompt, edit_prompt, open_prompt
from feedback.actions.reports import build_report
from feedback.domain.facts import (
    BudgetSpent,
    Forbidden,
    IdeaGone,
    NotFound,
    OtherPrompt,
    OwnIdea,
    PromptClosed,
    Refusal,
    StandsForOthers,
    Superseded,
    WrongMove,
)
from feedback.domain.ideas import MERGED
from feedback.domain.roles import Actor, Role
from feedback.domain.themes import NearDuplicate
from feedback.domain.votes import Shift
from feedback.store import merging
from feedback.store.accounts import complaints_of
from feedback.store.doorway import mine_of
from feedback.store.ideas import Idea, Vote, ideas_of
from feedback.store.proposals import ALIKE, Proposal, open_proposals_of
from feedback.wording import REASONS


def counts(desk):
    """Shown ideas with how many agree, disagree and pass; and the database adds up."""
    with desk.room.engine.connect() as connection:
        assert complaints_of(connection) == []
    with desk.room.read() as db:
        return {idea.id: (idea.agree, idea.disagree, idea.passes) for idea in ideas_of(db, desk.place)}


def row(desk, idea_id):
    with desk.room.read() as db:
        idea = db.get(Idea, idea_id)
        return idea.state.value, idea.reason, idea.merged_into


def pairs(desk):
    """The offered near-duplicates: id to ideas."""
    with desk.room.read() as db:
        return [offer.id for offer in open_proposals_of(db, desk.place, ALIKE)]


def offers(desk):
    with desk.room.read() as db:
        return {offer.id: offer.state for offer in db.scalars(select(Proposal).where(Proposal.kind == ALIKE))}


def alike(*ideas, closeness=0.95, same=True):
    return NearDuplicate(tuple(sorted(ideas)), closeness, same)


def test_whoever_voted_for_both_counts_once_and_undo_brings_back_each_vote(desk):
    ben, cleo, dora = (desk.room.phone(name) for name in ("ben", "cleo", "dora"))
    ben.vote(desk.a)
    ben.vote(desk.b)
    cleo.vote(desk.b)
    dora.vote(desk.a)
    before = counts(desk)
    desk.do(merge_ideas, desk.a, desk.b)
    merged = counts(desk)
    assert merged == {desk.a: (3, 0, 0), desk.c: (0, 0, 0), desk.d: (0, 0, 0)}
    assert row(desk, desk.b) == ("hidden", MERGED, desk.a)
    desk.do(undo_edit)
    assert (counts(desk), row(desk, desk.b)) == (before, ("shown", "", None))
    desk.do(redo_edit)
    assert counts(desk) == merged
    desk.do(undo_edit)
    assert counts(desk) == before


def test_of_several_merged_at_once_each_voter_counts_once_and_one_undo_takes_all_apart(desk):
    ben, cleo, dora = (desk.room.phone(name) for name in ("ben", "cleo", "dora"))
    for phone, ideas in [(ben, (desk.a, desk.b, desk.c)), (cleo, (desk.b, desk.c)), (dora, (desk.c,))]:
        for idea in ideas:
            phone.vote(idea)
    before = counts(desk)
    desk.do(merge_ideas, desk.a, desk.b, desk.c)
    merged = counts(desk)
    assert merged == {desk.a: (3, 0, 0), desk.d: (0, 0, 0)}
    dora.vote(desk.a, None)
    assert counts(desk)[desk.a] == (2, 0, 0)
    dora.vote(desk.a)
    desk.do(undo_edit)
    assert {idea: counts(desk)[idea] for idea in (desk.b, desk.c)} == {idea: before[idea] for idea in (desk.b, desk.c)}
    desk.do(redo_edit)
    assert counts(desk) == merged


def test_nothing_is_merged_into_itself_or_without_another(desk):
    for others in [(), (desk.a,), (desk.b, desk.b), (desk.b, desk.a)]:
        with pytest.raises(WrongMove):
            desk.do(merge_ideas, desk.a, *others)


def test_the_word_on_the_kept_idea_counts_where_somebody_said_two_things(desk):
    desk.room.ask_opinions()
    ben, cleo = desk.room.phone("ben"), desk.room.phone("cleo")
    ben.vote(desk.a, -1)
    ben.vote(desk.b, 1)
    cleo.vote(desk.b, 0)
    desk.do(merge_ideas, desk.a, desk.b)
    assert counts(desk)[desk.a] == (0, 1, 1)


def test_the_vote_of_whoever_wrote_the_kept_idea_is_not_carried(desk):
    ben = desk.room.phone("ben")
    own = ben.write("By night")
    ben.vote(desk.a)
    desk.do(merge_ideas, own, desk.a)
    assert counts(desk)[own] == (0, 0, 0)
    desk.do(undo_edit)
    assert counts(desk)[desk.a] == (1, 0, 0)


def test_what_people_say_of_the_kept_idea_later_stays_said(desk):
    ben, cleo = desk.room.phone("ben"), desk.room.phone("cleo")
    ben.vote(desk.b)
    desk.do(merge_ideas, desk.a, desk.b)
    ben.vote(desk.a, None)
    cleo.vote(desk.a)
    assert counts(desk)[desk.a] == (1, 0, 0)
    desk.do(undo_edit)
    assert (counts(desk)[desk.a], counts(desk)[desk.b]) == ((1, 0, 0), (1, 0, 0))


def test_a_vote_that_moved_to_the_twin_counts_whichever_is_kept(desk):
    ben = desk.room.phone("ben")
    ben.vote(desk.b)
    ben.vote(desk.a)
    ben.vote(desk.a, None)  # newer than the vote that stands
    before = counts(desk)
    desk.do(merge_ideas, desk.a, desk.b)
    assert counts(desk)[desk.a] == (1, 0, 0)
    desk.do(undo_edit)
    assert counts(desk) == before


def test_a_late_copy_of_an_old_vote_changes_nothing_after_a_merge(desk):
    ben = desk.room.phone("ben")
    ben.vote(desk.b)
    desk.do(merge_ideas, desk.a, desk.b)
    with pytest.raises(Superseded):
        ben.op(k="vote", idea=desk.a, val=None, rev=1)
    with pytest.raises(Superseded):
        ben.op(k="vote", idea=desk.b, val=None, rev=1)
    assert ben.op(k="vote", idea=desk.b, val=1, rev=1)["rev"] == 1
    assert counts(desk)[desk.a] == (1, 0, 0)


def test_votes_that_come_after_the_merge_count_for_what_stands_and_go_back_with_undo(desk):
    desk.room.ask_opinions()
    ben, cleo = desk.room.phone("ben"), desk.room.phone("cleo")
    cleo.vote(desk.c, 0)
    desk.do(merge_ideas, desk.b, desk.c)
    desk.do(merge_ideas, desk.a, desk.b)
    late = {"k": "vote", "idea": desk.c, "val": 1, "rev": 7}
    first = ben.op(**late)
    assert (first["val"], first["rev"]) == (1, 7)
    assert ben.op(**late) == first  # the answer was lost: it is sent again, and counted once
    assert counts(desk)[desk.a] == (1, 0, 1)
    cleo.op(k="vote", idea=desk.c, val=-1, rev=8)
    assert counts(desk)[desk.a] == (1, 1, 0)
    cleo.op(k="vote", idea=desk.c, val=None, rev=9)
    assert counts(desk)[desk.a] == (1, 0, 0)
    desk.do(undo_edit)
    desk.do(undo_edit)
    assert counts(desk) == {desk.a: (0, 0, 0), desk.b: (0, 0, 0), desk.c: (1, 0, 0), desk.d: (0, 0, 0)}


def test_a_late_vote_changes_nothing_said_of_the_kept_idea_and_brings_what_another_one_brought(desk):
    desk.room.ask_opinions()
    ben, cleo = desk.room.phone("ben"), desk.room.phone("cleo")
    ben.vote(desk.a, -1)
    cleo.vote(desk.c, 0)
    desk.do(merge_ideas, desk.a, desk.b)
    desk.do(merge_ideas, desk.a, desk.c)
    ben.vote(desk.b, 1)
    cleo.vote(desk.b, 1)
    assert counts(desk)[desk.a] == (0, 1, 1)
    cleo.vote(desk.c, None)  # then her word on the other one counts
    assert counts(desk)[desk.a] == (1, 1, 0)


def test_a_late_vote_for_what_is_merged_into_ones_own_idea_is_kept_and_counts_nowhere(desk):
    ben = desk.room.phone("ben")
    own = ben.write("By night")
    desk.do(merge_ideas, own, desk.a)
    ben.vote(desk.a)
    assert counts(desk)[own] == (0, 0, 0)
    desk.do(undo_edit)
    assert counts(desk)[desk.a] == (1, 0, 0)


def test_a_late_vote_takes_from_the_budget_once_and_is_refused_beyond_it(desk):
    ben = desk.room.phone("ben")
    with desk.room.read() as db:
        prompt = db.get(Idea, desk.a).prompt_id
    desk.room.do(edit_prompt, prompt, text="What now?", votes_each=1)
    ben.vote(desk.a)
    desk.do(merge_ideas, desk.a, desk.b)
    desk.do(merge_ideas, desk.c, desk.d)
    assert ben.vote(desk.b)["left"] == 0  # it stands there already
    before = counts(desk)
    with pytest.raises(BudgetSpent) as refused:
        ben.vote(desk.d)
    assert refused.value.detail == {"left": 0}
    assert counts(desk) == before
    with desk.room.engine.connect() as db:
        mine = mine_of(db, desk.place, ben.actor.participant_id)
    assert (mine["left"], mine["votes"]) == ({str(prompt): 0}, {desk.a: 1, desk.b: 1})


def test_a_late_vote_is_refused_where_one_in_time_would_be(desk):
    ben, anna = desk.room.phone("ben"), desk.room.phone("anna")
    desk.do(merge_ideas, desk.a, desk.b)
    with pytest.raises(OwnIdea):
        anna.vote(desk.b)
    desk.room.do(hide_idea, desk.a, reason="Spam")
    with pytest.raises(IdeaGone):
        ben.vote(desk.b)
    desk.room.do(restore_idea, desk.a)
    with desk.room.read() as db:
        prompt = db.get(Idea, desk.a).prompt_id
    desk.room.do(close_prompt, prompt)
    with pytest.raises(PromptClosed):
        ben.vote(desk.b)


def test_the_author_of_a_merged_idea_can_withdraw_it_and_its_votes_go_with_it(desk):
    ben, cleo, dora = (desk.room.phone(name) for name in ("ben", "cleo", "dora"))
    own, below = cleo.write("Sundays"), dora.write("On Sundays")
    ben.vote(own)
    anna = desk.room.phone("anna")
    anna.vote(own)
    anna.vote(below)
    ben.vote(desk.d)
    dora.vote(desk.d)
    desk.do(merge_ideas, own, below)
    desk.do(merge_ideas, desk.d, own)
    assert counts(desk)[desk.d] == (2, 0, 0)  # anna wrote it
    withdrawal = {"k": "withdraw", "idea": own, "rev": cleo.next_rev()}
    first = cleo.op(**withdrawal)
    assert cleo.op(**withdrawal) == first
    assert (row(desk, own), row(desk, below)) == (("withdrawn", "", None), ("shown", "", None))
    assert (counts(desk)[desk.d], counts(desk)[below]) == ((2, 0, 0), (1, 0, 0))
    for deed in (undo_edit, undo_edit, redo_edit, redo_edit):
        desk.do(deed)
    assert row(desk, own) == ("withdrawn", "", None)
    assert counts(desk)[desk.d] == (2, 0, 0)


def test_only_the_votes_that_a_withdrawn_idea_has_brought_leave_with_it(desk):
    ben, cleo, dora = (desk.room.phone(name) for name in ("ben", "cleo", "dora"))
    own = cleo.write("Sundays")
    ben.vote(own)
    ben.vote(desk.b)
    dora.vote(own)
    desk.do(merge_ideas, desk.a, own)
    desk.do(merge_ideas, desk.a, desk.b)
    assert counts(desk)[desk.a] == (2, 0, 0)
    cleo.op(k="withdraw", idea=own, rev=cleo.next_rev())
    assert counts(desk)[desk.a] == (1, 0, 0)


def test_two_votes_that_became_one_give_one_back_to_the_budget(desk):
    ben = desk.room.phone("ben")
    with desk.room.read() as db:
        prompt = db.get(Idea, desk.a).prompt_id
    desk.room.do(edit_prompt, prompt, text="What now?", votes_each=2)
    ben.vote(desk.a)
    ben.vote(desk.b)
    with pytest.raises(BudgetSpent):
        ben.vote(desk.c)
    desk.do(merge_ideas, desk.a, desk.b)
    with desk.room.engine.connect() as db:
        assert mine_of(db, desk.place, ben.actor.participant_id)["left"] == {str(prompt): 1}
    assert ben.vote(desk.c)["left"] == 0


def test_what_is_merged_into_a_merged_idea_counts_at_the_end_of_the_chain(desk):
    for name, idea in (("ben", desk.a), ("cleo", desk.b), ("dora", desk.c)):
        desk.room.phone(name).vote(idea)
    before = counts(desk)
    desk.do(merge_ideas, desk.b, desk.c)
    desk.do(merge_ideas, desk.a, desk.b)
    assert counts(desk)[desk.a] == (3, 0, 0)
    with pytest.raises(WrongMove):
        desk.do(part_ideas, desk.c)  # it is merged into what is not shown
    desk.do(undo_edit)
    desk.do(undo_edit)
    assert counts(desk) == before


def test_parting_one_of_two_leaves_the_vote_that_the_other_brings(desk):
    ben = desk.room.phone("ben")
    ben.vote(desk.b)
    ben.vote(desk.c)
    desk.do(merge_ideas, desk.a, desk.b)
    desk.do(merge_ideas, desk.a, desk.c)
    desk.do(part_ideas, desk.b)
    assert counts(desk) == {desk.a: (1, 0, 0), desk.b: (1, 0, 0), desk.d: (0, 0, 0)}
    desk.do(part_ideas, desk.c)
    assert counts(desk)[desk.a] == (0, 0, 0)
    for _ in range(4):
        desk.do(undo_edit)
    assert counts(desk) == {desk.a: (0, 0, 0), desk.b: (1, 0, 0), desk.c: (1, 0, 0), desk.d: (0, 0, 0)}


def test_an_idea_whose_twin_is_withdrawn_stands_for_itself_again(desk):
    ben, cleo = desk.room.phone("ben"), desk.room.phone("cleo")
    twin = ben.write("Sundays")
    cleo.vote(desk.b)
    desk.do(merge_ideas, twin, desk.b)
    ben.op(k="withdraw", idea=twin, rev=ben.next_rev())
    assert row(desk, desk.b) == ("shown", "", None)
    assert counts(desk)[desk.b] == (1, 0, 0)
    desk.do(undo_edit)
    desk.do(redo_edit)  # into what is withdrawn nothing is merged
    assert row(desk, desk.b) == ("shown", "", None)


def test_words_that_stand_for_another_idea_do_not_change(desk):
    ben = desk.room.phone("ben")
    twin = ben.write("Sundays")
    desk.do(merge_ideas, twin, desk.b)
    with pytest.raises(StandsForOthers):
        ben.op(k="edit", idea=twin, text="Trams", rev=ben.next_rev())
    desk.do(undo_edit)
    ben.op(k="edit", idea=twin, text="Trams", rev=ben.next_rev())


def test_the_console_does_not_show_what_the_desk_has_merged(desk_here):
    desk_here.do(merge_ideas, desk_here.a, desk_here.b)
    with pytest.raises(WrongMove):
        desk_here.room.do(restore_idea, desk_here.b)
    with pytest.raises(IdeaGone):
        desk_here.room.do(restore_ideas, desk_here.place, first=0, last=10_000)
    desk_here.room.do(hide_idea, desk_here.a, reason="Spam")
    desk_here.room.do(restore_idea, desk_here.a)
    assert row(desk_here, desk_here.b)[2] == desk_here.a


def test_what_was_hidden_meanwhile_is_not_merged_by_redo(desk_here):
    desk_here.do(merge_ideas, desk_here.a, desk_here.b)
    desk_here.do(undo_edit)
    desk_here.room.do(hide_idea, desk_here.b, reason="Spam")
    desk_here.do(redo_edit)
    assert row(desk_here, desk_here.b) == ("hidden", "Spam", None)


def test_the_ledger_adds_up(desk_here):
    desk_here.do(merge_ideas, desk_here.a, desk_here.b)
    with desk_here.room.read() as db:
        tx = type("Reading", (), {"db": db, "now": 0})()
        ledger = build_report(tx, desk_here.place, name="Now", language="en").ledger
    assert (ledger.received, ledger.published, ledger.merged, ledger.hidden) == (4, 3, 1, ())


def test_ideas_that_cannot_be_merged_are_refused_and_nothing_changes(desk_here):
    desk = desk_here
    before = counts(desk)
    with pytest.raises(WrongMove):
        desk.do(merge_ideas, desk.a, desk.a)
    with pytest.raises(IdeaGone):
        desk.do(merge_ideas, desk.a, "0" * 26)
    with pytest.raises(IdeaGone):
        desk.do(part_ideas, desk.a)
    place = desk.room.do(add_prompt, desk.place, text="And else?", votes_each=None)
    desk.room.do(open_prompt, place)
    other = desk.room.phone("ben").write("Night", place)
    with pytest.raises(OtherPrompt):
        desk.do(merge_ideas, desk.a, other)
    assert counts(desk) == before | {other: (0, 0, 0)}


def test_a_run_offers_pairs_the_next_run_keeps_them_and_drops_what_is_no_pair_any_more(desk):
    desk.found_two(near_duplicates=(alike(desk.a, desk.b), alike(desk.c, desk.d, closeness=0.8, same=False)))
    first, second = pairs(desk)
    desk.found_two(near_duplicates=(alike(desk.a, desk.b, closeness=0.97),))
    assert pairs(desk) == [first]
    assert offers(desk) == {first: "open", second: "gone"}
    desk.found_two()  # a quick run has not looked
    assert pairs(desk) == [first]


def test_what_is_not_the_same_is_not_offered_again_until_it_is_taken_back(desk):
    found = (alike(desk.a, desk.b),)
    desk.found_two(near_duplicates=found)
    (offer,) = pairs(desk)
    desk.do(keep_apart, offer)
    desk.found_two(near_duplicates=found)
    assert pairs(desk) == []
    desk.do(undo_edit)
    assert pairs(desk) == [offer]
    desk.do(redo_edit)
    desk.found_two(near_duplicates=found)
    assert offers(desk) == {offer: "declined"}
    with pytest.raises(WrongMove):
        desk.do(keep_apart, offer)


def test_an_offered_pair_is_merged_into_the_words_that_are_kept_and_undo_offers_it_again(desk):
    desk.found_two(near_duplicates=(alike(desk.a, desk.b),))
    (offer,) = pairs(desk)
    desk.do(merge_alike, offer, desk.b)
    assert row(desk, desk.a) == ("hidden", MERGED, desk.b)
    assert pairs(desk) == []
    desk.do(undo_edit)
    assert (row(desk, desk.a)[0], pairs(desk)) == ("shown", [offer])
    with pytest.raises(IdeaGone):
        desk.do(merge_alike, offer, desk.c)
    with pytest.raises(NotFound):
        desk.do(merge_alike, 99, desk.a)


def test_a_pair_goes_on_with_the_idea_that_stands_for_a_merged_one(desk):
    desk.found_two(near_duplicates=(alike(desk.a, desk.b), alike(desk.b, desk.c)))
    first, second = pairs(desk)
    desk.do(merge_alike, first, desk.a)
    desk.do(keep_apart, second)  # now of a and c
    desk.found_two(near_duplicates=(alike(desk.a, desk.c),))
    assert pairs(desk) == []
    desk.do(undo_edit)
    desk.do(merge_alike, second, desk.c)
    assert row(desk, desk.a)[2] == desk.c


def test_pairs_of_two_prompts_and_of_what_is_not_shown_are_not_offered(desk_here):
    desk = desk_here
    place = desk.room.do(add_prompt, desk.place, text="And else?", votes_each=None)
    desk.room.do(open_prompt, place)
    other = desk.room.phone("ben").write("Night", place)
    desk.room.do(hide_idea, desk.d, reason="Spam")
    desk.found_two(near_duplicates=(alike(desk.a, other), alike(desk.c, desk.d), alike(desk.a, "0" * 26)))
    assert pairs(desk) == []


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.FACILITATOR])
def test_near_duplicates_are_the_rapporteurs(desk_here, role):
    desk_here.found_two(near_duplicates=(alike(desk_here.a, desk_here.b),))
    (offer,) = pairs(desk_here)
    desk_here.actor = Actor(role, desk_here.place)
    for deed in (
        (merge_alike, offer, desk_here.a),
        (keep_apart, offer),
        (merge_ideas, desk_here.a, desk_here.b),
        (part_ideas, desk_here.a),
    ):
        with pytest.raises(Forbidden):
            desk_here.do(*deed)


def test_the_reason_that_authors_see_is_known_to_the_catalogues():
    assert [str(reason) for reason in REASONS] == [MERGED]


def story(desk):
    """Two merges, one taken apart, one undone: everybody counts once, and all is as it was in the end."""
    ben, cleo = desk.room.phone("ben"), desk.room.phone("cleo")
    own = ben.write("By night")
    for phone, idea in ((ben, desk.a), (ben, desk.b), (cleo, desk.b), (cleo, desk.c)):
        phone.vote(idea)
    before = counts(desk)
    desk.do(merge_ideas, own, desk.a)
    assert counts(desk)[own] == (0, 0, 0)
    desk.do(undo_edit)
    desk.do(merge_ideas, desk.a, desk.b)
    desk.do(merge_ideas, desk.a, desk.c)
    assert counts(desk)[desk.a] == (2, 0, 0)
    desk.do(part_ideas, desk.b)
    assert counts(desk)[desk.a] == (2, 0, 0)
    dora = desk.room.phone("dora")
    dora.vote(desk.c)  # it was on its way
    assert counts(desk)[desk.a] == (3, 0, 0)
    dora.vote(desk.c, None)
    for _ in range(3):
        desk.do(undo_edit)
    assert counts(desk) == before


def carries_nothing(db, other, into, seq, participant=None):
    return Shift(0, 0, 0)


def takes_nothing_back(db, other, into, seq, participant=None):
    return Shift(0, 0, 0)


def carries_own(db, other, into, seq, participant=None, carry=merging.carry_votes):
    return carry(db, other, SimpleNamespace(id=into.id, participant_id=None), seq, participant)


@contextmanager
def follows_nothing(tx, idea_id, participant=None):
    yield


def forgets_the_others(tx, idea, part=standing._part):
    into = tx.db.get_one(Idea, idea.merged_into)
    for other in tx.db.scalars(select(Idea).where(Idea.merged_into == into.id, Idea.id != idea.id)):
        standing._count(into, merging.take_votes_back(tx.db, other.id, into.id, into.seq))
    part(tx, idea)
    for other in tx.db.scalars(select(Idea).where(Idea.merged_into == into.id)):
        standing._count(into, merging.take_votes_back(tx.db, other.id, into.id, into.seq))


def test_everybody_counts_once_through_merges_and_back(desk_here):
    story(desk_here)


@pytest.mark.parametrize(
    ("place", "name", "mutant"),
    [
        (merging, "carry_votes", carries_nothing),
        (merging, "take_votes_back", takes_nothing_back),
        (merging, "carry_votes", carries_own),
        (standing, "_part", forgets_the_others),
        (votes, "carried_anew", follows_nothing),
    ],
)
def test_the_story_notices_votes_that_are_lost_doubled_or_ones_own(desk_here, monkeypatch, place, name, mutant):
    monkeypatch.setattr(place, name, mutant)
    with pytest.raises(AssertionError):
        story(desk_here)


PEOPLE, IDEAS = ("ben", "cleo", "dora"), 4
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("vote"), st.sampled_from(PEOPLE), st.integers(0, IDEAS - 1)),
        st.tuples(st.just("take back late"), st.sampled_from(PEOPLE), st.integers(0, IDEAS - 1)),
        st.tuples(st.just("merge"), st.integers(0, IDEAS - 1), st.integers(0, IDEAS - 1)),
        st.tuples(st.just("part"), st.integers(0, IDEAS - 1), st.just(0)),
        st.tuples(st.just("undo"), st.just(0), st.just(0)),
        st.tuples(st.just("redo"), st.just(0), st.just(0)),
    ),
    min_size=6,
    max_size=24,
)


def everybody_once(desk, said, authors):
    """What the counts must be: each participant once for all that an idea stands for, and not for their own."""
    with desk.room.read() as db:
        rows = {idea.id: idea for idea in db.scalars(select(Idea).where(Idea.conversation_id == desk.place))}
    voters = defaultdict(set)
    for person, idea in said:
        voters[idea].add(person)

    def of(idea):
        """Whose votes an idea counts: its own, and those of what was merged into it."""
        below = set().union(*(of(one) for one in rows if rows[one].merged_into == idea), set())
        return voters[idea] | (below - {authors[idea]})

    return {idea: (len(of(idea)), 0, 0) for idea, one in rows.items() if one.merged_into is None}


def take(desk, phones, ideas, said, kind, one, other):
    """Take one step; `said` holds who has a vote standing on what."""
    if kind == "vote":
        phones[one].vote(ideas[other])
        said.add((one, ideas[other]))
    elif kind == "take back late":
        if row(desk, ideas[other])[2] is not None:
            phones[one].vote(ideas[other], None)
            said.discard((one, ideas[other]))
    elif kind == "merge":
        desk.do(merge_ideas, ideas[one], ideas[other])
    elif kind == "part":
        desk.do(part_ideas, ideas[one])
    else:
        desk.do(undo_edit if kind == "undo" else redo_edit)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(STEPS)
def test_in_any_order_everybody_counts_once_and_undo_all_is_the_start(opener, tmp_path_factory, steps):
    from desks import Desk

    with contextmanager(opener)(tmp_path_factory.mktemp("room")) as room:
        desk = Desk(room)
        phones = {name: room.phone(name) for name in PEOPLE}
        ideas = [phones["ben"].write("One"), phones["cleo"].write("Two"), desk.a, desk.b]
        authors = dict(zip(ideas, ("ben", "cleo", "anna", "anna"), strict=True)) | {desk.c: "", desk.d: ""}
        said = set()
        for step in steps:
            with suppress(Refusal):
                take(desk, phones, ideas, said, *step)
            assert counts(desk) == everybody_once(desk, said, authors), step
        while True:
            try:
                desk.do(undo_edit)
            except Refusal:
                break
        with room.read() as db:
            votes = {(vote.participant_id, vote.idea_id) for vote in db.scalars(select(Vote)) if vote.val == 1}
        names = {phone.actor.participant_id: name for name, phone in phones.items()}
        assert {(names[person], idea) for person, idea in votes} == said
        assert counts(desk) == everybody_once(desk, said, authors)
