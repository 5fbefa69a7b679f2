"""Phones that write, vote and sort through whatever happens to the server; the rows are compared with their acks."""

import random
import secrets
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

from served import Browser, Line, Served
from websockets.exceptions import WebSocketException

from feedback.domain.ids import ulid

CLIENTS = 12
#: Seconds after which a phone that got no ack sends its op again.
ACK_WAIT = 4.0
#: Seconds after which a phone that got no ack gives up on the story.
PATIENCE = 900.0


@dataclass
class Client:
    """One phone: sends the same op until it is acked, and remembers what it was told."""

    served: Served
    code: str
    prompt: int
    seed: int
    shared: list[str]
    ideas: dict[str, str] = field(default_factory=dict)
    #: The vote and its rev by idea.
    votes: dict[str, tuple[int | None, int]] = field(default_factory=dict)
    #: Whether it was passed over, and the rev, by own idea.
    sorts: dict[str, tuple[bool, int]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    retries: int = 0
    acked: int = 0
    participant: str = ""
    deadline: float = field(default_factory=lambda: time.monotonic() + PATIENCE)
    #: The story broke: nobody waits for an ack any more.
    broken: bool = False

    def live(self, done: threading.Event) -> None:
        """Write and vote until told to stop; always finish the op in hand."""
        chance = random.Random(self.seed)
        browser = Browser(self.served)
        line: Line | None = None
        rev = 0
        while not done.is_set():
            rev += 1
            op = self._next(chance, rev)
            while True:
                line = line or self._open(browser)
                ack = line.op(op, ACK_WAIT) if line else None
                if ack is not None and ack["status"] != "retry":
                    break
                if self.broken:
                    return
                assert time.monotonic() < self.deadline, "no op was acked for minutes"
                self.retries += 1
                time.sleep(0.02)
                if line is not None and ack is None:
                    line.close()
                    line = None
            self._told(op, ack)
        if line is not None:
            line.close()

    def _open(self, browser: Browser) -> Line | None:
        try:
            if not browser.cookies:
                browser.fetch("GET", f"/c/{self.code}")
            if not self.participant:
                self.participant = browser.get_json(f"/c/{self.code}/mine")["participant"]
            return Line(browser, self.code)
        except (OSError, EOFError, HTTPException, WebSocketException, AssertionError):
            time.sleep(random.uniform(0.2, 0.8))
            return None

    def _next(self, chance: random.Random, rev: int) -> dict[str, Any]:
        fresh = ulid(int(time.time() * 1000), secrets.randbits)  # not by the seed, which two rooms share
        others = [idea for idea in self.shared if idea not in self.ideas]
        if chance.random() < 0.3 or not others:
            return {"op": fresh, "k": "idea", "id": fresh, "prompt": self.prompt, "text": f"Idea {fresh}", "lang": "en"}
        if self.ideas and chance.random() < 0.2:
            own = chance.choice(list(self.ideas)[:5])
            skip = chance.random() < 0.5
            return {"op": fresh, "k": "sort", "idea": own, "theme": None, "skip": skip, "rev": rev}
        # Votes for few ideas, so that the same cell changes often.
        idea = chance.choice(others[:10])
        return {"op": fresh, "k": "vote", "idea": idea, "val": chance.choice((1, None)), "rev": rev}

    def _told(self, op: dict[str, Any], ack: dict[str, Any]) -> None:
        self.acked += 1
        if ack["status"] != "ok":
            if ack.get("code") != "full":  # 50 ideas each are the most
                self.refused.append(f"{op} was answered {ack}")
        elif op["k"] == "idea":
            self.ideas[op["id"]] = op["text"]
            self.shared.append(op["id"])
        elif op["k"] == "sort":
            self.sorts[op["idea"]] = (op["skip"], op["rev"])
        else:
            self.votes[op["idea"]] = (op["val"], op["rev"])


@contextmanager
def phones(served: Served, count: int = CLIENTS) -> Iterator[list[Client]]:
    """Let phones write and vote in the first conversation as long as the block runs."""
    code = served.links()["conversations"][0]["code"]
    prompt = Browser(served).get_json(f"/c/{code}/sync")["prompts"][0]["id"]
    shared: list[str] = []
    clients = [Client(served, code, prompt, seed, shared) for seed in range(count)]
    done = threading.Event()
    threads = [threading.Thread(target=client.live, args=(done,)) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield clients
    except BaseException:
        for client in clients:
            client.broken = True
        raise
    finally:
        done.set()
        for thread in threads:
            thread.join()


def until(claim: Callable[[], bool], seconds: float = 180.0) -> None:
    """Wait until something holds; a liveness limit, not a measurement."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)


def work(clients: list[Client], seconds: float) -> None:
    """Let the phones work so long, and on a slow machine until each was told something on average."""
    before = sum(client.acked for client in clients)
    time.sleep(seconds)
    until(lambda: sum(client.acked for client in clients) >= before + 2 * len(clients))


@dataclass
class Rows:
    """What a database holds: ideas with text and count, the rows of each vote as (val, rev), those of each sort as
    (skipped, rev).
    """

    texts: dict[str, str]
    counts: dict[str, int]
    cells: dict[tuple[str, str], list[tuple[int | None, int]]]
    sorts: dict[tuple[str, str], list[tuple[bool, int]]]

    @classmethod
    def of(cls, database: Path) -> "Rows":
        """Read a database that is sound."""
        with closing(sqlite3.connect(database)) as db:
            assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
            cells: dict[tuple[str, str], list[tuple[int | None, int]]] = {}
            for idea, participant, val, rev in db.execute("SELECT idea_id, participant_id, val, rev FROM vote"):
                cells.setdefault((idea, str(participant)), []).append((val, rev))
            texts, counts = (dict(db.execute(f"SELECT id, {column} FROM idea")) for column in ("body", "agree"))
            said = db.execute("SELECT idea_id, participant_id, skipped, rev FROM sort").fetchall()
        return cls(texts, counts, cells, sorted_in(said))

    def drift(self) -> list[str]:
        """List the ideas whose count is not that of their votes."""
        newest = [(to, max(rows, key=lambda row: row[1])[0]) for (to, _), rows in self.cells.items()]
        standing = Counter(to for to, val in newest if val == 1)
        return [
            f"{idea} counts {count}, its votes are {standing[idea]}"
            for idea, count in self.counts.items()
            if standing[idea] != count
        ]


def sorted_in(rows: list[Any]) -> dict[tuple[str, str], list[tuple[bool, int]]]:
    """Read rows of idea, participant, skipped and rev; more than one for the same two is a fault to be found."""
    found: dict[tuple[str, str], list[tuple[bool, int]]] = {}
    for idea, participant, skipped, rev in rows:
        found.setdefault((idea, str(participant)), []).append((bool(skipped), rev))
    return found


@dataclass
class Told:
    """What one phone had been told at some moment."""

    participant: str
    ideas: dict[str, str]
    votes: dict[str, tuple[int | None, int]]
    sorts: dict[str, tuple[bool, int]]

    @classmethod
    def to(cls, client: Client) -> "Told":
        """Take down what a phone knows now; it may go on meanwhile."""
        return cls(client.participant, dict(client.ideas), dict(client.votes), dict(client.sorts))

    def missing(self, rows: Rows, *, last: bool) -> list[str]:
        """List what is not there as it was told; `last`: nothing came after it."""
        found = [f"idea {idea} is lost" for idea, text in self.ideas.items() if rows.texts.get(idea) != text]
        for idea, (val, rev) in self.votes.items():
            there = rows.cells.get((idea, self.participant), [])
            later = not last and len(there) == 1 and there[0][1] > rev
            if there != [(val, rev)] and not later:
                found.append(f"vote on {idea} is {there}, told {(val, rev)}")
        for idea, said in self.sorts.items():
            stands = rows.sorts.get((idea, self.participant), [])
            later = not last and len(stands) == 1 and stands[0][1] > said[1]
            if stands != [said] and not later:
                found.append(f"sort of {idea} is {stands}, told {said}")
        return found


def wrong(database: Path, clients: list[Client]) -> list[str]:
    """Compare the rows with what the phones were told, once all of them are still."""
    rows = Rows.of(database)
    found = [complaint for client in clients for complaint in client.refused]
    found += [complaint for client in clients for complaint in Told.to(client).missing(rows, last=True)]
    found += rows.drift()
    cells = sum(len(client.ideas) + len(client.votes) + len(client.sorts) for client in clients)
    ops, retries = sum(client.acked for client in clients), sum(client.retries for client in clients)
    print(f"acked ops {ops}, cells {cells}, retries {retries}")
    assert cells > CLIENTS
    return found
