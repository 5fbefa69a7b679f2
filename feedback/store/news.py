"""What a process asks the database to learn what the others have done."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from feedback.store.crew import Crew
from feedback.store.programme import Change, Conversation


def seqs_of(db: Connection, conversation_ids: Collection[int]) -> dict[int, int]:
    """Return the newest commit number of each of these conversations."""
    query = select(Conversation.id, Conversation.seq).where(Conversation.id.in_(sorted(conversation_ids)))
    return dict(db.execute(query).fetchall())


def was_cleared(db: Connection, conversation_id: int, since: int) -> bool:
    """Tell whether a conversation was emptied after a commit number."""
    query = select(Change.seq).where(
        Change.conversation_id == conversation_id, Change.seq > since, Change.kind == "cleared"
    )
    return db.execute(query.limit(1)).first() is not None


def standing_crew(db: Connection, crew_ids: Collection[int]) -> set[int]:
    """Return those of these crew members who still have their role."""
    return set(db.scalars(select(Crew.id).where(Crew.id.in_(sorted(crew_ids)), Crew.revoked_at.is_(None))))
