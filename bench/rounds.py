"""One round: a fresh installation, one server, one load generator, all phases, all checks."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.checks import doubts
from bench.helper import Helper
from bench.served import CannotMeasure, House, Server, stored
from feedback.pace import HANDSHAKES, JOINS, VOTES

Json = dict[str, Any]
Say = Callable[[str], None]
FAN_OUT_SECONDS = 8.0
IDLE_SECONDS = 6.0
BEATS = 4.0  # a second
WARM = 40
#: Phones that one server process keeps live, unless told otherwise.
SOCKETS = 6000


@dataclass(frozen=True, slots=True)
class Plan:
    """What a round does; times in seconds. `database` and `redis` are addresses of servers, "" for SQLite alone."""

    phones: int
    votes_per_second: float
    seconds: float
    join_within: float
    ideas: int = 50
    processes: int = 1
    database: str = ""
    redis: str = ""
    server_core: int = 0
    own_core: int = 1
    seed: int = 1
    #: How long the last acks and frames of a phase may take.
    grace: float = 15.0

    @property
    def warm(self) -> int:
        """How many phones come and go before anything is measured."""
        return min(WARM, max(1, self.phones // 4))

    @property
    def pace(self) -> int:
        """How many times the usual limits of pace the server must allow, because few play many, from one address."""
        people = self.phones + self.warm
        arrivals = max(_excess(JOINS, people, self.join_within), _excess(HANDSHAKES, people, self.join_within))
        return math.ceil(max(1.0, self.votes_per_second / self.phones / VOTES.rate, arrivals))

    def settings(self) -> dict[str, str]:
        """Return the server's settings that this plan needs beside its data folder."""
        chosen = {"FEEDBACK_REDIS_URL": self.redis} if self.redis else {}
        if self.pace > 1:
            chosen["FEEDBACK_PACE"] = str(self.pace)
        if self.phones + self.warm > SOCKETS:
            chosen["FEEDBACK_SOCKETS"] = str(2 * self.phones)
        return chosen


def _excess(rate: Any, people: int, seconds: float) -> float:
    return float(people / (rate.burst + rate.rate * seconds))


def cores() -> tuple[int, int]:
    """Return the core for the server and the one for the load generator; raises CannotMeasure where there is one."""
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) < 2:
        raise CannotMeasure("Only one core may be used here, and the load generator needs one of its own.")
    return mine[0], mine[1]


class Generator(Helper):
    """The load generator's process, and the line to it."""

    def __init__(self, plan: Plan, house: House, server: Server) -> None:
        known = {"port": server.port, "code": house.code, "ideas": house.ideas, "pids": server.pids}
        super().__init__("bench.generator", known | {"core": plan.own_core, "seed": plan.seed, "grace": plan.grace})


@contextlib.contextmanager
def playing(plan: Plan, house: House, server: Server) -> Iterator[Generator]:
    """Start the server and a load generator on it; both are gone afterwards."""
    try:
        server.start()
        generator = Generator(plan, house, server)
        try:
            yield generator
        finally:
            generator.close()
    finally:
        server.stop()


def run_round(plan: Plan, house: House, server: Server, say: Say) -> Json:
    """Play one round; raises CannotMeasure when its figures may not be believed."""
    with playing(plan, house, server) as generator:
        phases = _phases(plan, server, generator, say)
        report = generator.ask("report")
        wrong = doubts(plan.phones, phases, report, stored(house))
    if wrong:
        raise CannotMeasure("No figures, because " + "; ".join(wrong) + ".")
    return figures(plan, phases)


def _phases(plan: Plan, server: Server, generator: Generator, say: Say) -> dict[str, Json]:
    say(f"  warming up with {plan.warm} phones")
    phases = {"warm": generator.ask("warm", phones=plan.warm)}
    if phases["warm"]["unanswered"]:
        raise CannotMeasure(f"The first phones did not get through: {phases['warm']['counts']}.")
    server.settle()
    phases["join"] = joined(plan, generator, say)
    say(f"  listening for {IDLE_SECONDS:g} s")
    phases["idle"] = generator.ask("idle", seconds=min(IDLE_SECONDS, plan.seconds))
    seconds = min(FAN_OUT_SECONDS, plan.seconds)
    say(f"  one vote for each beat, {seconds:g} s")
    phases["fan_out"] = generator.ask("votes", rate=BEATS, seconds=seconds)
    say(f"  {plan.votes_per_second:g} votes a second, {plan.seconds:g} s")
    phases["votes"] = generator.ask("votes", rate=plan.votes_per_second, seconds=plan.seconds)
    return phases


def joined(plan: Plan, generator: Generator, say: Say) -> Json:
    """Let all phones come; raises CannotMeasure when not all do."""
    say(f"  {plan.phones} phones join within {plan.join_within:g} s")
    phase = generator.ask("join", phones=plan.phones, within=plan.join_within)
    if phase["joined"] != plan.phones:
        told = f"{phase['joined']} of {plan.phones} phones joined"
        raise CannotMeasure(f"No figures, because {told}: {phase['counts']}.")
    generator.ask("idle", seconds=min(1.0, plan.seconds / 2))  # what the last to join have set going comes to its end
    return phase


def figures(plan: Plan, phases: dict[str, Json]) -> Json:
    """Turn what was counted into the figures that are printed."""
    warm, join, idle, fan_out, votes = (phases[name] for name in ("warm", "join", "idle", "fan_out", "votes"))
    per_update = fan_out["server_cpu_ns"] / max(1, fan_out["beats"])
    own = max(votes["server_cpu_ns"] - votes["beats"] * per_update, 0.0)
    acked = max(1, votes["acked"])
    counts = [phase["counts"] for phase in phases.values()]
    return {
        "phones": plan.phones,
        "votes_per_second": plan.votes_per_second,
        "ideas": plan.ideas,
        "server_cpu_us_per_update": round(per_update / 1e3, 2),
        "ack_ms": votes["ack_ms"],
        "update_ms": votes["update_ms"],
        "join_ms": join["join_ms"],
        "bytes_per_phone_hour": _per_hour(votes, plan.phones),
        "bytes_per_phone_hour_idle": _per_hour(idle, plan.phones),
        "rss_kib_per_phone": round((idle["rss"] - warm["rss"]) / plan.phones, 1),
        "rss_mb": round(votes["rss"] / 1024, 1),
        "refused": sum(n for count in counts for name, n in count.items() if name.startswith("refused_")),
        "lost": sum(phase.get("unanswered", 0) for phase in phases.values()),
        "cpu_us_per_vote": round(own / acked / 1e3, 1),
        "cpu_us_per_vote_with_updates": round(votes["server_cpu_ns"] / acked / 1e3, 1),
        "cpu_ms_per_join": round(join["server_cpu_ns"] / plan.phones / 1e6, 3),
        "acked_per_second": votes["acked_per_second"],
        "beats_per_second": round(votes["beats"] / plan.phones / votes["seconds"], 2),
        "server_cpu_share": _shares(phases, "server_cpu_ns"),
        "server_wait_share": _shares(phases, "server_wait_ns"),
        "generator_cpu_share": max(phase["own_cpu_share"] for phase in phases.values()),
        "pace": plan.pace,
        "counts": {name: phase["counts"] for name, phase in phases.items()},
    }


def _per_hour(phase: Json, phones: int) -> int:
    received: float = phase["bytes"] + phase["http_bytes"]
    return int(received / phase["seconds"] * 3600 / phones)


def _shares(phases: dict[str, Json], name: str) -> dict[str, float]:
    return {key: round(phase[name] / 1e9 / phase["seconds"], 3) for key, phase in phases.items()}
