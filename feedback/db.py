"""The database as Flask sees it: a session for reading, and the one gate through which everything is written."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import Flask, current_app, g
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Connection, Engine

from feedback.domain.facts import Busy, Refusal
from feedback.store.base import Base
from feedback.store.writer import RETRY_MS, Tx, Writer

P = ParamSpec("P")
T = TypeVar("T")
_GATE = "feedback.gate"
_READING = "reading"
WAIT_SECONDS = 30
#: What `reading` gives, for those who do not name the library behind it.
Reading = Connection


class Reader(FlaskSession):
    """The ORM's session of a request; it reads on the request's connection where there is one already."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        """Return where to read."""
        here: Connection | None = g.get(_READING)
        return here if here is not None else super().get_bind(*args, **kwargs)


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": Reader})


def init(app: Flask) -> None:
    """Let requests of this app read."""
    db.init_app(app)
    app.teardown_appcontext(lambda _: stop_reading())


class Gate:
    """Hands actions to the writer and waits for their commit, whoever asks: a request, a socket, the command line."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer

    def write(
        self, conversation_id: int | None, action: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run the action in the writer and return its result after the commit; raises its Refusal, or Busy."""
        future: Future[T] = Future()

        def done(result: Any, refusal: Refusal | None) -> None:
            if refusal is None:
                future.set_result(result)
            else:
                future.set_exception(refusal)

        self.writer.submit(conversation_id, lambda tx: action(tx, *args, **kwargs), done)
        try:
            return future.result(WAIT_SECONDS)
        except TimeoutError:
            # It may still be written; whoever asks again finds out.
            raise Busy(after_ms=RETRY_MS) from None


def open_gate(app: Flask, gate: Gate) -> None:
    """Give the app its gate."""
    app.extensions[_GATE] = gate


def gate_of(app: Flask) -> Gate:
    """Return the app's gate."""
    gate: Gate = app.extensions[_GATE]
    return gate


def reading() -> Connection:
    """Return the connection on which this request reads.

    Each request has one and no more: requests that hold one while they wait for another would wait for each other.
    """
    if db.session.registry.has() and db.session().in_transaction():
        return db.session.connection()
    if _READING not in g:
        setattr(g, _READING, db.engine.connect())
    here: Connection = g.get(_READING)
    return here


def stop_reading() -> None:
    """Give this request's connection back; the next read takes a new one, and sees what was written meanwhile."""
    if db.session.registry.has():
        db.session.rollback()
    here: Connection | None = g.pop(_READING, None)
    if here is not None:
        here.close()


def write(
    action: Callable[Concatenate[Tx, P], T], conversation_id: int | None, /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Write from a request: run the action, wait for its commit, and let the reading session see it."""
    try:
        return gate_of(current_app).write(conversation_id, action, *args, **kwargs)
    finally:
        stop_reading()
