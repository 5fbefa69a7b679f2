"""The rhythm at which changes go out: many commits, one frame per audience and beat. No clock, no threads, no I/O."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

#: Seconds between two beats of a conversation, by audience: phones at most 4 a second, stage and crew 10.
PERIODS: Mapping[str, float] = {"phone": 0.25, "stage": 0.1, "crew": 0.1}


@dataclass(frozen=True, slots=True)
class Beat:
    """One frame that is due: everything after `since` up to `upto`, for one audience of a conversation."""

    conversation_id: int
    view: str
    since: int
    upto: int


class Pulse:
    """Remembers which commits each audience has not been sent, and when it was last sent any."""

    def __init__(self, periods: Mapping[str, float] = PERIODS, wake: Callable[[], object] = lambda: None) -> None:
        self._periods = periods
        self._wake = wake
        self._newest: dict[int, int] = {}
        self._sent: dict[tuple[int, str], int] = {}
        self._when: dict[tuple[int, str], float] = {}

    def watch(self, conversation_id: int, seq: int) -> None:
        """Start a conversation at its present commit number, unless it is known already."""
        if conversation_id not in self._newest:
            self._newest[conversation_id] = seq
            for view in self._periods:
                self._sent[conversation_id, view] = seq

    def mark(self, conversation_id: int, seq: int) -> None:
        """Note a commit."""
        self.watch(conversation_id, seq - 1)
        self._newest[conversation_id] = max(seq, self._newest[conversation_id])
        self._wake()

    def newest(self, conversation_id: int) -> int | None:
        """Return the newest commit number known, None while nobody watches the conversation."""
        return self._newest.get(conversation_id)

    def due(self, now: float) -> list[Beat]:
        """Return the beats that may go out now (seconds on any steady clock) and count them as sent."""
        beats = []
        for (conversation_id, view), since in self._sent.items():
            upto = self._newest[conversation_id]
            if upto > since and now >= self._when.get((conversation_id, view), -1e9) + self._periods[view]:
                beats.append(Beat(conversation_id, view, since, upto))
        for beat in beats:
            self._sent[beat.conversation_id, beat.view] = beat.upto
            self._when[beat.conversation_id, beat.view] = self._beaten(beat, now)
        return beats

    def _beaten(self, beat: Beat, now: float) -> float:
        # Who asks a little late shall not make all later beats late: the rhythm goes on from when this one was due.
        period = self._periods[beat.view]
        was_due = self._when.get((beat.conversation_id, beat.view), -1e9) + period
        return was_due if now - was_due < period / 4 else now

    def hold(self, beat: Beat, upto: int) -> None:
        """Note that a beat was sent only up to `upto`; the rest is due with the next one."""
        self._sent[beat.conversation_id, beat.view] = upto

    def is_behind(self) -> bool:
        """Tell whether any audience has not been sent the newest commit of its conversation."""
        return any(self._newest[place] > since for (place, _), since in self._sent.items())

    def sent(self, conversation_id: int, view: str) -> int:
        """Return the last commit number that this audience was sent; what a heartbeat carries."""
        return self._sent.get((conversation_id, view), 0)

    def watched(self) -> list[int]:
        """List the conversations with an audience or a commit since the start."""
        return sorted(self._newest)
