"""The factory: settings in, app out. It builds and does not act; `serve` starts what runs."""

import functools
import secrets
import threading
from collections.abc import Mapping
from typing import Any

from flask import Flask, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from feedback.actions.programme import found_conference
from feedback.addresses import local_zone
from feedback.db import Gate, db, gate_of, open_gate
from feedback.db import init as init_db
from feedback.guesses import Guesses
from feedback.health import Health
from feedback.identity import Identity
from feedback.lock import take_lock
from feedback.pace import Pace
from feedback.place import claims_of, hold
from feedback.presence import Presence
from feedback.settings import Settings, read_settings
from feedback.store.engine import engine_options, prepare, writer_engine
from feedback.store.schema import upgrade
from feedback.store.writer import Writer
from feedback.web import register
from feedback.web.sessions import Sessions

BODY_LIMIT = 2 * 1024 * 1024


class RowNumber(IntegerConverter):
    """A number in an address, as far as numbers of rows go; past that there is no such page."""

    def __init__(self, map: Map, **more: Any) -> None:  # noqa: A002 -- werkzeug's name
        super().__init__(map, max=2**31 - 1, **more)


class KeptSigner(Sessions):
    """Signs the session's cookie with keys that are derived once, not for each request."""

    @functools.cache  # noqa: B019 -- one interface and one app live as long as the process
    def get_signing_serializer(self, app: Flask) -> Any:
        """Return the serializer of this app's key."""
        return super().get_signing_serializer(app)

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 -- Flask's signature
        """Tell whether browsers may send the cookie over TLS alone: when the page came that way."""
        return request.is_secure


def create_app(settings: Settings | None = None, *, writer: Writer | None = None) -> Flask:
    """Build the Flask app. Nothing runs yet: whoever calls starts the writer's thread."""
    settings = settings or read_settings()
    app = Flask("feedback")
    app.url_map.converters["int"] = RowNumber
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(settings.database_url),
        SESSION_COOKIE_NAME="feedback_form",
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=400 * 86_400,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=True,
        WTF_CSRF_SSL_STRICT=False,
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        BABEL_DEFAULT_LOCALE="en",
        BABEL_TRANSLATION_DIRECTORIES="locale",
        FEEDBACK_SETTINGS=settings,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    init_db(app)
    with app.app_context():
        prepare(db.engine, writes=False)
    app.extensions["feedback.identity"] = Identity(settings.secret_key)
    app.extensions["feedback.presence"] = Presence()
    app.extensions["feedback.guesses"] = Guesses()
    app.extensions["feedback.pace"] = Pace(settings.pace)
    open_gate(app, Gate(writer or Writer(writer_engine(settings.database_url))))
    app.extensions["feedback.health"] = Health(settings, gate_of(app).writer)
    app.extensions["feedback.metrics"] = _metrics(settings, gate_of(app).writer, extension(app, "pace").counters)
    app.session_interface = KeptSigner()
    register(app, CSRFProtect(app))
    return app


def _metrics(settings: Settings, writer: Writer, counters: Mapping[str, int]) -> Any:
    if settings.metrics_token is None:
        return None
    from feedback.metrics import Exposition, Sources  # noqa: PLC0415 -- slow import, and only some want it

    return Exposition(Sources(writer, counters))


def start_writer(app: Flask) -> None:
    """Bring the database up to date and run the writer in a thread, for servers that bring their own loop (wsgi.py)."""
    settings: Settings = app.config["FEEDBACK_SETTINGS"]
    app.extensions["feedback.lock"] = take_lock(settings)
    claims = app.extensions["feedback.claims"] = claims_of(settings)
    if claims is not None:
        hold(claims)
    upgrade(writer_engine(settings.database_url))
    gate = gate_of(app)
    threading.Thread(target=gate.writer.run, name="writer", daemon=True).start()
    gate.write(None, found_conference, time_zone=local_zone(), chance=secrets.randbits)


def extension(app: Flask, name: str) -> Any:
    """Return what the factory put into the app under `feedback.<name>`."""
    return app.extensions[f"feedback.{name}"]
