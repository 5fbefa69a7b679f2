"""Ask for theme runs and take their results; add, rename, move, merge and undo what people decide about themes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, select

from feedback.domain.facts import IdeaGone, NoIdeasYet, NotFound, NothingToUndo, RunInFlight, ThemesRequested
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.texts import canonical, one_line
from feedback.domain.themes import DESCRIPTION_LIMIT, Placed, ThemeSet, members_of, moved
from feedback.store.ideas import Idea
from feedback.store.programme import Conversation
from feedback.store.themes import (
    ThemeEdit,
    ThemeRow,
    ThemeRun,
    all_themes_of,
    last_edit,
    places_of,
    run_in_flight,
    set_places,
    theme_of,
)
from feedback.store.writer import Tx


@dataclass(frozen=True, slots=True)
class Patch:
    """A state of some themes and ideas: names {number: [name, by person]}, standing {number: [standing, merged into]},
    places {idea: [theme, pinned]}. What an edit did and what undoes it are both of this form.
    """

    names: Mapping[str, list[Any]]
    standing: Mapping[str, list[Any]]
    places: Mapping[str, list[Any]]


def request_themes(tx: Tx, actor: Actor, conversation_id: int) -> int:
    """Ask for a theme run; returns its id. Raises RunInFlight or NoIdeasYet."""
    require(actor, Deed.FIND_THEMES, conversation_id)
    if run_in_flight(tx.db, conversation_id) is not None:
        raise RunInFlight
    if not tx.db.scalar(select(func.count()).where(Idea.conversation_id == conversation_id)):
        raise NoIdeasYet
    seq = tx.touch(conversation_id, "run")
    run = ThemeRun(conversation_id=conversation_id, state="queued", seq=seq, created_at=tx.now)
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
        row.terms, row.representatives = list(theme.terms), list(theme.representatives)
    _place(tx, place, themes, found)
    run.state, run.ended_at, run.themes_found = "done", tx.now, len(found.themes)
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
    peopled = {place.theme for place in (old | new).values()}
    for number, row in themes.items():
        row.standing = row.merged_into is None and (number in peopled or (row.named_by_person and row.standing))


def _home(themes: Mapping[int, ThemeRow], number: int) -> int:
    seen = set[int]()
    while (into := themes[number].merged_into) is not None and number not in seen:
        seen.add(number)
        number = into
    return number


def add_theme(tx: Tx, actor: Actor, conversation_id: int, name: str, description: str = "") -> int:
    """Add a theme that somebody names before ideas are in it; the next run draws ideas to it. Returns its number."""
    require(actor, Deed.EDIT_THEMES, conversation_id)
    if tx.db.get(Conversation, conversation_id) is None:
        raise NotFound
    number = max(all_themes_of(tx.db, conversation_id), default=0) + 1
    about = canonical(description, limit=DESCRIPTION_LIMIT) if description.strip() else ""
    row = ThemeRow(
        conversation_id=conversation_id,
        number=number,
        name=one_line(name),
        description=about,
        named_by_person=True,
        terms=[],
        representatives=[],
    )
    tx.db.add(row)
    tx.db.flush()
    inverse = Patch({}, {str(number): [False, None]}, {})
    _note(tx, actor, conversation_id, "add", {"theme": number, "name": row.name}, inverse)
    return number


def rename_theme(tx: Tx, actor: Actor, conversation_id: int, number: int, name: str) -> None:
    """Give a theme a person's name, which no run replaces."""
    row = _theme(tx, actor, conversation_id, number)
    before = {str(number): [row.name, row.named_by_person]}
    row.name, row.named_by_person = one_line(name), True
    _note(tx, actor, conversation_id, "rename", {"theme": number, "name": row.name}, Patch(before, {}, {}))


def move_ideas(tx: Tx, actor: Actor, conversation_id: int, idea_ids: Sequence[str], number: int | None) -> None:
    """Put ideas into a theme (None = leftovers); they are pinned there."""
    require(actor, Deed.EDIT_THEMES, conversation_id)
    if number is not None:
        _theme(tx, actor, conversation_id, number)
    query = select(Idea.id).where(Idea.conversation_id == conversation_id, Idea.id.in_(list(idea_ids)))
    if not idea_ids or len(set(tx.db.scalars(query))) != len(set(idea_ids)):
        raise IdeaGone
    after, before = moved(places_of(tx.db, conversation_id), idea_ids, number)
    set_places(tx.db, conversation_id, after)
    _note(tx, actor, conversation_id, "move", {"theme": number, "ideas": list(idea_ids)}, Patch({}, {}, _plain(before)))


def merge_themes(tx: Tx, actor: Actor, conversation_id: int, into: int, other: int) -> None:
    """Put all ideas of one theme into another; the emptied one stands no more, and all members are pinned."""
    target, source = _theme(tx, actor, conversation_id, into), _theme(tx, actor, conversation_id, other)
    if into == other:
        raise NotFound
    places = places_of(tx.db, conversation_id)
    members = members_of(places, into) + members_of(places, other)
    after, before = moved(places, members, into)
    set_places(tx.db, conversation_id, after)
    source.standing, source.merged_into = False, into
    target.representatives = (list(target.representatives) + list(source.representatives))[:3]
    inverse = Patch({}, {str(other): [True, None]}, _plain(before))
    _note(tx, actor, conversation_id, "merge", {"into": into, "other": other}, inverse)


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back: its kind (add, rename, move, merge) and what it had done."""

    kind: str
    done: Mapping[str, Any]


def undo_edit(tx: Tx, actor: Actor, conversation_id: int) -> Undone:
    """Take back the last theme edit that stands; raises NothingToUndo."""
    require(actor, Deed.EDIT_THEMES, conversation_id)
    edit = last_edit(tx.db, conversation_id)
    if edit is None:
        raise NothingToUndo
    _apply(tx, conversation_id, Patch(**json.loads(edit.inverse)))
    edit.undone_at = tx.now
    tx.touch(conversation_id, "themes")
    return Undone(edit.kind, json.loads(edit.done))


def _apply(tx: Tx, conversation_id: int, patch: Patch) -> None:
    themes = all_themes_of(tx.db, conversation_id)
    for number, (name, by_person) in patch.names.items():
        themes[int(number)].name, themes[int(number)].named_by_person = name, by_person
    for number, (standing, merged_into) in patch.standing.items():
        themes[int(number)].standing, themes[int(number)].merged_into = standing, merged_into
    places = {idea_id: Placed(theme, pinned) for idea_id, (theme, pinned) in patch.places.items()}
    for place in places.values():
        # A later run may have dissolved the theme an idea came from; undo brings it back.
        if place.theme is not None and themes[place.theme].merged_into is None:
            themes[place.theme].standing = True
    set_places(tx.db, conversation_id, places)


def _note(tx: Tx, actor: Actor, conversation_id: int, kind: str, done: Mapping[str, Any], inverse: Patch) -> None:
    tx.db.add(
        ThemeEdit(
            conversation_id=conversation_id,
            crew_id=actor.crew_id,
            kind=kind,
            done=json.dumps(done, ensure_ascii=False),
            inverse=json.dumps(asdict(inverse), ensure_ascii=False),
            created_at=tx.now,
        )
    )
    tx.touch(conversation_id, "themes")


def _plain(places: Mapping[str, Placed]) -> dict[str, list[Any]]:
    return {idea_id: [place.theme, place.pinned] for idea_id, place in places.items()}


def _theme(tx: Tx, actor: Actor, conversation_id: int, number: int) -> ThemeRow:
    require(actor, Deed.EDIT_THEMES, conversation_id)
    if tx.db.get(Conversation, conversation_id) is None:
        raise NotFound
    row = theme_of(tx.db, conversation_id, number)
    if row is None:
        raise NotFound
    return row
