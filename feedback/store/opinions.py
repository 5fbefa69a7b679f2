"""Rows of opinion groups: what was found in the votes of a prompt that asks for agree, disagree or pass."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from feedback.store.base import Base, Instant, LongText


class OpinionMap(Base):
    """The groups that vote alike on one prompt, as of a commit number. No participant is named in it."""

    __tablename__ = "opinion_map"

    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompt.id", ondelete="RESTRICT"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"), index=True)
    seq: Mapped[int]
    #: JSON: see domain.opinions.
    content: Mapped[LongText]
    found_at: Mapped[Instant]
