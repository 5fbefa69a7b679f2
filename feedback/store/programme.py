"""Rows of the programme: conference, strands, conversations, prompts, participants."""

from sqlalchemy import CheckConstraint, Connection, ForeignKey, Integer, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.domain.programme import ConversationState, PromptState, Scene, Voting
from feedback.store.base import Base, Digest, Instant, LongText, MaybeInstant, by_value


class Conference(Base):
    """One gathering. Its title, whom to ask, and how long things are kept are shown to participants."""

    __tablename__ = "conference"
    __table_args__ = (CheckConstraint("retention_days between 1 and 3650", name="retention"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    contact: Mapped[str] = mapped_column(String(120), default="")
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")
    retention_days: Mapped[int] = mapped_column(default=30)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    #: How ideas are measured: lexical, or one of the embedders that the settings offer.
    embedder: Mapped[str] = mapped_column(String(8), default="lexical")
    #: Where words may be sent, as the organiser agreed: scheme and host. Another place needs another word of theirs.
    embedder_place: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[Instant]


class Strand(Base):
    """One announced line of the conference."""

    __tablename__ = "strand"
    __table_args__ = (UniqueConstraint("conference_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conference_id: Mapped[int] = mapped_column(ForeignKey("conference.id", ondelete="RESTRICT"))
    position: Mapped[int]
    #: Which colour and shape: inspire, impact, involve, or other.
    key: Mapped[str] = mapped_column(String(20))
    mark: Mapped[str] = mapped_column(String(2))
    name: Mapped[str] = mapped_column(String(120))
    tagline: Mapped[str] = mapped_column(String(120))
    focus: Mapped[str] = mapped_column(String(500))
    description: Mapped[LongText]


class Conversation(Base):
    """One slot of a strand in which people answer prompts. `seq` counts its commits and orders them."""

    __tablename__ = "conversation"
    __table_args__ = (
        CheckConstraint("seq >= 0", name="seq"),
        UniqueConstraint("code"),
        UniqueConstraint("strand_id", "position"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    strand_id: Mapped[int] = mapped_column(ForeignKey("strand.id", ondelete="RESTRICT"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    code: Mapped[str] = mapped_column(String(6))
    state: Mapped[ConversationState] = mapped_column(by_value(ConversationState), default=ConversationState.OPEN)
    seq: Mapped[int] = mapped_column(default=0)
    scene: Mapped[Scene] = mapped_column(by_value(Scene), default=Scene.RANKING)
    stage_prompt_id: Mapped[int | None] = mapped_column(Integer)
    stage_idea_id: Mapped[str | None] = mapped_column(String(26))
    #: Part of what the stage link is signed with: raising it takes every stage link back.
    stage_version: Mapped[int] = mapped_column(default=1)
    #: Whether phones are asked where ideas belong.
    sorting: Mapped[bool] = mapped_column(default=False)
    joined: Mapped[int] = mapped_column(default=0)
    ideas_received: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Instant]
    closed_at: Mapped[MaybeInstant]


class Prompt(Base):
    """One question put to the room; `votes_each` is each participant's budget (NULL = unlimited)."""

    __tablename__ = "prompt"
    __table_args__ = (
        UniqueConstraint("conversation_id", "number"),
        CheckConstraint("votes_each is null or votes_each between 1 and 1000", name="votes_each"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"))
    number: Mapped[int]
    text: Mapped[str] = mapped_column(String(500))
    state: Mapped[PromptState] = mapped_column(by_value(PromptState), default=PromptState.DRAFT)
    votes_each: Mapped[int | None]
    #: What a vote can say.
    voting: Mapped[Voting] = mapped_column(String(8), default=Voting.SUPPORT)
    created_at: Mapped[Instant]


class Participant(Base):
    """Somebody answering on a phone. Nothing here leads to a person, nor to their row in another conversation."""

    __tablename__ = "participant"
    # Numbers are never used again: an op under way while its conversation is cleared must find nobody.
    __table_args__ = (UniqueConstraint("conversation_id", "token_hash"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"))
    token_hash: Mapped[Digest]


class Change(Base):
    """What a commit changed: the seed of every beat and delta.

    `ref` names the idea where `kind` is "idea", "vote" (nothing but its tally has changed), or "sort" (its place may
    have). Where it is "themes", it is the id of the theme edit that was made, undone or done again, or empty after a
    run.
    """

    __tablename__ = "change"
    __table_args__ = ({"sqlite_with_rowid": False},)

    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    ref: Mapped[str] = mapped_column(String(26))


def conference_of(db: Session) -> Conference | None:
    """Return the installation's conference; None before the first start."""
    return db.scalars(select(Conference).order_by(Conference.id)).first()


def strands_of(db: Session) -> list[Strand]:
    """List the strands in the order they are announced."""
    return list(db.scalars(select(Strand).order_by(Strand.position)))


def conversations_of(db: Session, *, only_open: bool = False) -> list[tuple[Conversation, Strand]]:
    """List conversations with their strands, in the order they are announced."""
    query = select(Conversation, Strand).join(Strand, Strand.id == Conversation.strand_id)
    if only_open:
        query = query.where(Conversation.state == ConversationState.OPEN)
    rows = db.execute(query.order_by(Strand.position, Conversation.position))
    return [(conversation, strand) for conversation, strand in rows]


def conversation_by_code(db: Session, code: str) -> tuple[Conversation, Strand] | None:
    """Find a conversation by its join code (as stored), with its strand."""
    row = db.execute(
        select(Conversation, Strand).join(Strand, Strand.id == Conversation.strand_id).where(Conversation.code == code)
    ).first()
    return (row[0], row[1]) if row else None


def prompts_of(db: Session, conversation_id: int) -> list[Prompt]:
    """List a conversation's prompts by number."""
    return list(db.scalars(select(Prompt).where(Prompt.conversation_id == conversation_id).order_by(Prompt.number)))


def newest_participant(db: Session | Connection) -> int:
    """Return the highest number that a participant of any conversation has; 0 when there is none."""
    return db.scalar(select(func.max(Participant.id))) or 0
