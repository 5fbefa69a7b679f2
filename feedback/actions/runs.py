"""Theme runs: ask for one, note how it gets on, take what it found."""

import json
from collections.abc import Mapping, Set
from itertools import count

from sqlalchemy import func, select

from feedback.actions.proposing import give_up, propose
from feedback.actions.sorts import place_sorted
from feedback.domain.embedders import EMBEDDER_LIMIT
from feedback.domain.facts import NoIdeasYet, RunInFlight, ThemesRequested
from feedback.domain.ideas import IdeaState
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.themes import NAME_LIMIT, Outlook, Placed, ThemeSet, members_of, renumbered
from feedback.store.edits import added_since, decided_since, named_since, taken_back
from feedback.store.ideas import Idea
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
    tx.facts.append(ThemesRequested(conversation_id, run.id, kind == RESCORE))
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
    tx.touch(run.conversation_id, "themes" if give_up(tx, run.conversation_id) else "run")


def finish_theme_run(tx: Tx, run_id: int, found: ThemeSet) -> None:
    """Store what a run found. Whatever people decided before and since it started stands: names, pins, locks, bars,
    splits, merges, and what they took back.
    """
    run = tx.db.get(ThemeRun, run_id)
    if run is None or run.state not in ("queued", "running"):
        return
    place = run.conversation_id
    themes, named = all_themes_of(tx.db, place), named_since(tx.db, place, run.seq)
    found = renumbered(found, _taken_numbers(tx, run, themes, found))
    for theme in found.themes:
        row = themes.get(theme.id)
        if row is None:
            row = themes[theme.id] = ThemeRow(
                conversation_id=place, number=theme.id, name=theme.name[:NAME_LIMIT], named_by_person=False
            )
            tx.db.add(row)
        # What the run has read may be over: a person's name taken back, a suggested one taken with a split.
        if not row.named_by_person and not theme.named_by_person and theme.id not in named:
            row.name = theme.name[:NAME_LIMIT]
        row.terms, row.representatives = list(theme.terms), list(theme.representatives)
        row.firmness, row.firmness_by_words = theme.firmness, theme.by_words
    _place(tx, run, themes, found)
    set_reliability(tx.db, {int(participant): share for participant, share in found.reliability.items()})
    place_sorted(tx, place, run.seq)
    propose(tx, run, found)
    run.state, run.ended_at, run.themes_found = "done", tx.now, len(found.themes)
    run.problem, run.embedder = found.problem, found.embedder[:EMBEDDER_LIMIT]
    tx.touch(place, "themes")


def _taken_numbers(tx: Tx, run: ThemeRun, themes: Mapping[int, ThemeRow], found: ThemeSet) -> dict[int, int]:
    """Return new numbers for found themes whose own number somebody has given to another theme meanwhile.

    A theme that a person made since the run was asked for is the found one if the run had read it: then it carries that
    person's name, or most of the ideas that were pinned into it.
    """
    places = places_of(tx.db, run.conversation_id)
    added = added_since(tx.db, run.conversation_id, run.seq)
    free = count(max([0, *themes, *(theme.id for theme in found.themes)]) + 1)
    taken = {}
    for theme in found.themes:
        pinned = {idea_id for idea_id in members_of(places, theme.id) if places[idea_id].pinned}
        read = theme.named_by_person or 2 * len(pinned & set(theme.ideas)) > len(pinned)
        if theme.id in added and not read:
            taken[theme.id] = next(free)
    return taken


def _place(tx: Tx, run: ThemeRun, themes: Mapping[int, ThemeRow], found: ThemeSet) -> None:
    conversation_id = run.conversation_id
    old, gone = places_of(tx.db, conversation_id), taken_back(tx.db, conversation_id)
    decided = decided_since(tx.db, conversation_id, run.seq)
    rows = tx.db.execute(select(Idea.id, Idea.state).where(Idea.conversation_id == conversation_id))
    states = {row.id: row.state for row in rows}
    homes: dict[str, int | None] = dict.fromkeys(found.leftovers)
    homes |= {idea_id: _home(themes, theme.id) for theme in found.themes for idea_id in theme.ideas}
    new = {idea_id: Placed(home) for idea_id, home in homes.items() if idea_id in states}
    closed = gone | {number for number, row in themes.items() if row.locked}
    for idea_id, place in new.items():
        before = old.get(idea_id, Placed(None))
        if before.pinned or idea_id in decided or not _may_move(before, place.theme, closed, gone):
            new[idea_id] = before
    set_places(tx.db, conversation_id, new)
    judge_places(
        tx.db,
        {
            idea_id: _judged(outlook, same=new[idea_id].theme == homes[idea_id], theme=new[idea_id].theme)
            for idea_id, outlook in found.outlooks.items()
            if idea_id in new
        },
    )
    shown = {idea_id for idea_id, state in states.items() if state == IdeaState.SHOWN}
    peopled = {place.theme for idea_id, place in (old | new).items() if idea_id in shown} - gone
    for number, row in themes.items():
        stays = number in peopled or (row.standing and (row.meant or row.locked))
        row.standing = row.merged_into is None and stays


def _may_move(before: Placed, theme: int | None, closed: Set[int], gone: Set[int]) -> bool:
    """Tell whether a run may put an idea there: out of no locked theme, into none, and not where it is barred."""
    if before.theme == theme:
        return True
    leaves = before.theme is None or before.theme not in closed or before.theme in gone
    return leaves and (theme is None or (theme not in closed and theme not in before.barred))


def _judged(outlook: Outlook, *, same: bool, theme: int | None) -> Judged:
    """Return what a run says of an idea; `same`: it stands where the run has put it, else the run's prior counts."""
    prior = {"" if spot is None else str(spot): round(share, 4) for spot, share in outlook.prior}
    sureness = outlook.sureness if same else dict(outlook.prior).get(theme, 0.0)
    terms = list(outlook.shared_terms) if same else []
    return Judged(sureness, json.dumps(prior), json.dumps(terms, ensure_ascii=False))


def _home(themes: Mapping[int, ThemeRow], number: int) -> int:
    seen = set[int]()
    while (into := themes[number].merged_into) is not None and number not in seen:
        seen.add(number)
        number = into
    return number
