"""The participant's pages: the door, the conversation, what is kept. Everything here works without a script."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from flask_babel import get_locale, get_timezone
from werkzeug.wrappers import Response

from feedback.actions.ops import apply_op
from feedback.db import db, reading, write
from feedback.domain.facts import BadRequest, Refusal
from feedback.domain.ids import tidy_code, ulid
from feedback.domain.ops import parse_op
from feedback.domain.programme import PromptState
from feedback.domain.roles import Actor
from feedback.domain.texts import IDEA_LIMIT
from feedback.presence import Presence
from feedback.store.doorway import Doorway, has_own, mine_of
from feedback.store.programme import Conversation, conversation_by_code, conversations_of, prompts_of, strands_of
from feedback.web import i18n
from feedback.web.access import doorway_here, guesses, pace, participant_here
from feedback.web.newcomers import Blank, page_for
from feedback.web.phone_forms import DeedForm, EditForm, IdeaForm, JoinForm, VoteForm
from feedback.web.phone_page import Asked, Page, page_of, read_asked
from feedback.web.snapshots import snapshots
from feedback.web.sorting import own_card
from feedback.web.ways import parts_of
from feedback.wording import own_in_words, sentence_of

blueprint = Blueprint("participant", __name__)
#: Ideas up to which the page of a newcomer brings the whole state along.
TOLD_AT_ONCE = 100
Answer = str | Response | tuple[str, int]


@blueprint.get("/")
def home() -> Answer:
    """Show the strands with their open conversations, and a field for the code."""
    return _home()


@blueprint.post("/join")
def join() -> Answer:
    """Lead from a typed code to its conversation."""
    typed = JoinForm().code.data or ""
    code = tidy_code(typed)[:12]
    if conversation_by_code(db.session(), code) is None:
        return _home(typed=typed[:20], refusal=guesses().wrong_code(request.remote_addr or ""))
    return redirect(url_for("participant.conversation", code=code), 303)


@blueprint.get("/about")
def about() -> str:
    """Say what is kept, for how long, and whom to ask."""
    conference = i18n.conference()
    return render_template(
        "participant/about.html",
        retention_days=conference.retention_days if conference else 30,
        contact=conference.contact if conference else "",
        sent_to=conference.embedder_place.partition("://")[2] if conference else "",
    )


@blueprint.get("/c/<code>")
def conversation(code: str) -> Answer:
    """Show a conversation; whoever comes for the first time has joined it."""
    found = doorway_here(code)
    if code != found.code:
        address = url_for("participant.conversation", code=found.code)
        return redirect(f"{address}?{urlencode(request.args)}" if request.args else address, 303)
    actor = participant_here(found.id)
    who = actor.participant_id or 0
    if not request.args and (g.participant_is_new or not has_own(reading(), who)):
        return page_for(found, who, _fresh_id(), lambda: _blank_page(found))
    return _conversation(found, actor, read_asked(request.args))


@blueprint.post("/c/<code>/ideas")
def write_idea(code: str) -> Answer:
    """Take an idea from the form; a refusal shows the page again with the text in it."""
    found = doorway_here(code)
    actor, form = participant_here(found.id), IdeaForm()
    if not form.validate():
        raise BadRequest
    text = form.text.data or ""
    idea = {"k": "idea", "id": form.id.data, "prompt": form.prompt.data, "text": text, "lang": str(get_locale())}
    try:
        _do(found, actor, idea)
    except Refusal as refusal:
        return _conversation(found, actor, Asked(prompt=form.prompt.data), refusal=refusal, text=text)
    if own_card(found, actor, form.id.data or ""):
        return redirect(url_for("sorting.page", code=found.code, saved=1), 303)
    address = url_for("participant.conversation", code=found.code, prompt=form.prompt.data)
    return redirect(f"{address}#idea-{form.id.data}", 303)


@blueprint.post("/c/<code>/ideas/<idea>/edit")
def edit_idea(code: str, idea: str) -> Answer:
    """Change the words of an own idea."""
    form = EditForm()
    return _deed(code, form, idea, {"k": "edit", "idea": idea, "text": form.text.data or ""})


@blueprint.post("/c/<code>/ideas/<idea>/withdraw")
def withdraw_idea(code: str, idea: str) -> Answer:
    """Take an own idea back."""
    return _deed(code, DeedForm(), idea, {"k": "withdraw", "idea": idea})


@blueprint.post("/c/<code>/ideas/<idea>/vote")
def vote(code: str, idea: str) -> Answer:
    """Say what one thinks of an idea, or take it back."""
    form = VoteForm()
    val = {"1": 1, "-1": -1, "0": 0}.get(form.val.data or "")
    return _deed(code, form, idea, {"k": "vote", "idea": idea, "val": val})


def _deed(code: str, form: DeedForm, idea: str, op: dict[str, Any]) -> Answer:
    """Do something to one idea and go back to the list; a refusal is said beside the idea."""
    found = doorway_here(code)
    actor, back = participant_here(found.id), parts_of(form.back.data or "")
    if not form.validate():
        raise BadRequest
    rev = int(mine_of(reading(), found.id, actor.participant_id or 0)["max_rev"]) + 1
    try:
        _do(found, actor, op | {"rev": rev})
    except Refusal as refusal:
        asked = read_asked(dict(parse_qsl(back.query)))
        if op["k"] == "edit":
            asked = replace(asked, edit=idea)
        return _conversation(found, actor, asked, refusal=refusal, text=op.get("text", ""), idea=idea)
    address = url_for("participant.conversation", code=found.code)
    query = f"?{back.query}" if back.query and back.path == address else ""
    return redirect(f"{address}{query}#idea-{idea}", 303)


def _do(conversation: Doorway, actor: Actor, op: Mapping[str, Any]) -> None:
    """Put a form's wish through the door that phones use."""
    wanted = parse_op({"op": _fresh_id(), **op})
    pace().op(wanted, conversation.id, actor.participant_id or 0)
    write(apply_op, conversation.id, actor, wanted)


def _fresh_id() -> str:
    return ulid(time.time_ns() // 1_000_000, secrets.randbits)


def _home(typed: str = "", refusal: Refusal | None = None) -> Answer:
    running = conversations_of(db.session(), only_open=True)
    strands = [
        {
            "key": strand.key,
            "mark": strand.mark,
            "name": strand.name,
            "tagline": strand.tagline,
            "focus": strand.focus,
            "description": strand.description,
            "conversations": [_door(found) for found, of in running if of.id == strand.id],
        }
        for strand in strands_of(db.session())
    ]
    problem = sentence_of(refusal.code, refusal.detail) if refusal else ""
    page = render_template("participant/home.html", strands=strands, typed=typed, problem=problem)
    return (page, refusal.status) if refusal else page


def _door(conversation: Conversation) -> dict[str, str]:
    """Return what the conference's page says of an open conversation: its title and the question of the moment."""
    asked = [prompt.text for prompt in prompts_of(db.session(), conversation.id) if prompt.state is PromptState.OPEN]
    return {"code": conversation.code, "title": conversation.title, "prompt": asked[-1] if asked else ""}


def _conversation(
    conversation: Doorway,
    actor: Actor,
    asked: Asked,
    *,
    refusal: Refusal | None = None,
    text: str = "",
    idea: str = "",
) -> Answer:
    database = reading()
    mine = own_in_words(mine_of(database, conversation.id, actor.participant_id or 0))
    # Whoever writes without a script must find their idea on the page that answers.
    room = snapshots().state(database, conversation.id, max((idea["seq"] for idea in mine["ideas"]), default=0))
    page = _page(conversation, room, mine, asked)
    if idea:
        page = replace(page, refused_idea=idea, edited_text=text)
    html = _render(conversation, room, page, mine, text="" if idea else text, refusal=refusal)
    return (html, refusal.status) if refusal else html


def _blank_page(conversation: Doorway) -> tuple[int, str]:
    """Render the page of somebody who has nothing here, with blanks for what is personal."""
    room = snapshots().state(reading(), conversation.id, 0)
    left = {str(prompt["id"]): prompt["votes_each"] for prompt in room["prompts"]}
    mine = {"participant": Blank.participant, "max_rev": 0, "votes": {}, "ideas": [], "left": left}
    page = _page(conversation, room, mine, Asked())
    more: dict[str, Any] = {"room": shown} if (shown := _told_at_once(conversation.id, room)) else {}
    html = _render(conversation, room, page, mine, fresh_id=Blank.idea, csrf_token=lambda: Blank.csrf, more=more)
    return room["seq"], html


def _told_at_once(place: int, room: dict[str, Any]) -> dict[str, Any] | None:
    """Return the state for the page's script, unless it is large: then the script asks for it."""
    if len(room["ideas"]) > TOLD_AT_ONCE:
        return None
    presence: Presence = current_app.extensions["feedback.presence"]
    return room | {"shown": presence.shown(place), "counts": room["counts"] | {"here": presence.here(place)}}


def _page(conversation: Doorway, room: dict[str, Any], mine: dict[str, Any], asked: Asked) -> Page:
    presence: Presence = current_app.extensions["feedback.presence"]
    path = url_for("participant.conversation", code=conversation.code)
    return page_of(
        path, room, mine, asked, shown=presence.shown(conversation.id), zone=get_timezone() or ZoneInfo("UTC")
    )


def _render(
    conversation: Doorway,
    room: dict[str, Any],
    page: Page,
    mine: dict[str, Any],
    *,
    text: str = "",
    refusal: Refusal | None = None,
    more: Mapping[str, Any] | None = None,
    **blanks: Any,
) -> str:
    known = {"since": room["seq"], "mine": mine, **(more or {})}
    boot = i18n.boot(view="phone", code=conversation.code, limit=IDEA_LIMIT, **known)
    values = {
        "fresh_id": _fresh_id(),
        "problem": sentence_of(refusal.code, refusal.detail) if refusal else "",
        "retention_days": conversation.retention_days,
        "contact": conversation.contact,
    }
    return render_template(
        "participant/conversation.html", room=room, page=page, text=text, boot=boot, **(values | blanks)
    )
