"""The database's shape over time: run the migrations up or down, and tell whether tables and rows still agree."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine

from feedback.store import crew, ideas, programme, reports, themes
from feedback.store.base import Base

MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"
TABLES = (crew.Crew, ideas.Idea, programme.Conference, reports.Freeze, themes.ThemeRow)


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to a revision; does nothing when it is there."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the database back to a revision."""
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def drift(engine: Engine) -> list[object]:
    """List the differences between the migrated database and the tables in code; empty when they agree."""
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config
