"""Rows of ideas and votes, and the queries that pages need of them."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import CheckConstraint, Connection, ForeignKey, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.domain.ideas import IdeaState, Source
from feedback.store.base import Base, Instant, LongText, Ulid, by_value
from feedback.store.programme import Conversation


class Idea(Base):
    """One answer in somebody's words. The counts change in the same commit as the votes they count."""

    __tablename__ = "idea"
    __table_args__ = (
        CheckConstraint("length(body) between 1 and 500", name="length"),
        CheckConstraint("merged_into <> id", name="merged_into"),
        CheckConstraint("agree >= 0 and disagree >= 0 and passes >= 0", name="counts"),
        CheckConstraint("source = 'floor' or participant_id is not null", name="author"),
        UniqueConstraint("conversation_id", "number"),
        UniqueConstraint("conversation_id", "import_key"),
        Index("ix_idea_participant_id", "participant_id"),
    )

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"))
    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompt.id", ondelete="RESTRICT"))
    #: NULL for ideas from the floor.
    participant_id: Mapped[int | None] = mapped_column(ForeignKey("participant.id", ondelete="RESTRICT"))
    number: Mapped[int]
    body: Mapped[LongText]
    #: Hash of the first text: a late duplicate after an edit is known by it.
    first_hash: Mapped[str] = mapped_column(String(32))
    lang: Mapped[str] = mapped_column(String(12))
    source: Mapped[Source] = mapped_column(by_value(Source))
    state: Mapped[IdeaState] = mapped_column(by_value(IdeaState))
    reason: Mapped[str] = mapped_column(String(120), default="")
    merged_into: Mapped[str | None] = mapped_column(ForeignKey("idea.id", ondelete="RESTRICT"))
    import_key: Mapped[str | None] = mapped_column(String(64))
    rev: Mapped[int] = mapped_column(default=0)
    agree: Mapped[int] = mapped_column(default=0)
    disagree: Mapped[int] = mapped_column(default=0)
    passes: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Instant]
    seq: Mapped[int]


class Vote(Base):
    """What one participant thinks of one idea; val NULL = taken back (the row stays, so a late replay is known)."""

    __tablename__ = "vote"
    __table_args__ = (
        CheckConstraint("val in (-1, 0, 1)", name="val"),
        CheckConstraint("rev >= 1", name="rev"),
        Index("ix_vote_participant_id", "participant_id"),
        {"sqlite_with_rowid": False},
    )

    idea_id: Mapped[Ulid] = mapped_column(ForeignKey("idea.id", ondelete="RESTRICT"), primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id", ondelete="RESTRICT"), primary_key=True)
    val: Mapped[int | None]
    rev: Mapped[int]
    seq: Mapped[int]


class ListedIdea(NamedTuple):
    """What pages show of one idea, under the names of its columns."""

    id: str
    prompt_id: int
    number: int
    body: str
    lang: str
    source: Source
    reason: str
    agree: int
    disagree: int
    passes: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many joined, how many ideas are shown, and how many votes stand on them."""

    joined: int
    ideas: int
    votes: int


def counts_of(db: Session | Connection, conversation_id: int) -> Counts:
    """Count joined participants, shown ideas and standing votes of a conversation."""
    joined = db.scalar(select(Conversation.joined).where(Conversation.id == conversation_id)) or 0
    ideas, votes = db.execute(
        select(func.count(), func.coalesce(func.sum(Idea.agree + Idea.disagree + Idea.passes), 0)).where(
            Idea.conversation_id == conversation_id, Idea.state == IdeaState.SHOWN
        )
    ).one()
    return Counts(joined, ideas, int(votes))


def has_votes(db: Session, prompt_id: int) -> bool:
    """Tell whether anybody has ever voted on an idea of a prompt."""
    query = select(Vote.idea_id).join(Idea, Idea.id == Vote.idea_id).where(Idea.prompt_id == prompt_id)
    return db.scalars(query.limit(1)).first() is not None


def ideas_of(db: Session, conversation_id: int, *, shown_only: bool = True) -> list[Idea]:
    """List a conversation's ideas by arrival; hidden and withdrawn ones only on request."""
    query = select(Idea).where(Idea.conversation_id == conversation_id)
    if shown_only:
        query = query.where(Idea.state == IdeaState.SHOWN)
    return list(db.scalars(query.order_by(Idea.number)))


def listed_ideas(db: Session, conversation_id: int) -> list[ListedIdea]:
    """List what pages show of a conversation's shown ideas, by arrival: of thousands quicker than whole rows."""
    columns = [getattr(Idea, name) for name in ListedIdea._fields]
    query = select(*columns).where(Idea.conversation_id == conversation_id, Idea.state == IdeaState.SHOWN)
    return [ListedIdea._make(row) for row in db.execute(query.order_by(Idea.number))]


def texts_of(db: Session, conversation_id: int) -> dict[str, str]:
    """Return the words of a conversation's shown ideas by their ids."""
    query = select(Idea.id, Idea.body).where(Idea.conversation_id == conversation_id, Idea.state == IdeaState.SHOWN)
    return {row.id: row.body for row in db.execute(query.order_by(Idea.number))}


def idea_of(db: Session, conversation_id: int, idea_id: str) -> Idea | None:
    """Find an idea of a conversation."""
    return db.scalars(select(Idea).where(Idea.id == idea_id, Idea.conversation_id == conversation_id)).first()


def ideas_by(db: Session, participant_id: int) -> list[Idea]:
    """List a participant's own ideas by arrival, in whatever state."""
    return list(db.scalars(select(Idea).where(Idea.participant_id == participant_id).order_by(Idea.number)))


def votes_by(db: Session, participant_id: int) -> list[Vote]:
    """List a participant's votes, also those taken back."""
    return list(db.scalars(select(Vote).where(Vote.participant_id == participant_id).order_by(Vote.idea_id)))
