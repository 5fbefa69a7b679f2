"""For those who watch the server: does it live, can it work, and its figures for Prometheus."""

import hmac
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, request

from feedback.domain.facts import Forbidden, NotFound
from feedback.health import Health
from feedback.settings import Settings

if TYPE_CHECKING:
    from feedback.metrics import Exposition

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> dict[str, str]:
    """Say that the process lives."""
    return {"status": "ok"}


@blueprint.get("/readyz")
def readyz() -> tuple[dict[str, str], int]:
    """Say whether people should be sent here: a word for each part, 503 when one that is needed does not work."""
    health: Health = current_app.extensions["feedback.health"]
    ready, words = health.status()
    return words, 200 if ready else 503


@blueprint.get("/metrics")
def metrics() -> Response:
    """Return the figures of this process to whoever knows the token; without a token there is no such page."""
    settings: Settings = current_app.config["FEEDBACK_SETTINGS"]
    if settings.metrics_token is None:
        raise NotFound
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = hmac.compare_digest(token.strip().encode(), settings.metrics_token.encode())
    if not known or scheme.lower() != "bearer":
        return Response(
            f"{Forbidden.code}\n", 401, mimetype="text/plain", headers={"WWW-Authenticate": 'Bearer realm="metrics"'}
        )
    exposition: Exposition = current_app.extensions["feedback.metrics"]
    page, kind = exposition.page(request.headers.get("Accept", ""))
    return Response(page, content_type=kind)
