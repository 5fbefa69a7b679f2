"""`bench chaos`: one story after the other, each on an installation of its own, and what was not kept of promises."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any

from bench import chaos, jobs, readers, shuffle, storm
from bench.report import where
from bench.rounds import cores
from bench.served import CannotMeasure, new_house, own_server, raise_limits

Json = dict[str, Any]
STORIES = ("weather", "restarts", "readers", "shuffle", "themes")
#: Complaints that are printed of one story.
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for; None is the story's own default."""

    clients: int | None = None
    seconds: float | None = None
    offline: float = 0.3
    seed: int = 1
    kills: int | None = None
    restarts: int | None = None


def say(line: str) -> None:
    """Tell how far it is; standard output is kept for the result."""
    print(line, file=sys.stderr, flush=True)


def tell(stories: tuple[str, ...], asked: Asked, *, as_json: bool) -> int:
    """Play the stories; returns the exit code: 1 when a promise was not kept, 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, _stop)
    told: dict[str, Json] = {}
    try:
        for story in stories:
            say(f"{story}:")
            told[story] = {"weather": weather, **OTHERS}[story](asked)
    except CannotMeasure as reason:
        say(str(reason))
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    print(json.dumps(told | where()) if as_json else _text(told | where()))
    return int(any(each["wrong"] for each in told.values()))


def weather(asked: Asked) -> Json:
    """Bad networks (N1, R5)."""
    plan = chaos.Plan(offline=asked.offline, seed=asked.seed, kills=asked.kills or 0)
    plan = replace(plan, clients=asked.clients or plan.clients, seconds=asked.seconds or plan.seconds)
    raise_limits(4 * plan.clients)
    with new_house(20, {}, opinions=True) as house:
        return chaos.play(plan, house, own_server(house, cores()[0]), say)


def restarts(asked: Asked) -> Json:
    """Restarts of a full room (N3, N6)."""
    server_core, own_core = cores()
    plan = storm.Plan(seed=asked.seed, server_core=server_core, own_core=own_core)
    plan = replace(plan, phones=asked.clients or plan.phones, restarts=asked.restarts or plan.restarts)
    plan = replace(plan, join_within=max(2.0, plan.phones / 200))
    raise_limits(plan.phones)
    with new_house(plan.ideas_needed, {}) as house:
        return storm.play(plan, house, own_server(house, server_core), say)


def slow_readers(asked: Asked) -> Json:
    """Phones that stop reading (N11)."""
    plan = readers.Plan(seed=asked.seed)
    plan = replace(plan, clients=asked.clients or plan.clients, seconds=asked.seconds or plan.seconds)
    raise_limits(2 * plan.clients)
    with new_house(5000, {"FEEDBACK_PACE": "20"}, opinions=True) as house:
        return readers.play(plan, house, own_server(house, cores()[0]), say)


def shuffled(asked: Asked) -> Json:
    """Votes in any order (N5)."""
    plan = shuffle.Plan(seed=asked.seed, clients=asked.clients or shuffle.Plan().clients)
    with new_house(50, {"FEEDBACK_PACE": "1000"}, opinions=True) as house:
        return shuffle.play(plan, house, own_server(house, cores()[0]), say)


def themes(asked: Asked) -> Json:
    """Theme runs and dying workers beside votes (N10)."""
    server_core, own_core = cores()
    plan = jobs.Plan(seed=asked.seed, server_core=server_core, own_core=own_core)
    plan = replace(
        plan,
        phones=asked.clients or plan.phones,
        seconds=asked.seconds or plan.seconds,
        kills=plan.kills if asked.kills is None else asked.kills,
    )
    with new_house(plan.ideas, {}) as house:
        return jobs.play(plan, house, own_server(house, server_core), say)


OTHERS: dict[str, Callable[[Asked], Json]] = {
    "restarts": restarts,
    "readers": slow_readers,
    "shuffle": shuffled,
    "themes": themes,
}


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _text(told: Json) -> str:
    lines = [f"{name}: {value}" for name, value in told.items() if not isinstance(value, dict)]
    for story, found in told.items():
        if isinstance(found, dict):
            lines += ["", story]
            lines += [f"  {name:<24} {_short(value)}" for name, value in found.items() if name != "wrong"]
            lines += [f"  NOT KEPT: {wrong}" for wrong in found["wrong"][:SHOWN]]
            lines += [f"  … and {len(found['wrong']) - SHOWN} more"] if len(found["wrong"]) > SHOWN else []
            lines += [] if found["wrong"] else ["  all promises kept"]
    return "\n".join(lines)


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(each)}" for name, each in value.items()) or "none"
    return "; ".join(map(_short, value)) if isinstance(value, list) else str(value)
