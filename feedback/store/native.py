"""PostgreSQL connections of the writer's thread, which wait for their answers in C.

In the server gevent has replaced the waiting, so that whoever waits on the event loop lets the others run. The writer's
thread has no others: there that way costs twice the time for each statement (docs/adr/009-processes.md).
"""

from collections.abc import Sequence
from typing import Any

from psycopg import Connection, waiting


class NativeConnection(Connection[Any]):
    """A connection for a thread that has nothing else to do."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Consume a generator of psycopg's."""
        return waiting.wait_c(gen, self.pgconn.socket, interval, timeout)


def connect(_dialect: object, _record: object, words: Sequence[Any], options: dict[str, Any]) -> Connection[Any]:
    """Open a connection, as a listener of SQLAlchemy's `do_connect`."""
    kind = NativeConnection if hasattr(waiting, "wait_c") else Connection
    return kind.connect(*words, **options)
