"""The statements that hide and restore many ideas at once."""

from sqlalchemy import bindparam, select, update

from feedback.store.ideas import Idea
from feedback.store.statements import Statement

SHOWN_BY = Statement(
    lambda _: (
        select(Idea.id)
        .where(
            Idea.conversation_id == bindparam("conversation"),
            Idea.participant_id == bindparam("participant"),
            Idea.state == "shown",
        )
        .order_by(Idea.number)
    )
)

#: id, reason
HIDDEN_BETWEEN = Statement(
    lambda _: (
        select(Idea.id, Idea.reason)
        .where(
            Idea.conversation_id == bindparam("conversation"),
            Idea.state == "hidden",
            Idea.merged_into.is_(None),
            Idea.seq >= bindparam("first"),
            Idea.seq <= bindparam("last"),
        )
        .order_by(Idea.number)
    )
)

MARK = Statement(
    lambda _: (
        update(Idea)
        .where(Idea.id == bindparam("idea"))
        .values(state=bindparam("new_state"), reason=bindparam("new_reason"), seq=bindparam("new_seq"))
    )
)
