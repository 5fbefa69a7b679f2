"""One conversation's set-up: title, open or closed, cleared after a try-out, the links of its crew."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from feedback.actions import crew as crew_deeds
from feedback.actions import programme as deeds
from feedback.db import db, write
from feedback.domain.facts import BadValue, CodeMismatch, NotFound
from feedback.domain.roles import Actor, Role
from feedback.identity import new_secret, secret_hash
from feedback.store.crew import Link, links_of, names_by_link
from feedback.store.ideas import counts_of, ideas_of
from feedback.store.programme import Conversation
from feedback.store.reports import freezes_of
from feedback.store.themes import themes_of
from feedback.web import i18n
from feedback.web.access import crew_required, identity
from feedback.web.crew import day_and_clock_of, say, spaced
from feedback.web.forms import ClearForm, ConversationForm
from feedback.web.join import address_of, qr_of
from feedback.web.organiser.frame import Answer, blueprint, status_here, strand_here
from feedback.wording import sentence_of


@dataclass(frozen=True, slots=True)
class RoleWords:
    """How a role's link is called, made, and announced once made."""

    name: str
    make: str
    fresh: str


ROLE_WORDS: Mapping[str, RoleWords] = {
    "facilitator": RoleWords(
        lazy_gettext("Facilitator"),
        lazy_gettext("Link for a facilitator"),
        lazy_gettext("A new link for a facilitator"),
    ),
    "rapporteur": RoleWords(
        lazy_gettext("Rapporteur"), lazy_gettext("Link for a rapporteur"), lazy_gettext("A new link for a rapporteur")
    ),
    "stage": RoleWords(lazy_gettext("Stage"), lazy_gettext("Link to the stage"), lazy_gettext("The link to the stage")),
}


@dataclass(frozen=True, slots=True)
class ShownLink:
    """One link that counts: whose role it gives, who came in by it, how it stands."""

    id: int
    role: str
    names: str
    state: str


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link just made, shown this once."""

    role: str
    address: str
    qr: Markup


@blueprint.get("/conversations/<code>")
@crew_required(Role.ORGANISER)
def conversation(conversation: Conversation, actor: Actor) -> Answer:
    """Show one conversation's set-up."""
    return _conversation(conversation, actor)


@blueprint.post("/conversations/<code>/title")
@crew_required(Role.ORGANISER)
def rename(conversation: Conversation, actor: Actor) -> Answer:
    """Change a conversation's title."""
    form = ConversationForm()
    if not form.validate():
        return _conversation(conversation, actor, form=form), 422
    write(deeds.rename_conversation, conversation.id, actor, conversation.id, title=form.title.data)
    say(gettext("The title is saved."))
    return _back(conversation)


@blueprint.post("/conversations/<code>/close")
@crew_required(Role.ORGANISER)
def close(conversation: Conversation, actor: Actor) -> Answer:
    """Close a conversation."""
    write(deeds.close_conversation, conversation.id, actor, conversation.id)
    say(gettext("The conversation is closed."), undo=url_for(".reopen", code=conversation.code))
    return _back(conversation)


@blueprint.post("/conversations/<code>/reopen")
@crew_required(Role.ORGANISER)
def reopen(conversation: Conversation, actor: Actor) -> Answer:
    """Open a closed conversation again."""
    write(deeds.reopen_conversation, conversation.id, actor, conversation.id)
    say(gettext("The conversation is open again."), undo=url_for(".close", code=conversation.code))
    return _back(conversation)


@blueprint.route("/conversations/<code>/clear", methods=["GET", "POST"])
@crew_required(Role.ORGANISER)
def clearing(conversation: Conversation, actor: Actor) -> Answer:
    """Say what clearing takes away, and do it once the code is typed."""
    form = ClearForm()
    if request.method == "POST":
        try:
            write(deeds.clear_conversation, conversation.id, actor, conversation.id, code=form.code.data or "")
        except CodeMismatch as refusal:
            form.code.errors = [sentence_of(refusal.code)]
        else:
            say(gettext("The conversation is empty again. Prompts, code and crew are as they were."))
            return _back(conversation)
    losses = {
        "ideas": len(ideas_of(db.session(), conversation.id, shown_only=False)),
        "votes": counts_of(db.session(), conversation.id).votes,
        "themes": len(themes_of(db.session(), conversation.id)),
        "freezes": len(freezes_of(db.session(), conversation.id)),
    }
    page = render_template(
        "organiser/clearing.html", form=form, losses=losses, **_frame(conversation), **_way_to(conversation)
    )
    return page, status_here()


@blueprint.post("/conversations/<code>/links")
@crew_required(Role.ORGANISER)
def mint(conversation: Conversation, actor: Actor) -> Answer:
    """Make a link and show it: in this answer only, because only its hash is kept."""
    wanted = request.form.get("role", "")
    if wanted not in ROLE_WORDS:
        raise BadValue(field="role")
    role = Role(wanted)
    if role is Role.STAGE:
        secret = identity().stage_secret(conversation.id, conversation.stage_version)
    else:
        secret = new_secret()
        write(crew_deeds.mint_link, None, actor, role, conversation.id, secret_hash=secret_hash(secret))
    address = f"{address_of(url_for('enter.door'))}#{secret}"
    return _conversation(conversation, actor, made=MadeLink(role.value, address, qr_of(address)))


@blueprint.post("/conversations/<code>/links/<int:link_id>/revoke")
@crew_required(Role.ORGANISER)
def revoke(conversation: Conversation, actor: Actor, link_id: int) -> Answer:
    """Take a link back, and with it the role of whoever came in by it."""
    if link_id not in {link.id for link in links_of(db.session()) if link.conversation_id == conversation.id}:
        raise NotFound
    write(crew_deeds.revoke_link, None, actor, link_id)
    say(gettext("The link is taken back. Whoever came in by it is out."))
    return _back(conversation)


@blueprint.post("/conversations/<code>/stage-links/revoke")
@crew_required(Role.ORGANISER)
def revoke_stage(conversation: Conversation, actor: Actor) -> Answer:
    """Take all links to a conversation's stage back; the next one made is another."""
    write(crew_deeds.revoke_stage_links, conversation.id, actor, conversation.id)
    say(gettext("All links to this stage are taken back. Make a new one for the projector."))
    return _back(conversation)


def _conversation(
    row: Conversation, actor: Actor, *, form: ConversationForm | None = None, made: MadeLink | None = None
) -> str:
    return render_template(
        "organiser/conversation.html",
        actor=actor,
        counts=counts_of(db.session(), row.id),
        form=form or ConversationForm(formdata=None, obj=row),
        made=made,
        links=_links(row),
        crew_roles=list(ROLE_WORDS),
        role_words=ROLE_WORDS,
        way_back=url_for(".page"),
        **_frame(row),
    )


def _links(row: Conversation) -> list[ShownLink]:
    names = names_by_link(db.session(), row.id)
    return [
        ShownLink(link.id, link.role.value, names.get(link.id, ""), _link_words(link))
        for link in links_of(db.session())
        if link.conversation_id == row.id and (link.used_at is not None or link.expires_at > _now())
    ]


def _link_words(link: Link) -> str:
    if link.tried_again_at is not None:
        time_of_try = day_and_clock_of(link.tried_again_at)
        return str(gettext("In use. Somebody else tried to open it: %(time)s", time=time_of_try))
    if link.used_at is not None:
        return str(gettext("In use since %(time)s", time=day_and_clock_of(link.used_at)))
    return str(gettext("Not used yet. It works once, until %(time)s", time=day_and_clock_of(link.expires_at)))


def _frame(row: Conversation) -> dict[str, Any]:
    strand = strand_here(row.strand_id)
    return {"conversation": row, "strand": strand, "spaced_code": spaced(row.code), "boot": i18n.boot()}


def _way_to(row: Conversation) -> dict[str, str]:
    return {"way_back": url_for(".conversation", code=row.code), "way_back_words": row.title}


def _now() -> int:
    return round(time.time() * 1000)


def _back(row: Conversation) -> Response:
    return redirect(url_for(".conversation", code=row.code), 303)
