"""The public state of conversations, read once per commit number for everybody who asks: pages, `sync`, late comers.

A room that comes back after a restart asks for the same state two thousand times in a few seconds. Whoever comes first
builds it; whoever comes meanwhile waits for that one, and all get the same bytes.

In a large room a build costs as much as dozens of votes, and votes come between any two askers. There the same state is
given out for a moment (ten times as long as it took to build), so that building takes a tenth of the time at most;
whoever gets it hears of the rest by the next beat or heartbeat.
"""

import gzip
import json
import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from flask import current_app

from feedback.db import Reading
from feedback.presence import Presence
from feedback.store.screens import delta_of, seq_of, state_of

#: Ideas kept over all conversations; beyond it the conversation asked for longest ago is let go.
KEPT_IDEAS = 50_000
#: A conversation with so many ideas is large, and changes of so many; smaller ones are told as they are at this moment.
LARGE, LARGE_DELTA = 200, 50
#: Seconds that what is large may be old, and how often its building time fits into that.
LAG, SHARE = 0.5, 10
#: Bytes of changes from which on they are packed.
WORTH_PACKING = 2_000
#: Different deltas kept per conversation: most phones of a room have missed the same commits.
KEPT_DELTAS = 32
#: Seconds for which a delta and a whole state are given out again: they also say who is here now.
DELTA_LIFE, WHOLE_LIFE = 1.0, 5.0
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Encoded:
    """The state as of `seq`, or the changes up to it, encoded when the stage had been sent `shown`."""

    seq: int
    shown: int
    plain: bytes
    #: By gzip; empty when it is not worth it.
    packed: bytes
    made_at: float
    #: Until then also given to those who might have something newer.
    good_until: float = 0.0


@dataclass(slots=True)
class Place:
    """What is known of one conversation, for the room or for its crew; `turn` is held by whoever builds."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    state: Json | None = None
    good_until: float = 0.0
    encoded: Encoded | None = None
    #: By the commit number from which they lead.
    deltas: dict[int, Encoded] = field(default_factory=dict)


class Snapshots:
    """Keeps the newest state of each conversation: one build per commit number, however many ask at once."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, bool], Place] = {}
        self._book = threading.Lock()

    def state(self, database: Reading, place: int, at_least: int, *, crew: bool = False) -> Json:
        """Return what `state_of` reads, shared: not to be changed. Commit number `at_least` is in it."""
        return self._newest(database, place, seq_of(database, place), at_least, crew=crew)

    def encoded(
        self, database: Reading, place: int, seq: int, at_least: int, presence: Presence, *, crew: bool
    ) -> Encoded:
        """Return the state of now, which is `seq`, as JSON with the counts of this moment; `at_least` is in it."""
        state, shown = self._newest(database, place, seq, at_least, crew=crew), presence.shown(place)
        kept = self._place(place, crew)
        with kept.turn:
            known, now = kept.encoded, monotonic()
            stale = known is None or known.seq < state["seq"] or known.shown < shown
            if known is None or stale or now - known.made_at > WHOLE_LIFE:
                counts = state["counts"] | {"here": presence.here(place)}
                plain = dumps(state | {"shown": shown, "counts": counts})
                known = Encoded(state["seq"], shown, plain, gzip.compress(plain, 5, mtime=0), now)
                kept.encoded = known
        return known

    def delta(
        self, database: Reading, place: int, span: tuple[int, int], presence: Presence, *, crew: bool
    ) -> Encoded | None:
        """Return the changes of `span` (after, up to) as JSON, None when only the whole state will do."""
        kept, shown, (since, upto) = self._place(place, crew), presence.shown(place), span
        with kept.turn:
            known = kept.deltas.get(since)
            if known is not None and _still_good(known, upto, shown):
                return known
            began = monotonic()
            changes = delta_of(database, place, since, upto, crew=crew)
            if changes is None:
                return None
            changes["counts"]["here"] = presence.here(place)
            plain = dumps({"from": since, "to": upto, "changes": changes, "shown": shown})
            packed = gzip.compress(plain, 5, mtime=0) if len(plain) > WORTH_PACKING else b""
            made = monotonic()
            told = sum(len(changes.get(name, ())) for name in ("ideas", "tallies"))
            lag = _lag(told, LARGE_DELTA, made - began)
            while len(kept.deltas) >= KEPT_DELTAS:
                del kept.deltas[next(iter(kept.deltas))]
            kept.deltas[since] = Encoded(upto, shown, plain, packed, made, made + lag)
            return kept.deltas[since]

    def _place(self, place: int, crew: bool) -> Place:
        with self._book:
            kept = self._places.pop((place, crew), None) or Place()
            self._places[place, crew] = kept  # at the end: asked for last
        return kept

    def _newest(self, database: Reading, place: int, seq: int, at_least: int, *, crew: bool) -> Json:
        kept = self._place(place, crew)
        if (known := _fresh(kept, seq, at_least)) is not None:
            return known
        with kept.turn:
            # Whoever had the turn before may have built what we want, or something newer.
            if (known := _fresh(kept, seq, at_least)) is not None:
                return known
            began = monotonic()
            state = kept.state = state_of(database, place, crew=crew)
            ended = monotonic()
            kept.good_until = ended + _lag(len(state["ideas"]), LARGE, ended - began)
            self._let_go()
            return state

    def _let_go(self) -> None:
        with self._book:
            sizes = {key: len(kept.state["ideas"]) for key, kept in self._places.items() if kept.state is not None}
            excess = sum(sizes.values()) - KEPT_IDEAS
            for key in list(sizes)[:-1]:
                if excess <= 0:
                    return
                excess -= sizes[key]
                del self._places[key]


def _lag(ideas: int, large: int, took: float) -> float:
    return min(LAG, SHARE * took) if ideas > large else -1.0


def _still_good(delta: Encoded, upto: int, shown: int) -> bool:
    now = monotonic()
    newest = delta.seq >= upto and delta.shown >= shown and now - delta.made_at <= DELTA_LIFE
    return newest or now < delta.good_until


def _fresh(kept: Place, seq: int, at_least: int) -> Json | None:
    state = kept.state
    if state is None or state["seq"] < at_least:
        return None
    return state if state["seq"] >= seq or monotonic() < kept.good_until else None


def snapshots() -> Snapshots:
    """Return the app's snapshots."""
    found: Snapshots = current_app.extensions.setdefault("feedback.snapshots", Snapshots())
    return found


def dumps(data: Json) -> bytes:
    """Encode for the wire."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
