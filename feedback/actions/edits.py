"""Theme edits: done with what undoes them, taken back, and done again, without limit."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from feedback.actions.standing import set_merged
from feedback.domain.edits import Patch, ThemeState, signed, state_under, whole
from feedback.domain.facts import NotFound, NothingToRedo, NothingToUndo, NotTheLast, ThemeGone, ThemesEdited
from feedback.domain.roles import Actor, Deed, require
from feedback.store.edits import end_redo, last_edit, next_edit
from feedback.store.programme import Conversation
from feedback.store.proposals import offers_in
from feedback.store.themes import ThemeEdit, ThemeRow, all_themes_of, decide_places, places_of, theme_of
from feedback.store.writer import Tx


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back, or done again: its kind (add, rename, move, merge, …), what it had done, and its id."""

    kind: str
    done: Mapping[str, Any]
    edit: int = field(default=0, compare=False)


def do_edit(tx: Tx, actor: Actor, conversation_id: int, kind: str, done: Mapping[str, Any], patch: Patch) -> int:
    """Change the themes as the patch says and keep what undoes it; returns the commit number.

    Whoever calls it has asked whether the actor may. What could have been done again cannot any more.
    """
    end_redo(tx.db, conversation_id)
    edit = ThemeEdit(
        conversation_id=conversation_id,
        crew_id=actor.crew_id,
        kind=kind,
        done=json.dumps(done, ensure_ascii=False),
        inverse="{}",
        created_at=tx.now,
    )
    tx.db.add(edit)
    tx.db.flush()
    edit.inverse = _apply(tx, conversation_id, signed(patch, edit.id))
    return _tell(tx, edit)


def undo_edit(tx: Tx, actor: Actor, conversation_id: int, meant: int | None = None) -> Undone:
    """Take back the last theme edit that stands; raises NothingToUndo, or NotTheLast unless it is the one `meant`."""
    require(actor, Deed.EDIT_THEMES, conversation_id)
    edit = last_edit(tx.db, conversation_id)
    if edit is None:
        raise NothingToUndo
    if meant not in (None, edit.id):
        raise NotTheLast
    edit.forward = _apply(tx, conversation_id, Patch.from_json(edit.inverse))
    edit.undone_at = tx.now
    _tell(tx, edit)
    return Undone(edit.kind, json.loads(edit.done), edit.id)


def redo_edit(tx: Tx, actor: Actor, conversation_id: int, meant: int | None = None) -> Undone:
    """Do the theme edit again that was taken back last; raises NothingToRedo, or NotTheLast as undo does."""
    require(actor, Deed.EDIT_THEMES, conversation_id)
    edit = next_edit(tx.db, conversation_id)
    if edit is None:
        raise NothingToRedo
    if meant not in (None, edit.id):
        raise NotTheLast
    # A run may have moved what nobody had pinned: the next undo returns to where things are now.
    edit.inverse = _apply(tx, conversation_id, Patch.from_json(edit.forward or "{}"))
    edit.undone_at = None
    _tell(tx, edit)
    return Undone(edit.kind, json.loads(edit.done), edit.id)


def theme_here(tx: Tx, conversation_id: int, number: int) -> ThemeRow:
    """Return a standing theme; raises ThemeGone when there was one of this number, NotFound when there never was."""
    row = theme_of(tx.db, conversation_id, number)
    if row is None:
        raise ThemeGone if number in all_themes_of(tx.db, conversation_id) else NotFound
    return row


def check_conversation(tx: Tx, actor: Actor, deed: Deed, conversation_id: int) -> None:
    """Raise Forbidden or NotFound unless the actor may do that in a conversation that is there."""
    require(actor, deed, conversation_id)
    if tx.db.get(Conversation, conversation_id) is None:
        raise NotFound


def _apply(tx: Tx, conversation_id: int, patch: Patch) -> str:
    """Make themes and places what the patch says, and all that follows from it; returns what takes it back, as JSON."""
    rows, places = all_themes_of(tx.db, conversation_id), places_of(tx.db, conversation_id)
    states = {number: _state(row) for number, row in rows.items()}
    full = whole(patch, states, places)
    inverse = state_under(full, states, places)
    for number, (name, by_person) in full.names.items():
        rows[number].name, rows[number].named_by_person = name, by_person
    for number, words in full.about.items():
        rows[number].description = words
    for number, locked in full.locked.items():
        rows[number].locked = locked
    for number, (standing, merged_into) in full.standing.items():
        rows[number].standing, rows[number].merged_into = standing, merged_into
    decide_places(tx.db, conversation_id, full.places)
    merged = set_merged(tx, conversation_id, full.merged)
    return replace(inverse, merged=merged, offers=_decide_offers(tx, full.offers)).to_json()


def _decide_offers(tx: Tx, wanted: Mapping[int, str]) -> dict[int, str]:
    rows = offers_in(tx.db, wanted) if wanted else {}
    before = {number: row.state for number, row in rows.items()}
    for number, row in rows.items():
        row.state, row.ended_at = wanted[number], None if wanted[number] == "open" else tx.now
    return before


def _state(row: ThemeRow) -> ThemeState:
    return ThemeState(
        row.name, row.named_by_person, row.description, row.locked, row.standing, row.merged_into, row.split_from
    )


def _tell(tx: Tx, edit: ThemeEdit) -> int:
    tx.facts.append(ThemesEdited(edit.conversation_id))
    return tx.touch(edit.conversation_id, "themes", str(edit.id))
