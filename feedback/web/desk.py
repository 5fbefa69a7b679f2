"""What the desk shows beside the columns: the queue of ideas to check, reasons, and edits in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, request, url_for
from flask_babel import format_percent, gettext, ngettext
from werkzeug.wrappers import Response

from feedback.db import db
from feedback.domain.facts import IdeaGone
from feedback.domain.ideas import IdeaState, standing_for
from feedback.domain.sorts import SURE
from feedback.domain.themes import Outlook, Placed, is_firm
from feedback.domain.unsure import counted, homes_of, likely_themes, unsure_ideas
from feedback.store.edits import editors_of
from feedback.store.ideas import idea_of
from feedback.store.merging import merged_of
from feedback.store.programme import Conversation, Prompt, prompts_of
from feedback.store.sorts import sorts_of
from feedback.store.themes import FULL, RESCORE, ThemeRow, all_themes_of, last_done_run, outlooks_of, places_of
from feedback.web.board import Board
from feedback.web.crew import ShownIdea, day_and_clock_of, hue_of, shown_idea

#: So many ideas to check are on the page: the next ones are there before the first is placed.
READY = 4
#: The kinds of edits that are told by how many ideas they were about.
_ABOUT_IDEAS = frozenset({"pin", "unpin", "bar", "regroup", "merge_ideas", "part_ideas", "keep_apart"})


@dataclass(frozen=True, slots=True)
class Choice:
    """A theme as something to choose."""

    number: int
    hue: int
    name: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """One idea of the queue: where it stands ("" = among the leftovers), how sure that is, its likeliest themes."""

    idea: ShownIdea
    place: str
    sureness: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """The ideas to check: how many, how many of them are put off, the next ones; listed is what is less than `sure`."""

    count: int
    later: int
    next: tuple[Unsure, ...]
    sure: str = ""


@dataclass(frozen=True, slots=True)
class Merged:
    """An idea that was merged into another one; `direct`: into that one itself, so it can be taken apart at once."""

    idea: ShownIdea
    direct: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one idea is where it is, in words; whatever is not known is empty.

    `firm` is False where its place is not even half sure; no idea is called firm, because one that is half sure is
    still among those to check.
    """

    idea: ShownIdea
    theme: int | None
    place: str
    placed: str
    sureness: str
    firm: bool
    terms: tuple[str, ...]
    sorts: tuple[tuple[str, int], ...]
    second: str
    #: Its words alone speak for that second place rather than for the one where it is.
    second_leads: bool
    barred: tuple[str, ...]
    merged: tuple[Merged, ...] = ()


def queue_of(conversation: Conversation, board: Board, later: int) -> Queue:
    """Return the ideas to check, least sure first.

    The first `later` of them are put off, and come again when all others are done.
    """
    session = db.session()
    names = board.names()
    if not names:
        return Queue(0, 0, ())
    locked = {theme.number for theme in board.themes if theme.locked}
    supporters = {key: idea.agree for key, idea in board.listed.items()}
    order = unsure_ideas(supporters, board.places, board.sureness, locked)
    start = later if 0 < later < len(order) else 0
    next_ones = order[start : start + READY]
    said, outlooks = _sorts_of(conversation.id, next_ones), outlooks_of(session, conversation.id, next_ones)
    sizes = {theme.number: theme.column.size for theme in board.themes}
    ready = []
    for key in next_ones:
        place = board.places.get(key, Placed(None))
        likely = likely_themes(place, outlooks[key], said.get(key, {}), sizes)
        choices = tuple(Choice(number, hue_of(number), names[number]) for number in likely)
        sureness = _percent(outlooks[key].sureness)
        ready.append(Unsure(board.shown(key), board.place_of(key), sureness, choices))
    return Queue(len(order), start, tuple(ready), _percent(SURE))


def reason_of(conversation: Conversation, idea_id: str) -> Reason:
    """Say why an idea is where it is; raises IdeaGone unless it is shown."""
    session = db.session()
    idea = idea_of(session, conversation.id, idea_id)
    if idea is None or idea.state is not IdeaState.SHOWN:
        raise IdeaGone
    rows = all_themes_of(session, conversation.id)
    place = places_of(session, conversation.id).get(idea_id, Placed(None))
    outlook = outlooks_of(session, conversation.id, [idea_id]).get(idea_id)
    theme = place.theme if place.theme in rows and rows[place.theme].standing else None
    said = _sorts_of(conversation.id, [idea_id]).get(idea_id, {})
    second, share = _second(outlook, theme, rows)
    prompts = {row.id: row for row in prompts_of(session, conversation.id)}
    return Reason(
        idea=shown_idea(idea, prompts, place=place),
        theme=theme,
        place=_place_name(rows, theme),
        placed=_placed(place, outlook, bool(said), _run_at(conversation, rows, theme)),
        sureness=_percent(outlook.sureness) if outlook and not place.pinned else "",
        firm=place.pinned or outlook is None or is_firm(outlook.sureness) is not False,
        terms=outlook.shared_terms if outlook and not place.pinned else (),
        sorts=tuple(_sorts_in_words(said, theme, rows)),
        second=second,
        second_leads=outlook is not None and not place.pinned and share > outlook.sureness,
        barred=tuple(rows[number].name for number in sorted(place.barred) if number in rows and rows[number].standing),
        merged=_merged_into(conversation, idea_id, prompts),
    )


def back_to_desk(conversation: Conversation, place: str = "bar") -> Response:
    """Answer a form with the desk.

    How much of each queue is put off is in the address, so that what comes next is the card that was shown.
    """
    put_off: dict[str, Any] = {name: request.args.get(name, type=int) for name in ("later", "passed")}
    return redirect(url_for("rapporteur.page", code=conversation.code, _anchor=place, **put_off), 303)


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
        case "merge_ideas":
            # The one that stays is not among those that are listed.
            several = ngettext("merged %(num)s idea", "merged %(num)s ideas", count + 1)
            said = several if count > 1 else gettext("merged two ideas")
        case "part_ideas":
            said = gettext("took two merged ideas apart")
        case "keep_apart":
            said = gettext("called two ideas different")
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


def _sorts_of(conversation_id: int, ideas: Sequence[str]) -> dict[str, dict[int | None, int]]:
    rows = all_themes_of(db.session(), conversation_id)
    standing = {number for number, row in rows.items() if row.standing}
    homes = homes_of({number: row.merged_into for number, row in rows.items()}, standing)
    return counted(sorts_of(db.session(), conversation_id, ideas), homes)


def _merged_into(conversation: Conversation, idea_id: str, prompts: Mapping[int, Prompt]) -> tuple[Merged, ...]:
    merged = merged_of(db.session(), conversation.id)
    found = []
    for other, root in standing_for(merged).items():
        idea = idea_of(db.session(), conversation.id, other) if root == idea_id else None
        if idea is not None:
            found.append(Merged(shown_idea(idea, prompts), merged[other] == idea_id))
    return tuple(found)


def _place_name(rows: Mapping[int, ThemeRow], number: int | None) -> str:
    return rows[number].name if number is not None and number in rows else str(gettext("Leftovers"))


def _placed(place: Placed, outlook: Outlook | None, was_sorted: bool, run_at: int | None) -> str:
    """Say who placed an idea and when, with the day: a conference may last several."""
    if place.pinned:
        name, at = editors_of(db.session(), [place.edit]).get(place.edit, ("", 0)) if place.edit else ("", 0)
        if not at:
            return str(gettext("by hand"))
        who = name or gettext("the rapporteur")
        return str(gettext("by %(name)s on %(time)s", name=who, time=day_and_clock_of(at)))
    if outlook is None:
        return str(gettext("nobody yet: the next run places it"))
    who = gettext("by the machine, with the sorts of the room") if was_sorted else gettext("by the machine")
    if not run_at:
        return str(who)
    return str(gettext("%(who)s (run of %(time)s)", who=who, time=day_and_clock_of(run_at)))


def _run_at(conversation: Conversation, rows: Mapping[int, ThemeRow], theme: int | None) -> int | None:
    """Return when a run has last placed what stands in a theme: every run does, but for what is locked in."""
    run = last_done_run(db.session(), conversation.id, FULL, RESCORE)
    return None if run is None or (theme is not None and rows[theme].locked) else run.ended_at


def _percent(share: float) -> str:
    """Say a share in whole per cent, never more than there is: what is below a bound reads as below it."""
    return str(format_percent(int(round(100 * share, 6)) / 100))


def _second(outlook: Outlook | None, theme: int | None, rows: Mapping[int, ThemeRow]) -> tuple[str, float]:
    """Return the likeliest other place in words, and how likely it is."""
    if outlook is None:
        return "", 0
    others = [
        (share, spot)
        for spot, share in outlook.prior
        if spot != theme and (spot is None or (spot in rows and rows[spot].standing))
    ]
    if not others:
        return "", 0
    share, spot = max(others, key=lambda each: (each[0], -(each[1] or 0)))
    return f"{_place_name(rows, spot)} ({_percent(share)})", share


def _sorts_in_words(
    said: Mapping[int | None, int], theme: int | None, rows: Mapping[int, ThemeRow]
) -> list[tuple[str, int]]:
    """List what people say with how many say so: for this place first, then the others by their number."""
    here = [(str(gettext("here")), said[theme])] if theme in said else []
    others = sorted(((spot, count) for spot, count in said.items() if spot != theme), key=lambda each: -each[1])
    none = str(gettext("none of the themes"))
    return here + [(none if spot is None else _place_name(rows, spot), count) for spot, count in others]
