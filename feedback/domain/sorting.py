"""Where one idea belongs, as far as sorts tell, and what sorts mean once their themes were merged or split.

The one-coin model of the theme engine for a single idea, in plain Python: a sort must show within its own commit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp, log

#: Where an idea can belong: a theme's number, None = none of them.
Spot = int | None
Shares = Mapping[Spot, float]

#: Share of "none of these" where no run has seen the idea; the themes have the rest alike.
NONE_SHARE = 0.06
#: A run leaves out shares below a hundredth: such a theme is improbable, not impossible.
UNSAID = 0.005
#: Nobody is always right or always wrong.
NEVER = 1e-6


@dataclass(frozen=True, slots=True)
class Kin:
    """What has become of a theme: it stands, or who took its ideas, and of which it was split off at which commit."""

    number: int
    standing: bool = True
    locked: bool = False
    merged_into: int | None = None
    split_from: int | None = None
    split_seq: int | None = None


Kinship = Mapping[int, Kin]


@dataclass(frozen=True, slots=True)
class Word:
    """A sort of one idea: where it belongs, at which commit that was said, and how often the participant is right."""

    theme: Spot
    seq: int
    right: float


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of one idea's place without its sorts; `prior` None = no run has seen it."""

    theme: Spot = None
    pinned: bool = False
    prior: Shares | None = None
    barred: frozenset[int] = field(default_factory=frozenset)


def posterior(prior: Shares, sorts: Iterable[tuple[Spot, float]]) -> dict[Spot, float]:
    """Return how probable each place is after these sorts (where, how often the participant is right).

    A sort for a place that the prior does not have says nothing.
    """
    logs = {spot: log(share) for spot, share in prior.items()}
    for said, right in sorts:
        if said not in logs:
            continue
        known = min(max(right, NEVER), 1 - NEVER)
        # Whoever answers speaks a little for every answer, and more for their own.
        others = log((1 - known) / max(1, len(logs) - 1))
        for spot in logs:
            logs[spot] += log(known) if spot == said else others
    top = max(logs.values())
    weights = {spot: exp(each - top) for spot, each in logs.items()}
    total = sum(weights.values())
    return {spot: weight / total for spot, weight in weights.items()}


def heirs_of(kin: Kinship, theme: int, said_at: int) -> frozenset[int]:
    """Return the standing themes for which a word for `theme`, said at commit `said_at`, may count now.

    A merged theme leads to the one that took it, a split that was taken back to where it came from; a theme that was
    split later leads to each of its halves. Empty when nothing of it stands.
    """
    found, waiting = set[int](), [theme]
    while waiting:
        number = waiting.pop()
        one = kin.get(number)
        if one is None or number in found:
            continue
        found.add(number)
        if one.merged_into is not None:
            waiting.append(one.merged_into)
        elif not one.standing and one.split_from is not None:
            waiting.append(one.split_from)
        waiting += [
            each.number for each in kin.values() if each.split_from == number and (each.split_seq or 0) > said_at
        ]
    return frozenset(number for number in found if kin[number].standing)


def counted_for(kin: Kinship, theme: int, said_at: int, place: Place) -> int | None:
    """Return the one theme for which a word for `theme` counts on this idea; None = it counts no more.

    Of the halves of a theme that was split since, that is the one in which the idea stands, else the likelier one.
    """
    heirs = heirs_of(kin, theme, said_at)
    if place.theme in heirs:
        return place.theme
    prior = place.prior or {}
    return max(heirs, key=lambda number: (prior.get(number, 0.0), -number), default=None)


def is_open_question(kin: Kinship, theme: Spot, said_at: int) -> bool:
    """Tell whether somebody who said so may be asked again: the theme was split since."""
    return theme is not None and len(heirs_of(kin, theme, said_at)) > 1


def shares_of(place: Place, kin: Kinship, words: Iterable[Word]) -> dict[Spot, float]:
    """Return how probable each place is for an idea, from what the last run thinks and from everybody's sorts."""
    prior = prior_of(place, kin)
    said = [
        (None if word.theme is None else counted_for(kin, word.theme, word.seq, place), word.theme, word.right)
        for word in words
    ]
    return posterior(prior, [(spot, right) for spot, theme, right in said if spot is not None or theme is None])


def prior_of(place: Place, kin: Kinship) -> dict[Spot, float]:
    """Return what is thought of an idea without its sorts: each theme that it may stand in, and none; no zeros."""
    open_to = [one.number for one in kin.values() if _takes(one, place)]
    if place.prior is None:
        return {None: NONE_SHARE} | dict.fromkeys(open_to, (1 - NONE_SHARE) / max(1, len(open_to)))
    shares: dict[Spot, float] = {None: max(UNSAID, place.prior.get(None, 0.0))} | dict.fromkeys(open_to, 0.0)
    for theme, share in place.prior.items():
        # What a run thought of a theme before it was split it thought of both halves.
        heirs = [] if theme is None else [each for each in _heirs_unseen(kin, theme, place.prior) if each in shares]
        for heir in heirs:
            shares[heir] += share / len(heirs)
    return {spot: max(UNSAID, share) for spot, share in shares.items()}


def best_of(shares: Shares) -> Spot:
    """Return the likeliest place; of equals the older theme."""
    return max(shares, key=lambda spot: (shares[spot], spot is not None, -(spot or 0)))


def _takes(one: Kin, place: Place) -> bool:
    here = one.number == place.theme
    return one.standing and (here or (not one.locked and one.number not in place.barred))


def _heirs_unseen(kin: Kinship, theme: int, seen: Shares) -> list[int]:
    halves = [each for each in heirs_of(kin, theme, -1) if each == theme or each not in seen]
    return halves or sorted(heirs_of(kin, theme, -1))
