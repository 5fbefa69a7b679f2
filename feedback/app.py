"""The factory: settings in, app out. It builds and does not act; `serve` starts what runs."""

import secrets
import threading
from typing import Any

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from feedback.actions.programme import found_conference
from feedback.addresses import local_zone
from feedback.db import Gate, db, gate_of, open_gate
from feedback.guesses import Guesses
from feedback.identity import Identity
from feedback.lock import take_lock
from feedback.presence import Presence
from feedback.settings import Settings, read_settings
from feedback.store.engine import engine_options, prepare, writer_engine
from feedback.store.schema import upgrade
from feedback.store.writer import Writer
from feedback.web import register

BODY_LIMIT = 2 * 1024 * 1024


class RowNumber(IntegerConverter):
    """A number in an address, as far as numbers of rows go; past that there is no such page."""

    def __init__(self, map: Map, **more: Any) -> None:  # noqa: A002 -- werkzeug's name
        super().__init__(map, max=2**31 - 1, **more)


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
    db.init_app(app)
    with app.app_context():
        prepare(db.engine, writes=False)
    app.extensions["feedback.identity"] = Identity(settings.secret_key)
    app.extensions["feedback.presence"] = Presence()
    app.extensions["feedback.guesses"] = Guesses()
    open_gate(app, Gate(writer or Writer(writer_engine(settings.database_url))))
    register(app, CSRFProtect(app))
    return app


def start_writer(app: Flask) -> None:
    """Bring the database up to date and run the writer in a thread, for servers that bring their own loop (wsgi.py)."""
    settings: Settings = app.config["FEEDBACK_SETTINGS"]
    app.extensions["feedback.lock"] = take_lock(settings)
    upgrade(writer_engine(settings.database_url))
    gate = gate_of(app)
    threading.Thread(target=gate.writer.run, name="writer", daemon=True).start()
    gate.write(None, found_conference, time_zone=local_zone(), chance=secrets.randbits)


def extension(app: Flask, name: str) -> Any:
    """Return what the factory put into the app under `feedback.<name>`."""
    return app.extensions[f"feedback.{name}"]
