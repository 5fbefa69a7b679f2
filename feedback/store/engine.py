"""Database connections: one engine for reading, one for the writer, each set up so that a commit is a promise."""

import functools
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

# FULL: a commit has reached the disk before anybody is told. trusted_schema off: the file cannot call functions.
PRAGMAS = {
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
    "foreign_keys": ("ON", 1),
    "busy_timeout": ("5000", 5000),
    "trusted_schema": ("OFF", 0),
}
#: Any number that only we use as the key of an advisory lock.
HOUSE_LOCK = 6_332_252


class UnsafeDatabase(RuntimeError):
    """The database does not keep what it is asked to keep; the message names the setting."""


def engine_options(url: str) -> dict[str, Any]:
    """Return the options with which readers open this database (for Flask-SQLAlchemy or `create_engine`).

    A reader's transaction sees one state, as on SQLite. What people wrote stays out of the log.
    """
    if is_sqlite(url):
        return {"hide_parameters": True, "connect_args": {"isolation_level": None, "check_same_thread": False}}
    return {
        "hide_parameters": True,
        "pool_pre_ping": True,
        "pool_size": 10,
        "isolation_level": "REPEATABLE READ",
        "connect_args": {"connect_timeout": 5},
    }


def writer_engine(url: str) -> Engine:
    """Make the engine of the writer: connections are its own, nothing is pooled, transactions lock at once."""
    options = engine_options(url)
    # The writer reads what the others have committed while it waited for the lock.
    options.pop("pool_size", None)
    options.pop("isolation_level", None)
    engine = create_engine(url, poolclass=NullPool, **options)
    prepare(engine, writes=True)
    return engine


@functools.cache
def reader_engine(url: str) -> Engine:
    """Return this process's engine for reading (worker and command line; pages use Flask-SQLAlchemy's)."""
    engine = create_engine(url, **engine_options(url))
    prepare(engine, writes=False)
    return engine


def prepare(engine: Engine, *, writes: bool) -> None:
    """Set pragmas on every connection and make transactions begin as they must. Does nothing twice.

    Readers begin deferred; the writer begins IMMEDIATE, because a read that turns into a write
    fails with "database is locked" whatever the busy time-out says.
    """
    if engine.dialect.name != "sqlite" or event.contains(engine, "connect", _set_pragmas):
        return
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin_immediate if writes else _begin)


def check(engine: Engine) -> None:
    """Raise UnsafeDatabase unless the database in fact holds what `prepare` promises."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            for name, (_, expected) in PRAGMAS.items():
                found = connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                if found != expected:
                    raise UnsafeDatabase(f"{name} is {found!r}, expected {expected!r}")
        else:
            commit = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
            if commit == "off":
                raise UnsafeDatabase("synchronous_commit is off")


def lock_house(connection: Connection) -> None:
    """Keep other processes from changing the conference or its tables until this transaction ends.

    SQLite's writer has the whole file anyway; on PostgreSQL the first start has no row yet that it could lock.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({HOUSE_LOCK})")


def is_away(error: Exception) -> bool:
    """Tell whether an error means that the database does not answer now, and may again."""
    return isinstance(error, OperationalError)


def is_sqlite(url: str) -> bool:
    """Tell whether the URL names an SQLite database."""
    return url.startswith("sqlite")


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for name, (value, _) in PRAGMAS.items():
        cursor.execute(f"PRAGMA {name}={value}")
    cursor.close()


def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
