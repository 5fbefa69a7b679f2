"""What people decide about where ideas stand: move, pin, unpin, and "not here"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from feedback.actions.edits import check_conversation, do_edit, theme_here
from feedback.domain.edits import Patch
from feedback.domain.facts import IdeaGone, InNoTheme, WrongMove
from feedback.domain.ideas import IdeaState
from feedback.domain.roles import Actor, Deed
from feedback.domain.themes import Placed, freed, kept_out, moved, pinned
from feedback.store.ideas import Idea
from feedback.store.themes import batched, outlooks_of, places_of, themes_of
from feedback.store.writer import Tx


@dataclass(frozen=True, slots=True)
class KeptOut:
    """How many ideas "not here" has taken out of their themes, and how many it keeps out that had left before."""

    out: int
    left: int


def move_ideas(tx: Tx, actor: Actor, conversation_id: int, idea_ids: Sequence[str], number: int | None) -> None:
    """Put ideas into a theme (None = they fit nowhere: leftovers); they are pinned there."""
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    if number is not None:
        theme_here(tx, conversation_id, number)
    chosen = ideas_here(tx, conversation_id, idea_ids)
    patch = Patch(places=moved(places_of(tx.db, conversation_id), chosen, number))
    do_edit(tx, actor, conversation_id, "move", {"theme": number, "ideas": chosen}, patch)


def pin_ideas(tx: Tx, actor: Actor, conversation_id: int, idea_ids: Sequence[str]) -> int:
    """Let ideas stay where they stand, whatever runs find; returns how many were not pinned before.

    Raises WrongMove when all of them were.
    """
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    chosen, places = ideas_here(tx, conversation_id, idea_ids), places_of(tx.db, conversation_id)
    return len(_decide(tx, actor, conversation_id, "pin", places, pinned(places, chosen)))


def unpin_ideas(tx: Tx, actor: Actor, conversation_id: int, idea_ids: Sequence[str]) -> int:
    """Let runs place these ideas again; returns how many were pinned. Raises WrongMove when none of them was."""
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    chosen, places = ideas_here(tx, conversation_id, idea_ids), places_of(tx.db, conversation_id)
    return len(_decide(tx, actor, conversation_id, "unpin", places, freed(places, chosen)))


def bar_ideas(
    tx: Tx,
    actor: Actor,
    conversation_id: int,
    idea_ids: Sequence[str],
    stood: Mapping[str, int | None] | None = None,
) -> KeptOut:
    """Take ideas out of their themes for good; they go to the next likeliest place.

    `stood` says in which theme an idea was when it was chosen (None = a leftover): that is the one it is kept out of,
    and if it has moved since, it stays where it is. Raises InNoTheme when all of them are leftovers, WrongMove when
    all are kept out of there already, ThemeGone when a theme in which one stood is not there any more.
    """
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    chosen, places = ideas_here(tx, conversation_id, idea_ids), places_of(tx.db, conversation_id)
    seen = outlooks_of(tx.db, conversation_id)
    priors = {idea_id: dict(seen[idea_id].prior) for idea_id in chosen if idea_id in seen}
    open_themes = [row.number for row in themes_of(tx.db, conversation_id) if not row.locked]
    meant = {idea_id: theme for idea_id, theme in (stood or {}).items() if idea_id in chosen}
    for theme in {theme for theme in meant.values() if theme is not None}:
        theme_here(tx, conversation_id, theme)
    out = kept_out(places, chosen, priors, open_themes, meant)
    if not out:
        raise InNoTheme
    changed = _decide(tx, actor, conversation_id, "bar", places, out)
    homes = {idea_id: places.get(idea_id, Placed(None)).theme for idea_id in changed}
    left = sum(meant.get(idea_id, home) != home for idea_id, home in homes.items())
    return KeptOut(len(changed) - left, left)


def ideas_here(tx: Tx, conversation_id: int, idea_ids: Sequence[str]) -> list[str]:
    """Return the ids once each, in their order; raises IdeaGone unless all of them are shown here."""
    chosen = list(dict.fromkeys(idea_ids))
    query = select(Idea.id).where(Idea.conversation_id == conversation_id, Idea.state == IdeaState.SHOWN)
    found = sum(len(tx.db.scalars(query.where(Idea.id.in_(some))).all()) for some in batched(chosen, 500))
    if not chosen or found != len(chosen):
        raise IdeaGone
    return chosen


def _decide(
    tx: Tx,
    actor: Actor,
    conversation_id: int,
    kind: str,
    places: Mapping[str, Placed],
    after: Mapping[str, Placed],
) -> list[str]:
    """Change those places that are not so already; returns their ideas, and raises WrongMove when there are none."""
    changed = {idea_id: place for idea_id, place in after.items() if places.get(idea_id) != place}
    if not changed:
        raise WrongMove
    do_edit(tx, actor, conversation_id, kind, {"ideas": list(changed)}, Patch(places=changed))
    return list(changed)
