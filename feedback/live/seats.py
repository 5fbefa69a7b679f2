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
from feedback.pace import Pace, address_of
from feedback.store.crew import crew_of
from feedback.store.doorway import Doorway, doorway, participant_at

VIEWS = ("phone", "stage", "crew")
_TOKEN = "feedback.token"  # noqa: S105 -- a key in the WSGI environ
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


def seat_of(app: Flask, engine: Any, identity: Identity, environ: dict[str, Any], auth: object) -> tuple[Seat, int]:
    """Find the seat for a connecting socket, and its conversation's commit number; `engine` is for reading.

    Raises WrongCode, TooMany or Forbidden.
    """
    token = token_in(environ, identity)
    if not isinstance(auth, dict) or token is None or auth.get("view") not in VIEWS:
        raise Forbidden
    known = None
    with engine.connect() as database:
        found = doorway(database, tidy_code(str(auth.get("code", ""))[:12]))
        if found is not None and auth["view"] == "phone":
            known = participant_at(database, found.id, identity.token_hash(token, found.id))
    if found is None:
        guesses: Guesses = app.extensions["feedback.guesses"]
        raise guesses.wrong_code(_address(app, environ))
    if auth["view"] != "phone":
        with app.app_context():
            return _crew(identity, found, token, auth["view"]), found.seq
    if known is None:
        # The connection was given back: the slow lane may keep this socket for seconds.
        pace: Pace = app.extensions["feedback.pace"]
        pace.join(_address(app, environ))
        token_hash = identity.token_hash(token, found.id)
        known = gate_of(app).write(found.id, join_conversation, found.id, token_hash=token_hash)
    return Seat(found.id, "phone", Actor(Role.PARTICIPANT, found.id, participant_id=known)), found.seq


def known_to(auth: object) -> int:
    """Return the commit number that a connecting screen says it knows; 0 when it knows none."""
    since = auth.get("since") if isinstance(auth, dict) else None
    return since if isinstance(since, int) else 0


def _address(app: Flask, environ: dict[str, Any]) -> str:
    return address_of(environ, app.config["FEEDBACK_SETTINGS"].trusted_proxies)


def _crew(identity: Identity, conversation: Doorway, token: str, view: str) -> Seat:
    for crew in crew_of(db.session(), identity.bearer_hash(token)):
        here = crew.role is Role.ORGANISER or crew.conversation_id == conversation.id
        stale = crew.role is Role.STAGE and crew.stage_version != conversation.stage_version
        if here and not stale and crew.role in _STANDS[view]:
            return Seat(conversation.id, view, Actor(crew.role, crew.conversation_id, crew_id=crew.id, name=crew.name))
    raise Forbidden


def token_in(environ: dict[str, Any], identity: Identity) -> str | None:
    """Return the token of the browser that sent a request, None when it showed none of ours; looks once."""
    if _TOKEN not in environ:
        environ[_TOKEN] = identity.read(_cookie_in(environ))
    found: str | None = environ[_TOKEN]
    return found


def _cookie_in(environ: dict[str, Any]) -> str | None:
    try:
        morsel = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None
