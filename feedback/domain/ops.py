"""Ops: the writes a phone asks for, read strictly from what came over the wire, and the acks that answer them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from feedback.domain.facts import BadRequest, BadValue, BudgetSpent, Busy, IdeaGone, PromptClosed, Refusal, Superseded
from feedback.domain.ideas import is_lang
from feedback.domain.ids import is_ulid
from feedback.domain.votes import Val, check_rev, check_val

OPS_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class IdeaOp:
    """Write a new idea under an id the phone made."""

    op: str
    id: str
    prompt: int
    text: str
    lang: str


@dataclass(frozen=True, slots=True)
class EditOp:
    """Replace the words of an own idea."""

    op: str
    idea: str
    text: str
    rev: int


@dataclass(frozen=True, slots=True)
class WithdrawOp:
    """Take an own idea back."""

    op: str
    idea: str
    rev: int


@dataclass(frozen=True, slots=True)
class VoteOp:
    """Say what my vote on this idea now is."""

    op: str
    idea: str
    val: Val
    rev: int


@dataclass(frozen=True, slots=True)
class SortOp:
    """Say where an idea belongs: in a theme, in none of them (None), or nothing, once it is passed over (`skip`)."""

    op: str
    idea: str
    theme: int | None
    skip: bool
    rev: int


Op = IdeaOp | EditOp | WithdrawOp | VoteOp | SortOp
Ack = dict[str, Any]
_FIELDS = {
    "idea": ({"op", "k", "id", "prompt", "text", "lang"}),
    "edit": ({"op", "k", "idea", "text", "rev"}),
    "withdraw": ({"op", "k", "idea", "rev"}),
    "vote": ({"op", "k", "idea", "val", "rev"}),
    "sort": ({"op", "k", "idea", "theme", "skip", "rev"}),
}


def parse_op(data: object) -> Op:
    """Read one op; raises BadRequest when its form is wrong, BadValue when a field is out of range."""
    if not isinstance(data, dict) or _FIELDS.get(_kind(data)) != set(data):
        raise BadRequest
    op = _ulid(data, "op")
    match _kind(data):
        case "idea":
            return IdeaOp(op, _ulid(data, "id"), _number(data, "prompt"), _text(data, "text"), _lang(data))
        case "edit":
            return EditOp(op, _ulid(data, "idea"), _text(data, "text"), check_rev(data["rev"]))
        case "withdraw":
            return WithdrawOp(op, _ulid(data, "idea"), check_rev(data["rev"]))
        case "vote":
            return VoteOp(op, _ulid(data, "idea"), check_val(data["val"]), check_rev(data["rev"]))
        case _:
            return _sort(op, data)


def op_id(data: object) -> str:
    """Return the id of an op that could not be read, "" when it has none: the ack must name it."""
    value = data.get("op") if isinstance(data, dict) else None
    return value if isinstance(value, str) and is_ulid(value) else ""


def ack_of(op: str, result: Mapping[str, Any] | None, refusal: Refusal | None) -> Ack:
    """Return the ack of an op: terminal (ok superseded closed gone budget rejected) or retry, never silence."""
    if refusal is None:
        return {"op": op, "status": "ok", **(result or {})}
    match refusal:
        case Busy():
            return {"op": op, "status": "retry", **refusal.detail}
        case Superseded() | BudgetSpent() | PromptClosed() | IdeaGone():
            return {"op": op, "status": refusal.code, **refusal.detail}
        case _:
            return {"op": op, "status": "rejected", "code": refusal.code, "detail": dict(refusal.detail)}


def _sort(op: str, data: Mapping[str, object]) -> SortOp:
    theme = None if data["theme"] is None else _number(data, "theme")
    skip = data["skip"]
    if not isinstance(skip, bool) or (skip and theme is not None):
        raise BadValue(field="skip")
    return SortOp(op, _ulid(data, "idea"), theme, skip, check_rev(data["rev"]))


def _kind(data: Mapping[str, object]) -> str:
    kind = data.get("k")
    return kind if isinstance(kind, str) else ""


def _ulid(data: Mapping[str, object], field: str) -> str:
    value = data[field]
    if not isinstance(value, str) or not is_ulid(value):
        raise BadValue(field=field)
    return value


def _number(data: Mapping[str, object], field: str) -> int:
    value = data[field]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 2**31:
        raise BadValue(field=field)
    return value


def _text(data: Mapping[str, object], field: str) -> str:
    value = data[field]
    if not isinstance(value, str):
        raise BadValue(field=field)
    return value


def _lang(data: Mapping[str, object]) -> str:
    value = _text(data, "lang")
    if not is_lang(value):
        raise BadValue(field="lang")
    return value
