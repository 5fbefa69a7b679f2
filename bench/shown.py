"""What a phone shows, and how it keeps it true: `sync`, then beats; a gap or a hint is healed by `sync`."""

from __future__ import annotations

from time import monotonic
from typing import Any

from bench import wire
from bench.crowd import Broadcast, Crowd, back_off
from bench.fetch import Fetcher

SYNC_JITTER = 2.0
SYNC_SHARE = 0.002  # seconds of the room's turn that each phone gets, where there are more than a thousand
FRAMES_HELD = 40
#: What a phone has when it has joined.
NEEDED = frozenset({"page", "socket", "heart", "sync", "mine"})
Tally = tuple[int, int, int]


class Screen:
    """The state of one phone, and its connection for pages."""

    __slots__ = (
        "_asked_sync",
        "_crowd",
        "_fetcher",
        "_held",
        "_ids",
        "_number",
        "_planned",
        "at",
        "began",
        "closing",
        "cookie",
        "has",
        "joined_after",
        "room",
        "to",
        "tos",
    )

    def __init__(self, crowd: Crowd, number: int, *, watched: bool = False) -> None:
        self._crowd = crowd
        self._number = number
        self._fetcher = Fetcher(crowd, number)
        self._held: list[Broadcast] = []
        self._asked_sync = False
        self._planned = False
        self.began = 0.0
        self.cookie = ""
        self.has: set[str] = set()
        self.joined_after = 0.0
        self.closing = False
        #: Newest commit number on its screen (-1: no state yet), and when it came to each.
        self.to = -1
        self.tos: list[int] = []
        self.at: list[float] = []
        #: Tallies on its screen, kept by some phones only.
        self.room: dict[str, Tally] | None = {} if watched else None
        self._ids: dict[int, str] = {}

    def sync(self) -> None:
        """Fetch the state, or what is new in it."""
        self._planned = False
        if self._asked_sync or self.closing:
            return
        self._asked_sync = True
        self._crowd.counts["syncs"] += 1
        self._fetch(f"sync?since={max(0, self.to)}", self._got_sync)

    def _sync_soon(self) -> None:
        if not self._planned and not self._asked_sync:
            self._planned = True
            spread = max(SYNC_JITTER, SYNC_SHARE * self._crowd.live)
            self._crowd.loop.after(spread * self._crowd.chance.random(), self.sync)

    def _got_sync(self, status: int, _cookie: str, body: bytes, took: float) -> None:
        self._asked_sync = False
        crowd = self._crowd
        crowd.counts["slowest_ms"] = max(crowd.counts["slowest_ms"], int(took * 1000))
        if status != 200:
            self._failed("sync", status)
            crowd.loop.after(0.5 + back_off(4, crowd.chance.random()), self.sync)
            return
        answer = crowd.read(body)
        now = monotonic()
        if answer.get("snapshot"):
            if answer["seq"] >= self.to:
                self._advance(answer["seq"], answer, now, whole=True)
        elif answer["from"] <= self.to < answer["to"]:
            self._advance(answer["to"], answer["changes"], now)
        self._note("sync")
        held, self._held = self._held, []
        for beat in held:
            self._beat(beat, now)

    def _beat(self, beat: Broadcast, now: float) -> None:
        if self._asked_sync or self.to < 0:
            self._held = [*self._held, beat][-FRAMES_HELD:]
        elif beat.frm > self.to:
            self._crowd.counts["gaps"] += 1
            self._sync_soon()
        elif beat.to > self.to:
            self._advance(beat.to, beat.changes, now)

    def _advance(self, to: int, changes: dict[str, Any], now: float, *, whole: bool = False) -> None:
        self.to = to
        self.tos.append(to)
        self.at.append(now)
        if self.room is not None:
            if whole:
                self.room.clear()
            for idea in changes.get("ideas", ()):
                self._ids[idea["n"]] = idea["id"]
                self.room[idea["id"]] = (idea["agree"], idea["disagree"], idea["pass"])
            for number, agree, disagree, passes in changes.get("tallies", ()):
                if number in self._ids:
                    self.room[self._ids[number]] = (agree, disagree, passes)

    def _note(self, what: str) -> None:
        has = self.has
        if what not in has:
            has.add(what)
            if len(has) == len(NEEDED):
                self.joined_after = monotonic() - self.began
                self._crowd.counts["joined"] += 1

    def _failed(self, what: str, status: int) -> None:
        # 0: no answer, as when the server is being restarted.
        self._crowd.counts[f"refused_{what}" if status else f"unanswered_{what}"] += 1

    def _fetch(self, what: str, taken: Any) -> None:
        path = f"/c/{self._crowd.code}/{what}"
        self._fetcher.get(wire.get(path, self._crowd.host, page=False, cookie=self.cookie), taken)
