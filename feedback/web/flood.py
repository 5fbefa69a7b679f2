"""The facilitator against a flood: hide what newcomers or one phone have sent, all at once, and show it again."""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask_babel import force_locale, ngettext
from werkzeug.wrappers import Response

from feedback.actions.hiding import hide_ideas_of, restore_ideas
from feedback.db import db, write
from feedback.domain.facts import IdeaGone
from feedback.domain.floods import REMEMBERED_MS, flooders
from feedback.domain.ideas import IdeaState
from feedback.domain.roles import Actor, Role
from feedback.presence import Arrivals
from feedback.store.ideas import Idea, idea_of, ideas_by, ideas_of
from feedback.store.programme import Conversation, newest_participant, prompts_of
from feedback.web.access import crew_required
from feedback.web.crew import frame_of, presence, say, shown_idea
from feedback.web.forms import FLOOD
from feedback.web.idea_list import back_to_console
from feedback.web.numbers import LAST, number_in

blueprint = Blueprint("flood", __name__, url_prefix="/console")
SAMPLES = 8


@dataclass(frozen=True, slots=True)
class Flood:
    """What newcomers have sent in a flood and is still shown."""

    ideas: tuple[Idea, ...]
    participants: frozenset[int]


@blueprint.get("/<code>/flood")
@crew_required(Role.FACILITATOR)
def look(conversation: Conversation, actor: Actor) -> str:
    """Ask whether what came in a flood is to be hidden."""
    flood = _flood(conversation)
    rows = {row.id: row for row in prompts_of(db.session(), conversation.id)}
    samples = [shown_idea(idea, rows) for idea in flood.ideas[: -SAMPLES - 1 : -1]]
    return render_template("facilitator/flood.html", flood=flood, samples=samples, **frame_of(conversation, actor))


@blueprint.post("/<code>/flood")
@crew_required(Role.FACILITATOR)
def hide(conversation: Conversation, actor: Actor) -> Response:
    """Hide everything that the phones of a flood have sent."""
    flood = _flood(conversation)
    return _hide(conversation, actor, flood.participants, flood_reason())


@blueprint.post("/<code>/flood/room")
@crew_required(Role.FACILITATOR)
def trust(conversation: Conversation, actor: Actor) -> Response:  # noqa: ARG001 -- whoever may come here may say so
    """Take those who have come so far for the room's own people."""
    _arrivals().trust(conversation.id)
    return back_to_console(conversation, "ideas-head")


@blueprint.post("/<code>/ideas/restore")
@crew_required(Role.FACILITATOR)
def restore(conversation: Conversation, actor: Actor) -> Response:
    """Show again what one deed has hidden, or everything that was hidden as a flood."""
    place = conversation.id
    if request.args.get("flood"):
        count = write(restore_ideas, place, actor, place, first=0, last=LAST, reason=flood_reason())
    else:
        first, last = (number_in(request.args, name) or 0 for name in ("first", "last"))
        count = write(restore_ideas, place, actor, place, first=first, last=last)
    say(ngettext("%(num)s idea is back on every screen.", "%(num)s ideas are back on every screen.", count))
    return back_to_console(conversation, "ideas-head")


def flood_in(conversation_id: int, everything: Iterable[Idea]) -> Flood | None:
    """Look for a flood in the conversation; None when there is none, or nothing of it is shown any more."""
    now, arrivals = _now(), _arrivals()
    # Hidden ideas count as well: a flood that was hidden goes on being one.
    lately = [idea for idea in everything if idea.participant_id and idea.created_at > now - REMEMBERED_MS]
    joined = arrivals.joined(conversation_id, {idea.participant_id or 0 for idea in lately})
    found = flooders([(idea.participant_id or 0, idea.created_at) for idea in lately], joined)
    ideas = tuple(idea for idea in lately if idea.participant_id in found and idea.state is IdeaState.SHOWN)
    return Flood(ideas, frozenset(idea.participant_id or 0 for idea in ideas)) if ideas else None


def hide_phone(conversation: Conversation, actor: Actor, idea_id: str, reason: str) -> Response:
    """Hide everything that the phone behind an idea has sent."""
    idea = idea_of(db.session(), conversation.id, idea_id)
    if idea is None or idea.participant_id is None:
        raise IdeaGone
    return _hide(conversation, actor, {idea.participant_id}, reason)


def sent_by(idea: Idea) -> int:
    """Count the ideas shown that the phone behind an idea has sent; 0 for ideas from the floor."""
    if idea.participant_id is None:
        return 0
    return sum(one.state is IdeaState.SHOWN for one in ideas_by(db.session(), idea.participant_id))


def flood_reason() -> str:
    """Return the reason under which a flood is hidden, as it is stored."""
    with force_locale("en"):
        return str(FLOOD)


def _flood(conversation: Conversation) -> Flood:
    flood = flood_in(conversation.id, ideas_of(db.session(), conversation.id, shown_only=False))
    if flood is None:
        raise IdeaGone
    return flood


def _arrivals() -> Arrivals:
    """Return when participants came, up to this moment."""
    arrivals = presence().arrivals
    arrivals.note(newest_participant(db.session()), _now())
    return arrivals


def _now() -> int:
    return time.time_ns() // 1_000_000


def _hide(conversation: Conversation, actor: Actor, participants: Iterable[int], reason: str) -> Response:
    place = conversation.id
    done = write(hide_ideas_of, place, actor, place, frozenset(participants), reason=reason)
    undo = url_for("flood.restore", code=conversation.code, first=done.first, last=done.last)
    said = ngettext(
        "%(num)s idea is hidden. Its author sees the reason.",
        "%(num)s ideas are hidden. Their authors see the reason.",
        done.count,
    )
    say(said, undo=undo)
    return back_to_console(conversation, "hidden")
