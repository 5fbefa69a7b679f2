"""A statement is compiled once per kind of database and takes its values by name."""

from sqlalchemy import bindparam, func, select

from feedback.store.engine import writer_engine
from feedback.store.programme import Conference
from feedback.store.schema import upgrade
from feedback.store.statements import Statement


def cursor_of(connection):
    return connection.connection.cursor()


def test_statement_is_built_once_and_runs_with_other_values(any_url):
    engine = writer_engine(any_url)
    upgrade(engine)
    built: list[object] = []

    def build(insert):
        built.append(insert)
        return (
            insert(Conference)
            .values(
                id=bindparam("id"),
                title=bindparam("title"),
                contact="",
                time_zone="UTC",
                retention_days=30,
                embedder="lexical",
                embedder_place="",
                created_at=1,
            )
            .on_conflict_do_nothing()
        )

    add = Statement(build)
    # A constant in the statement and a value from outside.
    count = Statement(
        lambda _: select(func.count()).where(Conference.retention_days == 30, Conference.id > bindparam("id"))
    )
    with engine.begin() as connection:
        cursor = cursor_of(connection)
        changed = [
            add.run(cursor, connection.dialect, {"id": number, "title": title}).rowcount
            for number, title in [(1, "One"), (2, "It's; two"), (2, "Again")]
        ]
        assert changed == [1, 1, 0]
        assert [count.run(cursor, connection.dialect, {"id": floor}).fetchone()[0] for floor in (0, 1)] == [2, 1]
    with engine.connect() as connection:
        assert list(connection.scalars(select(Conference.title).order_by(Conference.id))) == ["One", "It's; two"]
    assert len(built) == 1
    engine.dispose()
