"""What people decide about themes: add, rename, describe, lock, merge and split."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from feedback.actions.edits import check_conversation, do_edit, theme_here
from feedback.actions.places import ideas_here
from feedback.domain.edits import Patch
from feedback.domain.facts import IdeaGone, NameTaken, NotFound, WrongMove
from feedback.domain.groups import suggested_name
from feedback.domain.roles import Actor, Deed
from feedback.domain.texts import canonical, one_line
from feedback.domain.themes import DESCRIPTION_LIMIT, NAME_LIMIT, Placed, members_of, moved, pinned
from feedback.store.ideas import texts_of
from feedback.store.themes import ThemeRow, all_themes_of, places_of, themes_of
from feedback.store.writer import Tx

REPRESENTATIVES = 3
NO_OFFERS: Mapping[int, str] = MappingProxyType({})


def add_theme(tx: Tx, actor: Actor, conversation_id: int, name: str, description: str = "") -> int:
    """Add a theme that somebody names before ideas are in it; the next run draws ideas to it. Returns its number.

    Raises NameTaken.
    """
    check_conversation(tx, actor, Deed.NAME_THEMES, conversation_id)
    row = new_theme(tx, conversation_id, _own_name(tx, conversation_id, name), by_person=True)
    row.description = _about(description)
    done = {"theme": row.number, "name": row.name}
    do_edit(tx, actor, conversation_id, "add", done, Patch(standing={row.number: (True, None)}))
    return row.number


def describe_theme(tx: Tx, actor: Actor, conversation_id: int, number: int, description: str) -> None:
    """Say what belongs into a theme; its words draw ideas as the name's do. Empty takes the description away."""
    check_conversation(tx, actor, Deed.NAME_THEMES, conversation_id)
    row = theme_here(tx, conversation_id, number)
    about = _about(description)
    do_edit(tx, actor, conversation_id, "describe", {"theme": number, "name": row.name}, Patch(about={number: about}))


def rename_theme(tx: Tx, actor: Actor, conversation_id: int, number: int, name: str) -> None:
    """Give a theme a person's name, which no run replaces; raises NameTaken."""
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    theme_here(tx, conversation_id, number)
    words = _own_name(tx, conversation_id, name, number)
    patch = Patch(names={number: (words, True)})
    do_edit(tx, actor, conversation_id, "rename", {"theme": number, "name": words}, patch)


def lock_theme(tx: Tx, actor: Actor, conversation_id: int, number: int, *, locked: bool = True) -> None:
    """Let no run take ideas into a theme or out of it, or let it again; people still may."""
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    row = theme_here(tx, conversation_id, number)
    if row.locked == locked:
        raise WrongMove
    kind = "lock" if locked else "unlock"
    patch = Patch(locked={number: locked})
    do_edit(tx, actor, conversation_id, kind, {"theme": number, "name": row.name}, patch)


def merge_themes(
    tx: Tx, actor: Actor, conversation_id: int, into: int, other: int, *, offers: Mapping[int, str] = NO_OFFERS
) -> None:
    """Put all ideas of one theme into another; the emptied one stands no more, and all members are pinned.

    `offers`: what becomes of the proposals that this answers; undo takes that back, too.
    """
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    target, source = theme_here(tx, conversation_id, into), theme_here(tx, conversation_id, other)
    if into == other:
        raise NotFound
    places = places_of(tx.db, conversation_id)
    members = members_of(places, into) + members_of(places, other)
    target.representatives = (list(target.representatives) + list(source.representatives))[:REPRESENTATIVES]
    patch = Patch(standing={other: (False, into)}, places=moved(places, members, into), offers=offers)
    do_edit(tx, actor, conversation_id, "merge", {"into": into, "other": other}, patch)


def split_theme(tx: Tx, actor: Actor, conversation_id: int, idea_ids: Sequence[str], name: str = "") -> int:
    """Give ideas a theme of their own; returns its number. Without a name their words suggest one.

    Out of one theme it is a split: what stays is pinned as well. A theme that would lose all its ideas is refused, and
    so is a name that another theme has (NameTaken).
    """
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    chosen = ideas_here(tx, conversation_id, idea_ids)
    words = _own_name(tx, conversation_id, name) if name.strip() else ""
    return split_off(tx, actor, conversation_id, chosen, words, by_person=bool(words))


def split_off(
    tx: Tx,
    actor: Actor,
    conversation_id: int,
    chosen: Sequence[str],
    name: str,
    *,
    by_person: bool,
    rest: str = "",
    offers: Mapping[int, str] = NO_OFFERS,
) -> int:
    """Give ideas a theme of their own, as `split_theme` does for whoever may; returns its number.

    An empty name is taken from the ideas' words. `rest` is a suggested name for what stays behind, `offers` what
    becomes of the proposals that this answers.
    """
    places = places_of(tx.db, conversation_id)
    origins = {places.get(idea_id, Placed(None)).theme for idea_id in chosen}
    origin = origins.pop() if len(origins) == 1 else None
    staying = [] if origin is None else sorted(set(members_of(places, origin)) - set(chosen))
    if origin is not None and not staying:
        raise WrongMove
    suggested = name or name_for(tx, conversation_id, chosen)
    row = new_theme(tx, conversation_id, suggested[:NAME_LIMIT], by_person=by_person)
    row.representatives = list(chosen[:REPRESENTATIVES])
    row.split_from = origin
    after = pinned(places, staying) | moved(places, chosen, row.number)
    done = {"theme": row.number, "name": row.name, "ideas": list(chosen), "from": origin}
    names = {origin: (rest[:NAME_LIMIT], False)} if origin is not None and rest else {}
    patch = Patch(names=names, standing={row.number: (True, None)}, places=after, offers=offers)
    row.split_seq = do_edit(tx, actor, conversation_id, "split", done, patch)
    return row.number


def new_theme(tx: Tx, conversation_id: int, name: str, *, by_person: bool) -> ThemeRow:
    """Make a theme with the next number, which does not stand before an edit says so."""
    number = max(all_themes_of(tx.db, conversation_id), default=0) + 1
    row = ThemeRow(
        conversation_id=conversation_id,
        number=number,
        name=name,
        description="",
        named_by_person=by_person,
        terms=[],
        representatives=[],
        standing=False,
        locked=False,
    )
    tx.db.add(row)
    tx.db.flush()
    return row


def name_for(tx: Tx, conversation_id: int, idea_ids: Iterable[str]) -> str:
    """Suggest a name for some ideas from the words that set them apart from all others; IdeaGone if none is shown."""
    texts, chosen = texts_of(tx.db, conversation_id), set(idea_ids)
    inside = [text for idea_id, text in texts.items() if idea_id in chosen]
    if not inside:
        raise IdeaGone
    return suggested_name(inside, [text for idea_id, text in texts.items() if idea_id not in chosen])


def _own_name(tx: Tx, conversation_id: int, name: str, number: int | None = None) -> str:
    """Return a name that somebody gives to a theme, to a new one or that of the number, if no other one has it."""
    words = one_line(name)
    for row in themes_of(tx.db, conversation_id):
        if row.number != number and row.name.casefold() == words.casefold():
            raise NameTaken(number=row.number)
    return words


def _about(description: str) -> str:
    return canonical(description, limit=DESCRIPTION_LIMIT) if description.strip() else ""
