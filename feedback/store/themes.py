"""Rows of themes: the themes, where each idea stands, the runs that proposed them, the edits people made."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.domain.embedders import EMBEDDER_LIMIT
from feedback.domain.themes import Outlook, Placed
from feedback.store.base import Base, Instant, LongText, MaybeInstant, MaybeLongText, MaybeShare, Ulid

T = TypeVar("T")

#: Kinds of theme runs.
FULL, RESCORE = "full", "rescore"


class ThemeRow(Base):
    """One theme. `number` is its identity within the conversation and is never given to another one."""

    __tablename__ = "theme"
    __table_args__ = (UniqueConstraint("conversation_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(120))
    #: What a person wrote about it; draws ideas as the name does.
    description: Mapped[str] = mapped_column(String(500), default="")
    named_by_person: Mapped[bool] = mapped_column(default=False)
    terms: Mapped[list[str]] = mapped_column(JSON)
    representatives: Mapped[list[str]] = mapped_column(JSON)
    #: False once it was merged away or found no ideas any more; its number stays taken.
    standing: Mapped[bool] = mapped_column(default=True)
    #: No run takes ideas in or out.
    locked: Mapped[bool] = mapped_column(default=False)
    #: How firm it is, 0 to 1; NULL before a run has judged it.
    firmness: Mapped[MaybeShare]
    #: What the words of its ideas alone say of that.
    firmness_by_words: Mapped[MaybeShare]
    #: Number of the theme that took its ideas, if a person merged it.
    merged_into: Mapped[int | None]
    #: Number of the theme that a person split it from, and the commit number at which that was done.
    split_from: Mapped[int | None]
    split_seq: Mapped[int | None]

    @property
    def meant(self) -> bool:
        """Whether a person has said what it is about, by a name or a description."""
        return self.named_by_person or bool(self.description)


class Placement(Base):
    """Where one idea stands: a theme's number, or NULL for the leftovers. `pinned`: a person put it there."""

    __tablename__ = "placement"

    idea_id: Mapped[Ulid] = mapped_column(ForeignKey("idea.id", ondelete="RESTRICT"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"), index=True)
    theme: Mapped[int | None]
    pinned: Mapped[bool] = mapped_column(default=False)
    #: How probable it is that the idea belongs there, 0 to 1, after everybody's sorts; NULL where no run has judged it.
    sureness: Mapped[MaybeShare]
    #: JSON of what the last run thinks without the sorts: theme's number ("" = none of them) to share.
    prior: Mapped[MaybeLongText]
    #: JSON: the words that the idea shares with its theme, the strongest first.
    shared_terms: Mapped[MaybeLongText]
    #: JSON: numbers of the themes that a person took the idea out of for good.
    barred: Mapped[MaybeLongText]
    #: The theme edit by which a person put it there.
    edit_id: Mapped[int | None]


class ThemeRun(Base):
    """One execution of the theme engine."""

    __tablename__ = "theme_run"
    __table_args__ = (
        CheckConstraint("state in ('queued', 'running', 'done', 'failed')", name="state"),
        # One run in flight per conversation is the database's business too.
        Index(
            "uq_theme_run_in_flight",
            "conversation_id",
            unique=True,
            sqlite_where=text("state in ('queued', 'running')"),
            postgresql_where=text("state in ('queued', 'running')"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"), index=True)
    state: Mapped[str] = mapped_column(String(10))
    #: full, or rescore: after a correction, from where everything stands.
    kind: Mapped[str] = mapped_column(String(8), default=FULL)
    seed: Mapped[int] = mapped_column(default=0)
    #: The conversation's commit number whose ideas the run reads.
    seq: Mapped[int]
    themes_found: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(String(200), default="")
    #: Id of the embedder that measured the ideas; NULL until the run is done, and for runs of before this was kept.
    embedder: Mapped[str | None] = mapped_column(String(EMBEDDER_LIMIT))
    created_at: Mapped[Instant]
    ended_at: Mapped[MaybeInstant]


class ThemeEdit(Base):
    """One thing a person did to the themes, with what undoes it."""

    __tablename__ = "theme_edit"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[int] = mapped_column(ForeignKey("conversation.id", ondelete="RESTRICT"), index=True)
    crew_id: Mapped[int | None] = mapped_column(ForeignKey("crew.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(12))
    #: JSON of what was done and of what restores the state before it.
    done: Mapped[LongText]
    inverse: Mapped[LongText]
    #: JSON of what does it again; NULL until it is undone.
    forward: Mapped[MaybeLongText]
    created_at: Mapped[Instant]
    undone_at: Mapped[MaybeInstant]


def themes_of(db: Session, conversation_id: int) -> list[ThemeRow]:
    """List a conversation's standing themes by number."""
    query = select(ThemeRow).where(ThemeRow.conversation_id == conversation_id, ThemeRow.standing.is_(True))
    return list(db.scalars(query.order_by(ThemeRow.number)))


def theme_of(db: Session, conversation_id: int, number: int) -> ThemeRow | None:
    """Find a standing theme by its number."""
    query = select(ThemeRow).where(
        ThemeRow.conversation_id == conversation_id, ThemeRow.number == number, ThemeRow.standing.is_(True)
    )
    return db.scalars(query).first()


def places_of(db: Session, conversation_id: int) -> dict[str, Placed]:
    """Return where each placed idea stands: idea id to place."""
    return judged_places_of(db, conversation_id)[0]


def judged_places_of(db: Session, conversation_id: int) -> tuple[dict[str, Placed], dict[str, float]]:
    """Return where each placed idea stands, and how sure the place of each judged one is, 0 to 1; by idea id."""
    columns = (Placement.idea_id, Placement.theme, Placement.pinned, Placement.barred, Placement.edit_id)
    query = select(*columns, Placement.sureness).where(Placement.conversation_id == conversation_id)
    places, sureness = dict[str, Placed](), dict[str, float]()
    for idea_id, theme, pinned, barred, edit, share in db.execute(query):
        places[idea_id] = Placed(theme, pinned, frozenset(json.loads(barred)) if barred else frozenset(), edit)
        if share is not None:
            sureness[idea_id] = share
    return places, sureness


def barred_of(db: Session, conversation_id: int) -> dict[str, frozenset[int]]:
    """Return the themes that people took ideas out of for good: idea id to numbers."""
    query = select(Placement.idea_id, Placement.barred).where(
        Placement.conversation_id == conversation_id, Placement.barred.is_not(None)
    )
    return {idea_id: frozenset(json.loads(barred or "[]")) for idea_id, barred in db.execute(query)}


def run_in_flight(db: Session, conversation_id: int) -> ThemeRun | None:
    """Return the conversation's queued or running theme run."""
    query = select(ThemeRun).where(
        ThemeRun.conversation_id == conversation_id, ThemeRun.state.in_(("queued", "running"))
    )
    return db.scalars(query.order_by(ThemeRun.id)).first()


def last_run(db: Session, conversation_id: int) -> ThemeRun | None:
    """Return the conversation's newest full theme run, in whatever state."""
    query = select(ThemeRun).where(ThemeRun.conversation_id == conversation_id, ThemeRun.kind == FULL)
    return db.scalars(query.order_by(ThemeRun.id.desc())).first()


def last_done_run(db: Session, conversation_id: int, *kinds: str) -> ThemeRun | None:
    """Return the conversation's newest theme run, full or of these kinds, that found what stands there."""
    query = select(ThemeRun).where(
        ThemeRun.conversation_id == conversation_id, ThemeRun.kind.in_(kinds or (FULL,)), ThemeRun.state == "done"
    )
    return db.scalars(query.order_by(ThemeRun.id.desc())).first()


def runs_in_flight(db: Session) -> list[ThemeRun]:
    """List all queued and running theme runs, oldest first."""
    return list(db.scalars(select(ThemeRun).where(ThemeRun.state.in_(("queued", "running"))).order_by(ThemeRun.id)))


def all_themes_of(db: Session, conversation_id: int) -> dict[int, ThemeRow]:
    """Return every theme the conversation ever had, by number."""
    query = select(ThemeRow).where(ThemeRow.conversation_id == conversation_id).order_by(ThemeRow.number)
    return {row.number: row for row in db.scalars(query)}


def set_places(db: Session, conversation_id: int, places: Mapping[str, Placed]) -> None:
    """Put ideas where `places` says, whether they had a place before or not; what else is known of them stays."""
    _write_places(db, conversation_id, {idea_id: _spot(place) for idea_id, place in places.items()})


def decide_places(db: Session, conversation_id: int, places: Mapping[str, Placed]) -> None:
    """Put ideas where a person wants them: with what is barred to them, and the edit that did it."""
    decided = {
        idea_id: _spot(place)
        | {"barred": json.dumps(sorted(place.barred)) if place.barred else None, "edit_id": place.edit}
        for idea_id, place in places.items()
    }
    _write_places(db, conversation_id, decided)


def _spot(place: Placed) -> dict[str, Any]:
    return {"theme": place.theme, "pinned": place.pinned}


def _write_places(db: Session, conversation_id: int, wanted: Mapping[str, dict[str, Any]]) -> None:
    there = _change(db, wanted)
    new = [
        {"idea_id": idea_id, "conversation_id": conversation_id} | values
        for idea_id, values in sorted(wanted.items())
        if idea_id not in there
    ]
    if new:
        db.execute(insert(Placement), new)


def _change(db: Session, wanted: Mapping[str, dict[str, Any]]) -> set[str]:
    """Write what differs of the rows that there are, and return their ideas; all name the same columns.

    Most of what a run brings is as it was, and votes wait while it is written.
    """
    there, changed = set[str](), []
    names = list(next(iter(wanted.values()), ()))
    columns = [getattr(Placement, name) for name in names]
    for ids in batched(sorted(wanted), 500):
        for idea_id, *old in db.execute(select(Placement.idea_id, *columns).where(Placement.idea_id.in_(ids))):
            there.add(idea_id)
            if dict(zip(names, old, strict=True)) != wanted[idea_id]:
                changed.append({"idea_id": idea_id} | wanted[idea_id])
    if changed:
        db.execute(update(Placement), changed)
    return there


@dataclass(frozen=True, slots=True)
class Judged:
    """What a run says of one idea's place; JSON where `Placement` holds JSON."""

    sureness: float
    prior: str
    shared_terms: str


def judge_places(db: Session, judged: Mapping[str, Judged]) -> None:
    """Note what a run says of the places of ideas, all of which have one."""
    _change(db, {idea_id: asdict(said) for idea_id, said in judged.items()})


def outlooks_of(db: Session, conversation_id: int, ideas: Sequence[str] | None = None) -> dict[str, Outlook]:
    """Return what the last run thought of each idea that it judged; `ideas`: of these few alone."""
    query = select(Placement.idea_id, Placement.sureness, Placement.prior, Placement.shared_terms).where(
        Placement.conversation_id == conversation_id, Placement.sureness.is_not(None)
    )
    if ideas is not None:
        query = query.where(Placement.idea_id.in_(ideas))
    return {
        idea_id: Outlook(
            tuple((int(number) if number else None, share) for number, share in json.loads(prior or "{}").items()),
            sureness,
            tuple(json.loads(terms or "[]")),
        )
        for idea_id, sureness, prior, terms in db.execute(query)
        if sureness is not None
    }


def batched(ids: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut ids into pieces of at most `size`: databases bound the number of parameters."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
