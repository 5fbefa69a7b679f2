"""Ideas are encoded when they arrive, so that theme runs find their vectors ready: the worker's part and the server's.

The worker encodes and leaves what came in the queue's store; only the app's writer keeps it in the database.
"""

import base64
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from feedback.actions.embedders import keep_vectors
from feedback.db import Gate
from feedback.domain.embedders import EmbedderChoice, EmbedderKind
from feedback.domain.facts import ConversationChanged, Fact, ServerFault
from feedback.domain.texts import digest_of
from feedback.domain.themes import IdeaText
from feedback.settings import EmbedderSettings, Settings
from feedback.store.vectors import FreshVector, chosen_embedder, kept_vectors, places_with_ideas, texts_without_vector

if TYPE_CHECKING:
    from huey import Huey

    from feedback.clustering.embedders import Embedder

BATCH = 64  # ideas encoded by one job: a theme run waits no longer than for these
#: Seconds that one theme run may spend on what arrived too late to be encoded before; then words alone have to do.
WITHIN = 60.0
#: Bytes of vectors that one job brings home.
MOST_BYTES = 4 * 1024 * 1024
#: Vectors kept in the worker's memory until they are in the database.
KEPT = 2_000
#: Seconds of quiet after an idea, and at most after the first one, until ideas are encoded.
REST, PATIENCE = 1.0, 5.0
#: Seconds between two looks at what the organiser chose.
LOOK = 5.0
#: Seconds after which a job is taken for lost, and pauses after one that failed.
STALE, FIRST_PAUSE, LAST_PAUSE = 120.0, 15.0, 300.0
_log = logging.getLogger("feedback.encoding")


class StoredVectors:
    """The worker's cache: reads the database, remembers what is not there yet."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._made: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    def read(self, embedder: str, digests: Sequence[str]) -> Mapping[str, bytes]:
        """Return the vectors that are there, by their digests."""
        from feedback.store.engine import reader_engine  # noqa: PLC0415 -- the worker's own connection

        made = self.made(embedder, digests)
        missing = [digest for digest in digests if digest not in made]
        return kept_vectors(reader_engine(self._database_url), embedder, missing) | made

    def keep(self, embedder: str, vectors: Mapping[str, bytes]) -> None:
        """Remember vectors until they are in the database; the oldest are forgotten first."""
        self._made.update({(embedder, digest): value for digest, value in vectors.items()})
        while len(self._made) > KEPT:
            self._made.popitem(last=False)

    def made(self, embedder: str, digests: Sequence[str]) -> dict[str, bytes]:
        """Return those that were made here."""
        return {digest: self._made[embedder, digest] for digest in digests if (embedder, digest) in self._made}

    def brought_home(self, embedder: str, texts: Sequence[tuple[str, str]]) -> list[list[str]]:
        """Return what is new of these (idea id, text), as JSON takes it, and forget it; no more than MOST_BYTES."""
        home: list[list[str]] = []
        room = MOST_BYTES
        for idea, text in texts:
            digest = digest_of(text)
            value = self._made.get((embedder, digest), b"")
            room -= len(value)
            if value and room >= 0:
                home.append([idea, digest, base64.b64encode(value).decode("ascii")])
                del self._made[embedder, digest]
        return home


class Absent:
    """What stands for an embedder that was chosen and cannot be used on the machine that finds the themes."""

    id = "absent"

    def __init__(self, code: str) -> None:
        self._code = code

    def encode(self, texts: Sequence[str]) -> Any:  # noqa: ARG002 -- as every embedder
        """Raise EmbedderFailed."""
        from feedback.clustering.embedders import EmbedderFailed  # noqa: PLC0415 -- slow import, the worker's

        raise EmbedderFailed(self._code)


@lru_cache(maxsize=4)
def _at_work(choice: EmbedderChoice, settings: EmbedderSettings, url: str) -> "tuple[Embedder, StoredVectors]":
    """Return the worker's embedder, which keeps its model loaded, and what it made; url: of the database."""
    from feedback.clustering.embedders import EmbedderFailed  # noqa: PLC0415 -- slow import, the worker's
    from feedback.embedding import make_embedder  # noqa: PLC0415 -- as above

    cache = StoredVectors(url)
    if choice.kind == EmbedderKind.HTTP and choice.place != settings.place:
        return Absent("moved" if settings.place else "missing"), cache
    try:
        return make_embedder(choice.kind, settings, cache, within=WITHIN) or Absent("missing"), cache
    except EmbedderFailed as failure:
        return Absent(failure.code), cache


def embedder_for(settings: Settings, choice: EmbedderChoice) -> "Embedder | None":
    """Return what the worker measures with, None for words alone."""
    if choice.kind == EmbedderKind.LEXICAL:
        return None
    return _at_work(choice, settings.embedders, settings.database_url)[0]


def news_of(settings: Settings, choice: EmbedderChoice, ideas: Sequence[IdeaText]) -> dict[str, Any]:
    """Return the vectors that a run made of ideas, for `take_home`."""
    if choice.kind == EmbedderKind.LEXICAL:
        return {}
    embedder, cache = _at_work(choice, settings.embedders, settings.database_url)
    return {
        "embedder": embedder.id,
        "vectors": cache.brought_home(embedder.id, [(each.id, each.text) for each in ideas]),
    }


def take_home(gate: Gate, place: int, news: Mapping[str, Any]) -> None:
    """Write vectors that came from the worker; raises Busy."""
    fresh = [FreshVector(idea, digest, base64.b64decode(value)) for idea, digest, value in news.get("vectors", ())]
    if fresh:
        # They can be made again: a run must not wait for ever because they cannot be kept.
        with suppress(ServerFault):
            gate.write(place, keep_vectors, str(news["embedder"]), fresh)


def encoding_task(queue: "Huey", settings: Settings) -> Callable[[int], Any]:
    """Register the job on a queue; calling what is returned lets a batch of a conversation's ideas be encoded."""

    def encode(place: int) -> dict[str, Any]:
        from feedback.clustering.embedders import EmbedderFailed  # noqa: PLC0415 -- slow import, the worker's
        from feedback.store.engine import reader_engine  # noqa: PLC0415 -- the worker's own connection

        engine = reader_engine(settings.database_url)
        choice = chosen_embedder(engine)
        embedder = embedder_for(settings, choice)
        if embedder is None:
            return {"more": False}
        texts = texts_without_vector(engine, place, embedder.id)
        try:
            embedder.encode([text for _, text in texts[:BATCH]])
        except EmbedderFailed as failure:
            return {"problem": failure.code}
        ideas = [IdeaText(idea, text) for idea, text in texts[:BATCH]]
        return {"more": len(texts) > BATCH, **news_of(settings, choice, ideas)}

    task: Callable[[int], Any] = queue.task(name="encode_ideas")(encode)
    return task


class Encoding:
    """The server's side: lets ideas be encoded a moment after they came, one batch at a time."""

    def __init__(self, settings: Settings, gate: Gate, engine: Any) -> None:
        self._settings = settings
        self._gate = gate
        self._engine = engine
        self._due: dict[int, tuple[float, float]] = {}
        self._choice: EmbedderChoice | None = None
        self._looked = 0.0
        self._under_way: tuple[int, Any, float] | None = None
        self._again_at = 0.0
        self._pause = FIRST_PAUSE

    def hear(self, facts: Sequence[Fact]) -> None:
        """Note where ideas came or changed. Never blocks."""
        now = time.monotonic()
        for fact in facts:
            if isinstance(fact, ConversationChanged) and fact.kind == "idea":
                first, _ = self._due.get(fact.conversation_id, (now, now))
                self._due[fact.conversation_id] = (first, now)

    def forget(self) -> None:
        """Let go of everything: another process has these jobs now."""
        self._due.clear()
        self._choice = self._under_way = None
        self._looked = 0.0

    def step(self, enqueue: Callable[[int], Any]) -> None:
        """Bring home what was encoded, and let the next batch be; called every tenth of a second or so."""
        now = time.monotonic()
        if self._choice is None or now - self._looked > LOOK:
            self._look(now)
        if self._under_way is not None:
            self._collect(*self._under_way, now)
        elif self._choice is not None and self._choice.kind == EmbedderKind.LEXICAL:
            self._due.clear()
        elif now >= self._again_at:
            place = next((at for at, (first, last) in self._due.items() if _is_due(first, last, now)), None)
            if place is not None:
                self._under_way = (place, enqueue(place), now)
                del self._due[place]

    def _look(self, now: float) -> None:
        """See what the organiser chose; with another embedder everything is encoded anew."""
        choice = chosen_embedder(self._engine)
        if choice != self._choice and choice.kind != EmbedderKind.LEXICAL:
            self._due = dict.fromkeys(places_with_ideas(self._engine), (0.0, 0.0)) | self._due
            self._again_at, self._pause = 0.0, FIRST_PAUSE
        self._choice, self._looked = choice, now

    def _collect(self, place: int, result: Any, since: float, now: float) -> None:
        # What came is kept by `result`, so that it is there again if it cannot be written now.
        found = result.get_raw_result()
        if found is None and now - since < STALE:
            return
        if isinstance(found, dict) and "problem" not in found:
            take_home(self._gate, place, found)
            self._pause = FIRST_PAUSE
            if found["more"]:
                self._due.setdefault(place, (0.0, 0.0))
        else:
            _log.warning("ideas were not encoded: %s", found["problem"] if isinstance(found, dict) else "no answer")
            self._due.setdefault(place, (now, now))
            self._again_at, self._pause = now + self._pause, min(LAST_PAUSE, 2 * self._pause)
        self._under_way = None


def _is_due(first: float, last: float, now: float) -> bool:
    return now - last >= REST or now - first >= PATIENCE
