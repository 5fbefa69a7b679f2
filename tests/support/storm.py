"""One of several processes that write to one conversation: `storm.py URL CONVERSATION SEED OPS [unlocked] < cells`.

It has an engine and a writer of its own, as a server process does, and tells what came back for its votes.
"""

import json
import random
import sys
import threading
from collections import Counter
from typing import Any

from feedback.actions.ops import apply_op
from feedback.domain.facts import Refusal
from feedback.domain.ids import ulid
from feedback.domain.ops import VoteOp
from feedback.domain.roles import Actor, Role
from feedback.store.engine import writer_engine
from feedback.store.writer import Writer

#: So many wait for their ack at once, as in a full room.
IN_FLIGHT = 100


def storm(url: str, conversation: int, seed: int, ops: int, cells: dict[str, list[Any]]) -> Counter[str]:
    """Vote at random; returns how often each answer came."""
    chance, told = random.Random(seed), Counter[str]()
    engine = writer_engine(url)
    writer = Writer(engine)
    free, all_told = threading.Semaphore(IN_FLIGHT), threading.Semaphore(0)

    def note(refusal: Refusal | None) -> None:
        told["ok" if refusal is None else refusal.code] += 1
        free.release()
        all_told.release()

    thread = threading.Thread(target=writer.run)
    thread.start()
    for rev in range(1, ops + 1):
        free.acquire()
        actor = Actor(Role.PARTICIPANT, conversation, participant_id=chance.choice(cells["voters"]))
        idea, val = chance.choice(cells["ideas"]), chance.choice([1, 1, -1, 0, None])
        # Several processes vote for the same people, so that every cell is fought over.
        op = VoteOp(ulid(rev, chance.getrandbits), idea, val, rev * 4 + seed)
        writer.submit(
            conversation,
            lambda tx, actor=actor, op=op: apply_op(tx, actor, op),
            lambda _result, refusal: note(refusal),
        )
    for _ in range(ops):
        all_told.acquire()
    writer.close()
    thread.join()
    engine.dispose()
    return told


if __name__ == "__main__":
    address, place, number, count, *mutants = sys.argv[1:]
    if "unlocked" in mutants:
        Writer._lock = lambda *_: None  # type: ignore[assignment, method-assign]
    print("ready", flush=True)
    print(json.dumps(storm(address, int(place), int(number), int(count), json.loads(sys.stdin.readline()))))
