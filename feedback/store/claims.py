"""What a server holds in PostgreSQL while it lives: a place on the database, and the lead among its processes.

Both are advisory locks of one connection that does nothing else. They end with the process or the connection, so
nothing has to be cleared away after a crash. SQLite needs none of this: its folder has one process.
"""

from sqlalchemy import Connection

from feedback.store.engine import lone_engine

# Families of two-number locks; the numbers beside them say which one. Any that only we use.
PLACE = 6_332_253
KEYS = 6_332_254
LEAD = 6_332_255
_OTHER_KEYS = (
    "count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND classid = %s AND objid <> %s"
)


class DatabaseTaken(Exception):
    """Another server has this database, and one of the two does not hear the other's hints (no Redis)."""


class OtherKey(Exception):
    """A server with another secret key runs on this database: neither would know the other's people."""


class Claims:
    """The locks of one process. `print_of_key` (0 to 2^31 - 1) is the same for servers with the same secret key.

    shared: this server hears of the others' commits, so that it can work beside them.
    """

    def __init__(self, url: str, *, print_of_key: int, shared: bool) -> None:
        self._engine = lone_engine(url, isolation_level="AUTOCOMMIT")
        self._print = print_of_key
        self._shared = shared
        self._connection: Connection | None = None
        self._leads = False

    def hold(self) -> None:
        """Take the place, or make sure that it is still ours.

        Raises DatabaseTaken or OtherKey, or what the database raises when it is away; then nothing is held any more.
        """
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
                self._take_place(self._connection)
            else:
                self._connection.exec_driver_sql("SELECT 1")
        except Exception:
            self.drop()
            raise

    def lead(self) -> bool:
        """Tell whether this process leads, after trying to if nobody does. Only while the place is held."""
        if self._connection is None:
            return False
        if not self._leads:
            self._leads = bool(self._ask(self._connection, "pg_try_advisory_lock(%s, 0)", LEAD))
        return self._leads

    def drop(self) -> None:
        """Give everything back at once."""
        connection, self._connection, self._leads = self._connection, None, False
        if connection is not None:
            connection.invalidate()  # closes without asking: it may be broken
            connection.close()

    def _take_place(self, connection: Connection) -> None:
        way = "pg_try_advisory_lock_shared" if self._shared else "pg_try_advisory_lock"
        if not self._ask(connection, f"{way}(%s, 0)", PLACE):
            raise DatabaseTaken
        self._ask(connection, "pg_advisory_lock_shared(%s, %s)", KEYS, self._print)
        if self._ask(connection, _OTHER_KEYS, KEYS, self._print):
            raise OtherKey

    @staticmethod
    def _ask(connection: Connection, what: str, *values: int) -> object:
        return connection.exec_driver_sql(f"SELECT {what}", values).scalar()
