"""Which language a page speaks, its words for scripts, and what every template needs."""

import functools
import json
from pathlib import Path
from time import monotonic
from typing import Any

from babel import Locale
from babel.messages.pofile import read_po
from flask import Blueprint, Flask, current_app, g, redirect, request
from flask_babel import Babel, get_locale
from langcodes import closest_supported_match
from werkzeug.wrappers import Response

from feedback.db import db
from feedback.domain.programme import CONFERENCE_TITLE
from feedback.store.programme import Conference, conference_of
from feedback.web.access import roles_here
from feedback.web.kept import refused, ticked, typed
from feedback.web.ways import inward, own_address
from feedback.wording import REFUSALS

LANGUAGES = ("en", "fr", "de")
COOKIE = "feedback_language"
#: How far apart languages may be, in CLDR's measure: Swiss German is 8 from German, Welsh 24 from English.
_DIALECT, _READ_TOO = 10, 25
_HERE = Path(__file__).resolve().parent.parent
blueprint = Blueprint("i18n", __name__)


def init(app: Flask) -> None:
    """Let pages speak the visitor's language and times the conference's zone."""
    Babel(app, locale_selector=choose_language, timezone_selector=_zone)
    app.context_processor(_for_templates)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


@blueprint.post("/language")
def language() -> Response:
    """Speak another language from now on."""
    chosen = request.form.get("language", "")
    response = redirect(inward(request.form.get("back", "/")), 303)
    if chosen in LANGUAGES:
        response.set_cookie(COOKIE, chosen, max_age=400 * 86_400, samesite="Lax", secure=request.is_secure)
    return response


def choose_language() -> str:
    """Return the language of this answer: the visitor's choice, else the best match for the browser, else English."""
    chosen = request.cookies.get(COOKIE) or request.args.get("lang")
    if chosen in LANGUAGES:
        return chosen
    # Werkzeug's own matching gives English to "pt-BR, en;q=0.5" and nothing to "no"; this one knows families.
    # A language somebody names comes before one they probably read too: "cy, de" is German, "cy" alone English.
    for distance in (_DIALECT, _READ_TOO):
        for wanted, _ in request.accept_languages:
            found = _closest(wanted, distance)
            if found:
                return found
    return LANGUAGES[0]


@functools.lru_cache(maxsize=512)
def _closest(wanted: str, distance: int) -> str | None:
    try:
        return closest_supported_match(wanted, LANGUAGES, max_distance=distance)
    except ValueError:
        return None


@functools.cache
def script_words(lang: str) -> dict[str, str | list[str]]:
    """Return the translations that the front end's scripts use: msgid to sentence, or to its plural forms."""
    path = _HERE / "locale" / lang / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return {}
    words: dict[str, str | list[str]] = {}
    with path.open("rb") as file:
        for message in read_po(file):
            used = any(str(place).startswith("feedback/frontend/") for place, _ in message.locations)
            if not message.id or not used or not message.string:
                continue
            if isinstance(message.id, tuple | list):
                words[message.id[0]] = list(message.string)
            else:
                words[message.id] = str(message.string)
    return words


@functools.cache
def _refusals(_lang: str) -> dict[str, str]:
    # In the language of the request, whose name is only there to keep the answer under.
    return {code: str(sentence) for code, sentence in REFUSALS.items()}


def boot(**more: Any) -> dict[str, Any]:
    """Return what every page tells its script: language, words, sentences of refusals, time zone."""
    lang = str(get_locale())
    return {
        "lang": lang,
        "words": script_words(lang),
        "refusals": _refusals(lang),
        "zone": _zone(),
        **more,
    }


def conference() -> Conference | None:
    """Return the conference, asked for once in a request."""
    if "conference" not in g:
        g.conference = conference_of(db.session())
    found: Conference | None = g.conference
    return found


class _Manifest:
    """The names of the built files, looked at again once a second: a build may happen under a running server."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._stamp = self._looked = -1.0

    def name(self, name: str) -> str:
        if monotonic() - self._looked > 1:
            self._look()
        return self._names.get(name, name)

    def _look(self) -> None:
        path = _HERE / "static" / "build" / "manifest.json"
        stamp = path.stat().st_mtime if path.exists() else -1.0
        if stamp != self._stamp:
            self._names = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self._stamp, self._looked = stamp, monotonic()


_manifest = _Manifest()


def asset(name: str) -> str:
    """Return the address of a built file; its name carries the hash of what is in it."""
    return f"{request.script_root}{current_app.static_url_path}/build/{_manifest.name(name)}"


def _zone() -> str:
    found = conference()
    return found.time_zone if found else "UTC"


def _for_templates() -> dict[str, Any]:
    locale = get_locale() or Locale("en")
    found = conference()
    return {
        "lang": str(locale),
        "dir": locale.text_direction,
        "languages": [(code, str(Locale(code).get_display_name(code)).capitalize()) for code in LANGUAGES],
        "asset": asset,
        "own_address": own_address,
        "refused": refused,
        "ticked": ticked,
        "typed": typed,
        "conference": found,
        "conference_title": found.title if found else CONFERENCE_TITLE,
        "roles": roles_here,
    }
