"""What a phone was told is saved, is saved: kill -9 under load, restart, compare every acked op with the rows.

The mutants at the end break a promise on purpose; the same story must then fail.
"""

import os
import random
import sqlite3
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from served import Browser, Line, Served
from websockets.exceptions import WebSocketException

from feedback.domain.ids import ulid

CLIENTS = 12
#: The long form, before a release: FEEDBACK_TEST_KILLS=50.
KILLS = int(os.environ.get("FEEDBACK_TEST_KILLS", "5"))


@dataclass
class Client:
    """One phone: sends the same op until it is acked, and remembers what it was told."""

    served: Served
    code: str
    prompt: int
    seed: int
    shared: list[str]
    ideas: dict[str, str] = field(default_factory=dict)
    votes: dict[str, int | None] = field(default_factory=dict)
    retries: int = 0
    acked: int = 0
    participant: str = ""
    deadline: float = field(default_factory=lambda: time.monotonic() + 150 + 15 * KILLS)

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
                ack = line.op(op) if line else None
                if ack is not None and ack["status"] != "retry":
                    break
                assert time.monotonic() < self.deadline, "no op was acked for minutes"
                self.retries += 1
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
        fresh = ulid(int(time.time() * 1000), chance.getrandbits)
        others = [idea for idea in self.shared if idea not in self.ideas]
        if chance.random() < 0.3 or not others:
            return {"op": fresh, "k": "idea", "id": fresh, "prompt": self.prompt, "text": f"Idea {fresh}", "lang": "en"}
        # Votes for few ideas, so that the same cell changes often.
        idea = chance.choice(others[:10])
        return {"op": fresh, "k": "vote", "idea": idea, "val": chance.choice((1, None)), "rev": rev}

    def _told(self, op: dict[str, Any], ack: dict[str, Any]) -> None:
        self.acked += 1
        if ack["status"] != "ok":
            assert ack["code"] == "full", (op, ack)  # 50 ideas each are the most
        elif op["k"] == "idea":
            self.ideas[op["id"]] = op["text"]
            self.shared.append(op["id"])
        else:
            self.votes[op["idea"]] = op["val"]


def story(served: Served, kills: int, pause: float) -> list[str]:
    """Run the load with kills; returns everything that is not as the phones were told."""
    with served:
        clients = load(served, kills, pause)
    return wrong(served.instance / "feedback.db", clients)


def load(served: Served, kills: int, pause: float) -> list[Client]:
    """Let phones write and vote while the server is killed and started again; returns them with what they know."""
    code = served.links()["conversations"][0]["code"]
    prompt = Browser(served).get_json(f"/c/{code}/sync")["prompts"][0]["id"]
    shared: list[str] = []
    clients = [Client(served, code, prompt, seed, shared) for seed in range(CLIENTS)]
    done = threading.Event()
    threads = [threading.Thread(target=client.live, args=(done,)) for client in clients]
    for thread in threads:
        thread.start()
    for _ in range(kills):
        time.sleep(pause)
        served.kill()
        served.start()
    time.sleep(pause)
    done.set()
    for thread in threads:
        thread.join()
    assert served.stop() == 0
    return clients


def wrong(database: Path, clients: list[Client]) -> list[str]:
    """Compare the rows with what the phones were told."""
    with sqlite3.connect(database) as db:
        assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
        texts = dict(db.execute("SELECT id, body FROM idea"))
        cells: dict[tuple[str, str], list[int | None]] = {}
        for idea, participant, val in db.execute("SELECT idea_id, participant_id, val FROM vote ORDER BY rev"):
            cells.setdefault((idea, str(participant)), []).append(val)
        counters = dict(db.execute("SELECT id, agree FROM idea"))
    found = [complaint for client in clients for complaint in complaints(client, texts, cells)]
    for idea, count in counters.items():
        standing = sum(rows[-1] == 1 for (voted, _), rows in cells.items() if voted == idea)
        if standing != count:
            found.append(f"{idea} counts {count}, its votes are {standing}")
    acked = sum(len(client.ideas) + len(client.votes) for client in clients)
    ops, retries = sum(client.acked for client in clients), sum(client.retries for client in clients)
    print(f"acked ops {ops}, cells {acked}, retries {retries}")
    assert acked > CLIENTS
    return found


def complaints(client: Client, texts: dict[str, str], cells: dict[tuple[str, str], list[int | None]]) -> list[str]:
    """List what this phone was told and does not find."""
    found = [f"idea {idea} is lost" for idea, text in client.ideas.items() if texts.get(idea) != text]
    for idea, val in client.votes.items():
        rows = cells.get((idea, client.participant), [])
        if rows != [val]:
            found.append(f"vote on {idea} is {rows}, told {val}")
    return found


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """An empty folder for one installation."""
    return tmp_path


def test_nothing_acked_is_lost_or_doubled_by_kills(instance):
    assert story(Served(instance), kills=KILLS, pause=1.0) == []


@pytest.mark.parametrize("mutant", ["ack_before_commit", "dropped_key"])
def test_the_story_fails_on_a_mutant(instance, mutant):
    command = (str(Path(__file__).with_name("mutant_server.py")), mutant, "run")
    assert story(Served(instance, command=command), kills=3, pause=1.0) != []
