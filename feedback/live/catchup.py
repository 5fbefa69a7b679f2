"""What other processes have committed, as the database tells it: hints only say when to ask.

A hint may be lost, late, doubled or wrong. It never changes what a screen is told: the commit number that beats are
built from is read here, from the database, and whoever may not stay is found there, too.
"""

from collections.abc import Callable, Mapping
from typing import Any

from feedback.live.pulse import Pulse
from feedback.live.seats import Seat
from feedback.store.news import seqs_of, standing_crew, was_cleared

#: Closes the sockets of all seats of which this is true.
Close = Callable[[Callable[[Seat], bool]], Any]


class CatchUp:
    """Keeps one process's pulse up with the database."""

    def __init__(self, engine: Any, pulse: Pulse, seats: Mapping[str, Seat], close: Close) -> None:
        self._engine = engine
        self._pulse = pulse
        self._seats = seats
        self._close = close
        self._hinted: dict[int, int] = {}

    def note(self, conversation_id: int, seq: int) -> None:
        """Take a hint that a conversation has come to `seq`. Costs nothing; `look` asks."""
        if self._pulse.newest(conversation_id) is not None:
            self._hinted[conversation_id] = max(seq, self._hinted.get(conversation_id, 0))

    def newest(self, conversation_id: int) -> int:
        """Return the newest commit number that is known here; 0 while nobody watches the conversation."""
        return self._pulse.newest(conversation_id) or 0

    def look(self) -> None:
        """Ask for the conversations that were hinted at, in one query; nothing when all is known."""
        hinted, self._hinted = self._hinted, {}
        wanted = [place for place, seq in hinted.items() if seq > self.newest(place)]
        if not wanted:
            return
        try:
            with self._engine.connect() as database:
                found = seqs_of(database, wanted)
        except Exception:
            self._hinted = hinted | self._hinted  # asked again when the database is back
            raise
        for place, seq in found.items():
            self._pulse.mark(place, seq)

    def look_at_all(self) -> None:
        """Ask for every watched conversation, and for the crew that sits here: what no hint told is found now."""
        with self._engine.connect() as database:
            for place, seq in seqs_of(database, self._pulse.watched()).items():
                known = self.newest(place)
                if seq > known:
                    if was_cleared(database, place, known):
                        self._close(lambda seat, place=place: seat.conversation_id == place)  # type: ignore[misc]
                    self._pulse.mark(place, seq)
            crew = {seat.actor.crew_id for seat in self._seats.values() if seat.actor.crew_id is not None}
            if gone := crew - standing_crew(database, crew) if crew else set():
                self._close(lambda seat: seat.actor.crew_id in gone)
