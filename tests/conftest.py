"""What all tests share: real databases, a founded conference, and people who act in it."""

import os
import resource
import secrets
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from feedback.actions.programme import found_conference, join_conversation
from feedback.actions.prompts import edit_prompt
from feedback.db import Gate
from feedback.domain.ids import ulid
from feedback.domain.ops import parse_op
from feedback.domain.programme import Voting
from feedback.domain.roles import HOUSE, Actor, Role
from feedback.store.engine import engine_options, is_sqlite, prepare, writer_engine
from feedback.store.programme import Conversation, Prompt, conversations_of, prompts_of
from feedback.store.schema import upgrade
from feedback.store.writer import Writer

POSTGRES = os.environ.get("FEEDBACK_TEST_POSTGRES_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
REDIS = os.environ.get("FEEDBACK_TEST_REDIS_URL", "redis://127.0.0.1:6379/9")
# Few examples and no clock: the machines that run this are small and busy.
settings.register_profile("house", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")
NO_SKIP = bool(os.environ.get("FEEDBACK_TEST_NO_SKIP"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """In CI a skip is a failure: what the machine lacks must be installed."""
    report = yield
    if NO_SKIP and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


def _state_of_process() -> dict[str, Any]:
    """What a test could leave behind for all that come after it in this process, and for what they start."""
    umask = os.umask(0)
    os.umask(umask)
    return {
        "priority": os.getpriority(os.PRIO_PROCESS, 0),
        "folder": Path.cwd(),
        "umask": umask,
        "descriptors": resource.getrlimit(resource.RLIMIT_NOFILE),
        "on SIGINT": signal.getsignal(signal.SIGINT),
        "on SIGTERM": signal.getsignal(signal.SIGTERM),
        # What scikit-learn notes when it is first loaded is no test's doing.
        "environment": {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "KMP_"))},
    }


@pytest.fixture(autouse=True)
def _leaves_the_process_as_it_was() -> Iterator[None]:
    """A test that made its process slower once spoiled others, hundreds of tests later."""
    before = _state_of_process()
    yield
    after = _state_of_process()
    assert [what for what in before if after[what] != before[what]] == []


def now() -> int:
    """A fixed instant, epoch milliseconds."""
    return 1_790_000_000_000


def new_ulid() -> str:
    """A fresh ULID, as phones make them."""
    return ulid(now(), secrets.randbits)


def postgres_available() -> str | None:
    """The reason why PostgreSQL cannot be used, None when it can."""
    try:
        psycopg.connect(POSTGRES.replace("+psycopg", ""), connect_timeout=30).close()
    except psycopg.OperationalError as fault:
        return f"PostgreSQL does not answer at FEEDBACK_TEST_POSTGRES_URL: {fault}"
    return None


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of our own on the machine's PostgreSQL, dropped at the end."""
    if reason := postgres_available():
        pytest.skip(reason)
    name = f"feedback_test_{os.getpid()}"
    with psycopg.connect(POSTGRES.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
    yield POSTGRES.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(POSTGRES.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def empty_postgres(postgres_url: str) -> str:
    """The test database on PostgreSQL with nothing in it."""
    engine = writer_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return postgres_url


def own_redis(worker: str) -> str:
    """The database of a test worker: the one that is named is the first one's, the next ones are those of the others.

    They run beside each other, and each empties its own.
    """
    address, _, number = REDIS.rpartition("/")
    return f"{address}/{int(number) + int(worker.removeprefix('gw'))}" if number.isdecimal() else REDIS


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A database of our own on the machine's Redis, emptied before and after."""
    url = own_redis(os.environ.get("PYTEST_XDIST_WORKER", "gw0"))
    client = redis.Redis.from_url(url, socket_connect_timeout=30)
    try:
        client.flushdb()
    except redis.ConnectionError as fault:
        pytest.skip(f"Redis does not answer at FEEDBACK_TEST_REDIS_URL: {fault}")
    yield url
    client.flushdb()
    client.close()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A fresh SQLite file."""
    return f"sqlite:///{tmp_path / 'feedback.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_url(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn, empty."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "empty_postgres"))


@dataclass
class Room:
    """A founded conference with its writer running: acts like the server does, without the server."""

    url: str
    #: For reading, as pages do; what is written goes through the gate.
    engine: Engine
    gate: Gate
    facts: list[Any]

    def read(self) -> Session:
        """A session for looking at rows."""
        return Session(self.engine)

    def conversation(self, place: int = 0) -> Conversation:
        """One of the three conversations."""
        with self.read() as db:
            return conversations_of(db)[place][0]

    def prompt(self, place: int = 0) -> Prompt:
        """The first prompt of a conversation."""
        with self.read() as db:
            return prompts_of(db, self.conversation(place).id)[0]

    def ask_opinions(self, place: int = 0) -> None:
        """Let votes on the first prompt disagree and pass, too."""
        prompt = self.prompt(place)
        self.do(edit_prompt, prompt.id, text=prompt.text, votes_each=None, voting=Voting.OPINION, place=place)

    def phone(self, name: str = "", place: int = 0) -> "Phone":
        """Somebody who has joined a conversation."""
        conversation = self.conversation(place)
        token_hash = (name or secrets.token_hex(8)).ljust(64, "x")
        participant = self.gate.write(conversation.id, join_conversation, conversation.id, token_hash=token_hash)
        return Phone(self, Actor(Role.PARTICIPANT, conversation.id, participant_id=participant))

    def do(self, action: Callable[..., Any], *args: Any, actor: Actor = HOUSE, place: int = 0, **kwargs: Any) -> Any:
        """Run a crew action through the writer."""
        return self.gate.write(self.conversation(place).id, action, actor, *args, **kwargs)


@dataclass
class Phone:
    """One participant, asking by ops as a phone does."""

    room: Room
    actor: Actor
    rev: int = 0

    def op(self, **fields: Any) -> dict[str, Any]:
        """Send one op; returns its ack's fields or raises its refusal."""
        from feedback.actions.ops import apply_op

        op = parse_op({"op": new_ulid(), **fields})
        result: dict[str, Any] = self.room.gate.write(self.actor.conversation_id, apply_op, self.actor, op)
        return result

    def next_rev(self) -> int:
        """The next revision of this participant."""
        self.rev += 1
        return self.rev

    def write(self, text: str, prompt: int | None = None) -> str:
        """Write an idea; returns its id."""
        idea = new_ulid()
        place = prompt or self.room.prompt(self._place()).id
        self.op(k="idea", id=idea, prompt=place, text=text, lang="en")
        return idea

    def vote(self, idea: str, val: int | None = 1) -> dict[str, Any]:
        """Vote for an idea, or take the vote back."""
        return self.op(k="vote", idea=idea, val=val, rev=self.next_rev())

    def _place(self) -> int:
        with self.room.read() as db:
            ids = [conversation.id for conversation, _ in conversations_of(db)]
        return ids.index(self.actor.conversation_id or 0)


def open_room(url: str) -> Iterator[Room]:
    """Migrate, found the conference, run the writer until the caller is done."""
    owner = writer_engine(url)
    upgrade(owner)
    engine = create_engine(url, **engine_options(url))
    prepare(engine, writes=False)
    facts: list[Any] = []
    writer = Writer(owner, tell=facts.extend)
    thread = threading.Thread(target=writer.run)
    thread.start()
    gate = Gate(writer)
    try:
        gate.write(None, found_conference, time_zone="Europe/Brussels", chance=secrets.randbits)
        yield Room(url, engine, gate, facts)
    finally:
        writer.close()
        thread.join()
        engine.dispose()
        owner.dispose()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables and no rows: copying it is faster than migrating again."""
    path = tmp_path_factory.mktemp("migrated") / "feedback.db"
    engine = writer_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def room(sqlite_url: str, migrated: Path) -> Iterator[Room]:
    """A founded conference on SQLite."""
    shutil.copy(migrated, sqlite_url.removeprefix("sqlite:///"))
    yield from open_room(sqlite_url)


@pytest.fixture
def opener(migrated: Path) -> Callable[[Path], Iterator[Room]]:
    """Opens a founded conference on SQLite in a folder, for tests that need many of them."""

    def open_in(folder: Path) -> Iterator[Room]:
        shutil.copy(migrated, folder / "feedback.db")
        return open_room(f"sqlite:///{folder / 'feedback.db'}")

    return open_in


@pytest.fixture
def any_room(any_url: str, migrated: Path) -> Iterator[Room]:
    """A founded conference on each kind of database."""
    if is_sqlite(any_url):
        shutil.copy(migrated, any_url.removeprefix("sqlite:///"))
    yield from open_room(any_url)
