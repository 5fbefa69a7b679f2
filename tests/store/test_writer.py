"""The writer: one transaction for many ops, each on its own, and no answer before the commit."""

import secrets
import threading
import time
from typing import Any

import pytest
from checks import new_conference, rows_seen_when_acked, run_ops
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import IntegrityError

from feedback.actions.programme import found_conference
from feedback.domain.facts import Busy, ConversationChanged, EmptyText, ServerFault
from feedback.store import ops as sql
from feedback.store.engine import writer_engine
from feedback.store.programme import Change, Conference, Conversation, Participant
from feedback.store.schema import upgrade
from feedback.store.writer import BATCH, QUEUE_LIMIT, Writer


@pytest.fixture
def engine(any_url):
    engine = writer_engine(any_url)
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def lite(sqlite_url):
    engine = writer_engine(sqlite_url)
    upgrade(engine)
    yield engine
    engine.dispose()


def adding(number: int):
    return lambda tx: tx.db.execute(new_conference(number)) and number


def refusing(tx) -> Any:
    tx.db.execute(new_conference(1_000))
    raise EmptyText


def breaking(tx) -> Any:
    tx.db.execute(new_conference(1_001))
    return 1 // 0


def clashing(tx) -> Any:
    tx.db.execute(new_conference(1_002))
    tx.db.execute(text("insert into conference (id, title) values (1, 'no')"))


def late_clash(tx) -> Any:
    tx.db.add(Conference(title="Bad", created_at=1, retention_days=0))


def titles(engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(select(Conference.created_at).order_by(Conference.id)))


def test_many_ops_share_one_transaction(engine):
    commits: list[object] = []
    event.listen(engine, "commit", commits.append)
    outcomes = run_ops(Writer(engine), [(None, adding(number)) for number in range(BATCH * 2 + 5)])
    assert outcomes == [(number, None) for number in range(BATCH * 2 + 5)]
    assert titles(engine) == list(range(BATCH * 2 + 5))
    assert len(commits) == 3


def test_refusal_or_fault_of_one_never_harms_its_neighbours(engine):
    bad = [refusing, breaking, clashing, late_clash]
    ops = [op for number, broken in enumerate(bad) for op in (adding(number), broken)]
    outcomes = run_ops(Writer(engine), [(None, op) for op in [*ops, adding(9)]])
    assert titles(engine) == [0, 1, 2, 3, 9]
    assert [result for result, _ in outcomes] == [0, None, 1, None, 2, None, 3, None, 9]
    assert [type(refusal) for _, refusal in outcomes[1::2]] == [EmptyText, ServerFault, ServerFault, ServerFault]


def test_done_is_called_when_other_connections_see_the_rows(engine):
    assert rows_seen_when_acked(Writer, engine, 3) == [3, 3, 3]


def test_facts_are_told_once_after_the_commit_and_before_the_acks(any_room):
    place = any_room.conversation().id
    told: list[Any] = []
    writer = Writer(writer_engine(any_room.url), tell=lambda facts: told.append((list(facts), committed())))

    def committed() -> int:
        with any_room.read() as db:
            return db.scalar(select(func.count()).select_from(Change)) or 0

    def touching(tx) -> int:
        return tx.touch(place, "title")

    def touching_in_vain(tx) -> int:
        tx.touch(place, "title")
        raise EmptyText

    run_ops(writer, [(place, touching), (place, touching_in_vain), (place, touching)])
    assert told == [([ConversationChanged(place, 1, "title"), ConversationChanged(place, 2, "title")], 2)]


def test_ops_of_one_queue_are_applied_in_order_and_seq_has_no_gaps(any_room):
    one, other = any_room.conversation(0).id, any_room.conversation(1).id
    wanted = [one, other, one, one, other] * 20
    ops = [(place, lambda tx, place=place: tx.touch(place, "title")) for place in wanted]
    outcomes = run_ops(Writer(writer_engine(any_room.url)), ops)
    for place in (one, other):
        seqs = [result for (result, _), at in zip(outcomes, wanted, strict=True) if at == place]
        assert seqs == list(range(1, len(seqs) + 1))


def test_touch_of_an_unknown_conversation_is_a_fault(any_room):
    outcomes = run_ops(Writer(writer_engine(any_room.url)), [(99, lambda tx: tx.touch(99, "title"))])
    assert isinstance(outcomes[0][1], ServerFault)


def test_compiled_statements_and_orm_see_each_other(any_room):
    place = any_room.conversation().id

    def mixed(tx) -> tuple[int, int, int]:
        tx.db.get(Conversation, place).title = "Changed by ORM"
        seq = tx.touch(place, "title")
        tx.change(sql.ADD_PARTICIPANT, conversation=place, token_hash="t" * 64)
        seen = tx.db.scalar(select(Participant.id).where(Participant.token_hash == "t" * 64))
        return seq, seen, tx.now

    outcomes = run_ops(Writer(writer_engine(any_room.url), clock=lambda: 1_790_000_000.5), [(place, mixed)])
    seq, seen, now = outcomes[0][0]
    assert (seq, now) == (1, 1_790_000_000_500)
    assert isinstance(seen, int)
    conversation = any_room.conversation()
    assert (conversation.title, conversation.seq) == ("Changed by ORM", 1)


def test_submit_is_busy_when_the_queue_is_full_and_drops_nothing(lite):
    writer = Writer(lite)
    answers: list[Any] = []
    for _ in range(QUEUE_LIMIT):
        writer.submit(None, lambda _tx: 1, lambda result, refusal: answers.append((result, refusal)))
    with pytest.raises(Busy) as refused:
        writer.submit(None, lambda _tx: 1, lambda result, refusal: answers.append((result, refusal)))
    assert refused.value.detail["after_ms"] > 0
    writer.close()
    with pytest.raises(Busy):
        writer.submit(None, lambda _tx: 1, lambda result, refusal: answers.append((result, refusal)))
    writer.run()
    assert answers == [(1, None)] * QUEUE_LIMIT


def test_a_waiter_that_breaks_does_not_stop_the_others(lite):
    writer = Writer(lite)
    answers: list[Any] = []

    def breaks(_result: Any, _refusal: Any) -> None:
        raise RuntimeError("the socket is gone")

    writer.submit(None, adding(1), breaks)
    writer.submit(None, adding(2), lambda result, _refusal: answers.append(result))
    writer.close()
    writer.run()
    assert answers == [2]
    assert titles(lite) == [1, 2]


def running(engine) -> tuple[Writer, threading.Thread]:
    writer = Writer(engine)
    thread = threading.Thread(target=writer.run)
    thread.start()
    return writer, thread


def asked(writer: Writer, op: Any) -> tuple[Any, Any]:
    """Queue one op and wait for its answer."""
    answer: list[tuple[Any, Any]] = []
    came = threading.Event()
    writer.submit(None, op, lambda result, refusal: (answer.append((result, refusal)), came.set()))
    assert came.wait(60)
    return answer[0]


def stop(writer: Writer, thread: threading.Thread) -> None:
    writer.close()
    thread.join(60)
    assert not thread.is_alive()


def test_locked_database_answers_busy_and_the_same_op_succeeds_later(lite):
    event.listen(lite, "connect", lambda raw, _record: raw.execute("PRAGMA busy_timeout=20").close())
    writer, thread = running(lite)
    with lite.begin():
        _, refusal = asked(writer, adding(1))
        assert isinstance(refusal, Busy)
    assert asked(writer, adding(1)) == (1, None)
    stop(writer, thread)
    assert titles(lite) == [1]


def test_full_disk_answers_busy_and_recovers_without_a_restart(lite):
    pages = [1]
    event.listen(lite, "connect", lambda raw, _record: raw.execute(f"PRAGMA max_page_count={pages[0]}").close())
    writer, thread = running(lite)

    def large(tx) -> str:
        tx.db.add(Conference(title="x" * 100_000, created_at=7))
        return "kept"

    _, refusal = asked(writer, large)
    assert isinstance(refusal, Busy)
    pages[0] = 1_000_000
    # The connection that met the full disk may be kept; what it may use grows with the disk.
    asked(writer, lambda tx: tx.db.execute(text("PRAGMA max_page_count=1000000")).scalar())
    assert asked(writer, large) == ("kept", None)
    stop(writer, thread)
    assert titles(lite) == [7]


@pytest.mark.postgres
@pytest.mark.parametrize("any_url", ["postgres"], indirect=True)
def test_lost_connection_answers_busy_and_the_next_op_has_a_new_one(engine):
    writer, thread = running(engine)

    def cut(tx) -> None:
        pid = tx.db.execute(text("select pg_backend_pid()")).scalar()
        with engine.connect() as other:
            other.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
        tx.db.execute(new_conference(1))

    _, refusal = asked(writer, cut)
    assert isinstance(refusal, Busy)
    assert asked(writer, adding(2)) == (2, None)
    stop(writer, thread)
    assert titles(engine) == [2]


@pytest.mark.postgres
@pytest.mark.parametrize("any_url", ["postgres"], indirect=True)
def test_op_whose_connection_was_cut_once_is_stored_by_the_second_run(engine):
    writer, thread = running(engine)
    pids = [asked(writer, lambda tx: tx.db.execute(text("select pg_backend_pid()")).scalar())[0]]

    def cut_once(tx) -> None:
        with engine.connect() as other:
            while pids:
                other.execute(text("select pg_terminate_backend(:pid)"), {"pid": pids.pop()})
        tx.db.execute(new_conference(1))

    assert asked(writer, cut_once) == (None, None)
    stop(writer, thread)
    assert titles(engine) == [1]


def test_whole_batch_is_busy_when_its_commit_fails_and_retries_store_each_op_once(lite):
    broken = [True]

    def fail_once(_connection: Any) -> None:
        if broken.pop() if broken else False:
            raise RuntimeError("the commit did not come through")

    event.listen(lite, "commit", fail_once)
    ops = [(None, adding(number)) for number in range(5)]
    first = run_ops(Writer(lite), ops)
    assert [type(refusal) for _, refusal in first] == [Busy] * 5
    assert titles(lite) == []
    assert run_ops(Writer(lite), ops) == [(number, None) for number in range(5)]
    assert titles(lite) == list(range(5))


@pytest.mark.parametrize("by_session", [False, True])
def test_what_the_database_refuses_at_the_commit_is_undone_whole(room, by_session):
    place, title, engine = room.conversation().id, room.conversation().title, writer_engine(room.url)

    def good(tx) -> int:
        if by_session:
            tx.db.get(Conversation, place).title = "Half"
        return tx.touch(place, "title")

    def dangling(tx) -> int:
        tx._cursor.execute("PRAGMA defer_foreign_keys=ON")
        return tx.change(sql.ADD_PARTICIPANT, conversation=999, token_hash="t" * 64)

    outcomes = run_ops(Writer(engine), [(place, good), (place, dangling)])
    assert [type(refusal) for _, refusal in outcomes] == [Busy] * 2
    assert (room.conversation().title, room.conversation().seq) == (title, 0)
    assert run_ops(Writer(engine), [(place, lambda tx: tx.touch(place, "title"))]) == [(1, None)]
    engine.dispose()


def test_constraint_is_checked_inside_the_op(engine):
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("insert into conference (id, title) values (1, 'no')"))
    outcomes = run_ops(Writer(engine), [(None, late_clash)])
    assert isinstance(outcomes[0][1], ServerFault)


def test_two_first_starts_at_once_found_one_conference(any_url):
    engine = writer_engine(any_url)
    upgrade(engine)
    writers = [Writer(engine), Writer(engine)]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    begun = threading.Event()

    def found_slowly(tx):
        found_conference(tx, time_zone="UTC", chance=secrets.randbits)
        tx.db.flush()
        begun.set()
        time.sleep(0.3)

    writers[0].submit(None, found_slowly, lambda *_: None)
    threads[0].start()
    assert begun.wait(60)
    writers[1].submit(None, found_slowly, lambda *_: None)
    threads[1].start()
    for writer, thread in zip(writers, threads, strict=True):
        writer.close()
        thread.join()
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Conference)) == 1
    engine.dispose()
