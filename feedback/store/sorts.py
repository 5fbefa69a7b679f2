"""Rows of sorts: what each participant says about where an idea belongs, and how often each of them is right."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Executable,
    ForeignKey,
    Index,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.domain.sorting import Kin, Place, Spot, Word, counted_for
from feedback.domain.sorts import SURE, TRUSTED, Sort
from feedback.store.base import Base, Share, Ulid
from feedback.store.ideas import Idea
from feedback.store.programme import Conversation, Participant
from feedback.store.statements import Insert, Statement
from feedback.store.themes import Placement, ThemeRow, all_themes_of
from feedback.store.writer import Tx


class SortRow(Base):
    """One participant's word on one idea: a theme's number, NULL = none of them, or passed over (`skipped`).

    The number is the one that was said, at commit `seq`: what became of that theme since is found when it is read.
    """

    __tablename__ = "sort"
    __table_args__ = (
        CheckConstraint("rev >= 1", name="rev"),
        CheckConstraint("not skipped or theme is null", name="skipped"),
        Index("ix_sort_participant_id", "participant_id"),
        {"sqlite_with_rowid": False},
    )

    idea_id: Mapped[Ulid] = mapped_column(ForeignKey("idea.id", ondelete="RESTRICT"), primary_key=True)
    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id", ondelete="RESTRICT"), primary_key=True)
    theme: Mapped[int | None]
    skipped: Mapped[bool] = mapped_column(default=False)
    rev: Mapped[int]
    seq: Mapped[int]


class Sorter(Base):
    """How often a participant's sorts are right, 0 to 1, as the last run has estimated it."""

    __tablename__ = "sorter"

    participant_id: Mapped[int] = mapped_column(ForeignKey("participant.id", ondelete="RESTRICT"), primary_key=True)
    reliability: Mapped[Share]


class SortedIdea(NamedTuple):
    """What a sort must know of its idea; the fields are the columns of the statement below, in its order."""

    conversation_id: int
    author_id: int | None
    state: str
    conversation_state: str
    sorting: bool
    theme: int | None
    pinned: bool | None
    prior: str | None
    barred: str | None

    @property
    def place(self) -> Place:
        """Where the idea stands, and what the last run thinks of it."""
        return place_from(self.theme, self.pinned, self.prior, self.barred)


class MySort(NamedTuple):
    """A participant's word on an idea as it stands."""

    theme: int | None
    skipped: bool
    rev: int
    seq: int


_IDEA_AND_MY_SORT = Statement(
    lambda _: (
        select(
            Idea.conversation_id,
            Idea.participant_id,
            Idea.state,
            Conversation.state,
            Conversation.sorting,
            *placed(),
            SortRow.theme,
            SortRow.skipped,
            SortRow.rev,
            SortRow.seq,
        )
        .join(Conversation, Conversation.id == Idea.conversation_id)
        .outerjoin(Placement, Placement.idea_id == Idea.id)
        .outerjoin(SortRow, and_(SortRow.idea_id == Idea.id, SortRow.participant_id == bindparam("participant")))
        .where(Idea.id == bindparam("idea"))
    )
)
_PLACE = Statement(
    lambda _: (
        select(Idea.conversation_id, *placed())
        .outerjoin(Placement, Placement.idea_id == Idea.id)
        .where(Idea.id == bindparam("idea"))
    )
)
KIN = Statement(
    lambda _: select(
        ThemeRow.number,
        ThemeRow.standing,
        ThemeRow.locked,
        ThemeRow.merged_into,
        ThemeRow.split_from,
        ThemeRow.split_seq,
    ).where(ThemeRow.conversation_id == bindparam("conversation"))
)
WORDS = Statement(
    lambda _: (
        select(SortRow.theme, SortRow.seq, Sorter.reliability)
        .outerjoin(Sorter, Sorter.participant_id == SortRow.participant_id)
        .where(SortRow.idea_id == bindparam("idea"), SortRow.skipped.is_(False))
        .order_by(SortRow.participant_id)
    )
)


def _upsert_sort(insert: Insert) -> Executable:
    row = insert(SortRow).values(
        {name: bindparam(name) for name in ("idea_id", "participant_id", "theme", "skipped", "rev", "seq")}
    )
    return row.on_conflict_do_update(  # type: ignore[no-any-return]
        index_elements=["idea_id", "participant_id"],
        set_={name: row.excluded[name] for name in ("theme", "skipped", "rev", "seq")},
        where=row.excluded.rev > SortRow.rev,
    )


def _upsert_place(insert: Insert) -> Executable:
    names = ("idea_id", "conversation_id", "theme", "pinned", "sureness")
    row = insert(Placement).values({name: bindparam(name) for name in names})
    return row.on_conflict_do_update(  # type: ignore[no-any-return]
        index_elements=["idea_id"], set_={"theme": row.excluded.theme, "sureness": row.excluded.sureness}
    )


#: As with votes: applied only when the revision grows.
SET_SORT = Statement(_upsert_sort)
#: Whether a person put it there stays as it is.
SET_PLACE = Statement(_upsert_place)


def idea_and_my_sort(tx: Tx, idea_id: str, participant_id: int) -> tuple[SortedIdea, MySort | None] | None:
    """Find an idea with its place, and this participant's word on it, if there ever was one."""
    row = tx.row(_IDEA_AND_MY_SORT, idea=idea_id, participant=participant_id)
    if row is None:
        return None
    *idea, theme, skipped, rev, seq = row
    return SortedIdea(*idea), None if rev is None else MySort(theme, bool(skipped), rev, seq)


def place_here(tx: Tx, idea_id: str) -> tuple[int, Place] | None:
    """Return an idea's conversation and where the idea stands."""
    row = tx.row(_PLACE, idea=idea_id)
    return None if row is None else (row[0], place_from(*row[1:]))


def kin_here(tx: Tx, conversation_id: int) -> dict[int, Kin]:
    """Return what has become of every theme the conversation ever had, by number."""
    return kin_from(tx.rows(KIN, conversation=conversation_id))


def words_here(tx: Tx, idea_id: str) -> list[Word]:
    """List what participants say of an idea, but for those who passed it over."""
    return [word_from(*row) for row in tx.rows(WORDS, idea=idea_id)]


def kin_from(rows: list[tuple[Any, ...]]) -> dict[int, Kin]:
    """Read the rows of `KIN`."""
    return {row[0]: Kin(row[0], bool(row[1]), bool(row[2]), *row[3:]) for row in rows}


def word_from(theme: int | None, seq: int, right: float | None) -> Word:
    """Read a row of `WORDS`."""
    return Word(theme, seq, TRUSTED if right is None else float(right))


def place_from(theme: int | None, pinned: bool | None, prior: str | None, barred: str | None) -> Place:
    """Read the columns of a placement; all are None where an idea has none."""
    return Place(
        theme,
        bool(pinned),
        None if prior is None else {_spot(name): share for name, share in json.loads(prior).items()},
        frozenset(json.loads(barred)) if barred else frozenset(),
    )


def placed() -> tuple[Any, ...]:
    """Return the columns that `place_from` reads."""
    return (Placement.theme, Placement.pinned, Placement.prior, Placement.barred)


def settled() -> ColumnElement[bool]:
    """Return `domain.sorts.is_settled` as SQL about a placement, but for locked themes, which it does not know."""
    return or_(Placement.pinned.is_(True), Placement.sureness >= SURE)


def sorts_of(db: Session, conversation_id: int, ideas: Sequence[str] | None = None) -> tuple[Sort, ...]:
    """Return what a conversation's participants say, by participant and idea; what they passed over says nothing.

    A theme that was merged or split since is the one for which the word counts now. `ideas`: of these few alone.
    """
    query = (
        select(SortRow.participant_id, SortRow.idea_id, SortRow.theme, SortRow.seq, *placed())
        .join(Idea, Idea.id == SortRow.idea_id)
        .outerjoin(Placement, Placement.idea_id == Idea.id)
        .where(Idea.conversation_id == conversation_id, SortRow.skipped.is_(False))
        .order_by(SortRow.participant_id, SortRow.idea_id)
    )
    rows = db.execute(query if ideas is None else query.where(SortRow.idea_id.in_(ideas)))
    kin = kin_of(db, conversation_id)
    found = []
    for participant, idea, theme, seq, *columns in rows:
        now = None if theme is None else _now(kin, theme, seq, columns)
        if theme is None or now is not None:
            found.append(Sort(str(participant), idea, now))
    return tuple(found)


def kin_of(db: Session, conversation_id: int) -> dict[int, Kin]:
    """Return what has become of every theme the conversation ever had, by number."""
    return {number: _kin(row) for number, row in all_themes_of(db, conversation_id).items()}


def sorted_since(db: Session, conversation_id: int, seq: int) -> list[str]:
    """List the ideas that somebody has sorted after a commit number."""
    query = select(SortRow.idea_id).join(Idea, Idea.id == SortRow.idea_id)
    return list(db.scalars(query.where(Idea.conversation_id == conversation_id, SortRow.seq > seq).distinct()))


def set_reliability(db: Session, reliability: Mapping[int, float]) -> None:
    """Replace how often these participants are right; whoever is gone is passed over."""
    there = db.scalars(select(Participant.id).where(Participant.id.in_(sorted(reliability)))) if reliability else ()
    rows = [{"participant_id": number, "reliability": reliability[number]} for number in there]
    if rows:
        db.execute(delete(Sorter).where(Sorter.participant_id.in_([row["participant_id"] for row in rows])))
        db.execute(insert(Sorter), rows)


def _kin(row: ThemeRow) -> Kin:
    return Kin(row.number, row.standing, row.locked, row.merged_into, row.split_from, row.split_seq)


def _now(kin: Mapping[int, Kin], theme: int, seq: int, columns: list[Any]) -> int | None:
    one = kin.get(theme)
    if one is not None and one.standing and all(each.split_from != theme for each in kin.values()):
        return theme  # nearly always; the prior of thousands of ideas need not be read
    return counted_for(kin, theme, seq, place_from(*columns))


def _spot(name: str) -> Spot:
    return int(name) if name else None
