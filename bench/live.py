"""`bench live`: rounds of ours, in turn with its twin in Node on request, and one report."""

from __future__ import annotations

import contextlib
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import FrameType
from typing import Any

from bench.database import fresh_database
from bench.raw import BEAT
from bench.report import growth, one_report, text_of
from bench.rounds import FAN_OUT_SECONDS, Plan, cores, joined, playing, run_round
from bench.served import CannotMeasure, House, Server, new_house, own_server, raise_limits
from bench.twin import node_twin, ready
from feedback.settings import ROOT

Json = dict[str, Any]
#: The sides that `--beside` names: the twin with its commits in the main thread, and in a thread of their own.
WRITERS = {"node": "here", "node-worker": "apart"}


def say(line: str) -> None:
    """Tell how far it is; standard output is kept for the result."""
    print(line, file=sys.stderr, flush=True)


def measure(
    plan: Plan, *, beside: str | None, raw: bool, rounds: int, sizes: Sequence[int] | None, as_json: bool
) -> int:
    """Run the benchmark; returns the exit code: 1 when its figures may not be believed, 130 after Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        server_core, own_core = cores()
        plan = replace(plan, server_core=server_core, own_core=own_core)
        plans = [replace(plan, phones=size, join_within=max(2.0, size / 100)) for size in sizes or ()] or [plan]
        raise_limits(max(each.phones for each in plans))
        if beside:
            ready()
        reports = [_report(each, beside, rounds, raw=raw) for each in plans]
    except CannotMeasure as reason:
        say(str(reason))
        return 1
    except KeyboardInterrupt:
        say("Stopped; nothing was measured to its end.")
        return 130
    result = {"table": reports, **growth(reports)} if sizes else reports[0]
    print(json.dumps(result) if as_json else text_of(result))
    return 0


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _report(plan: Plan, beside: str | None, rounds: int, *, raw: bool) -> Json:
    sides: dict[str, list[Json]] = {"ours": []}
    if beside:
        sides[beside] = []
    if raw:
        sides["raw"] = []
    order = list(sides)
    for number in range(rounds):
        for side in order:
            say(f"Round {number + 1} of {rounds}, {plan.phones} phones: {side}")
            sides[side].append(_raw_round(plan) if side == "raw" else _round(side, plan))
        order = order[1:] + order[:1]
    return one_report(sides, beside)


def _round(side: str, plan: Plan) -> Json:
    with _settings(plan) as settings, new_house(plan.ideas, settings) as house:
        if side == "ours":
            server = own_server(house, plan.server_core, plan.processes)
        else:
            server = node_twin(house, plan.server_core, WRITERS[side])
        return run_round(plan, house, server, say)


@contextlib.contextmanager
def _settings(plan: Plan) -> Iterator[dict[str, str]]:
    if plan.database:
        with fresh_database(plan.database) as url:
            yield plan.settings() | {"FEEDBACK_DATABASE_URL": url}
    else:
        yield plan.settings()


def _raw_round(plan: Plan) -> Json:
    """Measure the limit: only the frames, from a server that does nothing else."""
    with new_house(2, {}) as house:
        command = [sys.executable, "-m", "bench.raw"]
        server = Server(command, house.folder, {"PYTHONPATH": str(ROOT)}, plan.server_core)
        with playing(plan, House(house.folder, code="RAW234"), server) as generator:
            joined(plan, generator, say)
            phase = generator.ask("idle", seconds=min(FAN_OUT_SECONDS, plan.seconds))
    expected = plan.phones * phase["seconds"] / BEAT
    if phase["live"] != plan.phones or phase["beats"] < 0.8 * expected or phase["counts"].get("malformed"):
        raise CannotMeasure(f"No figures, because the plain server lost phones or frames: {phase}.")
    return {"server_cpu_us_per_update": round(phase["server_cpu_ns"] / phase["beats"] / 1e3, 2)}
