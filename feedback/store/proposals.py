"""Rows of proposals: changes to the themes that the machine thinks better, and leaves to people."""

import json
from collections.abc import Iterable

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.store.base import Base, Instant, LongText, MaybeInstant

#: Two themes that people or words keep confusing; another grouping that fits the ideas clearly better.
MERGE, REGROUP = "merge", "regroup"
#: Two ideas that say nearly the same; a theme in two parts, and somebody's wish to have them suggested.
ALIKE, SPLIT, ASK = "alike", "split", "ask"


class Proposal(Base):
    """A change to the themes that the machine thinks better, and does not make by itself."""

    __tablename__ = "proposal"
    __table_args__ = (CheckConstraint("state in ('open', 'taken', 'declined', 'gone')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    #: JSON of what would be done, and why.
    content: Mapped[LongText]
    state: Mapped[str] = mapped_column(String(8), default="open")
    created_at: Mapped[Instant]
    ended_at: Mapped[MaybeInstant]


def open_proposals_of(db: Session, conversation_id: int, *kinds: str) -> list[Proposal]:
    """List the proposals about themes, or those of some kinds, that nobody has decided on, the oldest first."""
    return [
        row
        for row in live_proposals_of(db, conversation_id, *kinds or (MERGE, REGROUP, SPLIT, ASK))
        if row.state == "open"
    ]


def live_proposals_of(db: Session, conversation_id: int, *kinds: str) -> list[Proposal]:
    """List the proposals of some kinds that are open or were declined, the oldest first."""
    query = select(Proposal).where(
        Proposal.conversation_id == conversation_id, Proposal.kind.in_(kinds), Proposal.state.in_(("open", "declined"))
    )
    return list(db.scalars(query.order_by(Proposal.id)))


def offers_in(db: Session, ids: Iterable[int]) -> dict[int, Proposal]:
    """Return these proposals by their ids, in whatever state."""
    return {row.id: row for row in db.scalars(select(Proposal).where(Proposal.id.in_(sorted(ids))))}


def proposal_of(db: Session, conversation_id: int, proposal_id: int) -> Proposal | None:
    """Find one proposal of a conversation, in whatever state."""
    row = db.get(Proposal, proposal_id)
    return row if row is not None and row.conversation_id == conversation_id else None


def pair_of(row: Proposal) -> frozenset[int]:
    """Return the numbers of the two themes that a merge is about."""
    content = json.loads(row.content)
    return frozenset((content["into"], content["other"]))


def theme_of(row: Proposal) -> int:
    """Return the number of the theme that a split, or the wish for one, is about."""
    number: int = json.loads(row.content)["theme"]
    return number


def ideas_in(row: Proposal) -> tuple[str, str]:
    """Return the ids of the two ideas that say nearly the same."""
    first, second = json.loads(row.content)["ideas"]
    return first, second
