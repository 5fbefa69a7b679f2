"""Two writers of two processes on one PostgreSQL conversation: counts, budgets and ids stay right."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from checks import doubled_votes, drifted_counters
from sqlalchemy import func, select

from feedback.actions.ops import apply_op
from feedback.actions.prompts import edit_prompt
from feedback.db import Gate
from feedback.domain.facts import Conflict, Refusal
from feedback.domain.ids import ulid
from feedback.domain.ops import IdeaOp, VoteOp
from feedback.store.engine import writer_engine
from feedback.store.ideas import Idea, Vote
from feedback.store.programme import Change
from feedback.store.writer import Writer

NAME = ulid(1, lambda _: 1)


@pytest.fixture
def second_gate(any_room):
    """A writer as another process has it: its own engine, its own thread."""
    engine = writer_engine(any_room.url)
    writer = Writer(engine)
    thread = threading.Thread(target=writer.run)
    thread.start()
    yield Gate(writer)
    writer.close()
    thread.join()
    engine.dispose()


def vote(gate, phone, idea: str, val: int | None, rev: int) -> object:
    try:
        return gate.write(phone.actor.conversation_id, apply_op, phone.actor, VoteOp(NAME, idea, val, rev))
    except Refusal as refusal:
        return refusal


def test_counters_equal_the_votes_after_two_writers_and_many_random_ops(any_room, second_gate):
    any_room.ask_opinions()
    author = any_room.phone("author")
    ideas = [author.write(f"Idea {number}") for number in range(6)]
    voters = [any_room.phone(f"voter {number}") for number in range(4)]
    gates = [any_room.gate, second_gate]

    def storm(number: int) -> int:
        chance = random.Random(number)
        done = 0
        for rev in range(1, 41):
            # Two storms share each voter, so every state is fought over from two processes.
            outcome = vote(
                gates[number % 2], voters[number // 2], chance.choice(ideas), chance.choice([1, 1, -1, 0, None]), rev
            )
            done += isinstance(outcome, dict)
        return done

    with ThreadPoolExecutor(8) as pool:
        done = sum(pool.map(storm, range(8)))
    assert done > 100
    with any_room.read() as db:
        assert drifted_counters(db) == {}
        assert doubled_votes(db) == 0
        seqs = list(db.scalars(select(Change.seq).where(Change.conversation_id == any_room.conversation().id)))
    # A replay that is ok takes no number: numbers go without a gap from the ideas to the last change.
    assert sorted(seqs) == list(range(1, any_room.conversation().seq + 1))


def test_budget_holds_across_two_writers(any_room, second_gate):
    any_room.do(edit_prompt, any_room.prompt().id, text="Pick three", votes_each=3)
    author, voter = any_room.phone("author"), any_room.phone("voter")
    ideas = [author.write(f"Idea {number}") for number in range(12)]
    gates = [any_room.gate, second_gate]
    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(lambda at: vote(gates[at % 2], voter, ideas[at], 1, 1), range(12)))
    assert sum(isinstance(outcome, dict) for outcome in outcomes) == 3
    with any_room.read() as db:
        assert db.scalar(select(func.count()).select_from(Vote).where(Vote.val == 1)) == 3


@pytest.mark.postgres
@pytest.mark.parametrize("any_url", ["postgres"], indirect=True)
def test_one_id_used_in_two_conversations_at_once_is_stored_once_and_the_other_is_told(any_room, second_gate):
    anna, ben = any_room.phone("anna"), any_room.phone("ben", place=1)
    name = ulid(2, lambda _: 2)
    written, other_asks = threading.Event(), threading.Event()

    def first(tx) -> None:
        apply_op(tx, anna.actor, IdeaOp(NAME, name, any_room.prompt(0).id, "Open at night", "en"))
        written.set()
        # Committed only while the other one is already waiting for the same key.
        other_asks.wait(60)
        waiting(any_room)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(any_room.gate.write, anna.actor.conversation_id, first)
        written.wait(60)
        idea = IdeaOp(NAME, name, any_room.prompt(1).id, "Another text", "en")
        two = pool.submit(second_gate.write, ben.actor.conversation_id, apply_op, ben.actor, idea)
        other_asks.set()
        one.result(60)
        with pytest.raises(Conflict):
            two.result(60)
    with any_room.read() as db:
        assert list(db.scalars(select(Idea.body))) == ["Open at night"]
    assert any_room.conversation(1).ideas_received == 0


def waiting(room) -> None:
    """Return when some connection waits for a lock of another one."""
    from sqlalchemy import text

    held = "select count(*) from pg_locks join pg_stat_activity using (pid) where not granted"
    for _ in range(2_000):
        with room.engine.connect() as db:
            if db.scalar(text(f"{held} and datname = current_database()")):  # others have databases here, too
                return
        threading.Event().wait(0.01)
    raise AssertionError("nobody waits")
