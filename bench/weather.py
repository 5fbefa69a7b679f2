"""When which link fails, how and for how long: a plan made from a seed before anything runs."""

from __future__ import annotations

import random
from dataclasses import dataclass

from bench.relay import CUT, DARK, HALF

#: Seconds that a link stays away.
SHORTEST, LONGEST = 1.0, 60.0
KINDS = ((CUT, 0.45), (HALF, 0.3), (DARK, 0.25))
#: How often a phone notices by itself that its network has gone and come back, as browsers do with the Wi-Fi.
TOLD = 0.7


@dataclass(frozen=True, slots=True)
class Trouble:
    """One outage of one link: when it begins, in seconds from the start, and how long it lasts."""

    at: float
    link: int
    kind: str
    seconds: float
    #: The phone's own system says when the network goes and when it comes back.
    told: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """All outages of a run in order, and how slow each link is while it is up."""

    troubles: tuple[Trouble, ...]
    #: Seconds that a piece takes, and up to how many more, by link.
    delays: tuple[tuple[float, float], ...]


def forecast(links: int, seconds: float, offline: float, seed: int) -> Forecast:
    """Plan a run in which each link is away for a share `offline` of the time, in outages of 1 to 60 s.

    Short runs have shorter outages, so that each link comes back several times.
    """
    chance = random.Random(seed)
    longest = max(SHORTEST, min(LONGEST, seconds / 5))
    troubles = [each for link in range(links) for each in _of_link(chance, link, seconds, offline, longest)]
    delays = tuple((chance.uniform(0.0, 0.04), chance.choice((0.0, 0.02, 0.2))) for _ in range(links))
    return Forecast(tuple(sorted(troubles, key=lambda each: each.at)), delays)


def _of_link(chance: random.Random, link: int, seconds: float, offline: float, longest: float) -> list[Trouble]:
    if offline <= 0:
        return []
    found = []
    between = (SHORTEST + longest) / 2 * (1 - offline) / offline
    at = chance.expovariate(1 / between)
    while at < seconds - SHORTEST:
        kind = chance.choices([kind for kind, _ in KINDS], [share for _, share in KINDS])[0]
        away = min(chance.uniform(SHORTEST, longest), seconds - at)
        found.append(Trouble(at, link, kind, away, chance.random() < TOLD))
        at += away + chance.expovariate(1 / between)
    return found
