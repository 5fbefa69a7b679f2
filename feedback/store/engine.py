"""Database connections: one engine for reading, one for the writer, each set up so that a commit is a promise."""

import functools
import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
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
#: Connections that a process may have open for reading, and seconds that a reader waits for one. Writer, claims and
#: health have one each: eight processes stay below the 100 that PostgreSQL allows by default.
POOL, POOL_WAIT = 8, 10
#: A database that vanished without a word is noticed within seconds.
_POSTGRES = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


#: What a database raises: its driver, its file, or SQLAlchemy in between.
FAULTS = (SQLAlchemyError, sqlite3.Error)


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
        "pool_size": POOL,
        "max_overflow": 0,
        "pool_timeout": POOL_WAIT,
        "isolation_level": "REPEATABLE READ",
        "connect_args": dict(_POSTGRES),
    }


def lone_engine(url: str, **more: Any) -> Engine:
    """Make an engine that pools nothing, for whoever keeps one connection; `more` goes to `create_engine`."""
    kept = ("hide_parameters", "connect_args")
    options = {name: value for name, value in engine_options(url).items() if name in kept}
    return create_engine(url, poolclass=NullPool, **options, **more)


def writer_engine(url: str) -> Engine:
    """Make the engine of the writer: connections are its own, nothing is pooled, transactions lock at once.

    On PostgreSQL each statement reads what the others have committed while the writer waited for its locks.
    """
    engine = lone_engine(url)
    if engine.dialect.name == "postgresql":
        from feedback.store.native import connect  # noqa: PLC0415 -- slow import, and SQLite does without

        event.listen(engine, "do_connect", connect)
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


def begin_writing(driver: Any) -> None:
    """Begin a transaction that will write, on the driver's own connection; PostgreSQL begins it by itself."""
    if isinstance(driver, sqlite3.Connection):
        driver.execute("BEGIN IMMEDIATE")


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


def mark_of(engine: Engine) -> str:
    """Return a mark that is another one after every commit, whoever made it; it may change without one, too."""
    if engine.dialect.name == "sqlite":
        path = Path(engine.url.database or "")
        files = [path, path.with_name(path.name + "-wal")]
        return " ".join(f"{found.st_mtime_ns}:{found.st_size}" for file in files if (found := _stat(file)))
    with engine.connect() as connection:
        return str(connection.exec_driver_sql("SELECT pg_current_wal_insert_lsn()").scalar())


def lock_house(connection: Connection) -> None:
    """Keep other processes from changing the conference or its tables until this transaction ends.

    SQLite's writer has the whole file anyway; on PostgreSQL the first start has no row yet that it could lock.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({HOUSE_LOCK})")


def is_away(error: Exception) -> bool:
    """Tell whether an error means that the database does not answer now, and may again."""
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, OperationalError | PoolTimeout)


def words_of(fault: Exception) -> str:
    """Return in the database's own words what it objected to, in one line."""
    return str(getattr(fault, "orig", None) or fault).splitlines()[0]


def is_sqlite(url: str) -> bool:
    """Tell whether the URL names an SQLite database."""
    return url.startswith("sqlite")


def _stat(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except FileNotFoundError:
        return None


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for name, (value, _) in PRAGMAS.items():
        cursor.execute(f"PRAGMA {name}={value}")
    cursor.close()


def _begin(connection: Any) -> None:
    _run_bare(connection, "BEGIN")


def _begin_immediate(connection: Any) -> None:
    if not connection.connection.dbapi_connection.in_transaction:  # as when the writer has begun it below
        _run_bare(connection, "BEGIN IMMEDIATE")


def _run_bare(connection: Any, sql: str) -> None:
    # On the driver itself: SQLAlchemy's way costs more than the reads of a short request, or a vote.
    try:
        connection.connection.dbapi_connection.execute(sql)
    except connection.dialect.loaded_dbapi.OperationalError as error:
        raise OperationalError(sql, None, error) from error
