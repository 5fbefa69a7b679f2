"""Who is asking: the browser's token, its participant here, its role among the crew."""

import functools
from collections.abc import Callable
from typing import Any

from flask import current_app, g, request
from werkzeug.wrappers import Response

from feedback.actions.programme import join_conversation
from feedback.db import db, write
from feedback.domain.facts import Forbidden
from feedback.domain.ids import tidy_code
from feedback.domain.roles import Actor, Role
from feedback.guesses import Guesses
from feedback.identity import COOKIE, COOKIE_AGE, Identity, new_token
from feedback.store.crew import Crew, crew_of
from feedback.store.programme import Conversation, Strand, conversation_by_code, participant_of

View = Callable[..., Any]


def identity() -> Identity:
    """Return the app's signer."""
    found: Identity = current_app.extensions["feedback.identity"]
    return found


def guesses() -> Guesses:
    """Return what counts wrong codes and passwords."""
    found: Guesses = current_app.extensions["feedback.guesses"]
    return found


def token() -> str:
    """Return this browser's token; a new browser gets one with the answer."""
    if "token" not in g:
        known = identity().read(request.cookies.get(COOKIE))
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


def participant_here(conversation: Conversation) -> Actor:
    """Return the participant that this browser is here, letting them in when they are new."""
    place = conversation.id
    token_hash = identity().token_hash(token(), place)
    known = participant_of(db.session(), place, token_hash)
    if known is None:
        known = write(join_conversation, place, place, token_hash=token_hash)
    return Actor(Role.PARTICIPANT, place, participant_id=known)


def roles_here() -> list[Crew]:
    """List the roles that this browser holds."""
    if COOKIE not in request.cookies:
        return []
    return crew_of(db.session(), identity().bearer_hash(token()))


def actor_for(conversation: Conversation | None, *roles: Role) -> Actor:
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
