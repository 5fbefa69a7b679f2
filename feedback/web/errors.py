"""From refusal to answer: a page for people, JSON for scripts; and the headers that every answer carries."""

import logging
import math
import secrets
from contextlib import suppress

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale, gettext
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response

from feedback.domain.facts import BadRequest, Busy, FormExpired, NotFound, Refusal, ServerFault, TooLarge, TooMany
from feedback.logs import request_code
from feedback.store.engine import is_away
from feedback.web.access import keep_token
from feedback.web.kept import written
from feedback.wording import sentence_of

_log = logging.getLogger("feedback.web")
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self';"
    " connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
RETRY_MS = 1_000
BARE = (
    '<!doctype html><html lang="%(lang)s"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width"><title>%(sentence)s</title>'
    '<h1 data-code="%(code)s">%(sentence)s</h1><p dir="auto">%(kept)s</p><p>%(request_note)s</p></html>'
)
_BY_STATUS: dict[int, type[Refusal]] = {404: NotFound, 405: NotFound, 413: TooLarge, 429: TooMany}


def init(app: Flask) -> None:
    """Answer refusals and faults in the user's language; set security headers."""
    app.before_request(_begin)
    app.teardown_request(_end)
    app.register_error_handler(Refusal, answer)
    app.register_error_handler(CSRFError, lambda _: answer(FormExpired()))
    app.register_error_handler(RequestEntityTooLarge, lambda _: answer(TooLarge(limit=2)))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _fault)
    app.after_request(keep_token)
    app.after_request(_headers)


def answer(refusal: Refusal) -> ResponseReturnValue:
    """Turn a refusal into the answer that the asker can read."""
    sentence = sentence_of(refusal.code, refusal.detail)
    if "after_ms" in refusal.detail:
        g.retry_after = math.ceil(int(refusal.detail["after_ms"]) / 1_000)
    if wants_json():
        return {"code": refusal.code, "sentence": sentence, "detail": dict(refusal.detail)}, refusal.status
    kept = ""
    with suppress(HTTPException):  # a body that is too large cannot be read a second time
        kept = written()
    told = {"code": refusal.code, "sentence": sentence, "kept": kept[:10_000], "request_note": _whom_to_tell(refusal)}
    try:
        page = render_template("refusal.html", **told)
    except Exception:  # noqa: BLE001 -- every page names the conference; without its database this one must not
        _log.exception("the page of a refusal broke")
        page = BARE % {"lang": get_locale(), **{key: escape(text) for key, text in told.items()}}
    return page, refusal.status


def wants_json() -> bool:
    """Tell whether a script asks."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return "X-Op" in request.headers or (best == "application/json")


def _whom_to_tell(refusal: Refusal) -> str:
    """Return how a person can name a fault of ours to whoever reads the log."""
    if refusal.status < 500:
        return ""
    return str(gettext("Code for the person who looks after this server: %(code)s", code=_request_code()))


def _begin() -> None:
    request_code.set(_request_code())


def _end(_error: BaseException | None) -> None:
    request_code.set("")  # the next request may come over the same connection


def _request_code() -> str:
    """Return six letters and digits that name this request, in the log, in a header and on the page of a fault."""
    if "request_code" not in g:
        g.request_code = secrets.token_hex(3)
    found: str = g.request_code
    return found


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is not None and error.code < 400:
        return error
    return answer(_BY_STATUS.get(error.code or 500, BadRequest if (error.code or 500) < 500 else ServerFault)())


def _fault(error: Exception) -> ResponseReturnValue:
    # Only names of ours: what was asked for, and how, was written by the client.
    _log.exception("a request broke: %s", request.endpoint, exc_info=error)
    return answer(Busy(after_ms=RETRY_MS) if is_away(error) else ServerFault())


def _headers(response: Response) -> Response:
    response.headers["X-Request-ID"] = _request_code()
    if "retry_after" in g and response.status_code in (429, 503):
        response.headers["Retry-After"] = str(g.retry_after)
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
