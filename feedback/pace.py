"""How fast one participant, one conversation and one address may go: token buckets in memory, filled by the clock.

A whole hall sits behind one address, so what a phone asks is counted by participant, then by conversation; an address
only slows, and what it slows is never refused. Both doors for ops come here before anything waits for the writer.
Addresses are kept as keyed hashes, no longer than their bucket takes to fill again.
"""

import secrets
import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from random import random
from typing import Protocol

from feedback.domain.facts import TooFast
from feedback.domain.ops import EditOp, IdeaOp, Op, SortOp, VoteOp, WithdrawOp

#: So many keys of one kind are remembered at most; beyond that the oldest are forgotten, which forgives them.
KEYS_AT_MOST = 50_000
SWEEP_EVERY = 30.0
#: So many ideas are remembered as counted, so that one that comes again is not counted again.
IDEAS_AT_MOST = 10_000
#: Nobody is told to come back later than this, unless the rate itself is slower.
LONGEST = 10.0
SLOW_LANE = 10.0  # seconds that a new participant waits at most
SLOW_LANE_PLACES = 2_000


class Paced(Protocol):
    """So many at once, and so many a second after that."""

    @property
    def rate(self) -> float:
        """How many a second, sustained."""

    @property
    def burst(self) -> float:
        """How many at once."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, `rate` a second after that."""

    rate: float
    burst: float


VOTES = Rate(2, 40)
SORTS = Rate(2, 40)
IDEAS = Rate(6 / 60, 5)
CHANGES = Rate(1, 10)  # edits and withdrawals
READS = Rate(1, 10)  # sync and mine by HTTP
REQUESTS = Rate(4, 60)  # everything else that a participant asks by HTTP
CONVERSATION = Rate(5_000, 20_000)  # ops of all participants together
JOINS = Rate(40, 2_500)  # new participants from one address
HANDSHAKES = Rate(300, 3_000)  # websockets from one address, and as many reads without a cookie
TABS = Rate(1, 20)  # websockets of one browser
STRANGERS = Rate(30, 300)  # websockets from one address that show no cookie of ours, and will be refused


class Bucket:
    """A token bucket; what it holds is `burst` at first, and `rate` more each second."""

    __slots__ = ("_at", "_left", "_turn")

    def __init__(self, rate: Paced, now: float) -> None:
        self._left = float(rate.burst)
        self._at = now
        self._turn = 0.0

    def take(self, rate: Paced, now: float) -> bool:
        """Take one token; False when there is none."""
        left = self._left + (now - self._at) * rate.rate
        self._at = now
        if left > rate.burst:
            left = float(rate.burst)
        if left < 1:
            self._left = left
            return False
        self._left = left - 1
        return True

    def turn(self, rate: Paced, now: float) -> float:
        """Return in how many seconds to come again; each that asks is told a later moment, up to a bound."""
        turn = max(now + (1 - self._left) / rate.rate, self._turn + 1 / rate.rate)
        self._turn = min(turn, now + max(LONGEST, 5 / rate.rate))
        return self._turn - now

    def owe(self, rate: Paced, now: float, longest: float) -> float:
        """Take one token even if there is none yet; return in how many seconds it will be there."""
        self._left = min(rate.burst, self._left + (now - self._at) * rate.rate)
        self._at = now
        self._left = max(self._left - 1, -longest * rate.rate)
        return max(0.0, -self._left / rate.rate)

    def is_full(self, rate: Paced, now: float) -> bool:
        """Tell whether a fresh one would be the same."""
        return self._left + (now - self._at) * rate.rate >= rate.burst


class Buckets:
    """One bucket for each key. Memory is bounded: full buckets are forgotten, and of too many the oldest."""

    __slots__ = ("_by_key", "_most", "_sweep_at", "rate")

    def __init__(self, rate: Rate, most: int = KEYS_AT_MOST) -> None:
        self.rate = rate
        self._most = most
        self._by_key: dict[Hashable, Bucket] = {}
        self._sweep_at = 0.0

    def __len__(self) -> int:
        """Count the keys that are remembered."""
        return len(self._by_key)

    def take(self, key: Hashable, now: float) -> float:
        """Take one token; returns 0.0, or in how many seconds to come again."""
        bucket = self._by_key.get(key) or self.of(key, now)
        return 0.0 if bucket.take(self.rate, now) else bucket.turn(self.rate, now)

    def of(self, key: Hashable, now: float) -> Bucket:
        """Return the bucket of a key."""
        bucket = self._by_key.get(key)
        if bucket is None:
            if now >= self._sweep_at or len(self._by_key) >= self._most:
                self._sweep(now)
            bucket = self._by_key[key] = Bucket(self.rate, now)
        return bucket

    def _sweep(self, now: float) -> None:
        self._sweep_at = now + SWEEP_EVERY
        held = [(key, bucket) for key, bucket in list(self._by_key.items()) if not bucket.is_full(self.rate, now)]
        # A quarter at once, so that a flood of keys does not sweep for each of them.
        self._by_key = dict(held[-(self._most * 3 // 4) :])


class Pace:
    """What this process allows. `times` multiplies every rate and burst: for load tests, and for halls of robots."""

    def __init__(
        self,
        times: int = 1,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._clock = clock
        self._sleep = sleep
        self._salt = secrets.token_bytes(16)
        self._waiting = 0

        def buckets(rate: Rate) -> Buckets:
            return Buckets(Rate(rate.rate * times, rate.burst * times))

        votes, sorts, ideas, changes = (buckets(rate) for rate in (VOTES, SORTS, IDEAS, CHANGES))
        self._ops: Mapping[type[Op], tuple[Buckets, str]] = {
            VoteOp: (votes, "votes"),
            SortOp: (sorts, "sorts"),
            IdeaOp: (ideas, "ideas"),
            EditOp: (changes, "changes"),
            WithdrawOp: (changes, "changes"),
        }
        self._counted: dict[tuple[int, str], None] = {}
        self._conversations = buckets(CONVERSATION)
        self._reads = buckets(READS)
        self._requests = buckets(REQUESTS)
        self._joins = buckets(JOINS)
        self._handshakes = buckets(HANDSHAKES)
        self._tabs = buckets(TABS)
        # Whoever shows no cookie of ours has buckets of their own: a stranger cannot use up what a hall's phones need.
        self._strangers = {"reads": buckets(HANDSHAKES), "handshakes": buckets(STRANGERS)}

    def op(self, op: Op, conversation_id: int, participant_id: int) -> None:
        """Let an op of a participant pass, or raise TooFast with the time to send it again.

        An idea is counted once: a phone that got no answer sends it again, and an id makes one idea however often it
        comes. Repetitions go at the pace of changes.
        """
        now = self._clock()
        idea = (participant_id, op.id) if isinstance(op, IdeaOp) else None
        buckets, kind = self._ops[EditOp if idea in self._counted else type(op)]
        wait = buckets.take(participant_id, now)
        if wait:
            raise self._too_fast(kind, wait)
        if idea is not None:
            self._remember(idea)
        wait = self._conversations.take(conversation_id, now)
        if wait:
            raise self._too_fast("conversation", wait + random())  # noqa: S311 -- as below

    def _remember(self, idea: tuple[int, str]) -> None:
        if len(self._counted) >= IDEAS_AT_MOST:
            self._counted = dict.fromkeys(list(self._counted)[IDEAS_AT_MOST // 4 :])
        self._counted[idea] = None

    def read(self, token: str | None, address: str) -> None:
        """Let a read by HTTP pass, or raise TooFast; whoever has no token shares with their address."""
        if token is None:
            self._ask(self._strangers["reads"], self._key(address), "reads")
        else:
            self._ask(self._reads, token, "reads")

    def request(self, token: str) -> None:
        """Let another request of a participant pass, or raise TooFast."""
        self._ask(self._requests, token, "requests")

    def handshake(self, token: str | None, address: str) -> None:
        """Let a websocket be opened, or raise TooFast."""
        if token is None:
            self._ask(self._strangers["handshakes"], self._key(address), "handshakes")
        else:
            self._ask(self._tabs, token, "handshakes")
            self._ask(self._handshakes, self._key(address), "handshakes")

    def join(self, address: str) -> None:
        """Let a new participant in, now or after a wait of at most ten seconds; it is never refused."""
        bucket = self._joins.of(self._key(address), self._clock())
        wait = bucket.owe(self._joins.rate, self._clock(), SLOW_LANE)
        if not wait:
            return
        self.counters["slowed_joins"] += 1
        if self._waiting >= SLOW_LANE_PLACES:
            return
        self._waiting += 1
        try:
            self._sleep(wait)
        finally:
            self._waiting -= 1

    def _ask(self, buckets: Buckets, key: Hashable, kind: str) -> None:
        wait = buckets.take(key, self._clock())
        if wait:
            raise self._too_fast(kind, wait + random())  # noqa: S311 -- so that not all come back at once

    def _too_fast(self, kind: str, wait: float) -> TooFast:
        self.counters[f"slowed_{kind}"] += 1
        return TooFast(after_ms=int(wait * 1000) + 1)

    def _key(self, address: str) -> int:
        return hash((self._salt, address))


def address_of(environ: Mapping[str, object], proxies: int) -> str:
    """Return the address that a request came from, believing so many reverse proxies."""
    said = [part.strip() for part in str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",") if part.strip()]
    if proxies and len(said) >= proxies:
        return said[-proxies]
    return str(environ.get("REMOTE_ADDR", ""))
