"""What must be known of a phone that arrives: two thousand come within seconds, so these reads are compiled once."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, exists, func, literal_column, or_, select

from feedback.store.ideas import Idea, Vote
from feedback.store.ops import FIND_PARTICIPANT, uses_budget
from feedback.store.programme import Change, Conference, Conversation, Prompt, Strand
from feedback.store.sorts import SortRow
from feedback.store.statements import Statement


class Doorway(NamedTuple):
    """A conversation as somebody at its door needs it, and the conference's words that its pages carry."""

    id: int
    code: str
    seq: int
    stage_version: int
    conference_title: str
    contact: str
    retention_days: int
    time_zone: str


_DOORWAY = Statement(
    lambda _: (
        select(
            Conversation.id,
            Conversation.code,
            Conversation.seq,
            Conversation.stage_version,
            Conference.title,
            Conference.contact,
            Conference.retention_days,
            Conference.time_zone,
        )
        .join(Strand, Strand.id == Conversation.strand_id)
        .join(Conference, Conference.id == Strand.conference_id)
        .where(Conversation.code == bindparam("code"))
    )
)
_HAS_OWN = Statement(
    lambda _: select(
        or_(
            exists().where(Vote.participant_id == bindparam("participant")),
            exists().where(Idea.participant_id == bindparam("participant")),
            exists().where(SortRow.participant_id == bindparam("participant")),
        )
    )
)
_OTHER_THAN_VOTES = Statement(
    lambda _: select(
        exists().where(
            Change.conversation_id == bindparam("conversation"),
            Change.seq > bindparam("since"),
            Change.kind != literal_column("'vote'"),
            Change.kind != literal_column("'sort'"),
        )
    )
)
_VOTES = Statement(
    lambda _: select(Vote.idea_id, Vote.val, Vote.rev).where(Vote.participant_id == bindparam("participant"))
)
_IDEAS = Statement(
    lambda _: (
        select(
            Idea.id,
            Idea.body,
            Idea.state,
            Idea.reason,
            Idea.rev,
            Idea.seq,
            Idea.prompt_id,
            Idea.merged_into.is_not(None),
        )
        .where(Idea.participant_id == bindparam("participant"))
        .order_by(Idea.number)
    )
)
_SORTED = Statement(
    lambda _: select(func.coalesce(func.max(SortRow.rev), 0)).where(SortRow.participant_id == bindparam("participant"))
)
_BUDGETS = Statement(
    lambda _: select(Prompt.id, Prompt.votes_each).where(Prompt.conversation_id == bindparam("conversation"))
)
_SPENT = Statement(
    lambda _: (
        select(Idea.prompt_id, func.count())
        .join(Vote, uses_budget())
        .where(Vote.participant_id == bindparam("participant"), Vote.val == 1)
        .group_by(Idea.prompt_id)
    )
)


def doorway(db: Connection, code: str) -> Doorway | None:
    """Find a conversation by its join code (as stored)."""
    row = _first(db, _DOORWAY, code=code)
    return Doorway(*row) if row else None


def participant_at(db: Connection, conversation_id: int, token_hash: str) -> int | None:
    """Return the id of the participant with this token, if they have entered the conversation."""
    row = _first(db, FIND_PARTICIPANT, conversation=conversation_id, token_hash=token_hash)
    return row[0] if row else None


def has_own(db: Connection, participant_id: int) -> bool:
    """Tell whether a participant has voted, written or sorted anything here."""
    row = _first(db, _HAS_OWN, participant=participant_id)
    return bool(row and row[0])


def only_votes_since(db: Connection, conversation_id: int, seq: int) -> bool:
    """Tell whether nothing but votes and sorts came after a commit number."""
    row = _first(db, _OTHER_THAN_VOTES, conversation=conversation_id, since=seq)
    return not (row and row[0])


def mine_of(db: Connection, conversation_id: int, participant_id: int) -> dict[str, Any]:
    """Return what only this participant may see: own votes, own ideas in whatever state, what is left to spend."""
    votes = _VOTES.fetch(db, participant=participant_id)
    ideas = _IDEAS.fetch(db, participant=participant_id)
    sorted_at = _SORTED.fetch(db, participant=participant_id)[0][0]
    spent = dict(_SPENT.fetch(db, participant=participant_id)) if votes else {}
    return {
        "participant": str(participant_id),
        "max_rev": max([sorted_at, *(rev for _, _, rev in votes), *(idea[4] for idea in ideas)]),
        "votes": {idea_id: val for idea_id, val, _ in votes if val is not None},
        "ideas": [
            dict(zip(("id", "text", "state", "reason", "rev", "seq", "prompt"), idea[:7], strict=True))
            | {"merged": bool(idea[7])}
            for idea in ideas
        ],
        "left": {
            str(prompt_id): None if votes_each is None else max(0, votes_each - spent.get(prompt_id, 0))
            for prompt_id, votes_each in _BUDGETS.fetch(db, conversation=conversation_id)
        },
    }


def _first(db: Connection, statement: Statement, **params: Any) -> tuple[Any, ...] | None:
    rows = statement.fetch(db, **params)
    return rows[0] if rows else None
