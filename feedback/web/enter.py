"""The crew's door: a link's secret becomes a role of this browser; leaving gives it back."""

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from feedback.actions import crew as crew_deeds
from feedback.actions.crew import Grant, admit, note_second_try, redeem_link
from feedback.db import db, write
from feedback.domain.facts import LinkUnknown, LinkUsed, Refusal
from feedback.domain.roles import Role
from feedback.identity import secret_hash
from feedback.store.programme import Conversation
from feedback.web.access import identity, roles_here, token
from feedback.web.forms import EnterForm
from feedback.wording import sentence_of

blueprint = Blueprint("enter", __name__)

Answer = Response | str | tuple[str, int]


@blueprint.get("/enter")
def door() -> Answer:
    """Ask for the link; the page's script takes it from the address, which no server and no log ever sees."""
    return render_template("enter.html", form=EnterForm(formdata=None), refusal="")


@blueprint.post("/enter")
def redeem() -> Answer:
    """Give this browser the role of the link, and show its page."""
    form = EnterForm()
    if not form.validate():
        return render_template("enter.html", form=form, refusal=""), 422
    try:
        grant = _grant(_secret_in(form.secret.data or ""), form.name.data or "")
    except Refusal as refusal:
        form.secret.data = ""
        sentence = sentence_of(refusal.code, refusal.detail)
        return render_template("enter.html", form=form, refusal=sentence), refusal.status
    return redirect(_home_of(grant), 303)


@blueprint.post("/leave")
def leave() -> Answer:
    """Give back every role that this browser holds."""
    if roles_here():
        write(crew_deeds.leave, None, bearer_hash=identity().bearer_hash(token()))
    return redirect(url_for("participant.home"), 303)


def _secret_in(pasted: str) -> str:
    """Return the secret in what was pasted: a whole link, or the part behind its #."""
    return pasted.strip().rpartition("#")[2]


def _grant(secret: str, name: str) -> Grant:
    bearer_hash = identity().bearer_hash(token())
    stage = identity().stage_of(secret)
    if stage is None:
        return _redeemed(secret_hash(secret), bearer_hash, name)
    place, version = stage
    conversation = db.session().get(Conversation, place)
    if conversation is None or conversation.stage_version != version:
        raise LinkUnknown
    for crew in roles_here():
        if crew.role is Role.STAGE and crew.conversation_id == place and crew.stage_version == version:
            return Grant(crew.id, Role.STAGE, place, conversation.code)
    return write(admit, None, role=Role.STAGE, conversation_id=place, bearer_hash=bearer_hash, stage_version=version)


def _redeemed(known_as: str, bearer_hash: str, name: str) -> Grant:
    try:
        return write(redeem_link, None, secret_hash=known_as, bearer_hash=bearer_hash, name=name)
    except LinkUsed:
        # A refusal leaves nothing behind, so what the organiser should know is a write of its own.
        write(note_second_try, None, secret_hash=known_as)
        raise


def _home_of(grant: Grant) -> str:
    match grant.role:
        case Role.STAGE:
            return url_for("stage.stage", code=grant.code)
        case Role.FACILITATOR:
            return url_for("facilitator.page", code=grant.code)
        case Role.RAPPORTEUR:
            return url_for("rapporteur.page", code=grant.code)
        case _:
            return url_for("organiser.password")
