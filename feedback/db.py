"""The database as Flask sees it: a session for reading, and the one gate through which everything is written."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection

from feedback.domain.facts import Busy, Refusal
from feedback.store.base import Base
from feedback.store.writer import RETRY_MS, Tx, Writer

P = ParamSpec("P")
T = TypeVar("T")
_GATE = "feedback.gate"
WAIT_SECONDS = 30

db = SQLAlchemy(metadata=Base.metadata)


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
    return db.session.connection()


def write(
    action: Callable[Concatenate[Tx, P], T], conversation_id: int | None, /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Write from a request: run the action, wait for its commit, and let the reading session see it."""
    try:
        return gate_of(current_app).write(conversation_id, action, *args, **kwargs)
    finally:
        db.session.rollback()
