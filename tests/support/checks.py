"""Checks that more than one test makes, kept here so that their own tests can show what makes them fail."""

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, create_engine, func, insert, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from feedback.domain.facts import Refusal
from feedback.domain.tally import count
from feedback.store.engine import engine_options, prepare
from feedback.store.ideas import Idea, Vote
from feedback.store.programme import Conference
from feedback.store.writer import Tx, Writer

Outcome = tuple[Any, Refusal | None]


def drifted_counters(db: Session) -> dict[str, tuple[Any, Any]]:
    """Compare every idea's stored counts with a recount of its votes; returns those that differ."""
    recount = count((idea, val) for idea, val in db.execute(select(Vote.idea_id, Vote.val)))
    stored = {
        row[0]: (row[1], row[2], row[3]) for row in db.execute(select(Idea.id, Idea.agree, Idea.disagree, Idea.passes))
    }
    return {idea: (cell, recount.get(idea)) for idea, cell in stored.items() if cell != recount.get(idea, (0, 0, 0))}


def doubled_votes(db: Session) -> int:
    """Count how many (participant, idea) pairs have more than one vote row."""
    pairs = select(Vote.idea_id).group_by(Vote.idea_id, Vote.participant_id).having(func.count() > 1)
    return len(db.execute(pairs).all())


def run_ops(writer: Writer, ops: list[tuple[int | None, Callable[[Tx], Any]]]) -> list[Outcome]:
    """Queue ops, then let the writer drain and close; returns each op's outcome in order."""
    outcomes: list[Outcome] = [(None, None)] * len(ops)

    def note(place: int, result: Any, refusal: Refusal | None) -> None:
        outcomes[place] = (result, refusal)

    for place, (conversation_id, op) in enumerate(ops):
        writer.submit(conversation_id, op, lambda result, refusal, place=place: note(place, result, refusal))
    writer.close()
    writer.run()
    return outcomes


def rows_seen_when_acked(kind: type[Writer], engine: Engine, ops: int) -> list[int]:
    """Write rows and look from another connection at the moment of each ack; returns how many rows were there."""
    seen: list[int] = []

    def look(_result: Any, refusal: Refusal | None) -> None:
        assert refusal is None
        with other.connect() as connection:
            seen.append(connection.scalar(select(func.count()).select_from(Conference)) or 0)

    url = engine.url.render_as_string(hide_password=False)
    other = create_engine(url, **engine_options(url))
    prepare(other, writes=False)
    writer = kind(engine)
    for number in range(ops):
        writer.submit(None, lambda tx, number=number: tx.db.execute(new_conference(number)), look)
    writer.close()
    writer.run()
    other.dispose()
    return seen


def new_conference(number: int) -> Any:
    """A statement that adds a row nothing else depends on."""
    return insert(Conference).values(
        title=f"Conference {number}", contact="", time_zone="UTC", retention_days=30, created_at=number
    )


def refused_read_then_write(engine: Engine, threads: int = 3, rounds: int = 4) -> int:
    """Read a row, then write it, from several threads at once; returns how many transactions the database refused."""
    refused: list[Exception] = []
    start = threading.Barrier(threads)

    def work(number: int) -> None:
        for _ in range(rounds):
            start.wait()
            try:
                with engine.begin() as connection:
                    known = connection.scalar(select(func.count()).select_from(Conference)) or 0
                    meet()
                    connection.execute(new_conference(number * 1_000 + known))
            except OperationalError as fault:
                refused.append(fault)

    def meet() -> None:
        # Where transactions begin deferred, all have read now; where they queue up, nobody comes and nobody waits long.
        try:
            reading.wait(0.02)
        except threading.BrokenBarrierError:
            reading.reset()

    reading = threading.Barrier(threads)
    crowd = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return len(refused)
