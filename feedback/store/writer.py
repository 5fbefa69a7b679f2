"""The one place that commits. Ops wait in a bounded queue; one transaction takes up to 64; acks follow the commit.

The writer runs in a thread of its own with a connection of its own. It receives callables, so it knows nothing of
what they do. A refusal or fault of one never harms its neighbours: a batch runs without savepoints first, because an
op that refuses does so before it changes anything; when one breaks after that, the batch is undone and run once more
with a savepoint around each op.
"""

import logging
import time
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, Integer, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from feedback.domain.facts import Busy, ConversationChanged, Fact, Refusal, ServerFault
from feedback.store.engine import begin_writing, lock_house
from feedback.store.gauges import WriterGauges
from feedback.store.inbox import Inbox, Soon
from feedback.store.programme import Conversation
from feedback.store.seqs import Seqs
from feedback.store.statements import Statement

QUEUE_LIMIT = 2_000
BATCH = 64
RETRY_MS = 500
#: Seconds at least between two lines about batches that could not be committed.
COMPLAIN_EVERY = 1.0
_log = logging.getLogger("feedback.writer")

_LOCKED = Statement(
    lambda _: (
        select(Conversation.id)
        .where(Conversation.id == func.any(bindparam("ids", type_=ARRAY(Integer))))
        .order_by(Conversation.id)
        .with_for_update()
    )
)


class _Undo(Exception):
    """An op broke after it had changed something: the batch must be undone and run with care."""


class Tx:
    """One op's hands on the transaction: compiled statements for phones, an ORM session for the crew.

    `now` is the batch's time in epoch milliseconds. An op never commits; what it announces is told after the commit.
    """

    def __init__(self, connection: Connection, cursor: Any, seqs: Seqs, now: int) -> None:
        self.now = now
        self.facts: list[Fact] = []
        #: Whether anything may have been changed.
        self.wrote = False
        self._connection = connection
        self._cursor = cursor
        self._seqs = seqs
        self._session: Session | None = None

    @property
    def db(self) -> Session:
        """An ORM session inside this op's savepoint."""
        if self._session is None:
            self.wrote = True
            self._seqs.write()  # the session reads rows that must hold them
            if not self._connection.in_transaction():
                self._connection.begin()  # joins the transaction that the writer has begun below it
            self._session = Session(self._connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        return self._session

    def rows(self, statement: Statement, **params: Any) -> list[tuple[Any, ...]]:
        """Run a compiled statement and return its rows."""
        found: list[tuple[Any, ...]] = statement.run(self._cursor, self._connection.dialect, params).fetchall()
        return found

    def row(self, statement: Statement, **params: Any) -> tuple[Any, ...] | None:
        """Run a compiled statement and return its first row, if any."""
        found = self.rows(statement, **params)
        return found[0] if found else None

    def change(self, statement: Statement, **params: Any) -> int:
        """Run a compiled statement and return how many rows it changed."""
        self.wrote = True
        count: int = statement.run(self._cursor, self._connection.dialect, params).rowcount
        return count

    def touch(self, conversation_id: int, kind: str, ref: str = "") -> int:
        """Take the conversation's next commit number for this change, and announce it."""
        if self._session is not None:
            self._session.flush()
        self.wrote = True
        seq = self._seqs.take(conversation_id, kind, ref)
        if self._session is not None:
            self._seqs.write()
        self.facts.append(ConversationChanged(conversation_id, seq, kind))
        return seq

    def finish(self) -> None:
        """Write what the ORM session still holds."""
        if self._session is not None:
            self._session.commit()
            self._session.close()
            self._session = None

    def abandon(self) -> None:
        """Throw away what the ORM session holds."""
        if self._session is not None:
            self._session.rollback()
            self._session.close()
            self._session = None


Op = Callable[[Tx], Any]
#: Called once per op after the commit, with (result, None) or (None, the refusal).
Done = Callable[[Any, Refusal | None], None]


@dataclass(slots=True)
class _Job:
    conversation_id: int | None
    op: Op
    done: Done
    result: Any = None
    refusal: Refusal | None = None
    facts: list[Fact] = field(default_factory=list)
    since: float = field(default_factory=time.monotonic)
    #: The asker's, so that a line of the log about this op names the request.
    context: Context = field(default_factory=copy_context)


def deliver_here(calls: Sequence[Callable[[], None]]) -> None:
    """Call back on the writer's own thread (command line and tests)."""
    for call in calls:
        try:
            call()
        except Exception:  # noqa: BLE001 -- one waiter's fault is not the others'
            _log.exception("a call after a commit broke")


class Writer:
    """Drains the queue in batches.

    deliver: hands finished calls to whoever waits (an event loop, or this thread).
    soon: calls back once the asking thread has nothing else to do at the moment; then only that thread may submit.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        deliver: Callable[[Sequence[Callable[[], None]]], None] = deliver_here,
        soon: Soon | None = None,
        tell: Callable[[Sequence[Fact]], None] = lambda _facts: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine = engine
        self._deliver = deliver
        self._tell = tell
        self._clock = clock
        self._inbox: Inbox[_Job] = Inbox(soon)
        self._closing = False
        self._complained = -COMPLAIN_EVERY
        self.gauges = WriterGauges()
        #: How often the queue took no more; counted by the askers, not by the writer's thread.
        self.turned_away = 0

    @property
    def queued(self) -> int:
        """How many ops wait for their batch."""
        return len(self._inbox)

    def submit(self, conversation_id: int | None, op: Op, done: Done) -> None:
        """Queue an op on a conversation (None = conference-wide). Raises Busy when the queue is full or closing."""
        if self._closing or self.queued >= QUEUE_LIMIT:
            self.turned_away += 1
            raise Busy(after_ms=RETRY_MS)
        self._inbox.put(_Job(conversation_id, op, done))

    def close(self) -> None:
        """Take no more ops; `run` returns when the queue is drained."""
        self._closing = True
        self._inbox.close()

    def run(self) -> None:
        """Commit batches until closed. Body of the writer's thread."""
        connection: Connection | None = None
        self.gauges.running = True
        try:
            # No waiting window: while one batch commits, the next one gathers by itself.
            while batch := self._inbox.take(BATCH):
                self.gauges.take(batch[0].since)
                connection = self._write(batch, connection)
                self.gauges.rest()
        finally:
            self.gauges.running = False
        if connection is not None:
            connection.close()

    def _write(self, batch: list[_Job], connection: Connection | None) -> Connection | None:
        try:
            if connection is None:
                connection = self._engine.connect()
            try:
                self._transact(connection, batch, careful=False)
            except _Undo:
                self._transact(connection, batch, careful=True)
        except Exception:  # noqa: BLE001 -- whatever broke, every waiting op gets its answer
            self.gauges.failed_batches += 1
            if time.monotonic() - self._complained >= COMPLAIN_EVERY:  # a disk stays full for many batches
                self._complained = time.monotonic()
                _log.warning("batch of %d not committed", len(batch), exc_info=True)
            self._answer_all(batch, Busy(after_ms=RETRY_MS))
            if connection is not None:
                connection.invalidate()
                connection.close()
            time.sleep(0.05)
            return None
        self.gauges.done(job.refusal for job in batch)
        self._answer(batch)
        return connection

    def _transact(self, connection: Connection, batch: list[_Job], *, careful: bool) -> None:
        # On the driver itself; SQLAlchemy takes part only when an op has asked for a session, and ends it then.
        driver: Any = connection.connection.dbapi_connection
        begin_writing(driver)
        try:
            self._run_batch(connection, batch, careful=careful)
            (connection if connection.in_transaction() else driver).commit()
        except BaseException:
            (connection if connection.in_transaction() else driver).rollback()
            raise

    def _run_batch(self, connection: Connection, batch: list[_Job], *, careful: bool) -> None:
        self._lock(connection, batch)
        now = int(self._clock() * 1000)
        cursor = connection.connection.cursor()
        seqs = Seqs(cursor, connection.dialect)
        for job in batch:
            tx = Tx(connection, cursor, seqs, now)
            if careful:
                seqs.write()
                cursor.execute("SAVEPOINT op")
            self._run_op(job, tx, careful=careful)
            if job.refusal is not None and tx.wrote:
                tx.abandon()
                if not careful:
                    raise _Undo
                seqs.forget()
                cursor.execute("ROLLBACK TO SAVEPOINT op")
            if careful:
                cursor.execute("RELEASE SAVEPOINT op")
        seqs.write()
        cursor.close()
        self.gauges.ran()

    def _run_op(self, job: _Job, tx: Tx, *, careful: bool) -> None:
        job.result, job.refusal, job.facts = None, None, []
        try:
            job.result = job.op(tx)
            tx.finish()
            job.facts = tx.facts
        except Refusal as refusal:
            job.refusal = refusal
        except Exception as fault:  # noqa: BLE001 -- one op's fault is its own
            tx.wrote = True  # PostgreSQL takes no further statement of this transaction
            if careful:  # the first time it is only tried again
                job.context.run(_log.warning, "an op on conversation %s broke", job.conversation_id, exc_info=fault)
            job.refusal = self._refusal_of(fault)

    def _lock(self, connection: Connection, batch: list[_Job]) -> None:
        # PostgreSQL: the house, then rows in id order, so that writers of several processes never meet crosswise.
        if connection.dialect.name == "sqlite":
            return
        if any(job.conversation_id is None for job in batch):
            lock_house(connection)
        ids = sorted({job.conversation_id for job in batch if job.conversation_id is not None})
        if ids:
            _LOCKED.fetch(connection, ids=ids)

    def _refusal_of(self, fault: Exception) -> Refusal:
        # Disk full, lock time-out, connection lost: the same op can succeed later. A statement that SQLite does not
        # understand is the same class of error there, and stays wrong however often it is tried.
        cause = fault.orig if isinstance(fault, OperationalError) else fault
        passing = isinstance(cause, self._engine.dialect.loaded_dbapi.OperationalError)
        hopeless = getattr(cause, "sqlite_errorname", "") == "SQLITE_ERROR"
        return Busy(after_ms=RETRY_MS) if passing and not hopeless else ServerFault()

    def _answer(self, batch: list[_Job]) -> None:
        facts = [fact for job in batch for fact in job.facts]
        calls: list[Callable[[], None]] = []
        if facts:
            calls.append(lambda: self._tell(facts))
        calls.extend(lambda job=job: job.done(job.result, job.refusal) for job in batch)  # type: ignore[misc]
        self._deliver(calls)

    def _answer_all(self, batch: list[_Job], refusal: Refusal) -> None:
        for job in batch:
            job.refusal, job.result, job.facts = refusal, None, []
        self._answer(batch)
