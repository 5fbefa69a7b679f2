"""Rows of freezes: named, immutable states that reports are made from."""

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.store.base import Base, Digest, Instant, LongText


class Freeze(Base):
    """One frozen state: the report as canonical JSON and its checksum."""

    __tablename__ = "freeze"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"), index=True)
    crew_id: Mapped[int | None] = mapped_column(ForeignKey("crew.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(120))
    seq: Mapped[int]
    content: Mapped[LongText]
    checksum: Mapped[Digest]
    created_at: Mapped[Instant]


def freezes_of(db: Session, conversation_id: int) -> list[Freeze]:
    """List a conversation's freezes, newest first."""
    query = select(Freeze).where(Freeze.conversation_id == conversation_id).order_by(Freeze.id.desc())
    return list(db.scalars(query))


def freeze_of(db: Session, conversation_id: int, freeze_id: int) -> Freeze | None:
    """Find a freeze of a conversation."""
    return db.scalars(select(Freeze).where(Freeze.id == freeze_id, Freeze.conversation_id == conversation_id)).first()


def content_of(db: Session, freeze_id: int) -> str:
    """Return a freeze's report as canonical JSON."""
    return db.get_one(Freeze, freeze_id).content
