"""Carry out a deed that writes: by the running server, or by ourselves under the house's lock."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from feedback import control
from feedback.db import Gate
from feedback.identity import Identity
from feedback.lock import take_lock
from feedback.settings import Settings
from feedback.store.engine import writer_engine
from feedback.store.schema import upgrade
from feedback.store.writer import Writer


def deed(settings: Settings, name: str, args: dict[str, Any]) -> dict[str, Any] | None:
    """Carry out a deed of `control`; a refusal is printed with its code and gives None."""
    result = control.ask(settings.control_socket, name, args)
    if result is None:
        with own_house(settings) as house:
            result = control.do(house, name, args)
    if "refused" in result:
        print(f"{refusal_line(result['refused'], result['detail'])} ({result['refused']})", file=sys.stderr)
        return None
    return result


@contextmanager
def own_house(settings: Settings) -> Iterator[control.House]:
    """Open the house for one command, while no server runs on it."""
    with take_lock(settings, wait=True):
        engine = writer_engine(settings.database_url)
        upgrade(engine)
        writer = Writer(engine)
        thread = threading.Thread(target=writer.run)
        thread.start()
        try:
            yield control.House(Gate(writer), Identity(settings.secret_key))
        finally:
            writer.close()
            thread.join()
            engine.dispose()


def refusal_line(code: str, detail: dict[str, Any]) -> str:
    """Say a refusal in English, as on the pages."""
    from feedback.wording import sentence_of  # noqa: PLC0415 -- the sentences come with Flask's translations

    with _english():
        return sentence_of(code, detail)


def bad_line(code: str) -> str:
    """Say in English why a line of a file was not taken, as on the console."""
    from feedback.wording import sentence_of_line  # noqa: PLC0415 -- as above

    with _english():
        return sentence_of_line(code)


@contextmanager
def _english() -> Iterator[None]:
    from flask import Flask  # noqa: PLC0415 -- as above
    from flask_babel import Babel  # noqa: PLC0415 -- as above

    app = Flask("feedback")
    Babel(app)
    with app.app_context():
        yield
