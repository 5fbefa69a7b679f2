"""The projected page, the sheet for the wall, and the QR code that leads to a conversation."""

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from feedback.db import reading
from feedback.domain.programme import Voting
from feedback.domain.roles import Actor, Role
from feedback.store.programme import Conversation
from feedback.store.screens import state_of
from feedback.web import i18n
from feedback.web.access import conversation_here, crew_required
from feedback.web.join import join_address, qr_of, spoken

blueprint = Blueprint("stage", __name__)
ROLES = (Role.STAGE, Role.FACILITATOR, Role.RAPPORTEUR)


@blueprint.get("/stage/<code>")
@crew_required(*ROLES)
def stage(conversation: Conversation, actor: Actor) -> str:  # noqa: ARG001 -- the role is checked, not used
    """Show what is projected in the room."""
    room = state_of(reading(), conversation.id, crew=False)
    join = join_address(conversation.code)
    boot = i18n.boot(view="stage", code=conversation.code, since=0, limit=0, join=join, address=spoken(join))
    return render_template("stage.html", room=room, boot=boot, join=join, address=spoken(join), qr=qr_of(join))


@blueprint.get("/stage/<code>/sheet")
@crew_required(*ROLES)
def sheet(conversation: Conversation, actor: Actor) -> str:  # noqa: ARG001 -- the role is checked, not used
    """Show a page to print and hang up: QR code, code, address, three steps."""
    room = state_of(reading(), conversation.id, crew=False)
    join = join_address(conversation.code)
    ways = {prompt["voting"] for prompt in room["prompts"]}
    opinion = ways == {Voting.OPINION.value}
    return render_template(
        "stage_sheet.html", room=room, opinion=opinion, join=join, address=spoken(join), qr=qr_of(join)
    )


@blueprint.get("/c/<code>/qr.svg")
def qr(code: str) -> Response:
    """Draw the QR code that leads to a conversation."""
    conversation, _ = conversation_here(code)
    return Response(qr_of(join_address(conversation.code)), mimetype="image/svg+xml")
