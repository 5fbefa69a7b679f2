"""`bench attack`: a room of good phones, and A1 to A8 at once from hostile sockets behind the same address."""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import threading
import urllib.request
from collections import Counter
from dataclasses import dataclass
from typing import Any

from bench.checks import doubts
from bench.measure import quantiles, rss_of
from bench.rounds import Generator, Plan, cores, joined, playing
from bench.served import CannotMeasure, House, Server, new_house, own_server, raise_limits, stored
from bench.swarm import Probe, Swarm

Json = dict[str, Any]
MB = 1024  # KiB
ACK_P99_MS = 1_000.0
GROWTH_MB = 50.0
#: Seconds of votes before the attack, for comparison, and so that memory has reached its usual size.
QUIET = 5.0
#: What an attacked socket may end with; "open" would be one that the server has forgotten.
HARMLESS = re.compile(r"10\d\d|cut|served|refused .*|unreachable")


@dataclass(frozen=True, slots=True)
class Asked:
    """What to play: good phones, hostile sockets, and for how long."""

    phones: int
    sockets: int
    seconds: float


def attack(asked: Asked, *, as_json: bool) -> int:
    """Attack a server; returns the exit code: 1 when a promise is broken or nothing could be measured."""
    try:
        found = _play(asked)
    except CannotMeasure as reason:
        say(str(reason))
        return 1
    except KeyboardInterrupt:
        say("Stopped; nothing was measured to its end.")
        return 130
    print(json.dumps(found) if as_json else text_of(found))
    return 1 if found["broken"] else 0


def say(line: str) -> None:
    """Tell how far it is; standard output is kept for the result."""
    print(line, file=sys.stderr, flush=True)


def _play(asked: Asked) -> Json:
    server_core, own_core = cores()
    # One vote a second from each phone is half of what a phone may do.
    plan = Plan(
        asked.phones,
        float(asked.phones),
        asked.seconds,
        max(0.5, asked.phones / 100),
        server_core=server_core,
        own_core=own_core,
    )
    raise_limits(asked.phones + 2 * asked.sockets)
    os.sched_setaffinity(0, {own_core})
    token = secrets.token_urlsafe(24)
    with new_house(plan.ideas, plan.settings() | {"FEEDBACK_METRICS_TOKEN": token}) as house:
        server = own_server(house, server_core)
        with playing(plan, house, server) as generator:
            return _attacked(asked, plan, house, server, generator, token)


def _attacked(asked: Asked, plan: Plan, house: House, server: Server, generator: Generator, token: str) -> Json:
    phases = {"warm": generator.ask("warm", phones=plan.warm), "join": joined(plan, generator, say)}
    quiet = min(QUIET, asked.seconds / 2)
    say(f"  {plan.votes_per_second:g} votes a second, {quiet:g} s without attackers")
    phases["quiet"] = generator.ask("votes", rate=plan.votes_per_second, seconds=quiet)
    before, log = rss_of(server.pids), (house.folder / "server.log").stat().st_size
    swarm, probe = Swarm(server.port, house.code, asked.sockets), Probe(server.port, house.code)
    memory = Memory(server)
    say(f"  the same beside {asked.sockets} hostile sockets, {asked.seconds:g} s")
    generator.begin("votes", rate=plan.votes_per_second, seconds=asked.seconds)
    memory.start()
    probe.start()
    os.nice(10)  # threads started from now on: the good phones' generator shares their core and goes first
    swarm.start(asked.seconds)
    phases["votes"] = generator.answer()
    for helper in (probe, memory):
        helper.over.set()
    swarm.stop()
    cut = _counted(server.port, token)
    report = generator.ask("report")
    wrong = doubts(asked.phones, phases, report, stored(house))
    return _figures(asked, phases, swarm, probe) | {
        "rss_mb_before": round(before / MB, 1),
        "rss_mb_growth": round((memory.most - before) / MB, 1),
        "log_bytes": (house.folder / "server.log").stat().st_size - log,
        "cut": cut,
        **_verdict(phases["votes"], (memory.most - before) / MB, swarm, probe, wrong),
    }


def _figures(asked: Asked, phases: dict[str, Json], swarm: Swarm, probe: Probe) -> Json:
    votes = phases["votes"]
    return {
        "phones": asked.phones,
        "sockets": asked.sockets,
        "seconds": asked.seconds,
        "ack_ms": votes["ack_ms"],
        "ack_ms_before": phases["quiet"]["ack_ms"],
        "update_ms": votes["update_ms"],
        "http_ms": quantiles(probe.waits),
        "acked": votes["acked"],
        "hostile_sockets": sum(sum(counts.values()) for counts in swarm.endings.values()),
        "endings": {kind: dict(counts.most_common()) for kind, counts in swarm.endings.items()},
        "server_cpu_share": round(votes["server_cpu_ns"] / 1e9 / votes["seconds"], 3),
        "server_wait_share": round(votes["server_wait_ns"] / 1e9 / votes["seconds"], 3),
        "generator_cpu_share": votes["own_cpu_share"],
    }


def _verdict(votes: Json, growth: float, swarm: Swarm, probe: Probe, wrong: list[str]) -> Json:
    broken = list(wrong)
    if votes["ack_ms"]["p99"] > ACK_P99_MS:
        broken.append(f"others' ack p99 is {votes['ack_ms']['p99']:g} ms, at most {ACK_P99_MS:g} are promised")
    if growth > GROWTH_MB:
        broken.append(f"memory grew by {growth:.1f} MB, at most {GROWTH_MB:g} are promised")
    for kind, counts in swarm.endings.items():
        # Whoever never reads is cut within seconds of being behind; the last ones had no time for it.
        odd = {ending for ending in counts if not HARMLESS.fullmatch(ending)} - ({"open"} if kind == "A6" else set())
        if odd:
            broken.append(f"{kind} ended with {', '.join(sorted(odd))}")
    if probe.wrong:
        broken.append(f"{len(probe.wrong)} pages did not come: {probe.wrong[0]}")
    return {"lost": votes["unanswered"], "broken": broken}


def _counted(port: int, token: str) -> dict[str, int]:
    """Return what the server says it has cut off and slowed, by reason."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        page = answer.read().decode()
    rows = re.findall(r'^feedback_(sockets_cut|slowed)_total\{\w+="(\w+)"[^}]*\} ([0-9.e+]+)$', page, re.MULTILINE)
    found: Counter[str] = Counter()
    for kind, reason, value in rows:
        found[reason if kind == "sockets_cut" else f"slowed {reason}"] += int(float(value))
    return dict(found.most_common())


class Memory(threading.Thread):
    """Looks at the server's memory twice a second."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self._server = server
        self.over = threading.Event()
        self.most = rss_of(server.pids)

    def run(self) -> None:
        """Look until told to stop."""
        while not self.over.wait(0.5):
            self.most = max(self.most, rss_of(self._server.pids))


def text_of(found: Json) -> str:
    """Write the figures for people."""
    acks, before, pages = found["ack_ms"], found["ack_ms_before"], found["http_ms"]
    endings = "\n".join(
        f"  {kind}  " + ", ".join(f"{count} × {ending}" for ending, count in counts.items())
        for kind, counts in found["endings"].items()
    )
    lines = [
        f"{found['phones']} phones with one vote a second each, beside {found['sockets']} hostile sockets, "
        f"{found['seconds']:g} s",
        f"  others' acks       p50 {acks['p50']:g} ms, p99 {acks['p99']:g} ms, worst {acks['max']:g} ms "
        f"(before: {before['p50']:g}, {before['p99']:g}, {before['max']:g})",
        f"  others' updates    p50 {found['update_ms']['p50']:g} ms, p99 {found['update_ms']['p99']:g} ms",
        f"  pages by HTTP      p50 {pages['p50']:g} ms, p99 {pages['p99']:g} ms, worst {pages['max']:g} ms",
        f"  memory             {found['rss_mb_before']:g} MB before, + {found['rss_mb_growth']:g} MB at most",
        f"  log                {found['log_bytes']} bytes",
        f"  acked, lost        {found['acked']}, {found['lost']}",
        f"  server's core      {found['server_cpu_share']:.0%} used, {found['server_wait_share']:.0%} waited for",
        f"  hostile sockets    {found['hostile_sockets']}, which ended so:",
        endings,
        "  cut off or slowed by the server: "
        + ", ".join(f"{reason} {count}" for reason, count in found["cut"].items()),
        "Promises kept." if not found["broken"] else "BROKEN: " + "; ".join(found["broken"]) + ".",
    ]
    return "\n".join(lines)
