"""Rows of proposals: changes to the themes that the machine thinks better, and leaves to people."""

import json

from sqlalchemy import CheckConstraint, ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.store.base import Base, Instant, LongText, MaybeInstant

#: Two themes that people or words keep confusing; another grouping that fits the ideas clearly better.
MERGE, REGROUP = "merge", "regroup"


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


def proposals_of(db: Session, conversation_id: int) -> list[Proposal]:
    """List all proposals that a conversation ever had, the oldest first."""
    return list(db.scalars(select(Proposal).where(Proposal.conversation_id == conversation_id).order_by(Proposal.id)))


def open_proposals_of(db: Session, conversation_id: int) -> list[Proposal]:
    """List the proposals that nobody has decided on, the oldest first."""
    return [row for row in proposals_of(db, conversation_id) if row.state == "open"]


def proposal_of(db: Session, conversation_id: int, proposal_id: int) -> Proposal | None:
    """Find one proposal of a conversation, in whatever state."""
    row = db.get(Proposal, proposal_id)
    return row if row is not None and row.conversation_id == conversation_id else None


def pair_of(row: Proposal) -> frozenset[int]:
    """Return the numbers of the two themes that a merge is about."""
    content = json.loads(row.content)
    return frozenset((content["into"], content["other"]))
