"""Who is asking: the browser's token, its participant here, its role among the crew."""

import functools
from collections.abc import Callable
from typing import Any

from flask import current_app, g, request
from werkzeug.wrappers import Response

from feedback.actions.programme import join_conversation
from feedback.db import db, reading, stop_reading, write
from feedback.domain.facts import Forbidden
from feedback.domain.ids import tidy_code
from feedback.domain.roles import Actor, Role
from feedback.guesses import Guesses
from feedback.identity import COOKIE, COOKIE_AGE, Identity, new_token
from feedback.pace import Pace
from feedback.store.crew import Crew, crew_of
from feedback.store.doorway import Doorway, doorway, participant_at
from feedback.store.programme import Conversation, Strand, conversation_by_code

View = Callable[..., Any]


def identity() -> Identity:
    """Return the app's signer."""
    found: Identity = current_app.extensions["feedback.identity"]
    return found


def guesses() -> Guesses:
    """Return what counts wrong codes and passwords."""
    found: Guesses = current_app.extensions["feedback.guesses"]
    return found


def pace() -> Pace:
    """Return what says how fast people may go."""
    found: Pace = current_app.extensions["feedback.pace"]
    return found


def known_token() -> str | None:
    """Return the token that this browser came with, None when it has none of ours."""
    return identity().read(request.cookies.get(COOKIE))


def token() -> str:
    """Return this browser's token; a new browser gets one with the answer."""
    if "token" not in g:
        known = known_token()
        g.token = known or new_token()
        g.token_is_new = known is None
    found: str = g.token
    return found


def keep_token(response: Response) -> Response:
    """Set the cookie for a browser that came without one (after_request)."""
    if g.get("token_is_new"):
        response.set_cookie(
            COOKIE,
            identity().sign(g.token),
            max_age=COOKIE_AGE,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response


def conversation_here(code: str) -> tuple[Conversation, Strand]:
    """Find the conversation of an address; raises WrongCode, or TooMany."""
    found = conversation_by_code(db.session(), tidy_code(code[:12]))
    if found is None:
        raise guesses().wrong_code(request.remote_addr or "")
    return found


def doorway_here(code: str) -> Doorway:
    """Find the conversation of a phone's address; raises WrongCode, or TooMany."""
    found = doorway(reading(), tidy_code(code[:12]))
    if found is None:
        raise guesses().wrong_code(request.remote_addr or "")
    return found


def participant_here(place: int) -> Actor:
    """Return the participant that this browser is in a conversation, letting them in when new; raises TooFast."""
    token_hash = identity().token_hash(token(), place)
    if not g.token_is_new:
        pace().request(token_hash)
    known = None if g.token_is_new else participant_at(reading(), place, token_hash)
    g.participant_is_new = known is None
    if known is None:
        stop_reading()  # the slow lane may keep this request for seconds
        pace().join(request.remote_addr or "")
        known = write(join_conversation, place, place, token_hash=token_hash)
    return Actor(Role.PARTICIPANT, place, participant_id=known)


def roles_here() -> list[Crew]:
    """List the roles that this browser holds."""
    if COOKIE not in request.cookies:
        return []
    return crew_of(db.session(), identity().bearer_hash(token()))


def actor_for(conversation: Conversation | Doorway | None, *roles: Role) -> Actor:
    """Return who this browser is for the conversation (None = the conference); raises Forbidden.

    The organiser passes everywhere; a stage link counts only in its present version.
    """
    place = conversation.id if conversation else None
    for crew in roles_here():
        if crew.role is Role.ORGANISER:
            return Actor(Role.ORGANISER, None, crew_id=crew.id, name=crew.name)
        stale = crew.role is Role.STAGE and conversation and crew.stage_version != conversation.stage_version
        if crew.role in roles and crew.conversation_id == place and not stale:
            return Actor(crew.role, place, crew_id=crew.id, name=crew.name)
    raise Forbidden


def crew_required(*roles: Role) -> Callable[[View], View]:
    """Open a view with <code> to these roles: it receives `conversation` and `actor` instead of the code."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(code: str, **kwargs: Any) -> Any:
            conversation, _ = conversation_here(code)
            return view(conversation=conversation, actor=actor_for(conversation, *roles), **kwargs)

        return guarded

    return decorate


def organiser_required(view: View) -> View:
    """Open a view to the organiser: it receives `actor`."""

    @functools.wraps(view)
    def guarded(**kwargs: Any) -> Any:
        return view(actor=actor_for(None, Role.ORGANISER), **kwargs)

    return guarded
