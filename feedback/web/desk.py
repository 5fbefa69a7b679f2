"""What the desk shows beside the columns: the queue of unsure ideas, proposals, reasons, and edits in words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import format_percent, gettext, ngettext

from feedback.db import db
from feedback.domain.facts import IdeaGone
from feedback.domain.groups import regrouped
from feedback.domain.ideas import IdeaState
from feedback.domain.themes import Outlook, Placed, is_firm
from feedback.domain.unsure import counted, homes_of, likely_themes, unsure_ideas
from feedback.store.edits import editors_of
from feedback.store.ideas import idea_of, texts_of
from feedback.store.programme import Conversation, prompts_of
from feedback.store.proposals import MERGE, Proposal, open_proposals_of
from feedback.store.sorts import sorts_of
from feedback.store.themes import ThemeRow, all_themes_of, outlooks_of, places_of
from feedback.web.crew import Board, ShownIdea, clock_of, hue_of, shown_idea

#: So many unsure ideas are on the page: the next ones are there before the first is placed.
READY = 4
EXAMPLES = 2
#: The kinds of edits that are told by how many ideas they were about.
_ABOUT_IDEAS = frozenset({"pin", "unpin", "bar", "regroup"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A theme as something to choose."""

    number: int
    hue: int
    name: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """One idea of the queue: where it stands ("" = among the leftovers), and its likeliest themes."""

    idea: ShownIdea
    place: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """The unsure ideas: how many, how many of them are put off, and the next ones."""

    count: int
    later: int
    next: tuple[Unsure, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """A proposal in words: what would be done, why, and what there is before and after, one line per theme."""

    id: int
    title: str
    why: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one idea is where it is, in words; whatever is not known is empty."""

    idea: ShownIdea
    theme: int | None
    place: str
    placed: str
    sureness: str
    firm: bool | None
    terms: tuple[str, ...]
    sorts: tuple[tuple[str, int], ...]
    second: str
    barred: tuple[str, ...]


def queue_of(conversation: Conversation, board: Board, later: int) -> Queue:
    """Return the unsure ideas; the first `later` of them are put off, and come again when all others are done."""
    session = db.session()
    themes = {theme.number: theme for theme in board.themes}
    if not themes:
        return Queue(0, 0, ())
    shown = {idea.id: idea for group in (*board.themes, board) for idea in _ideas_of(group)}
    places, outlooks = places_of(session, conversation.id), outlooks_of(session, conversation.id)
    locked = {number for number, theme in themes.items() if theme.locked}
    order = unsure_ideas({key: idea.agree for key, idea in shown.items()}, places, outlooks, locked)
    start = later if 0 < later < len(order) else 0
    said = _sorts_of(conversation.id)
    sizes = {number: len(theme.ideas) for number, theme in themes.items()}
    ready = []
    for key in order[start : start + READY]:
        place = places.get(key, Placed(None))
        likely = likely_themes(place, outlooks[key], said.get(key, {}), sizes)
        choices = tuple(Choice(number, hue_of(number), themes[number].name) for number in likely)
        ready.append(Unsure(shown[key], themes[place.theme].name if place.theme in themes else "", choices))
    return Queue(len(order), start, tuple(ready))


def offers_of(conversation: Conversation, board: Board) -> list[Offered]:
    """Put the open proposals that still fit into words."""
    found = []
    for row in open_proposals_of(db.session(), conversation.id):
        offered = _merge(row, board) if row.kind == MERGE else _regroup(row, conversation, board)
        if offered is not None:
            found.append(offered)
    return found


def reason_of(conversation: Conversation, idea_id: str) -> Reason:
    """Say why an idea is where it is; raises IdeaGone unless it is shown."""
    session = db.session()
    idea = idea_of(session, conversation.id, idea_id)
    if idea is None or idea.state is not IdeaState.SHOWN:
        raise IdeaGone
    rows = all_themes_of(session, conversation.id)
    place = places_of(session, conversation.id).get(idea_id, Placed(None))
    outlook = outlooks_of(session, conversation.id).get(idea_id)
    theme = place.theme if place.theme in rows and rows[place.theme].standing else None
    said = _sorts_of(conversation.id).get(idea_id, {})
    prompts = {row.id: row for row in prompts_of(session, conversation.id)}
    return Reason(
        idea=shown_idea(idea, prompts, place=place),
        theme=theme,
        place=_place_name(rows, theme),
        placed=_placed(place, outlook, bool(said)),
        sureness=_percent(outlook.sureness) if outlook and not place.pinned else "",
        firm=is_firm(outlook.sureness) if outlook and not place.pinned else None,
        terms=outlook.shared_terms if outlook and not place.pinned else (),
        sorts=tuple(_sorts_in_words(said, theme, rows)),
        second=_second(outlook, theme, rows),
        barred=tuple(rows[number].name for number in sorted(place.barred) if number in rows and rows[number].standing),
    )


def edit_in_words(conversation: Conversation, kind: str, done: Mapping[str, Any]) -> str:
    """Say what an edit did, as it stands after "Undo:"."""
    if kind not in ("merge", "move"):
        return _about_ideas(kind, done) if kind in _ABOUT_IDEAS else _about_a_theme(kind, done["name"])
    rows = all_themes_of(db.session(), conversation.id)
    if kind == "merge":
        names = {"other": _place_name(rows, done["other"]), "into": _place_name(rows, done["into"])}
        return str(gettext("merged “%(other)s” into “%(into)s”", **names))
    place, count = _place_name(rows, done["theme"]), len(done["ideas"])
    said = ngettext("moved %(num)s idea to “%(place)s”", "moved %(num)s ideas to “%(place)s”", count, place=place)
    return str(said)


def _about_ideas(kind: str, done: Mapping[str, Any]) -> str:
    count = done["ideas"] if kind == "regroup" else len(done["ideas"])
    match kind:
        case "pin":
            said = ngettext("pinned %(num)s idea", "pinned %(num)s ideas", count)
        case "unpin":
            said = ngettext("unpinned %(num)s idea", "unpinned %(num)s ideas", count)
        case "bar":
            said = ngettext("took %(num)s idea out of its theme", "took %(num)s ideas out of their themes", count)
        case _:
            said = ngettext("grouped %(num)s idea anew", "grouped %(num)s ideas anew", count)
    return str(said)


def _about_a_theme(kind: str, name: str) -> str:
    match kind:
        case "add":
            said = gettext("added “%(name)s”", name=name)
        case "describe":
            said = gettext("described “%(name)s”", name=name)
        case "lock":
            said = gettext("locked “%(name)s”", name=name)
        case "unlock":
            said = gettext("unlocked “%(name)s”", name=name)
        case "split":
            said = gettext("made “%(name)s” of chosen ideas", name=name)
        case _:
            said = gettext("renamed to “%(name)s”", name=name)
    return str(said)


def _ideas_of(group: Any) -> tuple[ShownIdea, ...]:
    found: tuple[ShownIdea, ...] = group.leftovers if isinstance(group, Board) else group.ideas
    return found


def _sorts_of(conversation_id: int) -> dict[str, dict[int | None, int]]:
    rows = all_themes_of(db.session(), conversation_id)
    standing = {number for number, row in rows.items() if row.standing}
    homes = homes_of({number: row.merged_into for number, row in rows.items()}, standing)
    return counted(sorts_of(db.session(), conversation_id), homes)


def _merge(row: Proposal, board: Board) -> Offered | None:
    content = json.loads(row.content)
    themes = {theme.number: theme for theme in board.themes}
    if content["into"] not in themes or content["other"] not in themes:
        return None
    into, other = themes[content["into"]], themes[content["other"]]
    confused = content.get("confused", 0)
    why = (
        ngettext("%(num)s sort takes one for the other.", "%(num)s sorts take one for the other.", confused)
        if confused
        else gettext("Their ideas use much the same words.")
    )
    return Offered(
        row.id,
        gettext("Merge “%(other)s” into “%(into)s”?", other=other.name, into=into.name),
        str(why),
        tuple(_line(theme.name, len(theme.ideas)) for theme in (into, other)),
        (_line(into.name, len(into.ideas) + len(other.ideas)),),
    )


def _regroup(row: Proposal, conversation: Conversation, board: Board) -> Offered | None:
    places, names = places_of(db.session(), conversation.id), {theme.number: theme.name for theme in board.themes}
    locked = [theme.number for theme in board.themes if theme.locked]
    groups = regrouped(json.loads(row.content)["groups"], places, names, locked)
    after = {idea_id: (group.theme, at) for at, group in enumerate(groups) for idea_id in group.ideas}
    moving = [key for key, (theme, _) in after.items() if theme is None or places.get(key, Placed(None)).theme != theme]
    if not moving:
        return None
    texts = texts_of(db.session(), conversation.id)
    sizes = _sizes({key: place.theme for key, place in places.items() if key in texts and key not in after}, names)
    lines = []
    for group in groups:
        shown = [texts[idea_id] for idea_id in group.ideas if idea_id in texts]
        size = len(shown) + (sizes.pop(group.theme, 0) if group.theme is not None else 0)
        name = names[group.theme] if group.theme is not None else gettext("a new theme")
        lines.append(_line(name, size, shown[:EXAMPLES]))
    lines += [_line(names[number], size) for number, size in sizes.items()]
    count = len(moving)
    why = ngettext(
        "The words of the ideas fit this grouping clearly better. %(num)s idea would change its theme; whatever people "
        "placed, locked or named stays.",
        "The words of the ideas fit this grouping clearly better. %(num)s ideas would change their theme; whatever "
        "people placed, locked or named stays.",
        count,
    )
    before = tuple(_line(theme.name, len(theme.ideas)) for theme in board.themes)
    return Offered(row.id, gettext("Group the ideas anew?"), str(why), before, tuple(lines))


def _sizes(themes: Mapping[str, int | None], names: Mapping[int, str]) -> dict[int, int]:
    sizes: dict[int, int] = {}
    for theme in themes.values():
        if theme in names and theme is not None:
            sizes[theme] = sizes.get(theme, 0) + 1
    return sizes


def _line(name: str, size: int, examples: list[str] | None = None) -> str:
    said = ngettext("%(name)s: %(num)s idea", "%(name)s: %(num)s ideas", size, name=name)
    return f"{said} ({'; '.join(_short(text) for text in examples)})" if examples else str(said)


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:59]}…"


def _place_name(rows: Mapping[int, ThemeRow], number: int | None) -> str:
    return rows[number].name if number is not None and number in rows else str(gettext("Leftovers"))


def _placed(place: Placed, outlook: Outlook | None, was_sorted: bool) -> str:
    if place.pinned:
        name, at = editors_of(db.session(), [place.edit]).get(place.edit, ("", 0)) if place.edit else ("", 0)
        who = name or gettext("the rapporteur")
        return str(gettext("by %(name)s at %(time)s", name=who, time=clock_of(at)) if at else gettext("by hand"))
    if outlook is None:
        return str(gettext("nobody yet: the next run places it"))
    return str(gettext("by the machine, with the sorts of the room") if was_sorted else gettext("by the machine"))


def _percent(share: float) -> str:
    return str(format_percent(share))


def _second(outlook: Outlook | None, theme: int | None, rows: Mapping[int, ThemeRow]) -> str:
    if outlook is None:
        return ""
    others = [
        (share, spot)
        for spot, share in outlook.prior
        if spot != theme and (spot is None or (spot in rows and rows[spot].standing))
    ]
    if not others:
        return ""
    share, spot = max(others, key=lambda each: (each[0], -(each[1] or 0)))
    return f"{_place_name(rows, spot)} ({_percent(share)})"


def _sorts_in_words(
    said: Mapping[int | None, int], theme: int | None, rows: Mapping[int, ThemeRow]
) -> list[tuple[str, int]]:
    """List what people say with how many say so: for this place first, then the others by their number."""
    here = [(str(gettext("here")), said[theme])] if theme in said else []
    others = sorted(((spot, count) for spot, count in said.items() if spot != theme), key=lambda each: -each[1])
    none = str(gettext("none of the themes"))
    return here + [(none if spot is None else _place_name(rows, spot), count) for spot, count in others]
