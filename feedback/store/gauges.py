"""How the writer fares: plain numbers to which only its thread adds, and which anyone may read at any time."""

import time
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from feedback.domain.facts import Busy, Refusal, ServerFault

#: Upper bounds of the histograms: ops in a batch, seconds of a commit, seconds from queued to answered.
BATCH_OPS = (1, 2, 4, 8, 16, 32, 64)
COMMIT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
WAIT_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 10.0)


class Histogram:
    """Counts values by upper bound (a value on a bound counts below it), and adds them up."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class WriterGauges:
    """What one writer has done since it started. Times are seconds of the monotonic clock."""

    __slots__ = (
        "_ran",
        "batch_ops",
        "broken",
        "commit",
        "failed_batches",
        "ok",
        "oldest",
        "refused",
        "running",
        "wait",
    )

    def __init__(self) -> None:
        self.batch_ops = Histogram(BATCH_OPS)
        self.commit = Histogram(COMMIT_SECONDS)
        self.wait = Histogram(WAIT_SECONDS)
        #: Ops of any kind, the crew's too: carried out, refused by a rule, broken on our side.
        self.ok = self.refused = self.broken = 0
        self.failed_batches = 0
        self.running = False
        #: Since when the oldest op waits for its answer; None while nobody does.
        self.oldest: float | None = None
        self._ran = 0.0

    def take(self, since: float) -> None:
        """Begin a batch whose first op was queued at `since`; the queue is a queue, so no other op waits longer."""
        self.oldest = since

    def ran(self) -> None:
        """Note that all ops of the batch have run and the commit comes."""
        self._ran = time.monotonic()

    def done(self, refusals: Iterable[Refusal | None]) -> None:
        """Count a batch that is committed; `refusals` has one entry per op."""
        now = time.monotonic()
        self.commit.add(now - self._ran)
        if self.oldest is not None:
            self.wait.add(now - self.oldest)
        ok = refused = broken = 0
        for refusal in refusals:
            if refusal is None:
                ok += 1
            elif isinstance(refusal, Busy | ServerFault):
                broken += 1
            else:
                refused += 1
        self.ok += ok
        self.refused += refused
        self.broken += broken
        self.batch_ops.add(ok + refused + broken)

    def rest(self) -> None:
        """End a batch: everybody in it has been answered."""
        self.oldest = None

    def waiting(self) -> float:
        """Return for how many seconds the oldest op has been waiting; 0 when none is."""
        oldest = self.oldest
        return 0.0 if oldest is None else time.monotonic() - oldest
