"""The one way in for everything a phone asks: socket and HTTP both end here."""

from typing import Any

from feedback.actions.ideas import edit_idea, submit_idea, withdraw_idea
from feedback.actions.sorts import set_sort
from feedback.actions.votes import set_vote
from feedback.domain.ops import EditOp, IdeaOp, Op, SortOp, VoteOp, WithdrawOp
from feedback.domain.roles import Actor
from feedback.store.writer import Tx


def apply_op(tx: Tx, actor: Actor, op: Op) -> dict[str, Any]:
    """Apply one op of a participant; returns the fields of its ack."""
    match op:
        case IdeaOp():
            return submit_idea(tx, actor, op)
        case EditOp():
            return edit_idea(tx, actor, op)
        case WithdrawOp():
            return withdraw_idea(tx, actor, op)
        case VoteOp():
            return set_vote(tx, actor, op)
        case SortOp():
            return set_sort(tx, actor, op)
