"""Theme runs outside the server: the queue, the worker process that computes, and the watch that brings results home.

A job reads, computes and leaves its result in the queue's store; only the app's writer changes the database.
"""

import functools
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from feedback.actions.runs import fail_theme_run, finish_theme_run, note_theme_run, request_themes
from feedback.alignment_jobs import alignment_task
from feedback.db import Gate
from feedback.domain.facts import (
    ConversationChanged,
    Fact,
    NoIdeasYet,
    RunInFlight,
    ServerFault,
    ThemesEdited,
    ThemesRequested,
)
from feedback.domain.roles import HOUSE
from feedback.domain.themes import (
    MergeProposal,
    NearDuplicate,
    Outlook,
    RegroupProposal,
    SplitProposal,
    Theme,
    ThemeSet,
)
from feedback.encoding import Encoding, embedder_for, encoding_task, news_of, take_home
from feedback.job_queue import make_queue
from feedback.opinion_jobs import opinions_task
from feedback.place import is_shared
from feedback.presence import Presence
from feedback.settings import Settings
from feedback.store.runs import had_run, overdue_conversations, run_input, unscored_conversations, waiting_runs
from feedback.store.themes import FULL, RESCORE

if TYPE_CHECKING:
    from huey import Huey

POLL = 0.1
REST = 2.0
PATIENCE = 15.0
TRIES = 3
#: Seconds between two looks in the database for what no hint told.
LOOK = 5.0
#: Seconds without a sign of any run after which those under way are asked for again: their worker has died elsewhere,
#: or Redis has lost its queue.
STALE = 120.0
_GONE = {"gone": True}
_log = logging.getLogger("feedback.jobs")


def themes_task(queue: "Huey", settings: Settings) -> Callable[[int], Any]:
    """Register the job on a queue; calling what is returned enqueues a run by its id."""

    def find(run_id: int) -> dict[str, Any]:
        from feedback.clustering.pipeline import find_themes, quiet  # noqa: PLC0415 -- slow import, and only the worker pays
        from feedback.store.engine import reader_engine  # noqa: PLC0415 -- the worker's own connection

        data = run_input(reader_engine(settings.database_url), run_id)
        if data is None:
            return _GONE
        found = find_themes(
            data.ideas,
            previous=data.previous,
            pins=data.pins,
            sorts=data.sorts,
            barred=data.barred,
            stop_texts=data.stop_texts,
            quick=data.quick,
            splits=data.splits,
            embedder=embedder_for(settings, data.embedder),
            seed=data.seed,
            # A quick run is over before anybody could read how far it is.
            progress=quiet if data.quick else lambda share, step: queue.put(f"progress:{run_id}", [share, step]),
        )
        return asdict(found) | {"news": news_of(settings, data.embedder, data.ideas)}

    task: Callable[[int], Any] = queue.task(name="find_themes")(find)
    return task


def run_worker(settings: Settings, parent: int | None) -> None:
    """Work off the queue until told to stop, or until the process `parent` is gone (None = until told)."""
    queue = make_queue(settings)
    themes_task(queue, settings)
    encoding_task(queue, settings)
    opinions_task(queue, settings)
    alignment_task(queue, settings)
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    import feedback.clustering.pipeline  # noqa: F401, PLC0415 -- warm before the first run

    queue.create_consumer(workers=1, periodic=False, initial_delay=POLL / 2, max_delay=POLL, backoff=1.0).run()


def themes_from(data: dict[str, Any]) -> ThemeSet:
    """Read a run's result back from what the queue kept: JSON knows no tuples."""
    regroup, alike = data["regroup"], data["near_duplicates"]
    return ThemeSet(
        themes=tuple(Theme(**_fields_of(theme)) for theme in data["themes"]),
        leftovers=tuple(data["leftovers"]),
        next_id=data["next_id"],
        unsure=_frozen(data["unsure"]),
        outlooks={
            idea: Outlook(_frozen(said["prior"]), said["sureness"], _frozen(said["shared_terms"]))
            for idea, said in data["outlooks"].items()
        },
        reliability=data["reliability"],
        merges=tuple(MergeProposal(**merge) for merge in data["merges"]),
        embedder=data["embedder"],
        problem=data["problem"],
        regroup=RegroupProposal(_frozen(regroup["groups"]), regroup["gain"]) if regroup else None,
        near_duplicates=None if alike is None else tuple(NearDuplicate(**_fields_of(pair)) for pair in alike),
        splits=tuple(SplitProposal(**_fields_of(split)) for split in data["splits"]),
    )


def _fields_of(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: _frozen(value) for name, value in fields.items()}


def _frozen(value: Any) -> Any:
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value


class ThemeJobs:
    """The server's side: enqueues runs when asked, brings results to the writer, starts runs after new ideas."""

    def __init__(
        self, settings: Settings, gate: Gate, engine: Any, presence: Presence, tell: Callable[[int], None]
    ) -> None:
        """Tell: called with a conversation when its run gets on."""
        self._settings = settings
        self._gate = gate
        self._engine = engine
        self._presence = presence
        self._tell = tell
        self._encoding = Encoding(settings, gate, engine)
        self._waiting: dict[int, tuple[int, Any, int]] = {}
        #: First and last time, by conversation, of ideas and of sorts that no run has seen.
        self._fresh: dict[int, tuple[float, float]] = {}
        self._sorted: dict[int, tuple[float, float]] = {}
        #: Conversations whose themes the crew has changed since the last run.
        self._edited: set[int] = set()
        self._asked: list[tuple[int, int]] = []
        self._looked = self._sign = time.monotonic()
        #: How many runs ended how: `ok`, a problem's code, or `gone` when nothing was left to look at.
        self.outcomes: Counter[str] = Counter()

    @functools.cached_property
    def _queue(self) -> "Huey":
        return make_queue(self._settings)

    @functools.cached_property
    def _enqueue(self) -> Callable[[int], Any]:
        return themes_task(self._queue, self._settings)

    @functools.cached_property
    def _encode(self) -> Callable[[int], Any]:
        return encoding_task(self._queue, self._settings)

    def warm(self) -> None:
        """Open the queue before anybody waits for it."""
        self._enqueue  # noqa: B018 -- the property opens it

    def hear(self, facts: Sequence[Fact]) -> None:
        """Note what was asked for and what became out of date. Never blocks."""
        self._encoding.hear(facts)
        now = time.monotonic()
        for fact in facts:
            match fact:
                case ThemesRequested():
                    # From elsewhere it may come late: a look in the database has found the run before.
                    if fact.run_id not in self._waiting and (fact.run_id, fact.conversation_id) not in self._asked:
                        self._asked.append((fact.run_id, fact.conversation_id))
                    # A quick run founds no themes: what new ideas need is still to come.
                    if not fact.quick:
                        self._fresh.pop(fact.conversation_id, None)
                case ConversationChanged(kind="idea" | "sort"):
                    unseen = self._fresh if fact.kind == "idea" else self._sorted
                    first, _ = unseen.get(fact.conversation_id, (now, now))
                    unseen[fact.conversation_id] = (first, now)
                case ThemesEdited():
                    self._edited.add(fact.conversation_id)
                case _:
                    pass

    def take_up(self) -> None:
        """Enqueue what has not ended, and note what came after the last run: nobody else may know of it."""
        known = {run_id for run_id, _ in self._asked} | self._waiting.keys()
        self._asked.extend(run for run in waiting_runs(self._engine) if run[0] not in known)
        self._looked = now = time.monotonic()
        for place in overdue_conversations(self._engine):
            self._fresh.setdefault(place, (now, now))
        for place in unscored_conversations(self._engine):
            self._sorted.setdefault(place, (now, now))

    def forget(self) -> None:
        """Let go of everything: another process has these jobs now."""
        self._encoding.forget()
        self._waiting.clear()
        self._fresh.clear()
        self._sorted.clear()
        self._edited.clear()
        self._asked.clear()

    def step(self) -> None:
        """Enqueue, collect, and start runs that are due; called every tenth of a second or so.

        Whatever it raises (Busy, a queue or a database that is away), the next step takes up what was left.
        """
        now = time.monotonic()
        if is_shared(self._settings) and now - self._looked > LOOK:
            self.take_up()
        if not self._waiting:
            self._sign = now
        elif now - self._sign > STALE:
            self._sign = now
            self.worker_restarted()
        while self._asked:
            self._hand_over(*self._asked[0])
            del self._asked[0]
        for run_id in list(self._waiting):
            self._collect(run_id)
        # New ideas wait for the end of a run under way: it may have read the ideas before they came.
        busy = {place for place, _, _ in self._waiting.values()}
        for place in [place for place, times in self._fresh.items() if place not in busy and _is_due(*times)]:
            self._start(place, FULL)
            busy.add(place)
        sorted_ones = {place for place, times in self._sorted.items() if _is_due(*times)}
        for place in sorted((self._edited | sorted_ones) - busy):
            self._start(place, RESCORE)
        self._encoding.step(self._encode)

    def worker_restarted(self) -> None:
        """Ask again for what the dead worker may have had in hand."""
        runs = [(run_id, place) for run_id, (place, _, _) in self._waiting.items()]
        self._asked.extend(run for run in runs if run not in self._asked)

    def _hand_over(self, run_id: int, place: int) -> None:
        """Enqueue a run; give it up after three tries."""
        tries = self._waiting[run_id][2] + 1 if run_id in self._waiting else 1
        if tries > TRIES:
            self._end(run_id, None, problem="worker_died")
        else:
            self._gate.write(place, note_theme_run, run_id, "queued")
            self._queue.get(f"progress:{run_id}")  # of a worker that has died
            self._presence.advance(place, 0.0, "queued")
            self._waiting[run_id] = (place, self._enqueue(run_id), tries)

    def _collect(self, run_id: int) -> None:
        place, result, _ = self._waiting[run_id]
        seen = self._queue.get(f"progress:{run_id}", peek=True)
        if seen and self._presence.progress(place)[1] == "queued":
            self._gate.write(place, note_theme_run, run_id, "running")
        if seen and self._presence.advance(place, float(seen[0]), str(seen[1])):
            # Any run's sign is one for those that wait behind it.
            self._sign = time.monotonic()
            self._tell(place)
        # What came is kept by `result`, so that it is there again if it cannot be written now.
        found = result.get_raw_result()
        if found is None:
            return
        self._sign = time.monotonic()
        if found == _GONE:
            self.outcomes["gone"] += 1
            del self._waiting[run_id]
        elif isinstance(found, dict):
            take_home(self._gate, place, found.get("news", {}))
            self._end(run_id, themes_from(found))
        else:
            _log.warning("theme run %d failed: %s", run_id, str(found.metadata.get("error")).partition("(")[0])
            self._end(run_id, None, problem="engine_failed")
        self._queue.get(f"progress:{run_id}")

    def _end(self, run_id: int, found: ThemeSet | None, *, problem: str = "") -> None:
        """Write how a run ended; raises Busy while the writer takes nothing."""
        place = self._waiting[run_id][0]
        try:
            if found is not None:
                self._gate.write(place, finish_theme_run, run_id, found)
            else:
                self._gate.write(place, fail_theme_run, run_id, problem=problem)
        except ServerFault:
            if found is not None:
                self._end(run_id, None, problem="engine_failed")
                return
        self._waiting.pop(run_id, None)
        self.outcomes[problem or "ok"] += 1

    def _start(self, place: int, kind: str) -> None:
        """Ask for a run after new ideas, sorts or edits, where there was one before."""
        unseen: tuple[dict[int, tuple[float, float]], ...] = (self._sorted,)
        unseen += (self._fresh,) if kind == FULL else ()
        times = [(each, each.pop(place)) for each in unseen if place in each]
        edited = place in self._edited
        self._edited.discard(place)
        try:
            if had_run(self._engine, place):
                with suppress(RunInFlight, NoIdeasYet, ServerFault):
                    self._gate.write(place, request_themes, HOUSE, place, kind)
        except Exception:
            for each, when in times:
                each.setdefault(place, when)
            self._edited |= {place} if edited else set()
            raise


def _is_due(first: float, last: float) -> bool:
    now = time.monotonic()
    return now - last >= REST or now - first >= PATIENCE


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)
