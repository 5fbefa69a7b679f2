"""The database's shape over time: run the migrations up or down, and tell whether tables and rows still agree."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect

from feedback.store import alignments, crew, ideas, opinions, programme, proposals, reports, sorts, themes, vectors
from feedback.store.base import Base
from feedback.store.engine import lock_house

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"
TABLES = (
    alignments.Alignment,
    crew.Crew,
    ideas.Idea,
    opinions.OpinionMap,
    programme.Conference,
    proposals.Proposal,
    reports.Freeze,
    sorts.SortRow,
    themes.ThemeRow,
    vectors.Vector,
)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to a revision; does nothing when it is there."""
    if revision == "head" and _revision_of(engine) == newest():
        return
    from alembic import command  # noqa: PLC0415 -- slow import, and most starts find nothing to do

    with engine.begin() as connection:
        lock_house(connection)
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the database back to a revision."""
    from alembic import command  # noqa: PLC0415 -- slow import

    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def drift(engine: Engine) -> list[object]:
    """List the differences between the migrated database and the tables in code; empty when they agree."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415 -- slow import
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 -- slow import

    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def newest() -> str:
    """Return the newest revision in the migrations folder; files are named by number."""
    return max(path.name.split("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def revision_in(connection: Connection) -> str | None:
    """Return the revision of a database; None when it has none of our tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def is_known(revision: str | None) -> bool:
    """Tell whether this program can bring a database of this revision up to date."""
    return any(path.name.split("_")[0] == revision for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def is_current(engine: Engine) -> bool:
    """Tell whether the database has the newest revision."""
    return _revision_of(engine) == newest()


def _revision_of(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return revision_in(connection)


def _config(connection: Connection) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 -- slow import

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
