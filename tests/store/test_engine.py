"""A commit is a promise: the settings that make it one are on every connection, and a start without them stops."""

import pytest
from checks import new_conference, refused_read_then_write
from sqlalchemy import create_engine, event, func, select
from sqlalchemy.exc import OperationalError

from feedback.store.engine import (
    PRAGMAS,
    UnsafeDatabase,
    check,
    engine_options,
    is_sqlite,
    prepare,
    reader_engine,
    writer_engine,
)
from feedback.store.ideas import Idea
from feedback.store.programme import Conference
from feedback.store.schema import upgrade

LOWERED = [
    ("synchronous", "NORMAL"),
    ("synchronous", "OFF"),
    ("journal_mode", "DELETE"),
    ("foreign_keys", "OFF"),
    ("busy_timeout", "0"),
    ("trusted_schema", "ON"),
]


def pragmas_of(engine) -> dict[str, object]:
    with engine.connect() as connection:
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in PRAGMAS}


def test_every_sqlite_connection_has_the_pragmas(sqlite_url):
    writer = writer_engine(sqlite_url)
    reader = create_engine(sqlite_url, **engine_options(sqlite_url))
    prepare(reader, writes=False)
    for engine in (writer, reader, reader_engine(sqlite_url)):
        expected = {name: value for name, (_, value) in PRAGMAS.items()}
        assert pragmas_of(engine) == pragmas_of(engine) == expected
        engine.dispose()
    assert PRAGMAS["synchronous"] == ("FULL", 2)


def test_check_accepts_a_prepared_database(any_url):
    engine = writer_engine(any_url)
    check(engine)
    engine.dispose()


@pytest.mark.parametrize(("name", "value"), LOWERED, ids=lambda part: str(part))
def test_check_refuses_a_lowered_setting_by_its_name(sqlite_url, name, value):
    engine = writer_engine(sqlite_url)
    event.listen(engine, "connect", lambda raw, _record: raw.execute(f"PRAGMA {name}={value}").close())
    with pytest.raises(UnsafeDatabase, match=name):
        check(engine)
    engine.dispose()


@pytest.mark.postgres
def test_check_refuses_postgres_without_synchronous_commit(postgres_url):
    engine = writer_engine(f"{postgres_url}?options=-csynchronous_commit%3Doff")
    with pytest.raises(UnsafeDatabase, match="synchronous_commit"):
        check(engine)
    engine.dispose()


def test_prepare_does_nothing_twice(sqlite_url):
    engine = writer_engine(sqlite_url)
    prepare(engine, writes=False)
    begun: list[str] = []
    event.listen(engine, "connect", lambda raw, _record: raw.set_trace_callback(begun.append))
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT 1")
    assert [sql for sql in begun if sql.startswith("BEGIN")] == ["BEGIN IMMEDIATE"]
    engine.dispose()


def test_read_then_write_is_never_refused_on_the_writers_engine(sqlite_url):
    engine = writer_engine(sqlite_url)
    upgrade(engine)
    assert refused_read_then_write(engine) == 0
    engine.dispose()


def test_readers_go_on_while_a_transaction_writes(any_url):
    writer, reader = writer_engine(any_url), reader_engine(any_url)
    upgrade(writer)
    with writer.begin() as connection:
        connection.execute(new_conference(1))
        with reader.connect() as looking:
            assert looking.scalar(select(func.count()).select_from(Conference)) == 0
    with reader.connect() as looking:
        assert looking.scalar(select(func.count()).select_from(Conference)) == 1
    writer.dispose()
    reader.dispose()


def test_second_writer_waits_and_then_is_told(sqlite_url):
    engine = writer_engine(sqlite_url)
    event.listen(engine, "connect", lambda raw, _record: raw.execute("PRAGMA busy_timeout=20").close())
    with engine.begin(), pytest.raises(OperationalError, match="locked"), engine.begin():
        pass
    engine.dispose()


def test_is_sqlite_reads_the_url():
    assert is_sqlite("sqlite:////data/feedback.db")
    assert not is_sqlite("postgresql+psycopg://db/feedback")


def test_a_readers_transaction_sees_one_state(any_room):
    anna = any_room.phone("anna")
    count = select(func.count()).select_from(Idea)
    with any_room.read() as db:
        assert db.scalar(count) == 0
        anna.write("Meanwhile")
        assert db.scalar(count) == 0
    with any_room.read() as db:
        assert db.scalar(count) == 1
