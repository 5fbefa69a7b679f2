"""SQLite files as wholes: a consistent copy of a database in use, what is wrong with a file, a file without its log."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.pool import NullPool

from feedback.store.accounts import Account, accounts_of, complaints_of

#: At most so many lines of what is wrong.
_SHOWN = 5


class InUse(sqlite3.OperationalError):
    """Another program has the database open."""


def file_of(url: str) -> Path:
    """Return the file that an SQLite address names."""
    return Path(make_url(url).database or "").absolute()


def copy_into(source: Path, target: Path) -> None:
    """Write one transaction's state of a database, in use or not, into an empty file; readers and writers go on.

    One statement, so the state is one commit's however many come meanwhile. Raises sqlite3.Error.
    """
    # "rw" and not "rwc": a name that is not there must not become an empty database.
    with closing(_connect(source, "mode=rw")) as connection:
        connection.execute("PRAGMA busy_timeout=5000")
        connection.execute("VACUUM INTO ?", (str(target),))


def damage_of(path: Path) -> list[str]:
    """List in SQLite's words what is broken in a file that nobody has open: pages, or rows that point nowhere."""
    try:
        with closing(_connect(path, "mode=ro&immutable=1")) as connection:
            found = [str(row[0]) for row in connection.execute(f"PRAGMA quick_check({_SHOWN})")]
            broken = [] if found == ["ok"] else found
            lost = connection.execute("PRAGMA foreign_key_check").fetchmany(_SHOWN)
            return broken + [f"a row of {row[0]} points to a row of {row[2]} that is not there" for row in lost]
    except sqlite3.Error as fault:
        return [str(fault)]


def revision_of(path: Path) -> str | None:
    """Return the schema revision of a file that nobody has open; None when it is no database of ours."""
    try:
        with closing(_connect(path, "mode=ro&immutable=1")) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row else None


def reckon(path: Path) -> tuple[list[Account], list[str]]:
    """Return what the conversations in an undamaged file hold, and what does not add up; nobody has it open."""
    with reading(path) as connection:
        return accounts_of(connection), complaints_of(connection)


@contextmanager
def reading(path: Path) -> Iterator[Connection]:
    """Open a file that nobody writes, for queries; nothing is made beside it."""
    engine = create_engine("sqlite://", creator=lambda: _connect(path, "mode=ro&immutable=1"), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def settle(path: Path) -> None:
    """Bring everything committed into the file itself and leave no log beside it; raises InUse or sqlite3.Error.

    A log that stays would be replayed into whatever file takes this one's name.
    """
    with closing(_connect(path, "mode=rw")) as connection:
        connection.execute("PRAGMA busy_timeout=5000")
        try:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            # Without this the log would come back with the next look at the file.
            mode = connection.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise InUse("another program has the database open") from None
            raise
    if busy or mode != "delete":
        raise InUse("another program has the database open")
    for log in logs_of(path):
        log.unlink(missing_ok=True)


def logs_of(path: Path) -> tuple[Path, Path]:
    """Return where SQLite keeps the log of a database, and the log's index."""
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def _connect(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None)
