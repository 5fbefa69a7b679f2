"""A vote is a state of (participant, idea): set, changed, taken back, replayed, within a budget."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from feedback.actions.prompts import close_prompt, edit_prompt
from feedback.domain.facts import BudgetSpent, IdeaGone, OwnIdea, PromptClosed, Superseded
from feedback.store.ideas import Idea, Vote


def counts(room, idea: str) -> tuple[int, int, int]:
    with room.read() as db:
        return tuple(db.execute(select(Idea.agree, Idea.disagree, Idea.passes).where(Idea.id == idea)).one())


def test_set_vote_counts_once_and_can_be_taken_back(any_room):
    any_room.ask_opinions()
    anna, ben = any_room.phone("anna"), any_room.phone("ben")
    idea = anna.write("Open the depot at night")
    ack = ben.vote(idea)
    assert ack["val"] == 1
    assert ack["rev"] == 1
    assert counts(any_room, idea) == (1, 0, 0)
    ben.vote(idea, -1)
    assert counts(any_room, idea) == (0, 1, 0)
    ben.vote(idea, None)
    assert counts(any_room, idea) == (0, 0, 0)
    with any_room.read() as db:
        assert db.scalars(select(Vote)).one().val is None


def test_set_vote_replay_is_ok_and_an_older_state_is_superseded(any_room):
    anna, ben = any_room.phone("anna"), any_room.phone("ben")
    idea = anna.write("Open the depot at night")
    first = ben.op(k="vote", idea=idea, val=1, rev=7)
    again = ben.op(k="vote", idea=idea, val=1, rev=7)
    assert again == first
    with pytest.raises(Superseded):
        ben.op(k="vote", idea=idea, val=None, rev=6)
    assert counts(any_room, idea) == (1, 0, 0)


def test_set_vote_replay_after_closing_is_still_ok(room):
    anna, ben = room.phone("anna"), room.phone("ben")
    idea = anna.write("A library of things")
    ack = ben.op(k="vote", idea=idea, val=1, rev=1)
    room.do(close_prompt, room.prompt().id)
    assert ben.op(k="vote", idea=idea, val=1, rev=1) == ack
    with pytest.raises(PromptClosed):
        ben.op(k="vote", idea=idea, val=None, rev=2)


def test_set_vote_refuses_own_and_unknown_ideas(room):
    anna, elsewhere = room.phone("anna"), room.phone("anna", place=1)
    idea = anna.write("A library of things")
    with pytest.raises(OwnIdea):
        anna.vote(idea)
    with pytest.raises(IdeaGone):
        elsewhere.vote(idea)
    with pytest.raises(IdeaGone):
        anna.vote("01ARZ3NDEKTSV4RRFFQ69G5FAV")


def race(deeds: list[Callable[[], object]]) -> list[object]:
    """Run deeds at the same time; returns results and refusals."""

    def run(deed: Callable[[], object]) -> object:
        try:
            return deed()
        except BudgetSpent as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def test_budget_holds_when_32_taps_arrive_at_once(any_room):
    any_room.do(edit_prompt, any_room.prompt().id, text="Pick five", votes_each=5)
    author = any_room.phone("author")
    ideas = [author.write(f"Idea {n}") for n in range(32)]
    for attempt in range(5):
        voter = any_room.phone(f"voter {attempt}")
        outcomes = race([lambda idea=idea, voter=voter: voter.op(k="vote", idea=idea, val=1, rev=1) for idea in ideas])
        assert sum(isinstance(outcome, BudgetSpent) for outcome in outcomes) == 27
        with any_room.read() as db:
            standing = db.scalar(
                select(func.count()).where(Vote.participant_id == voter.actor.participant_id, Vote.val == 1)
            )
        assert standing == 5


def test_one_row_when_64_threads_send_the_same_vote(any_room):
    author, voter = any_room.phone("author"), any_room.phone("voter")
    for _ in range(3):
        idea = author.write("The same for all")
        race([lambda idea=idea: voter.op(k="vote", idea=idea, val=1, rev=1) for _ in range(64)])
        with any_room.read() as db:
            assert db.scalar(select(func.count()).where(Vote.idea_id == idea)) == 1
        assert counts(any_room, idea) == (1, 0, 0)
