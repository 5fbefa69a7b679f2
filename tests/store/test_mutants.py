"""The checks themselves are checked: each is shown a house with the fault it is there for, and must object."""

import threading

import pytest
from checks import doubled_votes, drifted_counters, refused_read_then_write, rows_seen_when_acked
from mutants import told_until_found
from sqlalchemy import bindparam, create_engine, event, insert, select, text, update

from feedback.domain.facts import Busy, ServerFault
from feedback.store import ops as sql
from feedback.store.engine import engine_options, prepare, writer_engine
from feedback.store.ideas import Idea, Vote
from feedback.store.schema import upgrade
from feedback.store.statements import Statement
from feedback.store.writer import Writer

WITHOUT_KEY = "create table vote (idea_id varchar(26), participant_id integer, val integer, rev integer, seq integer)"
EVENTS = Statement(
    lambda _: (
        insert(Vote)
        .values({name: bindparam(name) for name in ("val", "rev", "seq")})
        .values(idea_id=bindparam("idea"), participant_id=bindparam("participant"))
    )
)


def drop_the_key(room) -> None:
    with room.engine.begin() as db:
        db.execute(text("drop table vote"))
        db.execute(text(WITHOUT_KEY))


def test_without_its_primary_key_no_vote_is_taken(any_room):
    anna, ben = any_room.phone("anna"), any_room.phone("ben")
    idea = anna.write("Open at night")
    drop_the_key(any_room)
    with pytest.raises((Busy, ServerFault)):
        ben.vote(idea)


def test_doubled_votes_are_noticed_when_key_and_upsert_are_gone(any_room, monkeypatch):
    any_room.ask_opinions()
    anna, ben = any_room.phone("anna"), any_room.phone("ben")
    idea = anna.write("Open at night")
    drop_the_key(any_room)
    monkeypatch.setattr(sql, "SET_VOTE", EVENTS)
    ben.vote(idea)
    ben.vote(idea, -1)
    with any_room.read() as db:
        assert doubled_votes(db) == 1
        assert drifted_counters(db) != {}


def test_drift_is_noticed_when_a_counter_is_read_changed_and_written(any_room):
    anna, voters = any_room.phone("anna"), [any_room.phone("ben"), any_room.phone("cleo")]
    idea = anna.write("Open at night")
    both_have_read = threading.Barrier(2)
    engine = writer_engine(any_room.url)

    def careless(participant: int) -> None:
        with engine.connect() as db:
            agree = db.scalar(select(Idea.agree).where(Idea.id == idea))
        both_have_read.wait(60)
        with engine.begin() as db:
            db.execute(insert(Vote).values(idea_id=idea, participant_id=participant, val=1, rev=1, seq=1))
            db.execute(update(Idea).where(Idea.id == idea).values(agree=agree + 1))

    crowd = [threading.Thread(target=careless, args=(voter.actor.participant_id,)) for voter in voters]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    engine.dispose()
    with any_room.read() as db:
        assert drifted_counters(db) == {idea: ((1, 0, 0), (2, 0, 0))}


def test_deferred_transactions_are_refused_where_immediate_ones_wait(sqlite_url):
    upgrade(writer_engine(sqlite_url))
    mutant = create_engine(sqlite_url, **engine_options(sqlite_url))
    prepare(mutant, writes=False)
    event.listen(mutant, "connect", lambda raw, _record: raw.execute("PRAGMA busy_timeout=200").close())
    assert told_until_found(lambda _: refused_read_then_write(mutant)) > 0
    mutant.dispose()


class EarlyWriter(Writer):
    """Acks each batch before its commit."""

    def _run_batch(self, connection, batch, *, careful) -> None:
        super()._run_batch(connection, batch, careful=careful)
        super()._answer(batch)

    def _answer(self, batch) -> None:
        """Answered already."""


def test_ack_before_commit_is_noticed(any_url):
    engine = writer_engine(any_url)
    upgrade(engine)
    assert rows_seen_when_acked(EarlyWriter, engine, 3) == [0, 0, 0]
    engine.dispose()
