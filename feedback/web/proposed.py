"""What the machine proposes, in words: themes merged, grouped anew, or split in two."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext

from feedback.db import db
from feedback.domain.groups import parts_now, regrouped
from feedback.domain.themes import Placed
from feedback.store.programme import Conversation
from feedback.store.proposals import ASK, MERGE, REGROUP, Proposal, open_proposals_of
from feedback.web.board import Board
from feedback.web.crew import ShownIdea

EXAMPLES = 2


@dataclass(frozen=True, slots=True)
class Part:
    """One of two suggested parts: what it would be called, and its ideas."""

    name: str
    ideas: tuple[ShownIdea, ...]


@dataclass(frozen=True, slots=True)
class Offered:
    """A proposal in words: what would be done, why, and what there is before and after, one line per theme."""

    id: int
    title: str
    why: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    #: The two parts of a theme that may be split.
    parts: tuple[Part, ...] = ()
    #: What doing it and leaving it is called; "" = there is nothing to do, or to leave.
    take: str = ""
    leave: str = ""
    #: The theme about which somebody has asked, and waits for it: so it is shown unfolded.
    asked: int | None = None


def offers_of(conversation: Conversation, board: Board) -> list[Offered]:
    """Put the open proposals that still fit into words."""
    found = []
    for row in open_proposals_of(db.session(), conversation.id):
        if row.kind == MERGE:
            offered = _merge(row, board)
        elif row.kind == REGROUP:
            offered = _regroup(row, board)
        else:
            offered = _split(row, board)
        if offered is not None:
            found.append(offered)
    return found


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
        tuple(_line(theme.name, theme.column.size) for theme in (into, other)),
        (_line(into.name, into.column.size + other.column.size),),
        take=str(gettext("Do it")),
        leave=str(gettext("No, leave it")),
    )


def _regroup(row: Proposal, board: Board) -> Offered | None:
    places, names = board.places, board.names()
    locked = [theme.number for theme in board.themes if theme.locked]
    groups = regrouped(json.loads(row.content)["groups"], places, names, locked)
    after = {idea_id: (group.theme, at) for at, group in enumerate(groups) for idea_id in group.ideas}
    moving = [key for key, (theme, _) in after.items() if theme is None or places.get(key, Placed(None)).theme != theme]
    if not moving:
        return None
    texts = {idea_id: idea.body for idea_id, idea in board.listed.items()}
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
    before = tuple(_line(theme.name, theme.column.size) for theme in board.themes)
    return Offered(
        row.id,
        gettext("Group the ideas anew?"),
        str(why),
        before,
        tuple(lines),
        take=str(gettext("Do it")),
        leave=str(gettext("No, leave it")),
    )


def _split(row: Proposal, board: Board) -> Offered | None:
    """Say which two parts a theme may be split into; that they are being looked for; or that there are none."""
    content = json.loads(row.content)
    theme = next((theme for theme in board.themes if theme.number == content["theme"]), None)
    if theme is None or theme.locked:
        return None
    if row.kind == ASK:
        return Offered(
            row.id, gettext("Looking for two parts of “%(name)s” …", name=theme.name), "", asked=theme.number
        )
    halves = parts_now(content["parts"], board.places, theme.number, board.listed)
    if halves is None:
        title = gettext("“%(name)s” stays whole", name=theme.name)
        return Offered(row.id, title, _no_parts(content), leave=str(gettext("OK")), asked=theme.number)
    names = [theme.name if theme.named_by_person else content["names"][0], content["names"][1]]
    parts = tuple(
        Part(name, tuple(board.shown(idea_id) for idea_id in half)) for name, half in zip(names, halves, strict=True)
    )
    return Offered(
        row.id,
        gettext("Split “%(name)s” in two?", name=theme.name),
        str(gettext("The words of its ideas suggest these two parts. Once split, all of them are pinned.")),
        parts=parts,
        asked=theme.number,
        take=str(gettext("Split it")),
        leave=str(gettext("No, leave it")),
    )


def _no_parts(content: Mapping[str, Any]) -> str:
    if content.get("failed"):
        return str(gettext("The machine could not look for parts. Please ask again."))
    return str(
        gettext("Its words do not fall into two parts. You can still choose ideas and move them into a new theme.")
    )


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
