"""Opinion groups outside the server: the job for the worker, and the watch that starts it and brings results home.

What a lost worker, queue or server had in hand is not written down: which maps are older than their votes, the
database tells.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from feedback.actions.opinions import set_opinions
from feedback.db import Gate
from feedback.domain.facts import ConversationChanged, ConversationCleared, Fact, ServerFault
from feedback.domain.opinions import map_from, plain_of
from feedback.place import is_shared
from feedback.settings import Settings
from feedback.store.opinions import opinion_input, outdated_prompts

if TYPE_CHECKING:
    from huey import Huey

#: Seconds without another vote, and since the first one, after which the groups are looked for.
REST = 5.0
PATIENCE = 30.0
#: Seconds after which a job is given up: its worker, or the queue, may have lost it.
STALE = 120.0
_ABOUT = frozenset({"vote", "idea"})
_GONE = {"gone": True}
_log = logging.getLogger("feedback.opinion_jobs")


def opinions_task(queue: "Huey", settings: Settings) -> Callable[[int], Any]:
    """Register the job on a queue; calling what is returned enqueues a prompt by its id."""

    def find(prompt_id: int) -> dict[str, Any]:
        from feedback.clustering.opinions import find_opinions  # noqa: PLC0415 -- slow import, and only the worker pays
        from feedback.store.engine import reader_engine  # noqa: PLC0415 -- the worker's own connection

        data = opinion_input(reader_engine(settings.database_url), prompt_id)
        if data is None:
            return _GONE
        return plain_of(find_opinions(data.ballots, data.ideas, seq=data.seq, previous=data.previous))

    task: Callable[[int], Any] = queue.task(name="find_opinions")(find)
    return task


class OpinionJobs:
    """The server's side: starts jobs after new votes, brings results to the writer."""

    def __init__(self, settings: Settings, gate: Gate, engine: Any, queue: Callable[[], "Huey"]) -> None:
        """Queue: called when the first job is due."""
        self._settings = settings
        self._gate = gate
        self._engine = engine
        self._queue = queue
        self._task: Callable[[int], Any] | None = None
        #: When votes came, by conversation: the first and the last that no job has read.
        self._fresh: dict[int, tuple[float, float]] = {}
        #: What is under way, by prompt: its conversation, its result to be, since when.
        self._waiting: dict[int, tuple[int, Any, float]] = {}
        self._looked = time.monotonic()

    def hear(self, facts: Sequence[Fact]) -> None:
        """Note where votes came. Never blocks."""
        now = time.monotonic()
        for fact in facts:
            if isinstance(fact, ConversationChanged) and fact.kind in _ABOUT:
                first, _ = self._fresh.get(fact.conversation_id, (now, now))
                self._fresh[fact.conversation_id] = (first, now)
            elif isinstance(fact, ConversationCleared):
                self._fresh.pop(fact.conversation_id, None)

    def take_up(self) -> None:
        """Note where votes came after the last map: nobody else may know of them."""
        self._looked = now = time.monotonic()
        for _, place in outdated_prompts(self._engine):
            self._fresh.setdefault(place, (now, now))

    def forget(self) -> None:
        """Let go of everything: another process has these jobs now."""
        self._fresh.clear()
        self._waiting.clear()

    def step(self) -> None:
        """Collect what is found and start what is due. Whatever it raises, the next step takes up what was left."""
        now = time.monotonic()
        if is_shared(self._settings) and now - self._looked > PATIENCE:
            self.take_up()  # for what no hint of another process told
        for prompt_id in list(self._waiting):
            self._collect(prompt_id, now)
        for place in [place for place, times in self._fresh.items() if _is_due(*times, now)]:
            self._start(place, now)

    def _start(self, place: int, now: float) -> None:
        """Enqueue the outdated prompts of a conversation; those under way wait for their end, to be asked again."""
        times = self._fresh.pop(place)
        try:
            prompts = [prompt_id for prompt_id, _ in outdated_prompts(self._engine, place)]
            if any(prompt_id in self._waiting for prompt_id in prompts):
                self._fresh[place] = (now, now)
            for prompt_id in prompts:
                if prompt_id not in self._waiting:
                    self._waiting[prompt_id] = (place, self._enqueue(prompt_id), now)
        except Exception:
            self._fresh.setdefault(place, times)
            raise

    def _enqueue(self, prompt_id: int) -> Any:
        if self._task is None:
            self._task = opinions_task(self._queue(), self._settings)
        return self._task(prompt_id)

    def _collect(self, prompt_id: int, now: float) -> None:
        place, result, since = self._waiting[prompt_id]
        # What came is kept by `result`, so that it is there again if it cannot be written now.
        found = result.get_raw_result()
        if found is None:
            if now - since > STALE:
                del self._waiting[prompt_id]
                self._fresh.setdefault(place, (now, now))
            return
        if isinstance(found, dict) and found != _GONE:
            try:
                self._gate.write(place, set_opinions, prompt_id, map_from(found))
            except ServerFault:
                _log.exception("opinion groups could not be kept")
        elif found != _GONE:
            _log.warning("opinion groups failed: %s", str(found.metadata.get("error")).partition("(")[0])
        del self._waiting[prompt_id]


def _is_due(first: float, last: float, now: float) -> bool:
    return now - last >= REST or now - first >= PATIENCE
