"""`bench chaos --story themes`: themes of 5,000 ideas are found, and the worker is killed, while people vote.

The worker is a process of its own, so nobody who votes should notice either.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.rounds import Generator
from bench.rounds import Plan as Load
from bench.served import House, Server
from feedback import control

#: How much longer than without a theme run 95 of 100 acks may take; below `NOTHING` ms it is noise.
TIMES, NOTHING = 2.0, 25.0
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does."""

    phones: int = 100
    votes_per_second: float = 100.0
    seconds: float = 15.0
    ideas: int = 5000
    kills: int = 10
    server_core: int = 0
    own_core: int = 1
    seed: int = 1
    #: Seconds until a new worker must be there, and then until a run must have ended.
    patience: float = 60.0
    #: Whether acks beside a theme run are held to those without; else it only counts what comes true in the end.
    timed: bool = True


class Facilitator:
    """Just enough of a browser for whoever runs a conversation."""

    def __init__(self, house: House, server: Server) -> None:
        self._port, self._code = server.port, house.code
        self._cookies: dict[str, str] = {}
        links = control.ask(house.folder / "control.sock", "links", {}) or {}
        here = next(place for place in links["conversations"] if place["code"] == house.code)
        self._post("/enter", secret=here["facilitator"])

    def find_themes(self) -> bool:
        """Ask for a theme run; False when one is under way."""
        return self._post(f"/console/{self._code}/themes") < 400

    def finds_themes(self, within: float) -> bool:
        """Ask for a theme run unless one is under way, and tell whether none is any more in time, and themes stand."""
        self.find_themes()
        until = time.monotonic() + within
        while time.monotonic() < until:
            status, body = self._fetch("GET", f"/c/{self._code}/sync?since=0")
            state = json.loads(body) if status == 200 else {}
            if state and state["run"] is None:
                return bool(state["themes"])
            time.sleep(1.0)  # reads are paced
        return False

    def _post(self, path: str, **fields: str) -> int:
        token = re.search(rb'name="csrf_token" value="([^"]+)"', self._fetch("GET", "/about")[1])
        fields["csrf_token"] = token[1].decode() if token else ""
        return self._fetch("POST", path, urlencode(fields).encode())[0]

    def _fetch(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.split(";")[0]
        data = answer.read()
        connection.close()
        return answer.status, data


def worker_of(server: Server) -> int | None:
    """Return the process that finds themes, None while there is none."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                if b"worker" in words and parent in server.pids:
                    return int(entry.name)
    return None


def kill_workers(server: Server, plan: Plan, stopping: threading.Event) -> int:
    """Kill the worker so often, each time when a new one runs, unless told to stop; returns how often it was done."""
    done, last = 0, None
    for _ in range(plan.kills):
        until = time.monotonic() + plan.patience
        while (pid := worker_of(server)) in (None, last) and time.monotonic() < until:
            if stopping.wait(0.05):
                return done
        if pid is None or pid == last:
            break
        os.kill(pid, signal.SIGKILL)
        done, last = done + 1, pid
    return done


class Runs:
    """Keeps one theme run after the other under way."""

    def __init__(self, facilitator: Facilitator) -> None:
        self.asked = 0
        self._facilitator = facilitator
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep)

    def __enter__(self) -> Runs:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._ended.is_set():
            self.asked += self._facilitator.find_themes()
            self._ended.wait(0.5)


def play(plan: Plan, house: House, server: Server, say: Callable[[str], None]) -> Json:
    """Run it on a server that was not yet started; returns its figures, with `wrong`."""
    load = Load(plan.phones, plan.votes_per_second, plan.seconds, 3.0, own_core=plan.own_core, seed=plan.seed)
    if not plan.timed:
        load = replace(load, grace=plan.patience)
    stopping, killed = threading.Event(), list[int]()
    killing: threading.Thread | None = None
    server.start()
    line = Generator(load, house, server)
    try:
        line.ask("join", phones=plan.phones, within=3.0)
        votes = {"rate": plan.votes_per_second, "seconds": plan.seconds}
        say("  votes, and nothing else")
        alone = line.ask("votes", **votes)
        say(f"  votes while themes of {plan.ideas} ideas are found")
        facilitator = Facilitator(house, server)
        with Runs(facilitator) as runs:
            beside = line.ask("votes", **votes)
        say(f"  votes while the worker is killed {plan.kills} times")
        killing = threading.Thread(target=lambda: killed.append(kill_workers(server, plan, stopping)))
        killing.start()
        phases = [line.ask("votes", **votes)]
        while killing.is_alive():
            phases.append(line.ask("votes", **votes))
        killing.join()
        found = facilitator.finds_themes(plan.patience)
    finally:
        line.close()
        stopping.set()
        if killing is not None:
            killing.join()
        server.stop()
    wrong = [] if found else ["no theme run came to its end after the last worker was killed"]
    return _figures(plan, alone, beside, phases, runs.asked, killed[0], wrong)


def _figures(
    plan: Plan, alone: Json, beside: Json, phases: list[Json], runs: int, killed: int, wrong: list[str]
) -> Json:
    before, during = alone["ack_ms"]["p95"], beside["ack_ms"]["p95"]
    if plan.timed and during > max(TIMES * before, NOTHING):
        wrong.append(f"95 of 100 acks took up to {during} ms beside a theme run, {before} ms without")
    if runs == 0:
        wrong.append("no theme run was taken")
    if killed != plan.kills:
        wrong.append(f"the worker came back {killed} times of {plan.kills}")
    lost = sum(phase["sent"] - phase["acked"] for phase in (alone, beside, *phases))
    if lost:
        wrong.append(f"{lost} votes were not answered with ok")
    return {
        "phones": plan.phones,
        "votes_per_second": plan.votes_per_second,
        "ideas": plan.ideas,
        "runs": runs,
        "workers_killed": killed,
        "ack_ms": {"alone": alone["ack_ms"], "beside_themes": beside["ack_ms"]},
        "ack_ms_p99_while_killed": max(phase["ack_ms"]["p99"] for phase in phases),
        "lost": lost,
        "wrong": wrong,
    }
