"""Rows of the crew: links that were made (hashed), and browsers that redeemed them."""

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.domain.roles import Role
from feedback.store.base import Base, Digest, Instant, MaybeInstant, by_value


class Link(Base):
    """One link of one role. The secret itself is never stored. One-use: `used_at` is set when it is claimed."""

    __tablename__ = "link"
    __table_args__ = (
        UniqueConstraint("secret_hash"),
        CheckConstraint("role <> 'participant'", name="crew_only"),
        CheckConstraint("role = 'organiser' or conversation_id is not null", name="place"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[Role] = mapped_column(by_value(Role))
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"))
    secret_hash: Mapped[Digest]
    created_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    used_at: Mapped[MaybeInstant]
    revoked_at: Mapped[MaybeInstant]
    #: When another browser last opened the claimed link: the organiser should know.
    tried_again_at: Mapped[MaybeInstant]


class Crew(Base):
    """One browser that holds a role: by a redeemed link, or the organiser's password (`link_id` NULL)."""

    __tablename__ = "crew"
    __table_args__ = (CheckConstraint("role = 'organiser' or conversation_id is not null", name="place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    link_id: Mapped[int | None] = mapped_column(ForeignKey("link.id", ondelete="RESTRICT"))
    role: Mapped[Role] = mapped_column(by_value(Role))
    conversation_id: Mapped[int | None] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"))
    bearer_hash: Mapped[Digest] = mapped_column(index=True)
    #: For the report's cover; empty when the person gave none.
    name: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[Instant]
    revoked_at: Mapped[MaybeInstant]
    stage_version: Mapped[int] = mapped_column(default=0)


def crew_of(db: Session, bearer_hash: str) -> list[Crew]:
    """List the standing roles that this browser holds, newest first."""
    query = select(Crew).where(Crew.bearer_hash == bearer_hash, Crew.revoked_at.is_(None)).order_by(Crew.id.desc())
    return list(db.scalars(query))


def links_of(db: Session) -> list[Link]:
    """List all links that still count: not taken back, newest first."""
    return list(db.scalars(select(Link).where(Link.revoked_at.is_(None)).order_by(Link.id.desc())))


def link_by_hash(db: Session, secret_hash: str) -> Link | None:
    """Find a link by the hash of its secret."""
    return db.scalars(select(Link).where(Link.secret_hash == secret_hash)).first()


def crew_names(db: Session, conversation_id: int, role: Role) -> str:
    """Return the names given by this role's crew of a conversation, joined by commas; "" when none was given."""
    query = select(Crew.name).where(Crew.conversation_id == conversation_id, Crew.role == role, Crew.name != "")
    return ", ".join(dict.fromkeys(db.scalars(query.order_by(Crew.id))))


def names_by_link(db: Session, conversation_id: int) -> dict[int, str]:
    """Return who came in by each link of a conversation, as far as they gave a name: link id to names."""
    query = select(Crew.link_id, Crew.name).where(Crew.conversation_id == conversation_id, Crew.link_id.is_not(None))
    names: dict[int, list[str]] = {}
    for link_id, name in db.execute(query.where(Crew.name != "").order_by(Crew.id)):
        if link_id is not None:
            names.setdefault(link_id, []).append(name)
    return {link_id: ", ".join(given) for link_id, given in names.items()}
