"""One place on a PostgreSQL for each server that may be there, and one lead among all."""

import pytest
from sqlalchemy import text

from feedback.store.claims import Claims, DatabaseTaken, OtherKey
from feedback.store.engine import FAULTS, lone_engine, writer_engine

pytestmark = pytest.mark.postgres


@pytest.fixture
def claim(postgres_url):
    made = []

    def another(*, key: int = 7, shared: bool = True) -> Claims:
        made.append(Claims(postgres_url, print_of_key=key, shared=shared))
        return made[-1]

    yield another
    for claims in made:
        claims.drop()


def end_connections(url: str) -> None:
    """What a restart of the database does to those who hold something."""
    engine = lone_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as admin:
        holders = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2"
        # The cluster is not ours alone: other tests beside this one hold places, too.
        ours = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        admin.execute(text(f"{holders} AND {ours}"))


def test_many_share_a_database_and_one_leads(claim):
    one, other = claim(), claim()
    assert not one.lead()  # not without a place
    one.hold()
    other.hold()
    assert (one.lead(), other.lead(), one.lead()) == (True, False, True)
    one.drop()
    while not other.lead():
        other.hold()


def test_one_that_does_not_hear_the_others_is_alone_or_not_there(claim):
    beside = claim(shared=False)
    alone = claim(shared=False)
    alone.hold()
    alone.hold()
    for refused in (claim(), beside):
        with pytest.raises(DatabaseTaken):
            refused.hold()
    alone.drop()
    claim().hold()
    with pytest.raises(DatabaseTaken):
        beside.hold()


def test_servers_with_different_keys_are_not_beside_each_other(claim):
    claim(key=7).hold()
    claim(key=7).hold()
    stranger = claim(key=2**31 - 1)
    with pytest.raises(OtherKey):
        stranger.hold()
    assert not stranger.lead()


def test_who_loses_the_database_loses_the_lead_and_can_come_back(claim, postgres_url):
    one = claim()
    one.hold()
    assert one.lead()
    end_connections(postgres_url)
    with pytest.raises(FAULTS):
        one.hold()
    assert not one.lead()
    one.hold()
    assert one.lead()


def test_the_writers_connection_waits_in_c(postgres_url):
    engine = writer_engine(postgres_url)
    with engine.connect() as connection:
        assert type(connection.connection.dbapi_connection).__name__ == "NativeConnection"
        assert connection.execute(text("SELECT 1")).scalar() == 1
    engine.dispose()
