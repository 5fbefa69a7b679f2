"""What only a running process knows: how many are here now, what the stage has shown, how far a theme run is."""

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping

from feedback.domain.floods import REMEMBERED_MS

#: Seconds after which what another process told of itself does not count any more: it has ended, or nobody hears it.
STALE = 15.0


class Arrivals:
    """When participants came, as far as this process has looked: their numbers are given out in order."""

    def __init__(self) -> None:
        self._newest: list[int] = []  # participant numbers, rising, and
        self._when: list[int] = []  # when each was first seen to be the newest
        self._trusted: dict[int, int] = {}

    def note(self, newest: int, now: int) -> None:
        """Note the newest participant's number at an instant (epoch milliseconds)."""
        if self._newest and newest <= self._newest[-1]:
            return
        self._newest.append(newest)
        self._when.append(now)
        # One older entry stays: whoever has a number up to it came before all that is remembered.
        old = bisect_left(self._when, now - REMEMBERED_MS) - 1
        if old > 0:
            del self._newest[:old], self._when[:old]

    def trust(self, conversation_id: int) -> None:
        """Take everybody who has come so far for the room's own people."""
        self._trusted[conversation_id] = self._newest[-1] if self._newest else 0

    def joined(self, conversation_id: int, participants: set[int]) -> dict[int, int]:
        """Return when each of these came (epoch milliseconds, a few seconds late); the long known are left out."""
        since = max(self._trusted.get(conversation_id, 0), self._newest[0] if self._newest else 0)
        found = {}
        for participant_id in participants:
            place = bisect_left(self._newest, participant_id)
            if since < participant_id and place < len(self._when):
                found[participant_id] = self._when[place]
        return found


class Presence:
    """Counts of open sockets per conversation, and the last commit number sent to a stage."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._here: dict[int, dict[int, int]] = defaultdict(dict)
        #: What other processes told: when, and how many are with them in each conversation.
        self._elsewhere: dict[str, tuple[float, Mapping[int, int]]] = {}
        self._shown: dict[int, int] = {}
        self._progress: dict[int, tuple[float, str]] = {}
        self.arrivals = Arrivals()
        #: False while no worker runs: the desk says so, everything else goes on.
        self.worker_alive = True
        #: True while the disk of the data folder is nearly full: the crew is told in time.
        self.disk_low = False

    def come(self, conversation_id: int, participant_id: int) -> None:
        """Note a participant's socket; two tabs are one person."""
        room = self._here[conversation_id]
        room[participant_id] = room.get(participant_id, 0) + 1

    def go(self, conversation_id: int, participant_id: int) -> None:
        """Note that a participant's socket has closed."""
        room = self._here[conversation_id]
        left = room.get(participant_id, 0) - 1
        if left > 0:
            room[participant_id] = left
        else:
            room.pop(participant_id, None)

    def here(self, conversation_id: int) -> int:
        """Count the participants who have a socket open; whoever has two, on two processes, counts twice."""
        return len(self._here.get(conversation_id, ())) + sum(
            counts.get(conversation_id, 0) for counts in self._told_lately()
        )

    def here_with_us(self) -> dict[int, int]:
        """Count, by conversation, the participants who have a socket to this process."""
        return {place: len(people) for place, people in self._here.items() if people}

    def told(self, process: str, counts: Mapping[int, int] | None) -> None:
        """Note what another process tells: how many are with it in each conversation; None when it has ended."""
        if counts is None:
            self._elsewhere.pop(process, None)
        else:
            self._elsewhere[process] = (self._clock(), counts)

    def _told_lately(self) -> list[Mapping[int, int]]:
        if not self._elsewhere:
            return []
        since = self._clock() - STALE
        if any(when < since for when, _ in self._elsewhere.values()):
            self._elsewhere = {name: told for name, told in self._elsewhere.items() if told[0] >= since}
        return [counts for _, counts in self._elsewhere.values()]

    def show(self, conversation_id: int, seq: int) -> None:
        """Note that a frame up to `seq` was sent to a stage."""
        self._shown[conversation_id] = max(seq, self._shown.get(conversation_id, 0))

    def shown(self, conversation_id: int) -> int:
        """Return the last commit number that a stage was sent; 0 when there was no stage."""
        return self._shown.get(conversation_id, 0)

    def all_shown(self) -> dict[int, int]:
        """Return, by conversation, the last commit number that a stage was sent."""
        return dict(self._shown)

    def advance(self, conversation_id: int, share: float, step: str) -> bool:
        """Note how far a conversation's theme run is (0 to 1, code of the step); tells whether that is news."""
        news = self._progress.get(conversation_id) != (share, step)
        self._progress[conversation_id] = (share, step)
        return news

    def progress(self, conversation_id: int) -> tuple[float, str]:
        """Return how far the conversation's theme run is: share 0 to 1, and the code of its step."""
        return self._progress.get(conversation_id, (0.0, "queued"))
