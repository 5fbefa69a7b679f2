"""Looks across all conversations: the job that compares their themes, and the watch that brings home what it found.

As with theme runs, a job reads, computes and leaves its result in the queue's store; only the app's writer changes the
database. Whether a look is awaited stands in the database, so none is lost with a process, a worker or a queue.
"""

import functools
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from feedback.actions.alignments import fail_alignment, finish_alignment, request_alignment
from feedback.db import Gate
from feedback.domain.alignments import Aligned, groups_of
from feedback.domain.facts import (
    AlignmentRequested,
    ConversationChanged,
    ConversationCleared,
    Fact,
    LookInFlight,
    ServerFault,
    TooFewConversations,
)
from feedback.domain.roles import HOUSE
from feedback.encoding import embedder_for
from feedback.settings import Settings
from feedback.store.alignments import alignment_input, alignment_now
from feedback.store.vectors import chosen_embedder

if TYPE_CHECKING:
    from huey import Huey

#: Seconds of rest after a change of themes until the next look; and the longest that changes may put it off.
REST = 10.0
PATIENCE = 60.0
#: Seconds between two looks in the database for what other processes asked for.
GLANCE = 5.0
#: Seconds after which a look is asked for again: its worker has died elsewhere, or Redis has lost its queue.
STALE = 120.0
TRIES = 3
_log = logging.getLogger("feedback.alignment_jobs")

Enqueue = Callable[[], Any]


def alignment_task(queue: "Huey", settings: Settings) -> Enqueue:
    """Register the job on a queue; calling what is returned enqueues a look."""

    def align() -> dict[str, Any]:
        from feedback.clustering.alignment import align_themes  # noqa: PLC0415 -- slow import, only the worker pays
        from feedback.store.engine import reader_engine  # noqa: PLC0415 -- the worker's own connection

        engine = reader_engine(settings.database_url)
        data, embedder = alignment_input(engine), embedder_for(settings, chosen_embedder(engine))
        found = align_themes(
            data.themes, same=data.same, apart=data.apart, stop_texts=data.stop_texts, embedder=embedder
        )
        return {
            "groups": [[asdict(member) for member in group] for group in found.groups],
            "embedder": found.embedder,
            "problem": found.problem,
            "seqs": [[place, seq] for place, seq in sorted(data.seqs.items())],
        }

    task: Enqueue = queue.task(name="align_themes")(align)
    return task


class AlignmentJobs:
    """The server's side: hands looks to the worker, brings results to the writer, looks again after themes changed."""

    def __init__(
        self, gate: Gate, engine: Any, enqueue: Callable[[], Enqueue], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Enqueue: returns what `alignment_task` returned; called once, when it is first needed."""
        self._gate, self._engine, self._clock = gate, engine, clock
        self._open = enqueue
        self._result: Any = None
        self._tries = 0
        self._since = self._glanced = clock()
        self._wanted = False
        self._changed: tuple[float, float] | None = None

    @functools.cached_property
    def _enqueue(self) -> Enqueue:
        return self._open()

    def hear(self, facts: Sequence[Fact]) -> None:
        """Note what was asked for, and that themes have changed. Never blocks."""
        now = self._clock()
        for fact in facts:
            match fact:
                case AlignmentRequested():
                    self._wanted = True
                case ConversationChanged(kind="themes") | ConversationCleared():
                    self._changed = (self._changed[0] if self._changed else now, now)
                case _:
                    pass

    def take_up(self) -> None:
        """Find out whether a look is awaited that nobody here knows of."""
        self._glanced = self._clock()
        now = alignment_now(self._engine)
        self._wanted = self._wanted or (now is not None and now.asked_at is not None and self._result is None)

    def forget(self) -> None:
        """Let go of everything: another process has these jobs now."""
        self._result, self._tries, self._wanted, self._changed = None, 0, False, None

    def worker_restarted(self) -> None:
        """Ask again for what the dead worker may have had in hand."""
        self._wanted = self._wanted or self._result is not None

    def step(self) -> None:
        """Enqueue, collect, and look again when that is due; called every tenth of a second or so.

        Whatever it raises (Busy, a queue or a database that is away), the next step takes up what was left.
        """
        now = self._clock()
        if now - self._glanced > GLANCE and self._result is None:
            self.take_up()
        if self._result is not None and now - self._since > STALE:
            self._wanted = True
        if self._wanted:
            self._hand_over(now)
        if self._result is not None:
            self._collect()
        elif self._changed is not None and _is_due(now, *self._changed):
            self._look_again()

    def _hand_over(self, now: float) -> None:
        if self._tries >= TRIES:
            self._end(lambda: self._gate.write(None, fail_alignment))
        else:
            self._result = self._enqueue()
            self._tries += 1
            self._since = now
        self._wanted = False

    def _collect(self) -> None:
        # What came is kept by the result, so that it is there again if it cannot be written now.
        found = self._result.get_raw_result()
        if found is None:
            return
        if isinstance(found, dict):
            aligned = Aligned(groups_of(found["groups"]), str(found["embedder"]), str(found["problem"]))
            seqs = {int(place): int(seq) for place, seq in found["seqs"]}
            self._end(lambda: self._gate.write(None, finish_alignment, aligned, seqs))
        else:
            _log.warning("a look across conversations failed: %s", str(found.metadata.get("error")).partition("(")[0])
            self._end(lambda: self._gate.write(None, fail_alignment))

    def _end(self, write: Callable[[], None]) -> None:
        """Write how a look ended; raises Busy while the writer takes nothing."""
        try:
            write()
        except ServerFault:
            self._gate.write(None, fail_alignment)
        self._result, self._tries = None, 0

    def _look_again(self) -> None:
        """Ask for a look after themes have changed, where somebody has looked before."""
        if alignment_now(self._engine) is not None:
            with suppress(LookInFlight, TooFewConversations, ServerFault):
                self._gate.write(None, request_alignment, HOUSE)
        self._changed = None


def _is_due(now: float, first: float, last: float) -> bool:
    return now - last >= REST or now - first >= PATIENCE
