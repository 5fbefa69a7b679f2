"""Rows of alignments: which themes of different conversations are about the same subject."""

from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base, Instant, LongText


class Alignment(Base):
    """What one look across all conversations has found; the newest one counts."""

    __tablename__ = "alignment"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: JSON: see domain.alignments.
    content: Mapped[LongText]
    found_at: Mapped[Instant]
