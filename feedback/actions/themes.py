"""What people decide about themes: add, rename, move, merge, and take back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from feedback.domain.facts import IdeaGone, NotFound, NothingToUndo, ThemesEdited
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.texts import canonical, one_line
from feedback.domain.themes import DESCRIPTION_LIMIT, Placed, members_of, moved
from feedback.store.ideas import Idea
from feedback.store.programme import Conversation
from feedback.store.themes import (
    ThemeEdit,
    ThemeRow,
    all_themes_of,
    last_edit,
    places_of,
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
    tx.facts.append(ThemesEdited(conversation_id))
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
    tx.facts.append(ThemesEdited(conversation_id))


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
