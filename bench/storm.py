"""`bench chaos --story restarts`: the server is told to end and started anew while a full room votes.

The phones are those of `bench live`, in a load generator of their own; here each also notes when it is in its room
again. `python -m bench.storm` is that generator.
"""

from __future__ import annotations

import json
import math
import signal
import time
import urllib.request
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from bench import generator
from bench.checks import OWN_SHARE, doubts
from bench.crowd import Crowd
from bench.helper import Helper
from bench.measure import cpu_of, quantiles, wait_of
from bench.person import MINE_JITTER
from bench.phones import Phone
from bench.served import House, Server, stored

Json = dict[str, Any]
#: Bounds in seconds: from SIGTERM to the end of the process; from there until all are back and know what is new; for
#: any one request.
EXIT_WITHIN, RESYNC_WITHIN, ANSWER_WITHIN = 3.0, 20.0, 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does: so many restarts, each `pause` seconds after everybody was there."""

    phones: int = 2000
    votes_per_second: float = 200.0
    restarts: int = 1
    pause: float = 3.0
    join_within: float = 10.0
    ideas: int = 50
    server_core: int = 0
    own_core: int = 1
    seed: int = 1
    #: What one restart takes until everybody is back, about: so long is voted.
    away: float = 8.0
    #: How many times the bounds are meant, on a machine that has other things to do.
    patience: float = 1.0

    @property
    def seconds(self) -> float:
        """How long they vote."""
        return self.restarts * (self.pause + self.away) + self.pause

    @property
    def ideas_needed(self) -> int:
        """More than each phone votes for, so that no later vote covers a lost one."""
        return max(self.ideas, math.ceil(1.5 * self.votes_per_second * self.seconds / self.phones))


class Returning(Phone):
    """A phone that notes when it came into its room, and asks what is its own when it comes again."""

    __slots__ = ("entered_at",)

    def __init__(self, crowd: Crowd, number: int, *, watched: bool = False) -> None:
        super().__init__(crowd, number, watched=watched)
        self.entered_at: list[float] = []

    def _entered(self) -> None:
        super()._entered()
        if self.entered_at:
            self._crowd.loop.after(MINE_JITTER * self._crowd.chance.random(), self._learn_mine)
        self.entered_at.append(monotonic())

    def _got_mine(self, status: int, cookie: str, body: bytes, took: float) -> None:
        self._crowd.counts["slowest_ms"] = max(self._crowd.counts["slowest_ms"], int(took * 1000))
        super()._got_mine(status, cookie, body, took)

    def back_after(self, since: float, seq: int) -> float | None:
        """Return when it was in its room again after `since` and knew commit `seq`; None if it never was."""
        place, known = bisect_right(self.entered_at, since), bisect_left(self.tos, seq)
        if place == len(self.entered_at) or known == len(self.tos):
            return None
        return max(self.entered_at[place], self.at[known])


class Generator(generator.Generator):
    """A load generator that can tell how long a room took to come back."""

    phone_type = Returning

    def returns(self, told: float) -> Json:
        """Tell how long after `told` (monotonic) each phone was back and knew all that had been known then."""
        phones = [phone for phone in self.phones if isinstance(phone, Returning)]
        newest = 0
        for phone in phones:
            place = bisect_right(phone.at, told)
            newest = max(newest, phone.tos[place - 1] if place else 0)
        backs = [phone.back_after(told, newest) for phone in phones]
        there = [back - told for back in backs if back is not None]
        return {"back": len(there), "back_ms": quantiles(there)}


class Room(Helper):
    """The load generator's process. It does not measure the server's, which is another one after each restart."""

    def __init__(self, plan: Plan, house: House, server: Server) -> None:
        known = {"port": server.port, "code": house.code, "ideas": house.ideas, "pids": []}
        grace = generator.GRACE * plan.patience
        super().__init__("bench.storm", known | {"core": plan.own_core, "seed": plan.seed, "grace": grace})


def play(plan: Plan, house: House, server: Server, say: Callable[[str], None]) -> Json:
    """Run the storm; returns its figures, with `wrong`, what was promised and not kept."""
    server.start()
    line = Room(plan, house, server)
    try:
        say(f"  {plan.phones} phones join within {plan.join_within:g} s")
        joined = line.ask("join", phones=plan.phones, within=plan.join_within)
        line.begin("votes", rate=plan.votes_per_second, seconds=plan.seconds)
        crowd = Crowded(server, house.code, plan)
        restarts = [_restart(plan, server, crowd, number + 1, say) for number in range(plan.restarts)]
        voted = line.answer()
        backs = [line.ask("returns", told=each["told"]) for each in restarts]
        report = line.ask("report")
        share = OWN_SHARE * plan.patience
        wrong = doubts(plan.phones, {"join": joined, "votes": voted}, report, stored(house), own_share=share)
    finally:
        line.close()
        server.stop()
    return _figures(plan, joined, voted, restarts, backs, wrong)


class Crowded:
    """Tells when all phones are there."""

    def __init__(self, server: Server, code: str, plan: Plan) -> None:
        self._server, self._phones, self._patience = server, plan.phones, plan.patience
        self._path = f"/c/{code}/sync?since=0"

    def wait(self) -> None:
        """Return when they are, or when they should have been."""
        until = monotonic() + RESYNC_WITHIN * self._patience
        while self._here() < self._phones and monotonic() < until:
            time.sleep(0.25)

    def _here(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._server.port}{self._path}", timeout=5) as answer:
                return int(json.load(answer)["counts"]["here"])
        except (OSError, ValueError):
            return 0


def _restart(plan: Plan, server: Server, crowd: Crowded, number: int, say: Callable[[str], None]) -> Json:
    time.sleep(plan.pause)
    told = monotonic()
    server.signal(signal.SIGTERM)
    server.wait(EXIT_WITHIN * 4 * plan.patience)
    ended = monotonic()
    server.start()
    ready = monotonic()
    crowd.wait()
    back = monotonic() - told
    cpu, waited = cpu_of(server.pids), wait_of(server.pids)  # since it was started
    times = f"ended after {ended - told:.2f} s, open after {ready - told:.2f} s, all in after {back:.1f} s"
    say(f"  restart {number}: {times}")
    return {"told": told, "ended": ended, "ready": ready, "cpu": cpu / 1e9, "waited": waited / 1e9}


def _figures(plan: Plan, joined: Json, voted: Json, restarts: list[Json], backs: list[Json], wrong: list[str]) -> Json:
    exits = [each["ended"] - each["told"] for each in restarts]
    slowest = max(joined["counts"].get("slowest_ms", 0), voted["counts"].get("slowest_ms", 0))
    latest = max((back["back_ms"]["max"] for back in backs), default=0.0)
    times = plan.patience
    if max(exits, default=0.0) > EXIT_WITHIN * times:
        wrong.append(f"the server took {max(exits):.1f} s to end, {EXIT_WITHIN:g} s at most were promised")
    if any(back["back"] != plan.phones for back in backs):
        wrong.append(f"of {plan.phones} phones {[back['back'] for back in backs]} came back")
    if latest > RESYNC_WITHIN * 1000 * times:
        wrong.append(f"the last phone was back after {latest / 1000:.1f} s, {RESYNC_WITHIN:g} s were promised")
    if slowest > ANSWER_WITHIN * 1000 * times:
        wrong.append(f"one request took {slowest / 1000:.1f} s, {ANSWER_WITHIN:g} s at most were promised")
    return {
        "phones": plan.phones,
        "votes_per_second": plan.votes_per_second,
        "restarts": plan.restarts,
        "join_ms": joined["join_ms"],
        "exit_ms": quantiles(exits),
        "away_ms": quantiles([each["ready"] - each["told"] for each in restarts]),
        "back_ms": [back["back_ms"] for back in backs],
        "server_cpu_s_until_back": [round(each["cpu"], 1) for each in restarts],
        "server_waited_s_for_its_core": [round(each["waited"], 1) for each in restarts],
        "slowest_request_ms": slowest,
        "acked": voted["acked"],
        "lost": voted["unanswered"],
        "ack_ms": voted["ack_ms"],
        "counts": voted["counts"],
        "generator_cpu_share": max(joined["own_cpu_share"], voted["own_cpu_share"]),
        "wrong": wrong,
    }


def main() -> None:
    """Serve one storm as its load generator."""
    generator.main(Generator)


if __name__ == "__main__":
    main()
