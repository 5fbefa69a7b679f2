"""Who sits behind each socket: decided at connect from cookie and database, kept until it closes."""

from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

from flask import Flask

from feedback.actions.programme import join_conversation
from feedback.db import db, gate_of
from feedback.domain.facts import Forbidden
from feedback.domain.ids import tidy_code
from feedback.domain.roles import Actor, Role
from feedback.guesses import Guesses
from feedback.identity import COOKIE, Identity
from feedback.store.crew import crew_of
from feedback.store.programme import Conversation, conversation_by_code, participant_of

VIEWS = ("phone", "stage", "crew")
_STANDS = {
    "stage": (Role.STAGE, Role.FACILITATOR, Role.RAPPORTEUR, Role.ORGANISER),
    "crew": (Role.FACILITATOR, Role.RAPPORTEUR, Role.ORGANISER),
}


@dataclass(frozen=True, slots=True)
class Seat:
    """One socket's place: which audience of which conversation, and who acts through it."""

    conversation_id: int
    view: str
    actor: Actor


def seat_of(app: Flask, identity: Identity, environ: dict[str, Any], auth: object) -> Seat:
    """Find the seat for a connecting socket; raises WrongCode, TooMany or Forbidden."""
    token = identity.read(_cookie(environ))
    if not isinstance(auth, dict) or token is None or auth.get("view") not in VIEWS:
        raise Forbidden
    with app.app_context():
        found = conversation_by_code(db.session(), tidy_code(str(auth.get("code", ""))[:12]))
        if found is None:
            guesses: Guesses = app.extensions["feedback.guesses"]
            raise guesses.wrong_code(str(environ.get("REMOTE_ADDR", "")))
        conversation = found[0]
        if auth["view"] == "phone":
            return _phone(app, identity, conversation, token)
        return _crew(identity, conversation, token, auth["view"])


def _phone(app: Flask, identity: Identity, conversation: Conversation, token: str) -> Seat:
    place = conversation.id
    token_hash = identity.token_hash(token, place)
    known = participant_of(db.session(), place, token_hash)
    if known is None:
        known = gate_of(app).write(place, join_conversation, place, token_hash=token_hash)
    return Seat(place, "phone", Actor(Role.PARTICIPANT, place, participant_id=known))


def _crew(identity: Identity, conversation: Conversation, token: str, view: str) -> Seat:
    for crew in crew_of(db.session(), identity.bearer_hash(token)):
        here = crew.role is Role.ORGANISER or crew.conversation_id == conversation.id
        stale = crew.role is Role.STAGE and crew.stage_version != conversation.stage_version
        if here and not stale and crew.role in _STANDS[view]:
            return Seat(conversation.id, view, Actor(crew.role, crew.conversation_id, crew_id=crew.id, name=crew.name))
    raise Forbidden


def _cookie(environ: dict[str, Any]) -> str | None:
    try:
        morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None
