"""What a theme run reads: the ideas, the themes as they stand, and what people have pinned."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Engine, and_, func, or_, select
from sqlalchemy.orm import Session

from feedback.domain.embedders import EmbedderChoice
from feedback.domain.sorts import Sort
from feedback.domain.themes import ENOUGH_FOR_THEMES, IdeaText, Theme, ThemeSet
from feedback.store.ideas import Idea, ideas_of
from feedback.store.programme import Change, Conference, Conversation, Strand, prompts_of
from feedback.store.proposals import ASK, Proposal, open_proposals_of, theme_of
from feedback.store.sorts import sorts_of
from feedback.store.themes import FULL, RESCORE, ThemeRow, ThemeRun, barred_of, places_of, runs_in_flight, themes_of
from feedback.store.vectors import choice_of


@dataclass(frozen=True, slots=True)
class RunInput:
    """Everything `clustering.pipeline.find_themes` takes for one run."""

    ideas: tuple[IdeaText, ...]
    previous: ThemeSet | None
    pins: dict[str, int | None]
    stop_texts: tuple[str, ...]
    seed: int
    sorts: tuple[Sort, ...] = ()
    barred: Mapping[str, frozenset[int]] = field(default_factory=dict)
    quick: bool = False
    embedder: EmbedderChoice = field(default_factory=EmbedderChoice)
    splits: tuple[int, ...] = ()


def run_input(engine: Engine, run_id: int) -> RunInput | None:
    """Read the input of a run from one consistent state; None when the run is gone."""
    with Session(engine) as db:
        run = db.get(ThemeRun, run_id)
        if run is None:
            return None
        place = run.conversation_id
        rows = ideas_of(db, place)
        return RunInput(
            tuple(IdeaText(idea.id, idea.body, idea.lang) for idea in rows),
            _previous(db, place, rows),
            _pins(db, place),
            _titles(db, place),
            run.seed,
            sorts_of(db, place),
            barred_of(db, place),
            run.kind == RESCORE,
            choice_of(db),
            tuple(theme_of(row) for row in open_proposals_of(db, place, ASK)),
        )


def waiting_runs(engine: Engine) -> list[tuple[int, int]]:
    """List (run id, conversation id) of runs that have not ended: a start takes them up again."""
    with Session(engine) as db:
        return [(run.id, run.conversation_id) for run in runs_in_flight(db)]


def overdue_conversations(engine: Engine) -> list[int]:
    """List the conversations whose last theme run has ended and did not read the newest ideas."""
    with Session(engine) as db:
        newest = (
            select(ThemeRun.conversation_id, func.max(ThemeRun.id).label("id"))
            .where(ThemeRun.kind == FULL)
            .group_by(ThemeRun.conversation_id)
            .subquery()
        )
        query = (
            select(ThemeRun.conversation_id)
            .join(newest, newest.c.id == ThemeRun.id)
            .where(
                ThemeRun.state.in_(("done", "failed")),
                select(Idea.id)
                .where(Idea.conversation_id == ThemeRun.conversation_id, Idea.seq > ThemeRun.seq)
                .exists(),
            )
        )
        return list(db.scalars(query))


def unscored_conversations(engine: Engine) -> list[int]:
    """List the conversations where people have sorted, or the crew has edited themes, since the last run began.

    And those where somebody has asked for a split that no run has suggested yet.
    """
    with Session(engine) as db:
        newest = (
            select(ThemeRun.conversation_id, func.max(ThemeRun.seq).label("seq"))
            .where(ThemeRun.state == "done")
            .group_by(ThemeRun.conversation_id)
            .subquery()
        )
        by_people = or_(Change.kind == "sort", and_(Change.kind == "themes", Change.ref != ""))
        asked = select(Proposal.id).where(
            Proposal.conversation_id == newest.c.conversation_id, Proposal.kind == ASK, Proposal.state == "open"
        )
        query = select(newest.c.conversation_id).where(
            or_(
                select(Change.seq)
                .where(Change.conversation_id == newest.c.conversation_id, Change.seq > newest.c.seq, by_people)
                .exists(),
                asked.exists(),
            )
        )
        return list(db.scalars(query))


def had_run(engine: Engine, conversation_id: int) -> bool:
    """Tell whether themes were ever found here, so that new ideas may start a run by themselves."""
    with Session(engine) as db:
        query = select(ThemeRun.id).where(ThemeRun.conversation_id == conversation_id, ThemeRun.state == "done")
        return db.scalars(query).first() is not None


def _previous(db: Session, conversation_id: int, ideas: Sequence[Idea]) -> ThemeSet | None:
    rows = themes_of(db, conversation_id)
    last = db.scalar(select(func.max(ThemeRow.number)).where(ThemeRow.conversation_id == conversation_id))
    if last is None:
        return None
    members: dict[int | None, list[str]] = defaultdict(list)
    places = places_of(db, conversation_id)
    for idea in ideas:
        if idea.id in places:
            members[places[idea.id].theme].append(idea.id)
    themes = tuple(
        Theme(
            row.number,
            row.name,
            row.named_by_person,
            tuple(row.terms),
            tuple(members[row.number]),
            tuple(row.representatives),
            row.description,
            row.locked,
            row.firmness,
            row.firmness_by_words,
        )
        for row in rows
    )
    read = _read(db, conversation_id)
    return ThemeSet(
        themes,
        tuple(members[None]),
        next_id=last + 1,
        grouped=sum(idea.seq <= read.grouped for idea in ideas) >= ENOUGH_FOR_THEMES,
        unread=tuple(idea.id for idea in ideas if idea.seq > read.wholly),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """The newest commits that full runs have read: any of them, and one with all that it was to measure by."""

    grouped: int
    wholly: int


def _read(db: Session, conversation_id: int) -> _Read:
    query = select(func.coalesce(func.max(ThemeRun.seq), 0)).where(
        ThemeRun.conversation_id == conversation_id, ThemeRun.kind == FULL, ThemeRun.state == "done"
    )
    return _Read(db.scalars(query).one(), db.scalars(query.where(ThemeRun.problem == "")).one())


def _pins(db: Session, conversation_id: int) -> dict[str, int | None]:
    standing = {row.number for row in themes_of(db, conversation_id)}
    return {
        idea_id: place.theme
        for idea_id, place in sorted(places_of(db, conversation_id).items())
        if place.pinned and (place.theme is None or place.theme in standing)
    }


def _titles(db: Session, conversation_id: int) -> tuple[str, ...]:
    conversation = db.get_one(Conversation, conversation_id)
    strand = db.get_one(Strand, conversation.strand_id)
    conference = db.scalars(select(Conference.title)).first() or ""
    prompts = tuple(prompt.text for prompt in prompts_of(db, conversation_id))
    return (conference, strand.name, strand.tagline, conversation.title, *prompts)
