"""Queries of theme edits: what undo takes back, what redo does again, what people decided since a run began."""

from collections.abc import Iterable

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from feedback.domain.edits import Patch
from feedback.store.crew import Crew
from feedback.store.programme import Change
from feedback.store.themes import ThemeEdit, batched


def last_edit(db: Session, conversation_id: int) -> ThemeEdit | None:
    """Return the newest theme edit that stands: the one that undo would take back."""
    query = select(ThemeEdit).where(ThemeEdit.conversation_id == conversation_id, ThemeEdit.undone_at.is_(None))
    return db.scalars(query.order_by(ThemeEdit.id.desc())).first()


def next_edit(db: Session, conversation_id: int) -> ThemeEdit | None:
    """Return the oldest undone theme edit after the last one that stands: the one that redo would do again."""
    last = last_edit(db, conversation_id)
    query = select(ThemeEdit).where(
        ThemeEdit.conversation_id == conversation_id,
        ThemeEdit.undone_at.is_not(None),
        ThemeEdit.forward.is_not(None),
        ThemeEdit.id > (last.id if last else 0),
    )
    return db.scalars(query.order_by(ThemeEdit.id)).first()


def own_edit(db: Session, conversation_id: int, crew_id: int | None) -> int | None:
    """Return the id of the newest theme edit that somebody of the crew made, whether it stands or not."""
    query = select(func.max(ThemeEdit.id))
    return db.scalar(query.where(ThemeEdit.conversation_id == conversation_id, ThemeEdit.crew_id == crew_id))


def end_redo(db: Session, conversation_id: int) -> None:
    """Let go of what could be done again: somebody has gone another way."""
    db.execute(
        update(ThemeEdit)
        .where(ThemeEdit.conversation_id == conversation_id, ThemeEdit.forward.is_not(None))
        .values(forward=None)
    )


def edits_of(db: Session, conversation_id: int) -> int:
    """Count the theme edits that stand."""
    query = select(func.count()).where(ThemeEdit.conversation_id == conversation_id, ThemeEdit.undone_at.is_(None))
    return db.scalar(query) or 0


def decided_since(db: Session, conversation_id: int, seq: int) -> frozenset[str]:
    """Return the ideas whose places people have changed, or changed back, after a commit number."""
    touched = set[str]()
    for edit in _edits_since(db, conversation_id, seq):
        touched |= Patch.from_json(edit.inverse).places.keys() | Patch.from_json(edit.forward or "{}").places.keys()
    return frozenset(touched)


def named_since(db: Session, conversation_id: int, seq: int) -> frozenset[int]:
    """Return the themes whose names people have changed, or changed back, after a commit number."""
    touched = set[int]()
    for edit in _edits_since(db, conversation_id, seq):
        touched |= Patch.from_json(edit.inverse).names.keys() | Patch.from_json(edit.forward or "{}").names.keys()
    return frozenset(touched)


def added_since(db: Session, conversation_id: int, seq: int) -> frozenset[int]:
    """Return the themes that people have made, or made again, after a commit number."""
    return frozenset[int]().union(
        *(Patch.from_json(edit.inverse).removed for edit in _edits_since(db, conversation_id, seq))
    )


def taken_back(db: Session, conversation_id: int) -> frozenset[int]:
    """Return the themes that people made and took back: no run brings them back."""
    query = select(ThemeEdit.inverse).where(
        ThemeEdit.conversation_id == conversation_id, ThemeEdit.undone_at.is_not(None)
    )
    return frozenset[int]().union(*(Patch.from_json(inverse).removed for inverse in db.scalars(query)))


def editors_of(db: Session, edit_ids: Iterable[int]) -> dict[int, tuple[str, int]]:
    """Return who made each of these theme edits, and when: edit id to (crew name, or "", and epoch milliseconds)."""
    query = select(ThemeEdit.id, Crew.name, ThemeEdit.created_at).outerjoin(Crew, Crew.id == ThemeEdit.crew_id)
    found: dict[int, tuple[str, int]] = {}
    for some in batched(sorted(set(edit_ids)), 500):
        found |= {number: (name or "", at) for number, name, at in db.execute(query.where(ThemeEdit.id.in_(some)))}
    return found


def _edits_since(db: Session, conversation_id: int, seq: int) -> list[ThemeEdit]:
    """List the edits that were made, undone or done again after a commit number: the change log names them."""
    logged = select(Change.ref).where(
        Change.conversation_id == conversation_id, Change.seq > seq, Change.kind == "themes", Change.ref != ""
    )
    ids = sorted({int(ref) for ref in db.scalars(logged)})
    return [edit for some in batched(ids, 500) for edit in db.scalars(select(ThemeEdit).where(ThemeEdit.id.in_(some)))]
