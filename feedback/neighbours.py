"""The other processes on the same database: what this one tells them, what it does with what they tell, who leads.

Everything that matters is in the database. Hints make it quick; without them (no Redis for a while) each process asks
the database once a second instead of every five.
"""

import logging
import secrets
import time
from collections.abc import Sequence
from typing import Any

import gevent

from feedback.bus import Bus, channel_of
from feedback.domain.facts import (
    AlignmentRequested,
    ConversationChanged,
    ConversationCleared,
    CrewRevoked,
    Fact,
    ThemesEdited,
    ThemesRequested,
)
from feedback.duties import Duties
from feedback.hints import Bye, Here, Hint, Progress, Shown, WorkerAlive
from feedback.live.server import HEART, Live
from feedback.lock import HouseInUse
from feedback.place import hold, is_shared
from feedback.presence import STALE, Presence
from feedback.settings import Settings
from feedback.store.claims import Claims
from feedback.store.engine import is_away

#: Seconds between two questions to the database after hints, and between two looks at what the others should know.
ASK, SHARE = 0.1, 0.25
#: Seconds between two questions for everything while no hints arrive, and between two tries to lead.
DEAF, TRY = 1.0, 1.0
#: Seconds between two lines in the log about the same trouble.
QUIET = 60.0
_log = logging.getLogger("feedback.neighbours")


class Neighbours:
    """One process among the others; on SQLite, or without Redis, the only one, which leads from the start."""

    def __init__(
        self, settings: Settings, claims: Claims | None, live: Live, presence: Presence, duties: Duties
    ) -> None:
        self._claims = claims
        self._live = live
        self._presence = presence
        self._duties = duties
        self._said: dict[str, float] = {}
        self._last: dict[str, Hint] = {}
        self._worker_heard = time.monotonic()
        self._bus: Bus | None = None
        if is_shared(settings) and settings.redis_url:
            me = secrets.token_hex(6)
            self._bus = Bus(settings.redis_url, channel_of(settings), me, hear=self._heard, back=self._back)

    def start(self) -> None:
        """Begin to tell, to hear, and to lead when nobody does."""
        if self._bus is None:
            self._duties.take_up()
        else:
            self._bus.start()
            for step, pause in ((self._live.catch_up.look, ASK), (self._look_at_all, DEAF), (self._share, SHARE)):
                gevent.spawn(self._repeat, step, pause)
        if self._claims is not None:
            gevent.spawn(self._repeat, self._claim, TRY)

    def hear(self, facts: Sequence[Fact]) -> None:
        """Tell the others what was committed here. Never blocks."""
        if self._bus is not None:
            for fact in facts:
                self._bus.tell(fact)

    def worker_alive(self, alive: bool) -> None:
        """Note whether the theme worker of this process runs, and tell the others."""
        self._presence.worker_alive = alive
        if self._bus is not None:
            self._bus.tell(WorkerAlive(alive))

    def run_got_on(self, conversation_id: int) -> None:
        """Tell screens and others how far a theme run is."""
        self._live.heart_of(conversation_id)
        if self._bus is not None:
            self._bus.tell(Progress(conversation_id, *self._presence.progress(conversation_id)))

    def lay_down(self) -> None:
        """Let others lead, as this process is about to end."""
        self._duties.lay_down()
        if self._claims is not None:
            claims, self._claims = self._claims, None
            claims.drop()

    def stop(self) -> None:
        """Say goodbye."""
        if self._bus is not None:
            self._bus.stop()

    def _claim(self) -> None:
        """Hold the place, and lead if nobody else does; whoever loses the database leads no more."""
        claims = self._claims
        if claims is None:
            return
        leads = False
        try:
            hold(claims)
            leads = claims.lead()
        except HouseInUse as reason:
            self._say("place", str(reason))
        finally:
            if self._bus is not None and self._claims is not None and leads != self._duties.taken:
                (self._duties.take_up if leads else self._duties.lay_down)()

    def _heard(self, process: str, hints: Sequence[Hint]) -> None:
        facts: list[Fact] = []
        for hint in hints:
            match hint:
                case ConversationChanged():
                    self._live.catch_up.note(hint.conversation_id, hint.seq)
                    facts.append(hint)
                case ConversationCleared() | CrewRevoked():
                    self._live.hear([hint])
                case ThemesRequested() | ThemesEdited() | AlignmentRequested():
                    facts.append(hint)
                case _:
                    self._note(process, hint)
        self._duties.hear(facts)

    def _note(self, process: str, hint: Hint) -> None:
        match hint:
            case Here():
                self._presence.told(process, hint.counts)
            case Bye():
                self._presence.told(process, None)
            case Shown():
                for place, seq in hint.seqs.items():
                    self._presence.show(place, min(seq, self._live.catch_up.newest(place)))
            case Progress() if not self._duties.taken:
                if self._presence.advance(hint.conversation_id, hint.share, hint.step):
                    gevent.spawn(self._live.heart_of, hint.conversation_id)
            case WorkerAlive() if not self._duties.taken:
                self._presence.worker_alive = hint.alive
                self._worker_heard = time.monotonic()
            case _:
                pass

    def _back(self) -> None:
        """Hints arrive again: find out at once what was missed, and tell the others what they have missed."""
        self._said.pop("shared", None)
        self._duties.queue_is_back()
        gevent.spawn(self._once, self._live.catch_up.look_at_all)

    def _look_at_all(self) -> None:
        if self._bus is not None and (not self._bus.hears or self._is_time("look", HEART)):
            self._live.catch_up.look_at_all()

    def _share(self) -> None:
        """Tell the others what only this process knows: when it has changed, and every few seconds in any case."""
        again = self._is_time("shared", HEART)
        for name, hint in (("here", Here(self._presence.here_with_us())), ("shown", Shown(self._presence.all_shown()))):
            if self._bus is not None and (again or self._last.get(name) != hint):
                self._last[name] = hint
                self._bus.tell(hint)
        if self._duties.taken:
            if again:
                self.worker_alive(self._presence.worker_alive)
        elif time.monotonic() - self._worker_heard > STALE:
            self._presence.worker_alive = False

    def _is_time(self, name: str, pause: float) -> bool:
        now = time.monotonic()
        if now - self._said.get(name, -pause) < pause:
            return False
        self._said[name] = now
        return True

    def _say(self, what: str, words: str, fault: Exception | None = None) -> None:
        if self._is_time(f"say {what}", QUIET):
            _log.error("%s", words, exc_info=fault)

    def _repeat(self, step: Any, pause: float) -> None:
        while True:
            self._once(step)
            gevent.sleep(pause)

    def _once(self, step: Any) -> None:
        try:
            step()
        except Exception as fault:  # noqa: BLE001 -- one fault must not end the loop
            away = is_away(fault)
            self._say(f"{step.__name__} {away}", "the database is away" if away else "a look broke", fault)
            gevent.sleep(DEAF)
