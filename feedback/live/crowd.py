"""How many live screens there may be: of one browser, of all phones, of stage and crew."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from feedback.domain.facts import Forbidden, RoomFull
from feedback.live.seats import VIEWS, Seat

TABS = 4  # of one participant
CREW_TABS = 16  # of one of the crew, who has stage, console and desk open side by side
CREW_SEATS = 100  # for stages, and as many for the crew, whatever the phones take
#: Sockets that may be open beside those seated: upgraded, and not in a conversation yet.
ARRIVING = 1_000


class Crowd:
    """Counts the sockets of this process by view, and those of each browser in the order in which they came."""

    def __init__(self, phones: int) -> None:
        self._most = dict.fromkeys(VIEWS, CREW_SEATS) | {"phone": phones}
        self._taken: Counter[str] = Counter()
        self._tabs: dict[tuple[int | None, int | None], list[str]] = {}

    @property
    def sockets_at_most(self) -> int:
        """How many sockets may be open in all, seated or not."""
        return sum(self._most.values()) + ARRIVING

    def seated(self) -> dict[str, int]:
        """Count the sockets that have a seat, or are getting one, by view."""
        return {view: self._taken[view] for view in VIEWS}

    @contextmanager
    def place_for(self, auth: object) -> Iterator[None]:
        """Keep a place while its seat is looked for; raises RoomFull, and gives it back if there is no seat."""
        view: Any = auth.get("view") if isinstance(auth, dict) else None
        if view not in VIEWS:
            raise Forbidden
        if view != "phone":
            yield
            self._take(view)  # only now is it known to be one of the crew: others may not crowd them out
            return
        self._take(view)
        try:
            yield
        except BaseException:
            self._taken[view] -= 1
            raise

    def _take(self, view: str) -> None:
        if self._taken[view] >= self._most[view]:
            raise RoomFull
        self._taken[view] += 1

    def sit(self, sid: str, seat: Seat) -> str | None:
        """Note a socket that got its seat; returns the one of the same browser that is one too many, the oldest."""
        tabs = self._tabs.setdefault(_who(seat), [])
        tabs.append(sid)
        return tabs[0] if len(tabs) > (TABS if seat.view == "phone" else CREW_TABS) else None

    def rise(self, sid: str, seat: Seat) -> None:
        """Note that a socket has closed."""
        self._taken[seat.view] -= 1
        tabs = self._tabs.get(_who(seat), [])
        if sid in tabs:
            tabs.remove(sid)
        if not tabs:
            self._tabs.pop(_who(seat), None)


def _who(seat: Seat) -> tuple[int | None, int | None]:
    return seat.actor.participant_id, seat.actor.crew_id
