"""The second door for phones: the same ops by HTTP, the state since a commit number, and what is mine."""

import gzip
import json
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request
from flask_wtf.csrf import CSRFProtect

from feedback.actions.ops import apply_op
from feedback.db import db, reading, write
from feedback.domain.facts import BadRequest, ForeignOrigin, Refusal
from feedback.domain.ops import OPS_AT_ONCE, Ack, ack_of, op_id, parse_op
from feedback.domain.roles import Actor, Role
from feedback.presence import Presence
from feedback.store.screens import delta_of, mine_of, seq_of, state_of
from feedback.web.access import actor_for, conversation_here, participant_here
from feedback.wording import own_in_words

blueprint = Blueprint("ops", __name__)
CREW = (Role.FACILITATOR, Role.RAPPORTEUR)
#: The whole state of a conversation, built once per commit number: (place, crew) to (key, plain bytes, gzip bytes).
_snapshots: dict[tuple[str, int, bool], tuple[tuple[int, int], bytes, bytes]] = {}


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the process lives."""
    return {"status": "ok"}


@blueprint.post("/c/<code>/ops")
def ops(code: str) -> dict[str, list[Ack]]:
    """Apply up to 20 ops of one participant, in order; every op gets its ack."""
    _same_site()
    conversation, _ = conversation_here(code)
    body = request.get_json(silent=True)
    wanted = body.get("ops") if isinstance(body, dict) else None
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= OPS_AT_ONCE:
        raise BadRequest
    actor = participant_here(conversation)
    place = actor.conversation_id or 0
    return {"acks": [_apply(place, actor, data) for data in wanted]}


@blueprint.get("/c/<code>/sync")
def sync(code: str) -> Response:
    """Return what changed since `since`, or the whole state; shared bytes, ETag = commit number."""
    conversation, _ = conversation_here(code)
    place = conversation.id
    crew = request.args.get("view") == "crew"
    if crew:
        actor_for(conversation, *CREW)
    database = reading()
    seq = seq_of(database, place)
    since = request.args.get("since", type=int)
    if since is not None and 0 < since <= seq:
        changes = delta_of(database, place, since, seq, crew=crew)
        if changes is not None:
            return _json(_live({"from": since, "to": seq, "changes": changes}, place))
    return _snapshot(database, place, seq, crew=crew)


@blueprint.get("/c/<code>/mine")
def mine(code: str) -> Response:
    """Return this participant's own votes and ideas."""
    conversation, _ = conversation_here(code)
    actor = participant_here(conversation)
    return _json(own_in_words(mine_of(reading(), conversation.id, actor.participant_id or 0)))


def _apply(place: int, actor: Actor, data: object) -> Ack:
    try:
        op = parse_op(data)
        return ack_of(op.op, write(apply_op, place, actor, op), None)
    except Refusal as refusal:
        return ack_of(op_id(data), None, refusal)


def _same_site() -> None:
    """Refuse calls from other sites: ops change things, and the cookie alone does not prove who made the page."""
    origin = request.headers.get("Origin")
    allowed = current_app.config.get("FEEDBACK_ORIGINS_ALLOWED", ())
    same = origin is not None and (origin in allowed or urlsplit(origin).netloc == request.host)
    fetched = request.headers.get("Sec-Fetch-Site", "none") in ("same-origin", "none")
    if "X-Op" not in request.headers or not fetched or (origin is not None and not same):
        raise ForeignOrigin


def _live(answer: dict[str, Any], place: int) -> dict[str, Any]:
    presence: Presence = current_app.extensions["feedback.presence"]
    counts = answer["changes"]["counts"] if "changes" in answer else answer["counts"]
    counts["here"] = presence.here(place)
    answer["shown"] = presence.shown(place)
    return answer


def _snapshot(database: Any, place: int, seq: int, *, crew: bool) -> Response:
    presence: Presence = current_app.extensions["feedback.presence"]
    slot, key = (str(db.engine.url), place, crew), (seq, presence.shown(place))
    if slot not in _snapshots or _snapshots[slot][0] != key:
        state = state_of(database, place, crew=crew)
        plain = _dumps(_live(state, place))
        _snapshots[slot] = ((state["seq"], key[1]), plain, gzip.compress(plain, 5, mtime=0))
    _, plain, packed = _snapshots[slot]
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return Response(plain, mimetype="application/json")
    response = Response(
        packed, mimetype="application/json", headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    )
    response.set_etag(f"{place}-{seq}-{key[1]}-{int(crew)}")
    response.make_conditional(request)
    return response


def _json(data: dict[str, Any]) -> Response:
    return Response(_dumps(data), mimetype="application/json")


def _dumps(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()


def exempt(protect: CSRFProtect) -> None:
    """Ops prove their origin by header and Origin instead of a form token."""
    protect.exempt(ops)
