"""What all phones of one load generator share: the loop, the frames that everybody gets, the sums."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from typing import Any

from bench.fetch import plain
from bench.loop import Loop

#: So many different broadcast frames are kept for comparison: one beat, one heart, one hint, and their forerunners.
KEPT = 6
Cell = tuple[str, int]


class Broadcast:
    """A frame that many phones get: parsed once, recognised by its bytes afterwards."""

    __slots__ = ("changes", "frm", "kind", "raw", "to")

    def __init__(self, raw: bytes, kind: str, payload: dict[str, Any]) -> None:
        self.raw = raw
        self.kind = kind
        self.frm = int(payload.get("from", 0))
        self.to = int(payload.get("to", 0))
        self.changes: dict[str, Any] = payload.get("changes", {})


class Crowd:
    """The shared part of a load generator; `host` is what phones have in their address bar."""

    def __init__(self, port: int, code: str, *, seed: int = 1) -> None:
        self.loop = Loop()
        self.port = port
        self.code = code
        self.host = f"127.0.0.1:{port}"
        self.chance = random.Random(seed)
        self.mask = os.urandom(4)
        self.recent: list[Broadcast] = []
        self.bodies: list[tuple[bytes, dict[str, Any]]] = []
        self.votable: list[str] = []
        #: What was acked: the value and revision that must be in the database, by idea and participant.
        self.cells: dict[Cell, tuple[int | None, int]] = {}
        self.counts: Counter[str] = Counter()
        self.live = 0
        self.beats = 0  # beat frames delivered
        self.frames = 0
        self.bytes = 0  # by websocket
        self.http_bytes = 0
        self.newest = 0  # largest commit number in an ack

    def learn(self, raw: bytes, kind: str, payload: dict[str, Any]) -> Broadcast:
        """Remember a broadcast frame, so that the next phone's is recognised."""
        found = Broadcast(raw, kind, payload)
        self.recent.insert(0, found)
        del self.recent[KEPT:]
        return found

    def read(self, body: bytes) -> dict[str, Any]:
        """Parse an answer that many phones get."""
        for known, already in self.bodies:
            if known == body:
                return already
        parsed: dict[str, Any] = json.loads(plain(body))
        self.bodies.insert(0, (body, parsed))
        del self.bodies[KEPT:]
        return parsed


def back_off(failures: int, chance: float) -> float:
    """Return the wait of a real phone after so many failures in a row: full jitter up to 0.5, 1, 2, 4, then 5 s."""
    return float(chance * min(5.0, 0.5 * 2 ** max(0, failures - 1)))
