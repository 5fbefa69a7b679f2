"""What a phone may say: every frame passes here before Socket.IO sees it, and what is cut off is counted.

Everything a phone of ours sends is one of five texts: `40{…}` (enter), `41` (leave), `42<id>["op",{…}]` (one event with
one object), `3` (answer to a ping), `1` (goodbye). Anything else was not written by our pages, so the socket is closed
with a code instead of being argued with: 1003 binary, 1008 everything else. (Too long is 1009 and broken framing 1002,
by the `websockets` library.) Nothing a client wrote ever enters the log.
"""

from __future__ import annotations

import json
import logging
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple

LOG = logging.getLogger("feedback.live")

UNSUPPORTED = 1003
POLICY = 1008

MAX_DEPTH = 4
MAX_INT = 2**53  # beyond it JavaScript cannot have meant this number
RESERVED = frozenset({"connect", "disconnect", "connect_error"})

_EVENT = re.compile(r"42[0-9]{0,9}(?=\[)")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a socket may ask of the server; times in seconds, sizes in bytes."""

    rate: float = 10.0  # frames a second, sustained
    burst: int = 60
    join_within: float = 10.0  # from the upgrade to a namespace
    headers_within: float = 10.0  # from the first byte waited for to the last header
    kept_open: float = 5.0  # from an answer to the next request on its connection; a phone has its socket by then
    arriving: int = 200  # connections of one address that may wait so long for their first headers; more wait less
    body_silence: float = 20.0  # between two pieces of a request's body
    body_within: float = 30.0  # for a whole body, and longer as long as it comes with
    body_rate: int = 10 * 1024  # bytes a second
    answer_taken: float = 120.0  # a piece of an answer must be taken by then
    unsent_frames: int = 64
    unsent_bytes: int = 256 * 1024
    unsent_for: float = 10.0  # age of the oldest unsent frame


class Breach(Exception):
    """A client broke the rules of the wire: `code` closes the socket, `reason` is counted and told."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Watch:
    """Counts what was cut off, and says so at most once a second per reason."""

    def __init__(self, counters: Counter[str], clock: Callable[[], float] = monotonic) -> None:
        self.counters = counters
        self._clock = clock
        self._said: dict[str, float] = {}

    def note(self, reason: str) -> None:
        """Count one cut (key `cut_<reason>`)."""
        self.counters[f"cut_{reason}"] += 1
        now = self._clock()
        if now - self._said.get(reason, -math.inf) >= 1.0:
            self._said[reason] = now
            LOG.warning("refused on the wire: %s (%d so far)", reason, self.counters[f"cut_{reason}"])


@dataclass(frozen=True, slots=True)
class Rules:
    """What all sockets of one server share."""

    events: frozenset[str]
    limits: Limits
    watch: Watch
    max_size: int  # bytes in one message


class Event(NamedTuple):
    """One event with its one object; `ack` is the number to answer under, as text, empty when none is wanted."""

    name: str
    data: dict[str, object]
    ack: str


def check(message: str, events: frozenset[str]) -> Event | None:
    """Return the event in `message`, None when it is another message that a phone of ours sends; else raise Breach."""
    if message in ("3", "41", "1"):
        return None
    body = message[2:]
    if body.startswith("/") and message.startswith("4"):
        raise Breach(POLICY, "unknown_namespace")
    if message.startswith("42"):
        return _event_in(message, events)
    if message.startswith(("b", "45", "46")):
        raise Breach(UNSUPPORTED, "binary")
    if not message.startswith("40") or (body and not isinstance(_loaded(body), dict)):
        raise Breach(POLICY, "malformed")
    return None


def _event_in(message: str, events: frozenset[str]) -> Event:
    start = _EVENT.match(message)
    if start is None:
        raise Breach(POLICY, "malformed")
    said = _loaded(message[start.end() :])
    # One object per event, always: a wrong number of arguments would only be found inside the handler's call.
    if not isinstance(said, list) or len(said) != 2 or not isinstance(said[0], str):
        raise Breach(POLICY, "malformed")
    name, data = said
    if name in RESERVED:
        # The stock server runs the application's own handlers for these, as if the phone had come or gone.
        raise Breach(POLICY, "reserved_event")
    if name not in events:
        raise Breach(POLICY, "unknown_event")
    if not isinstance(data, dict):
        raise Breach(POLICY, "malformed")
    return Event(name, data, message[2 : start.end()])


def _loaded(text: str) -> object:
    try:
        value: object = _STRICT.decode(text)
    except (ValueError, RecursionError) as wrong:
        raise Breach(POLICY, "malformed") from wrong
    if _is_deeper(value, MAX_DEPTH):
        raise Breach(POLICY, "malformed")
    return value


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    for one in value.values() if isinstance(value, dict) else value:
        if isinstance(one, dict | list) and (levels == 1 or _is_deeper(one, levels - 1)):
            return True
    return levels == 0


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _small_int(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MAX_INT:
        raise ValueError("a number too large")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number too large")
    return number


def _no_constant(name: str) -> float:
    raise ValueError(name)


_STRICT = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_small_int, parse_float=_finite, parse_constant=_no_constant
)
