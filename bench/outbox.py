"""The phone's outbox as `feedback/frontend/lib/outbox.ts` has it, and a book of everything asked and told.

An op is kept until its final answer; one op per idea is on its way; votes and edits of one idea collapse into the
newest; after two failures by socket an op goes by HTTP. Times are seconds of the running loop.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from bench.crowd import back_off
from feedback.domain.ids import ulid
from feedback.domain.ops import OPS_AT_ONCE

ACK_WAIT = 4.0
IN_FLIGHT = 8
SOCKET_TRIES = 2
BURST, PER_SECOND = 30.0, 8.0
Op = dict[str, Any]
Ack = dict[str, Any]


class NotNow(Exception):
    """No answer, or one that says when to come again (seconds, 0: it does not say)."""

    def __init__(self, wait: float = 0.0) -> None:
        super().__init__(f"again in {wait:g} s")
        self.wait = wait


class Doors(Protocol):
    """How ops leave; both raise NotNow."""

    @property
    def connected(self) -> bool:
        """Whether the socket is open."""

    def by_socket(self, op: Op) -> Awaitable[Ack]:
        """Send one op by the socket."""

    def by_http(self, ops: list[Op]) -> Awaitable[list[Ack]]:
        """Send some by HTTP."""


@dataclass(slots=True)
class Entry:
    """An op that waits for its answer."""

    op: Op
    failures: int = 0
    not_before: float = 0.0
    flying: str = ""


@dataclass(slots=True)
class Book:
    """What a person asked for and what they were told; the run's end compares it with the rows."""

    #: Every op ever asked for, by its id, in order.
    asked: dict[str, Op] = field(default_factory=dict)
    #: Final answers, by op.
    told: dict[str, Ack] = field(default_factory=dict)
    #: Ops that a newer one replaced before they were answered.
    replaced: set[str] = field(default_factory=set)
    #: How long each op took to its final answer.
    waits: list[float] = field(default_factory=list)
    failures: int = 0


def idea_of(op: Op) -> str:
    """Name the idea an op is about."""
    return str(op["id"] if op["k"] == "idea" else op["idea"])


class Outbox:
    """Sends what a person wants until it is answered."""

    def __init__(self, doors: Doors, chance: random.Random, settled: Callable[[Op, Ack], None]) -> None:
        self.book = Book()
        self.rev = 0
        self.entries: list[Entry] = []
        self._doors = doors
        self._chance = chance
        self._settled = settled
        self._loop = asyncio.get_running_loop()
        self._wake: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._allowance, self._allowed_at = BURST, 0.0
        self._born: dict[str, float] = {}

    def add(self, draft: Op) -> Op:
        """Keep an op (without its id and rev) and send it as soon as its turn comes."""
        op = {"op": ulid(time.time_ns() // 1_000_000, secrets.randbits), **draft}
        if op["k"] != "idea":
            self.rev += 1
            op["rev"] = self.rev
            self._replace(op)
        self.book.asked[op["op"]] = op
        self._born[op["op"]] = self._loop.time()
        self.entries.append(Entry(op))
        self.pump()
        return op

    def pump(self, *, afresh: bool = False) -> None:
        """Send what may go now and plan the next try."""
        if afresh:
            for entry in self.entries:
                entry.not_before = 0.0
                if entry.flying == "http":
                    entry.flying = ""
        ready = self._ready()
        by_http = [entry for entry in ready if entry.failures >= SOCKET_TRIES]
        if by_http and not self._flies("http"):
            self._spawn(self._post(by_http[:OPS_AT_ONCE]))
        room = max(0, IN_FLIGHT - self._flies("socket"))
        for entry in [entry for entry in ready if entry.failures < SOCKET_TRIES][:room]:
            self._emit(entry)
        self._plan()

    def stop(self) -> None:
        """Send nothing any more."""
        if self._wake:
            self._wake.cancel()
        for task in self._tasks:
            task.cancel()

    def _replace(self, op: Op) -> None:
        for entry in list(self.entries):
            if not entry.flying and entry.op["k"] == op["k"] and entry.op["idea"] == op["idea"]:
                self.entries.remove(entry)
                self.book.replaced.add(entry.op["op"])

    def _ready(self) -> list[Entry]:
        busy = {idea_of(entry.op) for entry in self.entries if entry.flying}
        ready, now = [], self._loop.time()
        for entry in self.entries:
            idea = idea_of(entry.op)
            if idea in busy:
                continue
            busy.add(idea)
            if entry.not_before <= now:
                ready.append(entry)
        return ready

    def _flies(self, door: str) -> int:
        return sum(entry.flying == door for entry in self.entries)

    def _emit(self, entry: Entry) -> None:
        if not self._doors.connected:
            self._failed(entry)
        elif self._allowed() >= 1:
            self._allowance -= 1
            entry.flying = "socket"
            self._spawn(self._send(entry))

    async def _send(self, entry: Entry) -> None:
        try:
            ack = await self._doors.by_socket(entry.op)
        except NotNow:
            self._failed(entry)
        else:
            self._answered(entry, ack)

    async def _post(self, entries: list[Entry]) -> None:
        for entry in entries:
            entry.flying = "http"
        try:
            acks = {ack["op"]: ack for ack in await self._doors.by_http([entry.op for entry in entries])}
        except NotNow as told:
            wait = told.wait * (1 + self._chance.random() / 2)
            for entry in entries:
                if entry.flying == "http":
                    self._failed(entry, wait)
            return
        for entry in entries:
            if entry.op["op"] in acks:
                self._answered(entry, acks[entry.op["op"]])
            else:
                self._failed(entry)

    def _answered(self, entry: Entry, ack: Ack) -> None:
        entry.flying = ""
        if entry not in self.entries:
            return  # answered before
        if ack["status"] == "retry":
            wait = max(0.1, ack["after_ms"] / 1_000 * (1 + self._chance.random() / 2))
            entry.not_before = self._loop.time() + wait
            self.book.failures += 1
        else:
            self.rev = max(self.rev, ack.get("rev", 0))
            self.entries.remove(entry)
            self.book.told[entry.op["op"]] = ack
            self.book.waits.append(self._loop.time() - self._born[entry.op["op"]])
            self._settled(entry.op, ack)
        self.pump()

    def _failed(self, entry: Entry, asked: float = 0.0) -> None:
        entry.flying = ""
        entry.failures += 1
        self.book.failures += 1
        entry.not_before = self._loop.time() + max(asked, back_off(entry.failures, self._chance.random()))
        self._plan()

    def _allowed(self) -> float:
        now = self._loop.time()
        self._allowance = min(BURST, self._allowance + (now - self._allowed_at) * PER_SECOND)
        self._allowed_at = now
        return self._allowance

    def _plan(self) -> None:
        if self._wake:
            self._wake.cancel()
            self._wake = None
        idle = [entry.not_before for entry in self.entries if not entry.flying]
        if idle:
            wait = max(0.05, min(idle) - self._loop.time(), (1 - self._allowed()) / PER_SECOND)
            self._wake = self._loop.call_later(wait, self.pump)

    def _spawn(self, work: Any) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
