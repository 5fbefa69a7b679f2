"""The load generator: a process of its own that plays the phones. Commands and answers are lines of JSON.

`python -m bench.generator`: the first line says `{port, code, ideas, pids, core, seed, grace}`, others `{do, …}`.
Between two commands the phones stay alive. It ends when its input does.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import time
from bisect import bisect_left
from collections.abc import Callable
from time import monotonic
from typing import Any

from bench.crowd import Crowd
from bench.loop import READ
from bench.measure import cpu_of, quantiles, rss_of, wait_of
from bench.phones import Phone, Vote
from feedback.domain.ids import ulid

Json = dict[str, Any]
#: So many phones keep the tallies that they show; they are compared with the database.
WATCHED = 25
#: Each vote's way is followed to so many phones, chosen anew each time.
FOLLOWED = 20
#: Seconds that the last acks and frames of a phase may take.
GRACE = 15.0
VALUES = (1, None)


class Generator:
    """Plays N phones against one server, and measures both."""

    phone_type: type[Phone] = Phone

    def __init__(self, spec: Json) -> None:
        self.crowd = Crowd(spec["port"], spec["code"], seed=spec.get("seed", 1))
        self.crowd.votable = spec["ideas"]
        self.pids: list[int] = spec["pids"]
        self.phones: list[Phone] = []
        self._grace: float = spec.get("grace", GRACE)
        self.unsaid = 0  # votes for which no phone was free
        self._turn = 0
        self._waited = 0

    # Phases

    def warm(self, phones: int) -> Json:
        """Let some phones join, vote once and leave, so that nothing is done for the first time afterwards."""
        crowd = self.crowd
        began, server, own = self._marks()
        early = [self.phone_type(crowd, number) for number in range(phones)]
        for phone in early:
            phone.join()
        self._until(lambda: crowd.counts["joined"] == phones)
        votes = [phone.vote(idea, 1, _op_id(crowd), monotonic()) for phone in early for idea in crowd.votable[:2]]
        self._until(lambda: all(vote.status for vote in votes))
        for phone in early:
            phone.leave()
        self.crowd.loop.run_for(0.5)
        return self._sums(server, own, began) | {"unanswered": _unanswered(votes)}

    def join(self, phones: int, within: float) -> Json:
        """Let phones come, evenly spread over so many seconds; ends when all are there."""
        crowd = self.crowd
        began, server, own = self._marks()
        first = len(self.phones)
        every = max(1, phones // WATCHED)
        fresh = [self.phone_type(crowd, first + number, watched=number % every == 0) for number in range(phones)]
        self.phones += fresh
        for number, phone in enumerate(fresh):
            crowd.loop.at(began + within * number / phones, phone.join)
        crowd.loop.run_until(lambda: crowd.counts["joined"] >= phones, began + within + 60)
        joined = [phone.joined_after for phone in fresh if phone.joined_after]
        return self._sums(server, own, began) | {"joined": len(joined), "join_ms": quantiles(joined)}

    def idle(self, seconds: float) -> Json:
        """Do nothing but listen."""
        began, server, own = self._marks()
        self.crowd.loop.run_for(seconds)
        return self._sums(server, own, began)

    def votes(self, rate: float, seconds: float) -> Json:
        """Vote at this rate, open loop: a vote's wait counts from when it was due, whatever held it up."""
        began, server, own = self._marks()
        count = max(1, round(rate * seconds))
        sent: list[Vote] = []
        start = began + 0.05
        crowd = self.crowd

        def pump() -> None:
            now = monotonic()
            while len(sent) + self.unsaid < count:
                due = start + (len(sent) + self.unsaid) / rate
                if due > now:
                    crowd.loop.at(due, pump)
                    return
                vote = self._vote(due)
                if vote is None:
                    self.unsaid += 1
                else:
                    sent.append(vote)

        self.unsaid = 0
        crowd.loop.at(start, pump)
        crowd.loop.run_until(lambda: len(sent) + self.unsaid == count, start + seconds + self._grace)
        pushed = monotonic() - start
        self._until(lambda: all(vote.status for vote in reversed(sent)))
        self._until(self._converged)
        acked = [vote for vote in sent if vote.status == "ok"]
        return self._sums(server, own, began) | {
            "asked": count,
            "sent": len(sent),
            "unsaid": self.unsaid,
            "acked": len(acked),
            "acked_per_second": round(len(acked) / max(pushed, _last(acked) - start), 1),
            "unanswered": _unanswered(sent),
            "ack_ms": quantiles([vote.acked - vote.due for vote in acked]),
            "update_ms": quantiles(self._updates(acked)),
        }

    def report(self) -> Json:
        """Tell what phones show and what they were told is saved."""
        crowd = self.crowd
        seen = [phone.to for phone in self.phones]
        rooms = [phone.room for phone in self.phones if phone.room is not None]
        odd = sum(room != rooms[0] for room in rooms)
        return {
            "live": crowd.live,
            "seen": [min(seen, default=0), max(seen, default=0)],
            "room": rooms[0] if rooms else {},
            "rooms": len(rooms),
            "rooms_that_differ": odd,
            "cells": [[idea, person, val, rev] for (idea, person), (val, rev) in crowd.cells.items()],
            "newest": crowd.newest,
        }

    # Parts

    def _vote(self, due: float) -> Vote | None:
        phones, ideas = self.phones, self.crowd.votable
        self._turn += 1
        phone = phones[self._turn * 7919 % len(phones)]
        # Each phone goes through the ideas from another place on, so that votes spread over all of them.
        first = self._turn * 31 + self._turn // len(phones)
        for step in range(len(ideas)):
            idea = ideas[(first + step) % len(ideas)]
            if idea not in phone.busy:
                turn = phone.values.get(idea, 0)
                phone.values[idea] = turn + 1
                return phone.vote(idea, VALUES[turn % len(VALUES)], _op_id(self.crowd), due)
        return None

    def _converged(self) -> bool:
        newest = self.crowd.newest
        return all(phone.to >= newest for phone in self.phones)

    def _updates(self, acked: list[Vote]) -> list[float]:
        waits = []
        chance, phones = self.crowd.chance, self.phones
        for vote in acked:
            for phone in chance.choices(phones, k=FOLLOWED):
                place = bisect_left(phone.tos, vote.seq)
                if place < len(phone.tos):
                    waits.append(phone.at[place] - vote.due)
        return waits

    def _until(self, done: Callable[[], bool]) -> bool:
        return self.crowd.loop.run_until(done, monotonic() + self._grace)

    def _marks(self) -> tuple[float, int, int]:
        for phone in self.phones:
            phone.tos, phone.at = phone.tos[-1:], phone.at[-1:]
        crowd = self.crowd
        crowd.beats = crowd.frames = crowd.bytes = crowd.http_bytes = 0
        crowd.counts = type(crowd.counts)()
        self._waited = wait_of(self.pids)
        return monotonic(), cpu_of(self.pids), time.process_time_ns()

    def _sums(self, server: int, own: int, began: float) -> Json:
        crowd = self.crowd
        took = max(1e-9, monotonic() - began)
        return {
            "seconds": round(took, 3),
            "server_cpu_ns": cpu_of(self.pids) - server,
            "server_wait_ns": wait_of(self.pids) - self._waited,
            "rss": rss_of(self.pids),
            "own_cpu_share": round((time.process_time_ns() - own) / 1e9 / took, 3),
            "beats": crowd.beats,
            "frames": crowd.frames,
            "bytes": crowd.bytes,
            "http_bytes": crowd.http_bytes,
            "live": crowd.live,
            "counts": dict(crowd.counts),
        }

    def adopt(self, pids: list[int]) -> Json:
        """Measure other processes from now on: the server was started anew."""
        self.pids = pids
        return {}


def _last(acked: list[Vote]) -> float:
    return max((vote.acked for vote in acked), default=0.0)


def _unanswered(votes: list[Vote]) -> int:
    return sum(not vote.status for vote in votes)


def _op_id(crowd: Crowd) -> str:
    return ulid(1_700_000_000_000, crowd.chance.getrandbits)


class Orders:
    """Reads commands while the phones live on."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._lines: list[bytes] = []
        self._rest = b""
        self._ended = False
        os.set_blocking(0, False)
        generator.crowd.loop.watch(0, READ, self._read)

    def _read(self, _events: int) -> None:
        data = os.read(0, 65_536)
        if not data:
            self._ended = True
            self._generator.crowd.loop.forget(0)
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines += lines

    def serve(self) -> None:
        """Carry out commands until the input ends."""
        loop = self._generator.crowd.loop
        while True:
            loop.run_until(lambda: bool(self._lines or self._ended), monotonic() + 3600)
            if not self._lines:
                return
            order = json.loads(self._lines.pop(0))
            answer = getattr(self._generator, order.pop("do"))(**order)
            print(json.dumps(answer), flush=True)


def main(kind: type[Generator] = Generator) -> None:
    """Serve one benchmark."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us; our input ends then
    line = b""
    while not line.endswith(b"\n"):  # byte by byte: what follows belongs to the loop
        line += os.read(0, 1)
    spec = json.loads(line)
    os.sched_setaffinity(0, {spec["core"]})
    random.seed(spec.get("seed", 1))
    gc.disable()  # a pause of ours would look like one of the server's
    Orders(kind(spec)).serve()


if __name__ == "__main__":
    main()
