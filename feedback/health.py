"""Whether this process can do its work now: one word per part, looked at once a second at most."""

import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from feedback.settings import Settings
from feedback.store.engine import reader_engine
from feedback.store.schema import is_current
from feedback.store.writer import Writer

#: Seconds for which an answer holds, seconds that a part may take, and what an op may wait for its commit.
HOLDS = 1.0
PATIENCE = 1.0
STUCK_AFTER = 5.0

Ask = Callable[[], str]
#: Runs a question and returns its answer, None when that takes longer than PATIENCE.
Apart = Callable[[Ask], str | None]


class Probe:
    """Asks one part how it is; whoever asks again meanwhile gets the last answer, so one question waits at most."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._asking = False
        self._word = "unknown"
        self._at = float("-inf")

    def word(self, apart: Apart) -> str:
        """Return the part's word, at most a second old; `slow` for one that does not answer in time."""
        now = time.monotonic()
        if now - self._at >= HOLDS:
            self._at = now
            self._word = "slow" if self._asking else (apart(self._look) or "slow")
        return self._word

    def _look(self) -> str:
        self._asking = True
        try:
            return self._ask()
        finally:
            self._asking = False


class Health:
    """All parts of this process. `apart` keeps a question from holding up everybody else; a server sets its own."""

    def __init__(self, settings: Settings, writer: Writer) -> None:
        self.apart: Apart = lambda ask: ask()
        self._settings = settings
        self._writer = writer
        self._database = Probe(self._ask_database)
        self._queue = Probe(self._ask_redis)

    def parts(self) -> dict[str, str]:
        """Return a word for each part: `ok`, or what is the matter (`unused` = not configured)."""
        database = self._database.word(self.apart)
        return {
            "database": "ok" if database == "differs" else database,
            "schema": database if database in ("ok", "differs") else "unknown",
            "writer": self._writer_word(),
            "redis": self._queue.word(self.apart) if self._settings.redis_url else "unused",
        }

    def status(self) -> tuple[bool, dict[str, str]]:
        """Return whether to send people here, and the words; without Redis alone it is `degraded`, and yes."""
        parts = self.parts()
        ready = all(parts[name] == "ok" for name in ("database", "schema", "writer"))
        status = "unready" if not ready else "ok" if parts["redis"] in ("ok", "unused") else "degraded"
        return ready, {"status": status} | parts

    def _writer_word(self) -> str:
        gauges = self._writer.gauges
        if not gauges.running:
            return "stopped"
        return "stuck" if gauges.waiting() > STUCK_AFTER else "ok"

    def _ask_database(self) -> str:
        try:
            return "ok" if is_current(reader_engine(self._settings.database_url)) else "differs"
        except SQLAlchemyError:
            return "away"

    def _ask_redis(self) -> str:
        import redis  # noqa: PLC0415 -- slow import, and most houses have none

        try:
            with redis.Redis.from_url(
                self._settings.redis_url or "", socket_timeout=0.5, socket_connect_timeout=0.5, retry=None
            ) as client:
                client.ping()
        except redis.RedisError:
            return "away"
        return "ok"
