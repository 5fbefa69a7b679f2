"""The second door for phones: the same ops by HTTP, the state since a commit number, and what is mine."""

from typing import Any

from flask import Blueprint, Response, current_app, request
from flask_wtf.csrf import CSRFProtect

from feedback.actions.ops import apply_op
from feedback.db import reading, write
from feedback.domain.facts import BadRequest, ForeignOrigin, Refusal
from feedback.domain.ops import OPS_AT_ONCE, Ack, ack_of, op_id, parse_op
from feedback.domain.roles import Actor, Role
from feedback.presence import Presence
from feedback.store.doorway import mine_of
from feedback.web.access import actor_for, doorway_here, known_token, pace, participant_here
from feedback.web.snapshots import Encoded, dumps, snapshots
from feedback.web.ways import parts_of
from feedback.wording import own_in_words

blueprint = Blueprint("ops", __name__)
CREW = (Role.FACILITATOR, Role.RAPPORTEUR)


@blueprint.post("/c/<code>/ops")
def ops(code: str) -> dict[str, list[Ack]]:
    """Apply up to 20 ops of one participant, in order; every op gets its ack."""
    _same_site()
    place = doorway_here(code).id
    body = _body()
    wanted = body.get("ops") if isinstance(body, dict) else None
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= OPS_AT_ONCE:
        raise BadRequest
    actor = participant_here(place)
    acks = [_apply(place, actor, data) for data in wanted]
    for ack in acks:
        pace().counters[f"http_ack_{ack['status']}"] += 1
    return {"acks": acks}


@blueprint.get("/c/<code>/sync")
def sync(code: str) -> Response:
    """Return what changed since `since`, or the whole state; shared bytes, ETag = commit number."""
    found = doorway_here(code)
    place, seq = found.id, found.seq
    crew = request.args.get("view") == "crew"
    if crew:
        actor_for(found, *CREW)
    else:
        pace().read(known_token(), request.remote_addr or "")
    database, presence = reading(), _presence()
    since = request.args.get("since", type=int)
    if since is not None and 0 < since <= seq:
        changes = snapshots().delta(database, place, (since, seq), presence, crew=crew)
        if changes is not None:
            return _encoded(changes)
    known = since + 1 if since and since < seq else 0
    return _whole(snapshots().encoded(database, place, seq, known, presence, crew=crew), f"{place}-{int(crew)}")


@blueprint.get("/c/<code>/mine")
def mine(code: str) -> Response:
    """Return this participant's own votes and ideas."""
    place = doorway_here(code).id
    pace().read(known_token(), request.remote_addr or "")
    actor = participant_here(place)
    return _json(own_in_words(mine_of(reading(), place, actor.participant_id or 0)))


def _apply(place: int, actor: Actor, data: object) -> Ack:
    try:
        op = parse_op(data)
        pace().op(op, place, actor.participant_id or 0)
        return ack_of(op.op, write(apply_op, place, actor, op), None)
    except Refusal as refusal:
        return ack_of(op_id(data), None, refusal)


def _body() -> Any:
    """Return what the call holds, None when it cannot be read."""
    try:
        return request.get_json(silent=True)
    except RecursionError:  # nested without end
        return None


def _same_site() -> None:
    """Refuse calls from other sites: ops change things, and the cookie alone does not prove who made the page."""
    origin = request.headers.get("Origin")
    allowed = current_app.config.get("FEEDBACK_ORIGINS_ALLOWED", ())
    same = origin is not None and (origin in allowed or parts_of(origin).netloc == request.host != "")
    fetched = request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")
    if "X-Op" not in request.headers or not fetched or (origin is not None and not same):
        raise ForeignOrigin


def _presence() -> Presence:
    presence: Presence = current_app.extensions["feedback.presence"]
    return presence


def _whole(state: Encoded, name: str) -> Response:
    response = _encoded(state)
    if response.content_encoding:
        response.set_etag(f"{name}-{state.seq}-{state.shown}")
        response.make_conditional(request)
    return response


def _encoded(answer: Encoded) -> Response:
    if not answer.packed or "gzip" not in request.headers.get("Accept-Encoding", ""):
        return Response(answer.plain, mimetype="application/json")
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(answer.packed, mimetype="application/json", headers=headers)


def _json(data: dict[str, Any]) -> Response:
    return Response(dumps(data), mimetype="application/json")


def exempt(protect: CSRFProtect) -> None:
    """Ops prove their origin by header and Origin instead of a form token."""
    protect.exempt(ops)
