"""`bench chaos`: people on bad networks. Everything they ask for lands once, and every screen tells the truth soon.

Persons with real clients' manners talk to the real server through a relay that cuts, stalls and halves their links by a
plan. Every minute the weather calms down: then all screens must equal the server's state. At the end the rows are
compared with what everybody was told.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bench.measure import cpu_of, quantiles, wait_of
from bench.outbox import Ack, Book, NotNow, Op
from bench.person import Person
from bench.relay import UP, Relay
from bench.room import Room, truth
from bench.served import House, Server
from bench.verdict import complaints, replay_of, rows_of
from bench.weather import Trouble, forecast
from feedback.domain.ids import ulid

#: Between two calms, in seconds.
SPELL = 60.0
#: Bounds in seconds: a screen whose system says that the network is back; one that must find out; a calm room.
TOLD_WITHIN, UNTOLD_WITHIN, CALM_WITHIN = 3.0, 15.0, 8.0
#: Whoever writes many ideas at once is told to wait for up to 50 s, and does for half as long again.
DRAIN_WITHIN = 90.0
LATEST_AGAIN = 5.0
WORDS = ("night buses", "open depots", "a bandstand", "longer benches", "one number to call", "trees before parking")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does."""

    clients: int = 200
    seconds: float = 600.0
    #: Share of the time that each link is away.
    offline: float = 0.3
    seed: int = 1
    #: Ops a second that each person asks for.
    rate: float = 0.7
    #: How often the server is killed and started again meanwhile.
    kills: int = 0
    #: Share of ops that are sent once more after their answer.
    again: float = 0.02
    person: type[Person] = Person
    #: How many times the bounds are meant, on a machine that has other things to do.
    patience: float = 1.0


@dataclass(slots=True)
class Return:
    """A link that came back: when, and the commit number that its screen then must reach."""

    at: float
    seq: int
    trouble: Trouble
    #: Its phone was told, and had a server to ask then.
    told: bool


@dataclass(slots=True)
class Outcome:
    """What was seen."""

    wrong: list[str] = field(default_factory=list)
    lags: dict[str, list[float]] = field(default_factory=lambda: {"told": [], "untold": []})
    calms: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


class Storm:
    """One run against one server."""

    def __init__(self, plan: Plan, house: House, server: Server, relay: Relay) -> None:
        self.plan, self.house, self.server, self.relay = plan, house, server, relay
        self.outcome = Outcome()
        self.host = f"127.0.0.1:{server.port}"
        self.chance = random.Random(plan.seed)
        self.persons = [
            plan.person(port, self.host, house.code, seed=plan.seed * 1_000 + number, took=self._took)
            for number, port in enumerate(relay.ports)
        ]
        self._links = {id(person): number for number, person in enumerate(self.persons)}
        self._returns: dict[int, Return] = {}
        self._head = 0
        self._acting = self._down = False
        self._looked = 0.0
        self._again: set[asyncio.Task[None]] = set()
        self._prompt = 0

    async def run(self, say: Callable[[str], None]) -> Outcome:
        """Let everybody join, then one spell of weather after the other, each with its calm."""
        self._prompt = (await self._truth())["prompts"][-1]["id"]
        await asyncio.gather(*(person.join() for person in self.persons))
        await self._until(lambda: all(person.connected and person.room for person in self.persons), DRAIN_WITHIN)
        spells = max(1, round(self.plan.seconds / SPELL))
        people = [asyncio.create_task(self._act(person)) for person in self.persons]
        people.append(asyncio.create_task(self._look()))
        kills = [spell * spells // max(1, self.plan.kills) % spells for spell in range(self.plan.kills)]
        for spell in range(spells):
            self._acting = True
            troubles = self._weather(spell, self.plan.seconds / spells)
            await asyncio.gather(troubles, self._kill(kills.count(spell), self.plan.seconds / spells))
            self._acting = False
            await self._calm(spell)
            say(f"  spell {spell + 1} of {spells}: all screens alike after {self.outcome.calms[-1]:.1f} s")
        for task in (*people, *self._again):
            task.cancel()
        await asyncio.gather(*people, *self._again, return_exceptions=True)
        await asyncio.gather(*(person.leave() for person in self.persons))
        self._count()
        return self.outcome

    # People

    async def _act(self, person: Person) -> None:
        while True:
            await asyncio.sleep(person.chance.expovariate(self.plan.rate))
            if self._acting:
                if draft := self._wish(person):
                    person.outbox.add(draft)
                if person.answered and person.chance.random() < self.plan.again:
                    self._send_again(person, person.chance.choice(person.answered))

    def _wish(self, person: Person) -> Op | None:
        chance, mine = person.chance, f"{person.chance.choice(WORDS)} {person.chance.random():.9f}"
        fate = chance.random()
        asked = person.outbox.book.asked.values()
        own = [op["id"] for op in asked if op["k"] == "idea"]
        left = sorted(set(own) - {op["idea"] for op in asked if op["k"] == "withdraw"})
        if fate < 0.03 or not person.room:
            fresh = ulid(time.time_ns() // 1_000_000, chance.getrandbits)
            return {"k": "idea", "id": fresh, "prompt": self._prompt, "text": mine, "lang": "en"}
        if left and fate < 0.08:
            return {"k": "edit", "idea": chance.choice(left), "text": mine}
        if left and fate < 0.10:
            return {"k": "withdraw", "idea": chance.choice(left)}
        others = [idea for idea in list(person.room.ideas)[-60:] if idea not in own]
        return (
            {"k": "vote", "idea": chance.choice(others), "val": chance.choice((1, 1, -1, 0, None))} if others else None
        )

    def _send_again(self, person: Person, op: Op) -> None:
        async def send() -> None:
            await asyncio.sleep(person.chance.random() * LATEST_AGAIN)
            by_socket = person.connected and person.chance.random() < 0.5
            with suppress(NotNow):
                ack: Ack = await person.by_socket(op) if by_socket else (await person.by_http([op]))[0]
                self.outcome.counts["sent_again"] += 1
                if wrong := replay_of(person.outbox.book, op, ack):
                    self.outcome.wrong.append(wrong)

        task = asyncio.create_task(send())
        self._again.add(task)
        task.add_done_callback(self._again.discard)

    def _took(self, person: Person) -> None:
        if person.room is None:
            return
        self._head = max(self._head, person.room.seq)
        link = self._links[id(person)]
        back = self._returns.get(link)
        if back and person.room.seq >= back.seq:
            del self._returns[link]
            self._note(back)

    async def _look(self) -> None:
        """Note what the server costs, and how long it waits for its core."""
        pids, cpu, wait = list[int](), 0, 0
        while True:
            await asyncio.sleep(1.0)
            if self._down:
                pids = []
                continue
            with suppress(OSError):
                now, was = self.server.pids, pids
                spent, waited = cpu_of(now), wait_of(now)
                if now == was:
                    self.outcome.counts["looks_ms"] += round((time.monotonic() - self._looked) * 1000)
                    self.outcome.counts["cpu_ms"] += (spent - cpu) // 1_000_000
                    self.outcome.counts["wait_ms"] += (waited - wait) // 1_000_000
                pids, cpu, wait, self._looked = now, spent, waited, time.monotonic()

    # Weather

    async def _weather(self, spell: int, seconds: float) -> None:
        plan = forecast(self.plan.clients, seconds, self.plan.offline, self.plan.seed + spell)
        began = time.monotonic()
        for link, (delay, jitter) in enumerate(plan.delays):
            self.relay.be(link, UP, delay=delay, jitter=jitter)
        ends: list[tuple[float, Trouble]] = []
        begins = list(plan.troubles)
        while begins or ends:
            ends.sort(key=lambda each: each[0])
            at = min([each.at for each in begins[:1]] + [at for at, _ in ends[:1]])
            await asyncio.sleep(max(0.0, began + at - time.monotonic()))
            if ends and ends[0][0] <= at:
                self._end(ends.pop(0)[1], plan.delays)
            else:
                trouble = begins.pop(0)
                self._begin(trouble)
                ends.append((trouble.at + trouble.seconds, trouble))
        await asyncio.sleep(max(0.0, began + seconds - time.monotonic()))

    def _begin(self, trouble: Trouble) -> None:
        if back := self._returns.pop(trouble.link, None):
            self._note(back, finished=False)
        self.relay.be(trouble.link, trouble.kind)
        self.outcome.counts[trouble.kind] += 1
        self.outcome.counts["away_ms"] += round(trouble.seconds * 1000)

    def _end(self, trouble: Trouble, delays: tuple[tuple[float, float], ...]) -> None:
        delay, jitter = delays[trouble.link]
        self.relay.be(trouble.link, UP, delay=delay, jitter=jitter)
        person = self.persons[trouble.link]
        told = trouble.told and not self._down
        self._returns[trouble.link] = Return(time.monotonic(), self._head, trouble, told)
        if trouble.told:
            person.revive()
        self._took(person)

    def _note(self, back: Return, *, finished: bool = True) -> None:
        lag, told = time.monotonic() - back.at, back.told
        if finished:
            self.outcome.lags["told" if told else "untold"].append(lag)
        if lag > (TOLD_WITHIN if told else UNTOLD_WITHIN) * self.plan.patience:
            kind = "told" if told else "not told"
            self.outcome.wrong.append(
                f"a screen ({kind}, {back.trouble.kind}) was {lag:.1f} s behind its link's return"
            )

    async def _kill(self, times: int, seconds: float) -> None:
        for _ in range(times):
            await asyncio.sleep(seconds / (times + 1))
            self._down = True
            await asyncio.to_thread(self.server.kill)
            await asyncio.to_thread(self.server.start)
            self._down = False
            self.outcome.counts["kills"] += 1
            for back in self._returns.values():
                back.at, back.told = time.monotonic(), False

    # Truth

    async def _truth(self) -> Any:
        return await truth(self.server.port, self.host, self.house.code)

    async def _calm(self, spell: int) -> None:
        """Everybody is back and asks for nothing new: answers come, and all screens become one."""
        drain = DRAIN_WITHIN * self.plan.patience
        if not await self._until(lambda: not any(person.outbox.entries for person in self.persons), drain):
            left = [entry for person in self.persons for entry in person.outbox.entries]
            kinds = dict(Counter(f"{entry.op['k']} after {entry.failures} failures" for entry in left))
            self.outcome.wrong.append(f"calm {spell + 1}: not answered within {drain:g} s: {kinds}")
        await self._until(lambda: not self._returns, UNTOLD_WITHIN * self.plan.patience)
        began = time.monotonic()
        while True:
            shown = Room(await self._truth())
            apart = [person for person in self.persons if person.room != shown]
            took = time.monotonic() - began
            if not apart or took > CALM_WITHIN * self.plan.patience:
                break
            await asyncio.sleep(0.2)
        self.outcome.calms.append(took)
        for back in self._returns.values():
            self._note(back)
        self._returns.clear()
        self.outcome.wrong += [f"calm {spell + 1}: {_difference(person.room, shown)}" for person in apart]

    async def _until(self, done: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not done() and time.monotonic() < end:
            await asyncio.sleep(0.05)
        return done()

    def _count(self) -> None:
        counts = self.outcome.counts
        for person in self.persons:
            book = person.outbox.book
            counts["asked"] += len(book.asked)
            counts["replaced"] += len(book.replaced)
            counts["failures"] += book.failures
            counts.update(f"told_{ack['status']}" for ack in book.told.values())
            counts.update(person.counts)
        if counts["protocol"]:
            self.outcome.wrong.append(f"{counts['protocol']} frames broke the protocol")


def _difference(room: Room | None, shown: Room) -> str:
    if room is None:
        return "a screen has no state at all"
    ideas = sum(room.ideas.get(idea) != shown.ideas.get(idea) for idea in room.ideas.keys() | shown.ideas.keys())
    rest = [name for name, value in shown.rest.items() if room.rest[name] != value]
    return (
        f"a screen stands at {room.seq}, the server at {shown.seq}; {ideas} ideas and {rest or 'nothing else'} differ"
    )


def play(plan: Plan, house: House, server: Server, say: Callable[[str], None]) -> dict[str, Any]:
    """Run the plan on a server that was not yet started; returns its figures, with `wrong`."""
    server.start()
    relay = Relay(server.port, plan.clients, seed=plan.seed, replays=plan.again)
    try:
        before = max(rows_of(house).changes, default=0)
        say(f"  {plan.clients} people, {plan.seconds:g} s of weather, away {plan.offline:.0%} of the time")

        async def people() -> tuple[Outcome, dict[str, Book]]:
            storm = Storm(plan, house, server, relay)
            outcome = await storm.run(say)
            return outcome, {person.participant: person.outbox.book for person in storm.persons}

        began, own = time.monotonic(), time.process_time()
        outcome, books = asyncio.run(people())
        share = (time.process_time() - own) / (time.monotonic() - began)
        outcome.wrong += complaints(rows_of(house), books, before)
        waits = quantiles([wait for book in books.values() for wait in book.waits])
        return _figures(plan, outcome, relay.figures(), waits) | {"own_cpu_share": round(share, 2)}
    finally:
        relay.close()
        server.stop()


def _figures(plan: Plan, outcome: Outcome, relay: dict[str, int], waits: dict[str, float]) -> dict[str, Any]:
    counts = outcome.counts
    told = {name[5:]: count for name, count in sorted(counts.items()) if name.startswith("told_")}
    away = counts["away_ms"] / 1000 / max(1.0, plan.clients * plan.seconds)
    return {
        "clients": plan.clients,
        "seconds": plan.seconds,
        "seed": plan.seed,
        "offline": round(away, 3),
        "outages": {kind: counts[kind] for kind in ("cut", "dark", "half")},
        "kills": counts["kills"],
        "ops_asked": counts["asked"],
        "ops_told": told,
        "ops_replaced": counts["replaced"],
        "tried_again": counts["failures"],
        "arrived_twice": counts["sent_again"] + relay["replayed"],
        "dials": counts["dials"],
        "syncs": counts["syncs"],
        "answer_ms": waits,
        "behind_ms_told": quantiles(outcome.lags["told"]),
        "behind_ms_untold": quantiles(outcome.lags["untold"]),
        "calm_ms": quantiles(outcome.calms),
        "server_cpu_share": round(counts["cpu_ms"] / max(1, counts["looks_ms"]), 2),
        "server_wait_share": round(counts["wait_ms"] / max(1, counts["looks_ms"]), 2),
        "wrong": outcome.wrong,
    }
