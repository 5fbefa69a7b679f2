"""Rows of vectors: what an embedder made of a text, kept so that no text is encoded twice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.domain.embedders import EmbedderChoice
from feedback.domain.texts import digest_of
from feedback.store.base import Base, Digest
from feedback.store.ideas import Idea, ideas_of
from feedback.store.programme import Conference

ASKED = 500  # digests named in one query


class Vector(Base):
    """One text's unit vector by one embedder, as little-endian 32-bit floats; `digest` is the SHA-256 of the text."""

    __tablename__ = "vector"
    __table_args__ = ({"sqlite_with_rowid": False},)

    embedder: Mapped[str] = mapped_column(String(120), primary_key=True)
    digest: Mapped[Digest] = mapped_column(primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)


@dataclass(frozen=True, slots=True)
class FreshVector:
    """A vector just made of an idea's text: that of the idea then, whose digest it was."""

    idea: str
    digest: str
    value: bytes


def choice_of(db: Session) -> EmbedderChoice:
    """Return what the organiser chose."""
    row = db.execute(select(Conference.embedder, Conference.embedder_place).order_by(Conference.id)).first()
    return EmbedderChoice(*row) if row else EmbedderChoice()


def chosen_embedder(engine: Engine) -> EmbedderChoice:
    """Return what the organiser chose, read on its own."""
    with Session(engine) as db:
        return choice_of(db)


def kept_vectors(engine: Engine, embedder: str, digests: Sequence[str]) -> dict[str, bytes]:
    """Return the vectors that are kept, by their digests."""
    with Session(engine) as db:
        rows = [
            (digest, value)
            for some in _parts(digests)
            for digest, value in db.execute(
                select(Vector.digest, Vector.value).where(Vector.embedder == embedder, Vector.digest.in_(some))
            )
        ]
    return dict(rows)


def texts_without_vector(engine: Engine, conversation_id: int, embedder: str) -> list[tuple[str, str]]:
    """List (idea id, text) of the shown ideas whose text has no vector, the oldest first, each text once."""
    with Session(engine) as db:
        texts: dict[str, tuple[str, str]] = {}
        for idea in ideas_of(db, conversation_id):
            texts.setdefault(digest_of(idea.body), (idea.id, idea.body))
        kept: set[str] = set()
        for some in _parts(sorted(texts)):
            kept.update(db.scalars(select(Vector.digest).where(Vector.embedder == embedder, Vector.digest.in_(some))))
    return [text for digest, text in texts.items() if digest not in kept]


def places_with_ideas(engine: Engine) -> list[int]:
    """List the conversations that hold ideas."""
    with Session(engine) as db:
        return list(db.scalars(select(Idea.conversation_id).distinct().order_by(Idea.conversation_id)))


def forget_unused_vectors(db: Session) -> None:
    """Delete the vectors of texts that no idea has: of cleared conversations, and of words that were changed since."""
    used = {digest_of(body) for body in db.scalars(select(Idea.body))}
    there = set(db.scalars(select(Vector.digest).distinct()))
    for some in _parts(sorted(there - used)):
        db.execute(delete(Vector).where(Vector.digest.in_(some)))


def _parts(digests: Sequence[str]) -> Iterator[Sequence[str]]:
    return (digests[start : start + ASKED] for start in range(0, len(digests), ASKED))
