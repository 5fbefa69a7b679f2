"""The room sorts: cards for phones, and the same card as a plain page for whoever has no script."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from feedback.actions.ops import apply_op
from feedback.db import reading, write
from feedback.domain.cards import CARDS_AT_ONCE
from feedback.domain.facts import BadRequest, Refusal
from feedback.domain.ids import ulid
from feedback.domain.ops import parse_op
from feedback.domain.roles import Actor
from feedback.store.doorway import Doorway, mine_of
from feedback.web.access import doorway_here, known_token, pace, participant_here
from feedback.web.decks import Card, as_json, decks
from feedback.web.phone_forms import SortForm
from feedback.web.snapshots import dumps, snapshots
from feedback.wording import sentence_of

blueprint = Blueprint("sorting", __name__)
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """A theme as a card offers it, with an idea that stands for it (None = there is no other)."""

    number: int
    name: str
    example: Json | None


@blueprint.get("/c/<code>/cards")
def cards(code: str) -> Response:
    """Return the next `n` cards of this participant, 1 to 10; what they hold is given to others last."""
    pace().read(known_token(), request.remote_addr or "")
    found = doorway_here(code)
    actor = participant_here(found.id)
    wanted = min(max(request.args.get("n", 1, type=int), 1), CARDS_AT_ONCE)
    dealt = decks().deal(reading(), found.id, actor.participant_id or 0, wanted)
    headers = {"Cache-Control": "no-store"}
    return Response(dumps({"cards": as_json(dealt)}), mimetype="application/json", headers=headers)


@blueprint.get("/c/<code>/sort")
def page(code: str) -> Answer | str:
    """Show one card as a form."""
    found = doorway_here(code)
    return _page(found, participant_here(found.id))


@blueprint.post("/c/<code>/sort")
def sort(code: str) -> Answer | str | tuple[str, int]:
    """Take the answer to a card and show the next one; a refusal is said above it."""
    found, form = doorway_here(code), SortForm()
    actor = participant_here(found.id)
    answer = form.answer.data or ""
    if not form.validate() or not (answer in ("none", "skip") or answer.isdecimal()):
        raise BadRequest
    rev = int(mine_of(reading(), found.id, actor.participant_id or 0)["max_rev"]) + 1
    theme = int(answer) if answer.isdecimal() else None
    op = {"k": "sort", "idea": form.idea.data, "theme": theme, "skip": answer == "skip", "rev": rev}
    try:
        _do(found, actor, op)
    except Refusal as refusal:
        return _page(found, actor, refusal), refusal.status
    return redirect(url_for(".page", code=found.code, done=(form.done.data or 0) + 1), 303)


def own_card(found: Doorway, actor: Actor, idea: str) -> bool:
    """Tell whether the author of this idea is to be asked where it belongs."""
    dealt = decks().deal(reading(), found.id, actor.participant_id or 0, 1)
    return any(card.idea == idea for card in dealt)


def _page(found: Doorway, actor: Actor, refusal: Refusal | None = None) -> str:
    who = actor.participant_id or 0
    mine = mine_of(reading(), found.id, who)
    room = snapshots().state(reading(), found.id, max((idea["seq"] for idea in mine["ideas"]), default=0))
    ideas = {idea["id"]: idea for idea in room["ideas"]}
    card = next((each for each in decks().deal(reading(), found.id, who, 2) if each.idea in ideas), None)
    return render_template(
        "participant/sort.html",
        room=room,
        idea=ideas[card.idea] if card else None,
        mine=card is not None and any(own["id"] == card.idea for own in mine["ideas"]),
        choices=_choices(room, ideas, card, card.themes) if card else (),
        others=_choices(room, ideas, card, card.others) if card else (),
        done=min(request.values.get("done", 0, type=int), 9999),
        saved="saved" in request.args,
        problem=sentence_of(refusal.code, refusal.detail) if refusal else "",
    )


def _choices(room: Json, ideas: dict[str, Json], card: Card, numbers: tuple[int, ...]) -> list[Choice]:
    themes = {theme["id"]: theme for theme in room["themes"]}
    return [
        Choice(number, themes[number]["name"], _example(themes[number], ideas, card.idea))
        for number in numbers
        if number in themes
    ]


def _example(theme: Json, ideas: dict[str, Json], asked: str) -> Json | None:
    return next((ideas[each] for each in theme["representatives"] if each in ideas and each != asked), None)


def _do(found: Doorway, actor: Actor, op: Json) -> None:
    wanted = parse_op({"op": ulid(time.time_ns() // 1_000_000, secrets.randbits), **op})
    pace().op(wanted, found.id, actor.participant_id or 0)
    write(apply_op, found.id, actor, wanted)
