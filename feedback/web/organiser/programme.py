"""The conference at a glance: its settings, its strands, and their conversations."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import available_timezones

from flask import redirect, render_template, url_for
from flask_babel import gettext

from feedback.actions import programme as deeds
from feedback.db import db, write
from feedback.domain.facts import Forbidden
from feedback.domain.roles import Actor, Role
from feedback.store.ideas import counts_of
from feedback.store.programme import Conversation, Strand, conversations_of, strands_of
from feedback.web import i18n
from feedback.web.access import actor_for, organiser_required
from feedback.web.crew import say, spaced
from feedback.web.forms import ConferenceForm, ConversationForm, StrandForm
from feedback.web.organiser.frame import Answer, blueprint, conference_here, form_page, status_here, strand_here
from feedback.web.organiser.safety import safety_words


@dataclass(frozen=True, slots=True)
class ShownConversation:
    """One conversation in the overview."""

    title: str
    code: str
    spaced_code: str
    state: str
    joined: int
    ideas: int


@dataclass(frozen=True, slots=True)
class ShownStrand:
    """One strand in the overview, with its conversations and the form for another one."""

    row: Strand
    conversations: list[ShownConversation]
    form: ConversationForm


@blueprint.get("")
def page() -> Answer:
    """Show the conference at a glance, or the door to it."""
    try:
        actor = actor_for(None, Role.ORGANISER)
    except Forbidden:
        return redirect(url_for(".login"), 303)
    return _programme(actor)


@blueprint.route("/conference", methods=["GET", "POST"])
@organiser_required
def conference(actor: Actor) -> Answer:
    """Change the conference's title, contact, retention and time zone."""
    form = ConferenceForm(obj=conference_here())
    if not form.validate_on_submit():
        hints = {
            "contact": gettext("An address or a name. Participants see it beside what is kept."),
            "retention_days": gettext("Counted from the day a conversation closes."),
            "time_zone": gettext("All clock times are shown in it."),
        }
        heading = gettext("The conference")
        return form_page(
            form, heading, gettext("Save"), hints=hints, zones=sorted(available_timezones())
        ), status_here()
    write(
        deeds.rename_conference,
        None,
        actor,
        title=form.title.data,
        contact=form.contact.data,
        retention_days=form.retention_days.data,
        time_zone=form.time_zone.data,
    )
    say(gettext("The conference is saved."))
    return redirect(url_for(".page"), 303)


@blueprint.route("/strands/new", methods=["GET", "POST"])
@organiser_required
def new_strand(actor: Actor) -> Answer:
    """Announce another strand."""
    form = StrandForm()
    if not form.validate_on_submit():
        return form_page(form, gettext("New strand"), gettext("Create the strand")), status_here()
    write(deeds.add_strand, None, actor, **_words_of(form))
    say(gettext("The strand “%(name)s” is created.", name=form.name.data))
    return redirect(url_for(".page"), 303)


@blueprint.route("/strands/<int:strand_id>", methods=["GET", "POST"])
@organiser_required
def strand(actor: Actor, strand_id: int) -> Answer:
    """Change a strand's words."""
    row = strand_here(strand_id)
    form = StrandForm(obj=row)
    if not form.validate_on_submit():
        return form_page(form, gettext("Strand “%(name)s”", name=row.name), gettext("Save"), strand=row), status_here()
    write(deeds.edit_strand, None, actor, strand_id, **_words_of(form))
    say(gettext("The strand “%(name)s” is saved.", name=form.name.data))
    return redirect(url_for(".page"), 303)


@blueprint.post("/strands/<int:strand_id>/conversations")
@organiser_required
def add_conversation(actor: Actor, strand_id: int) -> Answer:
    """Open another conversation in a strand."""
    strand_here(strand_id)
    form = ConversationForm()
    if not form.validate():
        return _programme(actor, {strand_id: form}), 422
    made = write(deeds.add_conversation, None, actor, strand_id, title=form.title.data, chance=secrets.randbits)
    say(gettext("“%(title)s” is created. Write its first prompt at the console.", title=form.title.data))
    return redirect(url_for(".conversation", code=db.session().get_one(Conversation, made).code), 303)


def _programme(actor: Actor, failed: Mapping[int, ConversationForm] | None = None) -> str:
    rows: dict[int, list[ShownConversation]] = {}
    for row, home in conversations_of(db.session()):
        ideas = counts_of(db.session(), row.id).ideas
        shown = ShownConversation(row.title, row.code, spaced(row.code), row.state.value, row.joined, ideas)
        rows.setdefault(home.id, []).append(shown)
    strands = [
        ShownStrand(row, rows.get(row.id, []), (failed or {}).get(row.id) or ConversationForm(formdata=None))
        for row in strands_of(db.session())
    ]
    return render_template(
        "organiser/programme.html", actor=actor, strands=strands, safety=safety_words(), boot=i18n.boot()
    )


def _words_of(form: StrandForm) -> dict[str, str]:
    return {name: getattr(form, name).data for name in ("name", "tagline", "focus", "description")}
