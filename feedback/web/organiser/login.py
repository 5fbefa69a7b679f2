"""The organiser's password: coming in with it, setting and changing it."""

from flask import redirect, render_template, request, url_for
from flask_babel import gettext

from feedback.actions import crew as crew_deeds
from feedback.db import write
from feedback.domain.facts import TooMany, WrongPassword
from feedback.domain.roles import Actor, Role
from feedback.identity import check_password, hash_password
from feedback.web import i18n
from feedback.web.access import guesses, identity, organiser_required, roles_here, token
from feedback.web.crew import say
from feedback.web.forms import ChangePasswordForm, LoginForm, NewPasswordForm
from feedback.web.organiser.frame import Answer, blueprint, conference_here, form_page
from feedback.wording import sentence_of


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> Answer:
    """Let the organiser in by the password."""
    form = LoginForm()
    if request.method == "GET":
        return _login(form)
    here = request.remote_addr or ""
    if not guesses().may_try_password(here):
        return _login(form, TooMany()), TooMany.status
    try:
        check_password(conference_here().password_hash, form.password.data or "")
    except WrongPassword as refusal:
        guesses().wrong_password(here)
        return _login(form, refusal), refusal.status
    bearer_hash = identity().bearer_hash(token())
    write(crew_deeds.admit, None, role=Role.ORGANISER, conversation_id=None, bearer_hash=bearer_hash)
    return redirect(url_for(".page"), 303)


@blueprint.route("/password", methods=["GET", "POST"])
@organiser_required
def password(actor: Actor) -> Answer:
    """Set the first password, or change it."""
    by_link = any(crew.id == actor.crew_id and crew.link_id is not None for crew in roles_here())
    known = conference_here().password_hash
    form = NewPasswordForm() if by_link or not known else ChangePasswordForm()
    status = 200
    if request.method == "POST":
        if form.validate() and _present_fits(form, known):
            write(crew_deeds.set_password, None, actor, password_hash=hash_password(form.new.data))
            say(gettext("The password is set. From now on you come in with it, from any device."))
            return redirect(url_for(".page"), 303)
        status = 422
    heading = gettext("Change the password") if known else gettext("Set your password")
    lead = gettext("At least twelve characters. A few words that only you would put together do well.")
    return form_page(form, heading, gettext("Save the password"), lead=lead), status


def _login(form: LoginForm, refusal: WrongPassword | TooMany | None = None) -> str:
    return render_template(
        "organiser/login.html",
        form=form,
        refusal=sentence_of(refusal.code) if refusal else "",
        password_set=conference_here().password_hash is not None,
        boot=i18n.boot(),
    )


def _present_fits(form: NewPasswordForm, known: str | None) -> bool:
    if not isinstance(form, ChangePasswordForm):
        return True
    try:
        check_password(known, form.present.data or "")
    except WrongPassword as refusal:
        form.present.errors = [sentence_of(refusal.code)]
        return False
    return True
