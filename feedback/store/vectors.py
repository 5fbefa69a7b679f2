"""Rows of vectors: what an embedder made of a text, kept so that no text is encoded twice."""

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base, Digest


class Vector(Base):
    """One text's unit vector by one embedder, as little-endian 32-bit floats; `digest` is the SHA-256 of the text."""

    __tablename__ = "vector"
    __table_args__ = ({"sqlite_with_rowid": False},)

    embedder: Mapped[str] = mapped_column(String(120), primary_key=True)
    digest: Mapped[Digest] = mapped_column(primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)
