"""Set one participant's vote on one idea."""

from typing import Any

from feedback.actions.standing import carried_anew
from feedback.domain.facts import BudgetSpent, IdeaGone, Superseded
from feedback.domain.ideas import IdeaState, check_shown
from feedback.domain.ops import VoteOp
from feedback.domain.programme import ConversationState, PromptState, check_open
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.votes import Val, check_not_own, shift_of, spend
from feedback.store import ops as sql
from feedback.store.merging import path_of
from feedback.store.writer import Tx


def set_vote(tx: Tx, actor: Actor, op: VoteOp) -> dict[str, Any]:
    """Make the vote what the op says; returns the ack's fields {seq, val, rev, left?}.

    A replay of the stored state is ok again, whatever has closed since; an older one raises Superseded(rev). A vote on
    an idea that was merged meanwhile counts for the one that stands for it, as if it had come before.
    """
    conversation_id, participant_id = actor.conversation_id, actor.participant_id
    require(actor, Deed.VOTE, conversation_id)
    found = sql.idea_and_my_vote(tx, op.idea, participant_id) if participant_id is not None else None
    if found is None or found[0].conversation_id != conversation_id or participant_id is None:
        raise IdeaGone
    idea, mine = found
    was = mine.val if mine else None
    if mine and op.rev <= mine.rev:
        left = _left(tx, participant_id, prompt_id=idea.prompt_id, votes_each=idea.votes_each, was=was, becomes=was)
        return _replayed(op, mine) | ({} if left is None else {"left": left})
    if idea.merged_into is not None:
        return _come_late(tx, op, actor, idea, was)
    check_shown(IdeaState(idea.state))
    check_not_own(idea.author_id, participant_id)
    check_open(PromptState(idea.prompt_state), ConversationState(idea.conversation_state))
    left = _left(tx, participant_id, prompt_id=idea.prompt_id, votes_each=idea.votes_each, was=was, becomes=op.val)
    return _apply(tx, op, actor, was) | ({} if left is None else {"left": left})


def _replayed(op: VoteOp, mine: sql.MyVote) -> dict[str, Any]:
    if op.rev == mine.rev and op.val == mine.val:
        return {"seq": mine.seq, "val": mine.val, "rev": mine.rev}
    raise Superseded(rev=mine.rev, **({} if mine.val is None else {"val": mine.val}))


def _left(tx: Tx, participant_id: int, *, prompt_id: int, votes_each: int | None, was: Val, becomes: Val) -> int | None:
    if votes_each is None:
        return None
    return spend(votes_each, _spent(tx, participant_id, prompt_id), was, becomes)


def _spent(tx: Tx, participant_id: int, prompt_id: int) -> int:
    row = tx.row(sql.SPENT, participant=participant_id, prompt=prompt_id)
    return row[0] if row else 0


def _come_late(tx: Tx, op: VoteOp, actor: Actor, idea: sql.KnownIdea, was: Val) -> dict[str, Any]:
    """Take a vote that was on its way while its idea was merged into another one."""
    participant_id = actor.participant_id or 0
    check_not_own(idea.author_id, participant_id)
    check_open(PromptState(idea.prompt_state), ConversationState(idea.conversation_state))
    check_shown(path_of(tx.db, op.idea)[-1].state)
    spent = _spent(tx, participant_id, idea.prompt_id)
    with carried_anew(tx, op.idea, participant_id):
        done = _apply(tx, op, actor, was)
    # Whether it takes from the budget depends on what this participant has said of all that is merged there.
    after = _spent(tx, participant_id, idea.prompt_id)
    if idea.votes_each is None:
        return done
    if after > max(idea.votes_each, spent):
        raise BudgetSpent(left=max(0, idea.votes_each - spent))
    return done | {"left": max(0, idea.votes_each - after)}


def _apply(tx: Tx, op: VoteOp, actor: Actor, was: Val) -> dict[str, Any]:
    seq = tx.touch(actor.conversation_id or 0, "vote", op.idea)
    tx.change(sql.SET_VOTE, idea=op.idea, participant=actor.participant_id, val=op.val, rev=op.rev, seq=seq)
    if op.val != was:
        shift = shift_of(was, op.val)
        tx.change(
            sql.COUNT_VOTE, idea=op.idea, agree_by=shift.agree, disagree_by=shift.disagree, passes_by=shift.passes
        )
    return {"seq": seq, "val": op.val, "rev": op.rev}
