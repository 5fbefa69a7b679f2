"""What decides how alike two ideas are: the organiser chooses of what there is, and agrees before words leave."""

from flask import current_app, redirect, render_template, url_for
from flask_babel import gettext

from feedback.actions.embedders import choose_embedder
from feedback.db import write
from feedback.domain.embedders import EmbedderKind
from feedback.domain.facts import ConsentMissing
from feedback.domain.roles import Actor
from feedback.offers import offered
from feedback.settings import Settings
from feedback.web import i18n
from feedback.web.access import organiser_required
from feedback.web.crew import say
from feedback.web.forms import EmbedderForm
from feedback.web.organiser.frame import Answer, blueprint, conference_here, status_here
from feedback.wording import sentence_of


@blueprint.route("/comparing", methods=["GET", "POST"])
@organiser_required
def embedder(actor: Actor) -> Answer:
    """Choose what compares the ideas."""
    row = conference_here()
    settings: Settings = current_app.config["FEEDBACK_SETTINGS"]
    agreed = row.embedder == EmbedderKind.HTTP and row.embedder_place == settings.embedders.place
    form = EmbedderForm(data={"embedder": row.embedder, "consent": agreed})
    kinds = offered(settings.embedders)
    if form.validate_on_submit():
        try:
            write(
                choose_embedder,
                None,
                actor,
                kind=form.embedder.data,
                offered=kinds,
                place=settings.embedders.place,
                consent=form.consent.data,
            )
        except ConsentMissing as refusal:
            form.consent.errors = [sentence_of(refusal.code)]
        else:
            say(gettext("Saved. It counts from the next search for themes."))
            return redirect(url_for(".page"), 303)
    page = render_template(
        "organiser/embedder.html",
        form=form,
        offered=kinds,
        offer=settings.embedders,
        way_back=url_for(".page"),
        boot=i18n.boot(),
    )
    return page, status_here()
