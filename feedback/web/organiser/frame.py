"""What the organiser's pages share: the blueprint, pages with one form, rows that must be there."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from feedback.db import db
from feedback.domain.facts import NotFound
from feedback.store.programme import Conference, Strand
from feedback.web import i18n

blueprint = Blueprint("organiser", __name__, url_prefix="/organiser")

Answer = Response | str | tuple[str, int]


def form_page(form: Any, heading: str, action: str, *, hints: Mapping[str, str] | None = None, **more: Any) -> str:
    """Return a page with one form; `hints` stand beside fields by their names."""
    frame = {"heading": heading, "action": action, "hints": hints or {}, "way_back": url_for(".page"), "lead": ""}
    return render_template("organiser/form.html", form=form, boot=i18n.boot(), **(frame | more))


def strand_here(strand_id: int) -> Strand:
    """Find a strand; raises NotFound."""
    row = db.session().get(Strand, strand_id)
    if row is None:
        raise NotFound
    return row


def conference_here() -> Conference:
    """Return the conference; raises NotFound before the first start."""
    found = i18n.conference()
    if found is None:
        raise NotFound
    return found


def status_here() -> int:
    """Return the status of a page that shows a form: 422 when what was sent did not fit."""
    return 422 if request.method == "POST" else 200
