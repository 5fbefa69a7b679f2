"""PostgreSQL databases as files: a dump of one transaction's state, and the way back, by PostgreSQL's own tools."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import make_url

from feedback.store.accounts import Account, accounts_of, complaints_of
from feedback.store.base import Base
from feedback.store.engine import reader_engine
from feedback.store.schema import revision_in

#: Minutes after which a tool that does not end is ended: a dump of a conference takes seconds.
_PATIENCE = 30 * 60


class ToolFailed(Exception):
    """One of PostgreSQL's tools is missing or said no; the message names it, and the cure where there is one."""


def dump_into(url: str, target: Path) -> tuple[list[Account], list[str], str | None]:
    """Dump a database into an empty file; returns its accounts, what does not add up, and its schema revision.

    All three are of the very transaction that is dumped. Raises ToolFailed.
    """
    # A reader's transaction sees one state from its first statement on.
    with reader_engine(url).connect() as connection:
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar()
        accounts, complaints = accounts_of(connection), complaints_of(connection)
        revision = revision_in(connection)
        _run(
            url,
            "pg_dump",
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            f"--snapshot={snapshot}",
            f"--file={target}",
        )
    return accounts, complaints, revision


def listed(path: Path) -> list[str]:
    """Read the table of contents of a dump: the tables whose rows it holds. Raises ToolFailed when it is none."""
    told = _run(None, "pg_restore", "--list", str(path))
    return [line.split()[6] for line in told.splitlines() if " TABLE DATA " in line]


def name_of(url: str) -> str:
    """Return the name of the database at an address."""
    return str(make_url(url).database)


def is_ours(url: str) -> bool:
    """Tell whether there are tables of ours in a database."""
    with reader_engine(url).connect() as connection:
        return revision_in(connection) is not None


def revision_of(path: Path) -> str | None:
    """Return the schema revision of the database that a dump was made of."""
    told = _run(None, "pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(path)).splitlines()
    begun = [number for number, line in enumerate(told) if line.startswith("COPY ")]
    return told[begun[0] + 1].strip() if begun else None


def load(url: str, path: Path) -> None:
    """Put the tables of a dump in the place of ours, all or nothing, in one transaction. Raises ToolFailed."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "load.sql"
        _run(None, "pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(path))
        # Tables of a newer revision are not in the dump: by its own list they would stay.
        names = ", ".join(f'"{name}"' for name in [*Base.metadata.tables, "alembic_version"])
        _run(
            url,
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--single-transaction",
            "--set=ON_ERROR_STOP=1",
            f"--command=DROP TABLE IF EXISTS {names} CASCADE",
            f"--file={script}",
        )


def _run(url: str | None, tool: str, *words: str) -> str:
    """Run a tool, on the database at an address or on none; returns what it printed."""
    if shutil.which(tool) is None:
        raise ToolFailed(f"{tool} is not installed. It comes with PostgreSQL's client programs (postgresql-client).")
    where, env = _place(url) if url is not None else ([], {})
    try:
        ran = subprocess.run(
            [tool, *where, *words],
            env=os.environ | env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ToolFailed(f"{tool} did not end in {_PATIENCE // 60} minutes.") from None
    if ran.returncode != 0:
        said = (ran.stderr.strip().splitlines() or [f"code {ran.returncode}"])[0]
        cure = " Install client programs as new as the server." if "version mismatch" in ran.stderr else ""
        raise ToolFailed(f"{tool} did not succeed: {said}{cure}")
    return ran.stdout


def _place(address: str) -> tuple[list[str], dict[str, str]]:
    """Return how a tool finds the database; the password goes by the environment, which other users cannot read."""
    url = make_url(address)
    known = {"host": url.host, "port": url.port, "user": url.username, "dbname": url.database} | dict(url.query)
    info = " ".join(f"{name}={_quoted(str(value))}" for name, value in known.items() if value)
    return [f"--dbname={info}"], {"PGPASSWORD": str(url.password)} if url.password else {}


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
