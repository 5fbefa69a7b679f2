"""Theme runs: ask for one, note how it gets on, take what it found."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import func, select

from feedback.actions.sorts import place_sorted
from feedback.domain.facts import NoIdeasYet, RunInFlight, ThemesRequested
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.themes import Outlook, Placed, ThemeSet
from feedback.store.ideas import Idea
from feedback.store.proposals import MERGE, REGROUP, Proposal, pair_of, proposals_of
from feedback.store.sorts import set_reliability
from feedback.store.themes import (
    FULL,
    RESCORE,
    Judged,
    ThemeRow,
    ThemeRun,
    all_themes_of,
    judge_places,
    places_of,
    run_in_flight,
    set_places,
)
from feedback.store.writer import Tx

#: Why a quick run ended that a full one took the place of.
OVERTAKEN = "overtaken"


def request_themes(tx: Tx, actor: Actor, conversation_id: int, kind: str = FULL) -> int:
    """Ask for a theme run, `full` or `rescore`; returns its id. Raises RunInFlight or NoIdeasYet."""
    require(actor, Deed.FIND_THEMES, conversation_id)
    flight = run_in_flight(tx.db, conversation_id)
    if flight is not None and (flight.kind == FULL or kind == RESCORE):
        raise RunInFlight
    if not tx.db.scalar(select(func.count()).where(Idea.conversation_id == conversation_id)):
        raise NoIdeasYet
    if flight is not None:
        # A full run does all that a quick one does; whatever that still brings is passed over.
        flight.state, flight.problem, flight.ended_at = "failed", OVERTAKEN, tx.now
        tx.db.flush()
    seq = tx.touch(conversation_id, "run")
    run = ThemeRun(conversation_id=conversation_id, state="queued", kind=kind, seq=seq, created_at=tx.now)
    tx.db.add(run)
    tx.db.flush()
    tx.facts.append(ThemesRequested(conversation_id, run.id))
    return run.id


def note_theme_run(tx: Tx, run_id: int, state: str) -> None:
    """Note that a run in flight waits for a worker (`queued`), or that one has taken it (`running`)."""
    run = tx.db.get(ThemeRun, run_id)
    if run is None or run.state not in ("queued", "running") or run.state == state:
        return
    run.state = state
    tx.touch(run.conversation_id, "run")


def fail_theme_run(tx: Tx, run_id: int, *, problem: str) -> None:
    """End a run that found nothing; the themes stay as they were."""
    run = tx.db.get(ThemeRun, run_id)
    if run is None or run.state not in ("queued", "running"):
        return
    run.state, run.problem, run.ended_at = "failed", problem[:200], tx.now
    tx.touch(run.conversation_id, "run")


def finish_theme_run(tx: Tx, run_id: int, found: ThemeSet) -> None:
    """Store what a run found. Whatever people decided since it started (names, pins, merges) stands."""
    run = tx.db.get(ThemeRun, run_id)
    if run is None or run.state not in ("queued", "running"):
        return
    place = run.conversation_id
    themes = all_themes_of(tx.db, place)
    for theme in found.themes:
        row = themes.get(theme.id)
        if row is None:
            row = themes[theme.id] = ThemeRow(conversation_id=place, number=theme.id, named_by_person=False)
            tx.db.add(row)
        if not row.named_by_person:
            row.name = theme.name[:120]
        row.terms, row.representatives, row.firmness = list(theme.terms), list(theme.representatives), theme.firmness
    _place(tx, place, themes, found)
    set_reliability(tx.db, {int(participant): share for participant, share in found.reliability.items()})
    place_sorted(tx, place, run.seq)
    _propose(tx, run, found)
    run.state, run.ended_at, run.themes_found = "done", tx.now, len(found.themes)
    run.problem = found.problem
    tx.touch(place, "themes")


def _place(tx: Tx, conversation_id: int, themes: Mapping[int, ThemeRow], found: ThemeSet) -> None:
    old = places_of(tx.db, conversation_id)
    there = set(tx.db.scalars(select(Idea.id).where(Idea.conversation_id == conversation_id)))
    new = {idea_id: Placed(None) for idea_id in found.leftovers if idea_id in there}
    for theme in found.themes:
        home = _home(themes, theme.id)
        new.update({idea_id: Placed(home) for idea_id in theme.ideas if idea_id in there})
    new.update({idea_id: place for idea_id, place in old.items() if place.pinned})
    set_places(tx.db, conversation_id, new)
    judge_places(tx.db, {idea_id: _judged(outlook) for idea_id, outlook in found.outlooks.items() if idea_id in new})
    peopled = {place.theme for place in (old | new).values()}
    for number, row in themes.items():
        row.standing = row.merged_into is None and (number in peopled or (row.named_by_person and row.standing))


def _judged(outlook: Outlook) -> Judged:
    prior = {"" if theme is None else str(theme): round(share, 4) for theme, share in outlook.prior}
    return Judged(outlook.sureness, json.dumps(prior), json.dumps(list(outlook.shared_terms), ensure_ascii=False))


def _propose(tx: Tx, run: ThemeRun, found: ThemeSet) -> None:
    """Replace what the last run proposed; a merge that somebody declined is not proposed again.

    Only a full run looks for another grouping.
    """
    conversation_id = run.conversation_id
    rows = proposals_of(tx.db, conversation_id)
    declined = {pair_of(row) for row in rows if row.kind == MERGE and row.state == "declined"}
    for row in rows:
        if row.state == "open" and (row.kind == MERGE or run.kind == FULL):
            row.state, row.ended_at = "gone", tx.now
    wanted = [(MERGE, asdict(merge)) for merge in found.merges if frozenset((merge.into, merge.other)) not in declined]
    if found.regroup is not None:
        wanted.append((REGROUP, asdict(found.regroup)))
    for kind, content in wanted:
        tx.db.add(Proposal(conversation_id=conversation_id, kind=kind, content=json.dumps(content), created_at=tx.now))


def _home(themes: Mapping[int, ThemeRow], number: int) -> int:
    seen = set[int]()
    while (into := themes[number].merged_into) is not None and number not in seen:
        seen.add(number)
        number = into
    return number
