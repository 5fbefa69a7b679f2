"""Phones that vote through the close of a prompt, and the comparison of votes and counts with what they were told."""

import json
import random
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crew import Crew
from promises import until
from served import Browser, Line, Served

from feedback.domain.ids import ulid

#: So many of them hold a line open; the others ask by HTTP.
LINES = 40
IDEAS = 5


@dataclass
class Voter:
    """One phone that votes as fast as it is answered, until it is told that the prompt is closed."""

    number: int
    ask: Callable[[dict[str, Any]], dict[str, Any] | None]
    participant: int
    #: The last vote told `ok` on each idea: (val, rev, seq).
    saved: dict[str, tuple[int | None, int, int]] = field(default_factory=dict)
    #: Revisions told `closed`.
    late: list[int] = field(default_factory=list)
    odd: list[Any] = field(default_factory=list)

    def vote(self, ideas: list[str]) -> None:
        """Vote until two votes came too late."""
        chance, rev = random.Random(self.number), 0
        while len(self.late) < 2 and not self.odd and rev < 10_000:
            rev += 1
            idea, val = chance.choice(ideas), chance.choice((1, 1, None))
            ack = self.ask({"op": fresh(), "k": "vote", "idea": idea, "val": val, "rev": rev})
            if ack is not None and ack["status"] == "ok":
                self.saved[idea] = (ack["val"], ack["rev"], ack["seq"])
            elif ack is not None and ack["status"] == "closed":
                self.late.append(rev)
            else:
                self.odd.append(ack)


def fresh() -> str:
    return ulid(int(time.time() * 1000), random.getrandbits)


def votes_through_the_close(served: Served, place: dict[str, str], voters: int) -> list[str]:
    """Let many vote while the facilitator closes the prompt; returns what does not add up."""
    facilitator = Crew(served, place["facilitator"])
    prompt = Browser(served).get_json(f"/c/{place['code']}/sync")["prompts"][0]["id"]
    author = phone(served, place["code"], 0)
    ideas = [fresh() for _ in range(IDEAS)]
    for idea in ideas:
        op = {"op": idea, "k": "idea", "id": idea, "prompt": prompt, "text": f"Idea {idea}", "lang": "en"}
        assert author.ask(op)["status"] == "ok"
    crowd = [phone(served, place["code"], number) for number in range(1, voters + 1)]
    threads = [threading.Thread(target=voter.vote, args=(ideas,)) for voter in crowd]
    form = facilitator.form()
    for thread in threads:
        thread.start()
    until(lambda: all(voter.saved for voter in crowd))
    assert facilitator.send(f"/console/{place['code']}/prompts/{prompt}/close", form) == 303
    for thread in threads:
        thread.join()
    return differences(served.instance / "feedback.db", ideas, crowd)


def phone(served: Served, code: str, number: int) -> Voter:
    """A phone with a live line, or, past the first ones, one that only gets through by HTTP."""
    browser = Browser(served)
    browser.fetch("GET", f"/c/{code}")
    participant = int(browser.get_json(f"/c/{code}/mine")["participant"])
    if number <= LINES:
        line = Line(browser, code)
        return Voter(number, lambda op: line.op(op), participant)

    def post(op: dict[str, Any]) -> dict[str, Any]:
        body = json.dumps({"ops": [op]}).encode()
        _, answer = browser.fetch("POST", f"/c/{code}/ops", body, Content_Type="application/json", X_Op="1")
        return json.loads(answer)["acks"][0]

    return Voter(number, post, participant)


def differences(database: Path, ideas: list[str], crowd: list[Voter]) -> list[str]:
    """Compare votes, counts and the moment of the close with what the voters were told."""
    with closing(sqlite3.connect(database)) as db:
        (place,) = db.execute("SELECT conversation_id FROM idea WHERE id = ?", ideas[:1]).fetchone()
        inside = "idea_id IN (SELECT id FROM idea WHERE conversation_id = ?)"
        votes = db.execute(
            f"SELECT participant_id, idea_id, val, rev, seq FROM vote WHERE {inside}", [place]
        ).fetchall()
        counts = dict(db.execute("SELECT id, agree FROM idea WHERE conversation_id = ?", [place]))
        newest = "SELECT max(seq) FROM change WHERE conversation_id = ? AND kind = ?"
        close, last = (db.execute(newest, [place, kind]).fetchone()[0] for kind in ("prompts", "vote"))
    rows = {(who, idea): (val, rev, seq) for who, idea, val, rev, seq in votes}
    told = {(voter.participant, idea): vote for voter in crowd for idea, vote in voter.saved.items()}
    agreed = Counter(idea for (_, idea), (val, _, _) in told.items() if val == 1)
    late = sum(len(voter.late) for voter in crowd)
    print(f"{len(crowd)} voters, {len(told)} votes saved, {late} came too late, closed at commit {close}")
    found = [f"{voter.number} was answered {voter.odd}" for voter in crowd if voter.odd]
    found += [f"vote {cell} is {rows.get(cell)}, told {vote}" for cell, vote in told.items() if rows.get(cell) != vote]
    found += [f"vote {cell} was never told" for cell in rows.keys() - told.keys()]
    found += [f"{idea} counts {count}, told {agreed[idea]}" for idea, count in counts.items() if count != agreed[idea]]
    if last > close:
        found.append(f"votes were taken up to {last}, it was closed at {close}")
    return found
