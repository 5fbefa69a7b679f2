"""Carry out a deed that writes: by the running server, or by ourselves under the house's lock."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from feedback import control
from feedback.db import Gate
from feedback.domain.facts import Fact
from feedback.hints import Outgoing
from feedback.identity import Identity
from feedback.lock import HouseInUse, private_files, take_lock
from feedback.place import claims_of, hold, is_shared
from feedback.settings import Settings
from feedback.store.engine import writer_engine
from feedback.store.schema import upgrade
from feedback.store.writer import Writer

#: Seconds to wait for a house that is in use by something that does not answer.
PATIENCE = 10.0


def deed(settings: Settings, name: str, args: dict[str, Any]) -> dict[str, Any] | None:
    """Carry out a deed of `control`; a refusal is printed with its code and gives None."""
    try:
        result = _carried_out(settings, name, args)
    except HouseInUse as reason:
        print(reason, file=sys.stderr)
        return None
    if "refused" in result:
        print(f"{refusal_line(result['refused'], result['detail'])} ({result['refused']})", file=sys.stderr)
        return None
    return result


def _carried_out(settings: Settings, name: str, args: dict[str, Any]) -> dict[str, Any]:
    """Find somebody to do it: a server that has the lock may not listen yet, another command is soon done."""
    until = time.monotonic() + PATIENCE
    while (result := control.ask(settings.control_socket, name, args)) is None:
        try:
            with own_house(settings) as house:
                return control.do(house, name, args)
        except HouseInUse:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
    return result


@contextmanager
def own_house(settings: Settings) -> Iterator[control.House]:
    """Open the house for one command; raises HouseInUse while a server, or another command, has it to itself."""
    facts: list[Fact] = []
    with private_files(), _place(settings), writing(settings, facts.extend) as house:
        upgrade(writer_engine(settings.database_url))
        yield house
    if is_shared(settings):
        _tell(settings, facts)


@contextmanager
def writing(
    settings: Settings, tell: Callable[[Sequence[Fact]], None] = lambda _facts: None
) -> Iterator[control.House]:
    """Open the house with a writer of our own; who else may write meanwhile is the caller's business."""
    engine = writer_engine(settings.database_url)
    writer = Writer(engine, tell=tell)
    thread = threading.Thread(target=writer.run)
    thread.start()
    try:
        yield control.House(Gate(writer), Identity(settings.secret_key))
    finally:
        writer.close()
        thread.join()
        engine.dispose()


@contextmanager
def _place(settings: Settings) -> Iterator[None]:
    """Hold what keeps away servers that would not hear of what we write."""
    with ExitStack() as held:
        if not is_shared(settings):
            held.enter_context(take_lock(settings))
        claims = claims_of(settings)
        if claims is not None:
            held.callback(claims.drop)
            hold(claims)
        yield


def _tell(settings: Settings, facts: Sequence[Fact]) -> None:
    """Tell running servers what we have written; without it they find out within seconds."""
    from redis import RedisError  # noqa: PLC0415 -- slow import

    from feedback.bus import channel_of, tell_once  # noqa: PLC0415 -- as above

    outgoing = Outgoing()
    for fact in facts:
        outgoing.put(fact)
    with suppress(RedisError):
        tell_once(settings.redis_url or "", channel_of(settings), "command", outgoing)


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
