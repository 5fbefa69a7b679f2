"""What the machine proposes is done only when somebody says so, and is undone as one edit."""

import json

import pytest

from feedback.actions.edits import redo_edit, undo_edit
from feedback.actions.ideas import hide_idea
from feedback.actions.places import bar_ideas, move_ideas
from feedback.actions.proposals import decline_proposal, take_proposal
from feedback.actions.runs import request_themes
from feedback.actions.themes import lock_theme, merge_themes, rename_theme
from feedback.domain.facts import Forbidden, NotFound, WrongMove
from feedback.domain.roles import Actor, Role
from feedback.domain.themes import MergeProposal, RegroupProposal, Theme
from feedback.store.proposals import MERGE, open_proposals_of
from feedback.store.themes import RESCORE


def proposals(desk):
    with desk.room.read() as db:
        return [row.id for row in open_proposals_of(db, desk.place)]


def test_a_proposed_merge_is_done_and_undone(desk):
    desk.found_two(merges=(MergeProposal(1, 2, 4),))
    before = desk.screen()
    (proposal,) = proposals(desk)
    desk.do(take_proposal, proposal)
    assert desk.names() == {1: ("Hours", False)}
    assert proposals(desk) == []
    desk.do(undo_edit)
    assert desk.screen() == before
    # Nobody has answered it then: it is offered again, and gone again when that is done again.
    assert proposals(desk) == [proposal]
    desk.do(redo_edit)
    assert (desk.names(), proposals(desk)) == ({1: ("Hours", False)}, [])


def test_a_proposal_that_is_on_the_screen_can_be_answered_after_the_next_runs(desk):
    groups = ((desk.a, desk.c), (desk.b, desk.d))
    desk.found_two(merges=(MergeProposal(1, 2, 4),), regroup=RegroupProposal(groups, 0.2))
    seen = proposals(desk)
    # The other one is the larger now, and the groups come in another order: what was read stays what is done.
    desk.found_two(merges=(MergeProposal(2, 1, 5),), regroup=RegroupProposal(groups[::-1], 0.3))
    assert proposals(desk) == seen
    with desk.room.read() as db:
        assert json.loads(open_proposals_of(db, desk.place, MERGE)[0].content) == {"into": 1, "other": 2, "confused": 5}
    desk.do(take_proposal, seen[0])
    assert desk.names() == {1: ("Hours", False)}


def test_a_merge_that_would_lose_a_name_given_meanwhile_becomes_another_proposal(desk):
    desk.found_two(merges=(MergeProposal(1, 2, 4),))
    (seen,) = proposals(desk)
    desk.do(rename_theme, 2, "Rooms and places")
    desk.found_two(merges=(MergeProposal(2, 1, 5),))
    (now,) = proposals(desk)
    assert now != seen
    with pytest.raises(WrongMove):
        desk.do(take_proposal, seen)
    desk.do(take_proposal, now)
    assert desk.names() == {2: ("Rooms and places", True)}


def test_what_the_next_run_does_not_propose_any_more_ends(desk_here):
    desk_here.found_two(merges=(MergeProposal(1, 2),), regroup=RegroupProposal(((desk_here.a,), (desk_here.b,)), 0.2))
    old = proposals(desk_here)
    desk_here.found_two(regroup=RegroupProposal(((desk_here.a, desk_here.b),), 0.2))
    (new,) = proposals(desk_here)
    assert new not in old
    for proposal in old:
        with pytest.raises(WrongMove):
            desk_here.do(take_proposal, proposal)


def test_a_quick_run_leaves_another_grouping_as_it_is(desk_here):
    desk_here.found_two(regroup=RegroupProposal(((desk_here.a,), (desk_here.b,)), 0.2))
    old = proposals(desk_here)
    run = desk_here.room.do(request_themes, desk_here.place, RESCORE)
    desk_here.finish(run, Theme(1, "Hours", ideas=(desk_here.a, desk_here.b)))
    assert proposals(desk_here) == old


def test_a_proposed_grouping_moves_what_nobody_placed_and_is_one_edit(desk):
    groups = ((desk.a, desk.c), (desk.b,), (desk.d,))
    desk.found_two(regroup=RegroupProposal(groups, 0.2))
    before, offered = desk.decided(), proposals(desk)
    desk.do(take_proposal, *offered)
    after = desk.decided()
    # Places is half of the first group, Hours half of the second; the tram is a theme of its own.
    assert desk.where() == {desk.a: 2, desk.c: 2, desk.b: 1, desk.d: 3}
    assert desk.names() == {1: ("Hours", False), 2: ("Places", False), 3: ("tram", False)}
    assert not any(place.pinned for place in desk.places().values())
    desk.do(undo_edit)
    assert (desk.where(), set(desk.names())) == ({idea: place.theme for idea, place in before[1].items()}, {1, 2})
    assert proposals(desk) == offered
    desk.do(redo_edit)
    assert (desk.decided(), proposals(desk)) == (after, [])


def test_a_proposed_grouping_is_taken_although_one_of_its_ideas_was_hidden_meanwhile(desk):
    desk.found_two(regroup=RegroupProposal(((desk.a, desk.c), (desk.b,), (desk.d,)), 0.2))
    desk.room.do(hide_idea, desk.c, reason="Names a person")
    desk.do(take_proposal, *proposals(desk))
    assert desk.where() == {desk.a: 2, desk.c: 2, desk.b: 1, desk.d: 3}


def test_a_proposed_grouping_respects_pins_locks_bars_and_names(desk):
    desk.found(
        Theme(1, "Rails", ideas=(desk.d,)),
        Theme(2, "Places", ideas=(desk.c,)),
        Theme(3, "Hours", ideas=(desk.a, desk.b)),
        regroup=RegroupProposal(((desk.a, desk.b, desk.c, desk.d),), 0.2),
    )
    desk.do(move_ideas, [desk.a], 1)
    desk.do(lock_theme, 2)
    desk.do(rename_theme, 1, "On rails")
    desk.do(bar_ideas, [desk.d])
    desk.do(take_proposal, *proposals(desk))
    # The group carries on "On rails", of which a is pinned and to which d is barred; c is locked in.
    assert desk.where() == {desk.a: 1, desk.b: 1, desk.c: 2, desk.d: None}
    assert desk.names() == {1: ("On rails", True), 2: ("Places", False)}


def test_a_declined_proposal_changes_nothing_and_is_gone(desk):
    desk.found_two(merges=(MergeProposal(1, 2),))
    before = desk.screen()
    (proposal,) = proposals(desk)
    desk.do(decline_proposal, proposal)
    assert (desk.screen(), proposals(desk)) == (before, [])
    for action in (take_proposal, decline_proposal):
        with pytest.raises(WrongMove):
            desk.do(action, proposal)


def test_what_does_not_fit_any_more_is_refused(desk_here):
    desk_here.found_two(merges=(MergeProposal(2, 1),), regroup=RegroupProposal(((desk_here.a, desk_here.b),), 0.1))
    merge, regroup = proposals(desk_here)
    desk_here.do(merge_themes, 1, 2)
    for proposal in (merge, regroup):
        with pytest.raises(WrongMove):
            desk_here.do(take_proposal, proposal)
    with pytest.raises(NotFound):
        desk_here.do(take_proposal, 99)


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.FACILITATOR])
def test_proposals_are_the_rapporteurs(desk_here, role):
    desk_here.found_two(merges=(MergeProposal(1, 2),))
    (proposal,) = proposals(desk_here)
    desk_here.actor = Actor(role, desk_here.place)
    for action in (take_proposal, decline_proposal):
        with pytest.raises(Forbidden):
            desk_here.do(action, proposal)
