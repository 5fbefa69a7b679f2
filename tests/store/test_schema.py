"""Migrations run up and down, agree with the tables in code, and keep nothing about persons."""

import subprocess
import sys

import pytest
from sqlalchemy import inspect, text

from feedback.settings import ROOT
from feedback.store.base import Base
from feedback.store.engine import writer_engine
from feedback.store.schema import downgrade, drift, upgrade

PERSONAL = {"ip", "address", "ip_address", "user_agent", "agent", "email", "mail", "phone", "forwarded_for"}


@pytest.fixture
def engine(any_url):
    engine = writer_engine(any_url)
    yield engine
    engine.dispose()


def test_migrations_run_up_and_down_and_up_again(engine):
    upgrade(engine)
    assert drift(engine) == []
    downgrade(engine)
    assert inspect(engine).get_table_names() == ["alembic_version"]
    upgrade(engine)
    upgrade(engine)
    assert drift(engine) == []
    assert set(inspect(engine).get_table_names()) == set(Base.metadata.tables) | {"alembic_version"}


@pytest.mark.parametrize(
    "change",
    ["DROP INDEX ix_vote_participant_id", "ALTER TABLE prompt ADD COLUMN mood VARCHAR(9)", 'DROP TABLE "freeze"'],
    ids=["index", "column", "table"],
)
def test_drift_notices_a_difference(engine, change):
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text(change))
    assert drift(engine) != []


def test_no_table_has_a_place_for_personal_data():
    for table in Base.metadata.tables.values():
        assert not PERSONAL & {column.name for column in table.columns}, table.name
    assert {column.name for column in Base.metadata.tables["participant"].columns} == {
        "id",
        "conversation_id",
        "token_hash",
    }


def test_no_path_leads_from_the_crew_to_a_vote():
    points_to = {
        table.name: {key.column.table.name for key in table.foreign_keys} for table in Base.metadata.tables.values()
    }
    assert {name for name, targets in points_to.items() if "participant" in targets} == {
        "idea",
        "sort",
        "sorter",
        "vote",
    }
    assert {name for name, targets in points_to.items() if "crew" in targets} == {"theme_edit", "freeze"}
    assert points_to["crew"] == {"link", "conversation"}


def test_votes_and_changes_are_stored_by_their_key_on_sqlite(sqlite_url):
    engine = writer_engine(sqlite_url)
    upgrade(engine)
    with engine.connect() as connection:
        made = {row.name: row.sql for row in connection.execute(text("select name, sql from sqlite_master"))}
    assert made["vote"].rstrip().endswith("WITHOUT ROWID")
    assert made["change"].rstrip().endswith("WITHOUT ROWID")
    assert made["sort"].rstrip().endswith("WITHOUT ROWID")
    engine.dispose()


def test_two_first_starts_at_once_migrate_once(any_url):
    start = f"from feedback.store import engine, schema\nschema.upgrade(engine.writer_engine({any_url!r}))"
    command = [sys.executable, "-W", "error", "-c", start]
    starts = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(start.communicate()[1], start.returncode) for start in starts] == [("", 0)] * 2
    engine = writer_engine(any_url)
    assert drift(engine) == []
    engine.dispose()
