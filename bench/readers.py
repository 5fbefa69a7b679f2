"""`bench chaos --story readers`: phones that stop reading for a while, with small buffers, while a room votes.

A server that ignores how much of a frame the kernel took sends them half frames. Here every byte must parse, a whole
state fetched in sips included, and in the end every screen shows what the server holds.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench import wire
from bench.outbox import NotNow, Op
from bench.person import Person
from bench.room import Room, truth
from bench.served import House, Server

#: Bytes: what the kernel keeps for a phone that does not read.
BUFFER = 4096
SIP = 16_384
#: Ideas that people vote on.
CHANGING = 100
#: Words that fill the beats, since votes travel as numbers: an idea of the longest that there are.
LONG = "🚋" * 480
CALM_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does; pauses in seconds."""

    clients: int = 100
    seconds: float = 300.0
    shortest: float = 1.0
    longest: float = 20.0
    #: Share of messages after which a phone stops reading.
    pauses: float = 0.05
    #: People who vote, and how often each sends twenty votes, in seconds.
    voters: int = 20
    every: float = 1.0
    seed: int = 1
    #: How many times the bounds are meant, on a machine that has other things to do.
    patience: float = 1.0


class Sipper(Person):
    """A phone that reads when it likes, by its `plan`."""

    plan = Plan()

    def way(self) -> dict[str, Any]:
        """Reach the server through a socket with a small buffer, read no further ahead than one message."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        sock.connect(("127.0.0.1", self.port))
        sock.setblocking(False)
        return {"sock": sock, "max_queue": 1}

    async def rest(self) -> None:
        """Pause now and then."""
        if self.chance.random() < self.plan.pauses:
            self.counts["pauses"] = self.counts.get("pauses", 0) + 1
            await asyncio.sleep(self.chance.uniform(self.plan.shortest, self.plan.longest))

    async def sip(self) -> int:
        """Fetch the whole state unpacked, in small pieces with pauses; returns its commit number."""
        sock = self.way()["sock"]
        loop = asyncio.get_running_loop()
        request = wire.get(f"/c/{self.code}/sync?since=0", self.host, page=False, cookie=self.cookie)
        plain = request.replace(b"gzip, deflate", b"identity").replace(b"keep-alive", b"close")
        await loop.sock_sendall(sock, plain)
        data = b""
        while piece := await loop.sock_recv(sock, SIP):
            data += piece
            if self.chance.random() < self.plan.pauses / 4:
                await asyncio.sleep(self.chance.uniform(self.plan.shortest, self.plan.longest) / 4)
        sock.close()
        head = wire.head_of(data)
        if head is None or len(data) - head[2] != int(head[1]["content-length"]):
            raise ValueError("the state was cut short")
        return int(json.loads(data[head[2] :])["seq"])


async def _vote(person: Person, ideas: list[str], plan: Plan, prompt: int) -> None:
    """Vote for some ideas at once by HTTP and change the words of an own one, again and again."""
    own = f"{person.participant:0>26}"
    ops: list[Op] = [{"op": own, "k": "idea", "id": own, "prompt": prompt, "text": LONG, "lang": "en"}]
    while True:
        try:
            acks = await person.by_http(ops)
            person.counts["acked"] = person.counts.get("acked", 0) + sum(ack["status"] == "ok" for ack in acks)
        except NotNow as told:
            await asyncio.sleep(told.wait)
        await asyncio.sleep(plan.every * person.chance.uniform(0.5, 1.5))
        ops = [{"k": "edit", "idea": own, "text": f"{LONG} {person.outbox.rev}"}]
        for idea in person.chance.sample(ideas, min(19, len(ideas))):
            ops.append({"k": "vote", "idea": idea, "val": person.chance.choice((1, -1, 0))})
        for op in ops:
            person.outbox.rev += 1
            op |= {"op": f"{person.outbox.rev:026d}", "rev": person.outbox.rev}


async def _play(plan: Plan, house: House, server: Server) -> dict[str, Any]:
    host, wrong = f"127.0.0.1:{server.port}", []
    sippers = [Sipper(server.port, host, house.code, seed=n, took=lambda _: None) for n in range(plan.clients)]
    for sipper in sippers:
        sipper.plan = plan
    voters = [Person(server.port, host, house.code, seed=-n - 1, took=lambda _: None) for n in range(plan.voters)]
    await asyncio.gather(*(person.join() for person in (*sippers, *voters)))
    prompt = (await _truth(host, server, house))["prompts"][-1]["id"]
    votes = [asyncio.create_task(_vote(person, house.ideas[:CHANGING], plan, prompt)) for person in voters]
    sips = [asyncio.create_task(person.sip()) for person in sippers]
    await asyncio.sleep(plan.seconds)
    for vote in votes:
        vote.cancel()
    done, late = await asyncio.wait(sips, timeout=CALM_WITHIN * plan.patience + 2 * plan.longest)
    wrong += [f"a state in sips: {task.exception()!r}" for task in done if task.exception()]
    wrong += ["a state in sips never came"] * len(late)
    apart, took = await _settle(sippers, host, server, house)
    wrong += [f"a screen stands at {room.seq if room else None}, the server elsewhere" for room in apart]
    for task in late:
        task.cancel()
    counts: Counter[str] = Counter()
    for person in (*sippers, *voters):
        counts.update(person.counts)
        await person.leave()
    if counts["protocol"]:
        wrong.append(f"{counts['protocol']} times what came was no frame of ours")
    if not counts["pauses"]:
        wrong.append("nobody paused")
    return {
        "clients": plan.clients,
        "seconds": plan.seconds,
        "pauses": counts["pauses"],
        "sockets": counts["dials"],
        "ops": counts["acked"],
        "protocol_errors": counts["protocol"],
        "settled_s": round(took, 2),
        "wrong": wrong,
    }


async def _settle(people: list[Sipper], host: str, server: Server, house: House) -> tuple[list[Room | None], float]:
    """Wait until all screens show what the server holds; returns those that do not."""
    patience = max(CALM_WITHIN * person.plan.patience + person.plan.longest for person in people)
    for person in people:
        person.plan = Plan(pauses=0.0)
    began = time.monotonic()
    while True:
        shown = Room(await _truth(host, server, house))
        apart = [person.room for person in people if person.room != shown]
        took = time.monotonic() - began
        if not apart or took > patience:
            return apart, took
        await asyncio.sleep(0.2)


async def _truth(host: str, server: Server, house: House) -> Any:
    return await truth(server.port, host, house.code)


def play(plan: Plan, house: House, server: Server, say: Callable[[str], None]) -> dict[str, Any]:
    """Run it on a server that was not yet started; returns its figures, with `wrong`."""
    server.start()
    say(f"  {plan.clients} phones that pause for {plan.shortest:g} to {plan.longest:g} s, {plan.seconds:g} s long")
    try:
        return asyncio.run(_play(plan, house, server))
    finally:
        server.stop()
