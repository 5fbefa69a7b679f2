"""A database of its own on a PostgreSQL server, for one round, and gone afterwards."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from bench.served import CannotMeasure


@contextlib.contextmanager
def fresh_database(url: str) -> Iterator[str]:
    """Make an empty database on the server of `url` and yield its address; raises CannotMeasure with the cure."""
    server, name = make_url(url), f"feedback_bench_{secrets.token_hex(4)}"
    if not server.drivername.startswith("postgresql"):
        raise CannotMeasure("--database takes the address of a PostgreSQL server: postgresql+psycopg://user@host/name")
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", error)).splitlines()[0]
        raise CannotMeasure(
            f"No database can be made there ({cause}): use a role that may, and a server that runs."
        ) from None
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        engine.dispose()
