"""What each conversation holds at one moment, and whether it adds up: the check of every backup and restore.

All queries of one check must run in one transaction, or on a file that nobody writes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, case, delete, func, insert, or_, select, update

from feedback.store.engine import writer_engine
from feedback.store.ideas import Idea, Vote
from feedback.store.programme import Change, Conversation, Participant
from feedback.store.schema import upgrade
from feedback.store.sorts import SortRow

#: How far commit numbers jump when nobody can say which ones screens have seen.
FAR_AHEAD = 1_000_000


@dataclass(frozen=True, slots=True)
class Account:
    """What one conversation holds at its commit number `seq`; `votes` are those that stand."""

    code: str
    seq: int
    ideas: int
    votes: int
    participants: int


def accounts_of(db: Connection) -> list[Account]:
    """Count what every conversation holds, in the order in which they were made."""
    rows = db.execute(
        select(
            Conversation.code,
            Conversation.seq,
            _counted(Idea, Idea.conversation_id == Conversation.id),
            select(func.count())
            .select_from(Vote)
            .join(Idea, Idea.id == Vote.idea_id)
            .where(Idea.conversation_id == Conversation.id, Vote.val.is_not(None))
            .scalar_subquery(),
            _counted(Participant, Participant.conversation_id == Conversation.id),
        ).order_by(Conversation.id)
    )
    return [Account(*row) for row in rows]


def complaints_of(db: Connection) -> list[str]:
    """List in English what does not add up: counts that are not their rows, commit numbers with gaps."""
    return [
        *_complaint(db, _drifted(), "ideas count other votes than there are"),
        *_complaint(db, _ahead(Vote), "rows carry a later commit number than their conversation"),
        *_complaint(db, _ahead(SortRow), "sorted rows carry a later commit number than their conversation"),
        *_wrong_heads(db),
    ]


def take_over(url: str, seen: dict[str, int] | None) -> tuple[list[Account], list[str]]:
    """Bring a database that was put back up to date, and its screens; returns what it holds, and what does not add up.

    `seen` is the newest commit number by code that screens may have from the database before it; None = nobody knows.
    """
    engine = writer_engine(url)
    try:
        upgrade(engine)
        with engine.begin() as connection:
            complaints = complaints_of(connection)
            leap(connection, seen)
            return accounts_of(connection), complaints
    finally:
        engine.dispose()


def leap(db: Connection, seen: dict[str, int] | None) -> None:
    """Raise each conversation's commit number past the one that screens may have `seen` (by code; None = nobody knows).

    A database that is put back counts from an older number. Screens pass over what they take for old, so the numbers
    go on ahead of them, and the one logged change tells every screen to fetch the whole state.
    """
    for row in db.execute(select(Conversation.id, Conversation.code, Conversation.seq)).all():
        newest = row.seq + FAR_AHEAD if seen is None else max(row.seq, seen.get(row.code, 0)) + 1
        db.execute(delete(Change).where(Change.conversation_id == row.id))
        db.execute(update(Conversation).where(Conversation.id == row.id).values(seq=newest))
        db.execute(insert(Change).values(conversation_id=row.id, seq=newest, kind="cleared", ref=""))


def _counted(table: Any, which: Any) -> Any:
    return select(func.count()).select_from(table).where(which).scalar_subquery()


def _complaint(db: Connection, query: Select[int], words: str) -> Iterator[str]:
    found = db.scalar(query)
    if found:
        yield f"{found} {words}"


def _drifted() -> Select[int]:
    """Count the ideas whose counters are not the sums of their votes."""
    sums = (
        select(
            Vote.idea_id,
            func.sum(case((Vote.val == 1, 1), else_=0)).label("agree"),
            func.sum(case((Vote.val == -1, 1), else_=0)).label("disagree"),
            func.sum(case((Vote.val == 0, 1), else_=0)).label("passes"),
        )
        .group_by(Vote.idea_id)
        .subquery()
    )
    return (
        select(func.count())
        .select_from(Idea)
        .outerjoin(sums, sums.c.idea_id == Idea.id)
        .where(
            or_(
                Idea.agree != func.coalesce(sums.c.agree, 0),
                Idea.disagree != func.coalesce(sums.c.disagree, 0),
                Idea.passes != func.coalesce(sums.c.passes, 0),
            )
        )
    )


def _ahead(kind: type[Vote] | type[SortRow]) -> Select[int]:
    """Count the ideas, and the votes on them or the sorts, that are newer than their conversation."""
    return (
        select(func.count())
        .select_from(Idea)
        .join(Conversation, Conversation.id == Idea.conversation_id)
        .outerjoin(kind, and_(kind.idea_id == Idea.id, kind.seq > Conversation.seq))
        .where(or_(Idea.seq > Conversation.seq, kind.idea_id.is_not(None)))
    )


def _wrong_heads(db: Connection) -> Iterator[str]:
    """Compare what each conversation says of itself with its rows."""
    mine = Change.conversation_id == Conversation.id
    rows = db.execute(
        select(
            Conversation.code,
            Conversation.seq,
            Conversation.ideas_received,
            Conversation.joined,
            _counted(Idea, Idea.conversation_id == Conversation.id).label("ideas"),
            _counted(Participant, Participant.conversation_id == Conversation.id).label("people"),
            _counted(Change, mine).label("changes"),
            select(func.coalesce(func.min(Change.seq), 1)).where(mine).scalar_subquery().label("first"),
            select(func.coalesce(func.max(Change.seq), 0)).where(mine).scalar_subquery().label("last"),
        )
    )
    for row in rows:
        if row.last != row.seq or row.changes != row.last - row.first + 1:
            yield f"conversation {row.code}: commit {row.seq}, but {row.changes} changes from {row.first} to {row.last}"
        if row.ideas_received != row.ideas:
            yield f"conversation {row.code}: {row.ideas_received} ideas received, {row.ideas} there"
        if row.joined != row.people:
            yield f"conversation {row.code}: {row.joined} joined, {row.people} participants"
