"""`bench chaos --story shuffle`: votes of one person arrive in any order, twice, and through both doors at once.

Whatever the order, the vote with the highest revision stands, and no idea counts anything but its votes.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.outbox import Ack, NotNow, Op
from bench.person import Person
from bench.served import House, Server
from bench.verdict import VALUES, rows_of
from feedback.domain.ids import ulid
from feedback.domain.ops import OPS_AT_ONCE


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does. The server must allow the pace: FEEDBACK_PACE."""

    clients: int = 100
    ops: int = 1000
    #: So many places an op may be early or late.
    spread: int = 40
    seed: int = 1


async def _client(plan: Plan, person: Person, ideas: list[str], told: Counter[str]) -> dict[str, Op]:
    """Send all votes of one person, shuffled, some twice; returns the newest for each idea."""
    chance = random.Random(plan.seed + person.chance.randrange(2**32))
    ops: list[Op] = [
        {
            "op": ulid(rev, chance.getrandbits),
            "k": "vote",
            "idea": chance.choice(ideas),
            "val": chance.choice((1, -1, 0, None)),
            "rev": rev,
        }
        for rev in range(1, plan.ops + 1)
    ]
    newest = {op["idea"]: op for op in ops}
    late = sorted(ops + chance.choices(ops, k=plan.ops // 10), key=lambda op: op["rev"] + chance.random() * plan.spread)
    slices = [late[place : place + OPS_AT_ONCE] for place in range(0, len(late), OPS_AT_ONCE)]
    for batch in slices:
        left = list(batch)
        while left:
            left = await _send(person, left, told, by_socket=chance.random() < 0.5)
    return newest


async def _send(person: Person, ops: list[Op], told: Counter[str], *, by_socket: bool) -> list[Op]:
    """Send some ops; returns those that have to be sent again."""
    acks: list[Ack] = []
    try:
        if by_socket and person.connected:
            for start in range(0, len(ops), 5):
                acks += await asyncio.gather(*(person.by_socket(op) for op in ops[start : start + 5]))
        else:
            acks = await person.by_http(ops)
    except NotNow as wait:
        await asyncio.sleep(wait.wait or 0.2)
        return ops
    told.update(ack["status"] for ack in acks)
    again = {ack["op"]: ack["after_ms"] for ack in acks if ack["status"] == "retry"}
    if again:
        await asyncio.sleep(max(again.values()) / 1000)
    return [op for op in ops if op["op"] in again]


async def _play(plan: Plan, house: House, server: Server) -> tuple[Counter[str], dict[tuple[str, str], Op]]:
    host, told = f"127.0.0.1:{server.port}", Counter[str]()
    people = [Person(server.port, host, house.code, seed=n, took=lambda _: None) for n in range(plan.clients)]
    await asyncio.gather(*(person.join() for person in people))
    newest = await asyncio.gather(*(_client(plan, person, house.ideas, told) for person in people))
    for person in people:
        await person.leave()
    pairs = zip(people, newest, strict=True)
    return told, {(idea, person.participant): op for person, mine in pairs for idea, op in mine.items()}


def play(plan: Plan, house: House, server: Server, say: Callable[[str], None]) -> dict[str, Any]:
    """Run it on a server that was not yet started; returns its figures, with `wrong`."""
    server.start()
    say(f"  {plan.clients} people send {plan.ops} votes each, out of order")
    try:
        told, newest = asyncio.run(_play(plan, house, server))
        rows = rows_of(house)
    finally:
        server.stop()
    wrong = [
        f"vote of {who} on {idea} is {rows.votes.get((idea, who))}, the newest was {op['val']} (rev {op['rev']})"
        for (idea, who), op in newest.items()
        if rows.votes.get((idea, who)) != [(op["val"], op["rev"])]
    ]
    wrong += [f"the vote of {who} on {idea} was never asked for" for idea, who in rows.votes.keys() - newest.keys()]
    for idea, (*_, tally) in rows.ideas.items():
        standing = Counter(cell[-1][0] for (voted, _), cell in rows.votes.items() if voted == idea)
        if tally != tuple(standing[val] for val in VALUES):
            wrong.append(f"idea {idea} counts {tally}, its votes are {dict(standing)}")
    return {"clients": plan.clients, "ops": plan.clients * plan.ops, "told": dict(told), "wrong": wrong}
