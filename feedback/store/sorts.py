"""Rows of sorts: what each participant says about where an idea belongs, and how often each of them is right."""

from collections.abc import Mapping

from sqlalchemy import CheckConstraint, ForeignKey, Index, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.domain.sorts import Sort
from feedback.store.base import Base, Share, Ulid
from feedback.store.ideas import Idea
from feedback.store.programme import Participant


class SortRow(Base):
    """One participant's word on one idea: a theme's number, NULL = none of them, or passed over (`skipped`)."""

    __tablename__ = "sort"
    __table_args__ = (
        CheckConstraint("rev >= 1", name="rev"),
        CheckConstraint("not skipped or theme is null", name="skipped"),
        Index("ix_sort_participant_id", "participant_id"),
        {"sqlite_with_rowid": False},
    )

    idea_id: Mapped[Ulid] = mapped_column(ForeignKey("idea.id", ondelete="RESTRICT"), primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id", ondelete="RESTRICT"), primary_key=True)
    theme: Mapped[int | None]
    skipped: Mapped[bool] = mapped_column(default=False)
    rev: Mapped[int]
    seq: Mapped[int]


class Sorter(Base):
    """How often a participant's sorts are right, 0 to 1, as the last run has estimated it."""

    __tablename__ = "sorter"

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id", ondelete="RESTRICT"), primary_key=True)
    reliability: Mapped[Share]


def sorts_of(db: Session, conversation_id: int) -> tuple[Sort, ...]:
    """Return what a conversation's participants say, by participant and idea; what they passed over says nothing."""
    query = (
        select(SortRow.participant_id, SortRow.idea_id, SortRow.theme)
        .join(Idea, Idea.id == SortRow.idea_id)
        .where(Idea.conversation_id == conversation_id, SortRow.skipped.is_(False))
        .order_by(SortRow.participant_id, SortRow.idea_id)
    )
    return tuple(Sort(str(row.participant_id), row.idea_id, row.theme) for row in db.execute(query))


def set_reliability(db: Session, reliability: Mapping[int, float]) -> None:
    """Replace how often these participants are right; whoever is gone is passed over."""
    there = db.scalars(select(Participant.id).where(Participant.id.in_(sorted(reliability)))) if reliability else ()
    rows = [{"participant_id": number, "reliability": reliability[number]} for number in there]
    if rows:
        db.execute(delete(Sorter).where(Sorter.participant_id.in_([row["participant_id"] for row in rows])))
        db.execute(insert(Sorter), rows)
