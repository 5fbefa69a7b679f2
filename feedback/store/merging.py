"""Ideas that are merged into another one: where their votes go, and how they come back.

A vote that was carried along has the revision of the vote that it came from. A participant uses no revision twice, so
that is how it is known again.
"""

from typing import Any

from sqlalchemy import and_, bindparam, insert, null, select, update
from sqlalchemy.orm import Session, aliased

from feedback.domain.votes import Shift, shift_of
from feedback.store.ideas import Idea, Vote
from feedback.store.statements import Statement

#: The ideas that were merged into one, by arrival.
MERGED_INTO = Statement(
    lambda _: (
        select(Idea.id)
        .where(Idea.conversation_id == bindparam("conversation"), Idea.merged_into == bindparam("idea"))
        .order_by(Idea.number)
    )
)

STAND_AGAIN = Statement(
    lambda _: (
        update(Idea)
        .where(Idea.id == bindparam("idea"))
        .values(state="shown", reason="", merged_into=null(), seq=bindparam("new_seq"))
    )
)


def merged_of(db: Session, conversation_id: int) -> dict[str, str]:
    """Return which idea each merged idea of a conversation is merged into, by arrival."""
    query = select(Idea.id, Idea.merged_into).where(
        Idea.conversation_id == conversation_id, Idea.merged_into.is_not(None)
    )
    return {idea_id: into for idea_id, into in db.execute(query.order_by(Idea.number)) if into is not None}


def path_of(db: Session, idea_id: str) -> list[Idea]:
    """Return a merged idea and those that it is merged into, step by step; the last one stands for all of them."""
    path = [db.get_one(Idea, idea_id)]
    while path[-1].merged_into is not None:
        path.append(db.get_one(Idea, path[-1].merged_into))
    return path


def carry_votes(db: Session, other: str, into: Idea, seq: int, participant: int | None = None) -> Shift:
    """Let everybody whose vote stands on `other`, and who has none on `into`, vote there too; returns what that adds.

    Nobody votes for their own idea, so the vote of whoever wrote `into` is not carried. `participant`: theirs alone.
    """
    there, here = aliased(Vote), aliased(Vote)
    query = (
        select(there.participant_id, there.val, there.rev, here.rev)
        .outerjoin(here, and_(here.participant_id == there.participant_id, here.idea_id == into.id))
        .where(there.idea_id == other, there.val.is_not(None), here.val.is_(None))
        .order_by(there.participant_id)
    )
    if participant is not None:
        query = query.where(there.participant_id == participant)
    shift = Shift(0, 0, 0)
    new: list[dict[str, Any]] = []
    old: list[dict[str, Any]] = []
    for voter, val, rev, known in db.execute(query).all():
        if voter == into.participant_id:
            continue
        newest = max(rev, known or 0)
        if newest > rev:
            # What was taken back there is newer: the vote and whatever was carried from it keep one revision.
            same = (Vote.participant_id == voter, Vote.rev == rev)
            db.execute(update(Vote).where(*same).values(rev=newest).execution_options(synchronize_session=False))
        (new if known is None else old).append(
            {"idea_id": into.id, "participant_id": voter, "val": val, "rev": newest, "seq": seq}
        )
        shift = _plus(shift, shift_of(None, val))
    if new:
        db.execute(insert(Vote), new)
    if old:
        db.execute(update(Vote), old)
    return shift


def take_votes_back(db: Session, other: str, into: str, seq: int, participant: int | None = None) -> Shift:
    """Take the votes off `into` that came from `other` and that nobody has changed since; returns what that adds.

    `participant`: theirs alone.
    """
    there, here = aliased(Vote), aliased(Vote)
    query = (
        select(here.participant_id, here.val)
        .join(there, and_(there.participant_id == here.participant_id, there.idea_id == other))
        .where(here.idea_id == into, here.val.is_not(None), here.rev == there.rev, here.val == there.val)
        .order_by(here.participant_id)
    )
    if participant is not None:
        query = query.where(here.participant_id == participant)
    shift, rows = Shift(0, 0, 0), []
    for voter, val in db.execute(query).all():
        rows.append({"idea_id": into, "participant_id": voter, "val": None, "seq": seq})
        shift = _plus(shift, shift_of(val, None))
    if rows:
        db.execute(update(Vote), rows)
    return shift


def _plus(one: Shift, other: Shift) -> Shift:
    return Shift(one.agree + other.agree, one.disagree + other.disagree, one.passes + other.passes)
