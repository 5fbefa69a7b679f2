"""Pages, one blueprint per audience: a view only translates between a request and an action or a query."""

from flask import Flask
from flask_wtf.csrf import CSRFProtect

from feedback.web import (
    alike,
    assets,
    enter,
    errors,
    facilitator,
    flood,
    health,
    i18n,
    ops,
    organiser,
    participant,
    rapporteur,
    sorting,
    stage,
    undoing,
)


def register(app: Flask, protect: CSRFProtect) -> None:
    """Add all pages, their languages and their error pages to the app."""
    i18n.init(app)
    errors.init(app)
    ops.exempt(protect)
    for module in (
        assets,
        participant,
        ops,
        sorting,
        stage,
        facilitator,
        flood,
        rapporteur,
        alike,
        undoing,
        organiser,
        enter,
        i18n,
        health,
    ):
        app.register_blueprint(module.blueprint)
