"""Rows of opinion groups: what was found in the votes of a prompt that asks for agree, disagree or pass."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, ForeignKey, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.domain import opinions as rules
from feedback.domain.ideas import IdeaState
from feedback.domain.programme import Voting
from feedback.store.base import Base, Instant, LongText
from feedback.store.ideas import Idea, Vote
from feedback.store.programme import Conversation, Prompt


class OpinionMap(Base):
    """The groups that vote alike on one prompt, as of a commit number. No participant is named in it."""

    __tablename__ = "opinion_map"

    prompt_id: Mapped[int] = mapped_column(ForeignKey("prompt.id", ondelete="RESTRICT"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"), index=True)
    seq: Mapped[int]
    #: JSON: see domain.opinions.
    content: Mapped[LongText]
    found_at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class OpinionInput:
    """Everything `clustering.opinions.find_opinions` takes for one prompt."""

    ballots: Mapping[int, Mapping[str, int]]
    ideas: tuple[str, ...]
    seq: int
    previous: rules.OpinionMap | None


def opinion_input(engine: Engine, prompt_id: int) -> OpinionInput | None:
    """Read the votes on a prompt's shown ideas from one consistent state; None when it asks for no opinions."""
    with Session(engine) as db:
        prompt = db.get(Prompt, prompt_id)
        if prompt is None or prompt.voting != Voting.OPINION:
            return None
        seq = db.get_one(Conversation, prompt.conversation_id).seq
        shown = (Idea.prompt_id == prompt_id, Idea.state == IdeaState.SHOWN)
        ideas = tuple(db.scalars(select(Idea.id).where(*shown).order_by(Idea.id)))
        ballots: dict[int, dict[str, int]] = defaultdict(dict)
        votes = select(Vote.participant_id, Vote.idea_id, Vote.val).join(Idea, Idea.id == Vote.idea_id)
        for participant, idea, val in db.execute(votes.where(*shown)):
            if val is not None:
                ballots[participant][idea] = val
        return OpinionInput(dict(ballots), ideas, seq, opinions_of(db, prompt_id))


def opinions_of(db: Session, prompt_id: int) -> rules.OpinionMap | None:
    """Return what was last found in the votes on a prompt."""
    row = db.get(OpinionMap, prompt_id)
    return rules.map_of(row.content) if row else None


def maps_of(db: Session | Connection, conversation_id: int) -> list[tuple[int, rules.OpinionMap]]:
    """List (prompt id, map) of a conversation, by number of the prompt."""
    query = select(OpinionMap.prompt_id, OpinionMap.content).join(Prompt, Prompt.id == OpinionMap.prompt_id)
    rows = db.execute(query.where(OpinionMap.conversation_id == conversation_id).order_by(Prompt.number))
    return [(prompt_id, rules.map_of(content)) for prompt_id, content in rows]


def outdated_prompts(engine: Engine, conversation_id: int | None = None) -> list[tuple[int, int]]:
    """List (prompt id, conversation id) of the prompts whose votes or ideas are newer than their map.

    conversation_id: None asks for all conversations.
    """
    known = func.coalesce(
        select(OpinionMap.seq).where(OpinionMap.prompt_id == Prompt.id).correlate(Prompt).scalar_subquery(), 0
    )
    newer = (
        select(Idea.id)
        .outerjoin(Vote, Vote.idea_id == Idea.id)
        .where(Idea.prompt_id == Prompt.id, or_(Idea.seq > known, Vote.seq > known))
        .correlate(Prompt)
    )
    query = select(Prompt.id, Prompt.conversation_id).where(Prompt.voting == Voting.OPINION, newer.exists())
    if conversation_id is not None:
        query = query.where(Prompt.conversation_id == conversation_id)
    with Session(engine) as db:
        return [(prompt_id, place) for prompt_id, place in db.execute(query.order_by(Prompt.id))]


def opinions_shown(db: Session | Connection, conversation_id: int) -> list[dict[str, Any]]:
    """Return what screens show of opinion groups; ideas that are gone since are left out, the others by number."""
    maps = maps_of(db, conversation_id)
    named = {idea for _, found in maps for idea in found.axes}
    if not named:
        return [{"prompt": prompt_id, **rules.shown_of(found, {})} for prompt_id, found in maps]
    query = select(Idea.id, Idea.number).where(Idea.conversation_id == conversation_id, Idea.state == IdeaState.SHOWN)
    numbers = {idea: number for idea, number in db.execute(query) if idea in named}
    return [{"prompt": prompt_id, **rules.shown_of(found, numbers)} for prompt_id, found in maps]
