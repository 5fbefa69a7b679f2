"""Opinion groups as values: who votes alike on one prompt, what all of them agree on, what divides them.

Nobody is named in them: they hold groups with their counts, no participant and no single vote.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

#: Voters below which no groups are shown, and the votes from which somebody counts as one (fewer where there are
#: fewer ideas).
ENOUGH_VOTERS = 15
ENOUGH_VOTES = 7
#: The fewest voters of a group that is shown: the shares of one or two would be their ballots.
SMALLEST_GROUP = 3
#: How many runs in a row must want another number of groups before it changes.
PATIENCE = 4
LETTERS = "ABCDEFGHIJ"
_LISTED = 5


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of a group agree, disagree and pass on one idea."""

    agree: int = 0
    disagree: int = 0
    passes: int = 0

    @property
    def votes(self) -> int:
        """How many said anything."""
        return self.agree + self.disagree + self.passes

    def share(self, side: int = 1) -> float:
        """Return how much of the group agrees (side 1) or disagrees (-1), drawn to a half where few voted."""
        return ((self.agree if side == 1 else self.disagree) + 1) / (self.votes + 2)


NO_COUNTS = Counts()


@dataclass(frozen=True, slots=True)
class Typical:
    """An idea that a group sees in another way than the others do; `side` 1: it agrees more often, -1: disagrees."""

    idea: str
    side: int
    ratio: float


@dataclass(frozen=True, slots=True)
class OpinionGroup:
    """People who vote alike. `letter` stays with it over runs; `x`, `y` and `spread` draw it on a map from -1 to 1."""

    letter: str
    size: int
    x: float
    y: float
    spread: float
    counts: Mapping[str, Counts]
    typical: tuple[Typical, ...] = ()


@dataclass(frozen=True, slots=True)
class OpinionMap:
    """What was found in the votes on one prompt, up to commit number `seq`; no groups below the limits.

    `voters` have cast `votes_needed` votes or more. `axes` holds each idea's weight on the two axes of the map.
    `wanted` is the number of groups that fits best, `times` how many runs in a row have said so.
    """

    seq: int
    ideas: int
    voters: int
    votes_needed: int
    groups: tuple[OpinionGroup, ...] = ()
    consensus: tuple[str, ...] = ()
    divisive: tuple[str, ...] = ()
    axes: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    wanted: int = 0
    times: int = 0


def votes_needed(ideas: int) -> int:
    """Return how many votes make somebody a voter on a prompt with so many ideas."""
    return min(ENOUGH_VOTES, ideas)


def most_groups(points: int) -> int:
    """Return the largest number of groups that is tried with so many people, or so many clusters of them."""
    return min(5, 2 + points // 12)


def agreement(groups: Sequence[Mapping[str, Counts]], idea: str) -> float:
    """Return how far all groups agree on an idea, 0 to 1: the product of their shares."""
    product = 1.0
    for counts in groups:
        product *= counts.get(idea, NO_COUNTS).share()
    return product


def two_shares(first: Counts, second: Counts, side: int = 1) -> float:
    """Return the z value of the difference between two groups' shares, with one vote added to each count."""
    (a, n), (b, m) = _added(first, side), _added(second, side)
    both = (a + b) / (n + m)
    if both in (0, 1):
        return 0.0
    return float((a / n - b / m) / (both * (1 - both) * (1 / n + 1 / m)) ** 0.5)


def one_share(counts: Counts, side: int = 1) -> float:
    """Return the z value of a group's share against a half, with one vote added to each count."""
    a, n = _added(counts, side)
    return float((a / n - 0.5) / (0.25 / n) ** 0.5)


def is_sure(z: float) -> bool:
    """Tell whether a z value holds at 90 % (one-sided)."""
    return z > 1.2816


def consensus_of(groups: Sequence[Mapping[str, Counts]], ideas: Sequence[str]) -> tuple[str, ...]:
    """Return up to five ideas with which most of every group agrees, the most agreed on first; ties by id."""
    shared = [idea for idea in ideas if all(counts.get(idea, NO_COUNTS).share() > 0.5 for counts in groups)]
    return tuple(sorted(shared, key=lambda idea: (-agreement(groups, idea), idea))[:_LISTED])


def divisive_of(groups: Sequence[Mapping[str, Counts]], ideas: Sequence[str]) -> tuple[str, ...]:
    """Return up to five ideas on which two groups differ most, and more than by chance; ties by id."""
    apart = {idea: _apart(groups, idea) for idea in ideas}
    sure = [idea for idea in ideas if is_sure(apart[idea][1])]
    return tuple(sorted(sure, key=lambda idea: (-apart[idea][0], idea))[:_LISTED])


def typical_of(groups: Sequence[Mapping[str, Counts]], place: int, ideas: Sequence[str]) -> tuple[Typical, ...]:
    """Return up to five ideas on which a group stands out from all others together; ties by id.

    Most of it is on one side, and clearly more than of the others: both shares are tested at 90 %.
    """
    found = []
    for idea in ideas:
        own = groups[place].get(idea, NO_COUNTS)
        rest = together([counts.get(idea, NO_COUNTS) for at, counts in enumerate(groups) if at != place])
        for side in (1, -1):
            if is_sure(one_share(own, side)) and is_sure(two_shares(own, rest, side)):
                ratio = own.share(side) / rest.share(side)
                found.append((-ratio * own.share(side), Typical(idea, side, ratio)))
    return tuple(typical for _, typical in sorted(found, key=lambda each: (each[0], each[1].idea))[:_LISTED])


def together(parts: Sequence[Counts]) -> Counts:
    """Return the counts of several groups as of one."""
    return Counts(
        sum(each.agree for each in parts), sum(each.disagree for each in parts), sum(each.passes for each in parts)
    )


def smoothed(previous: OpinionMap | None, recommended: int, possible: Sequence[int]) -> tuple[int, int, int]:
    """Return how many groups there shall be, how many are wanted and how often in a row.

    The number changes only after four runs in a row that want the same, or where the old one is possible no more.
    """
    same = previous is not None and previous.wanted == recommended
    times = previous.times + 1 if previous is not None and same else 1
    before = len(previous.groups) if previous is not None else 0
    stays = before in possible and times < PATIENCE
    return before if stays else recommended, recommended, times


def shown_of(found: OpinionMap, numbers: Mapping[str, int]) -> dict[str, Any]:
    """Return what screens show, with ideas by their number: `numbers` holds those that may be shown.

    Shares are per cent of a group's votes on an idea, in the order of the groups; null where fewer than three voted,
    because their votes could be read from it.
    """
    return {
        "voters": found.voters,
        "enough": ENOUGH_VOTERS,
        "votes_needed": found.votes_needed,
        "groups": [
            {
                "letter": group.letter,
                "size": group.size,
                "x": group.x,
                "y": group.y,
                "spread": group.spread,
                "typical": [[numbers[each.idea], each.side] for each in group.typical if each.idea in numbers],
            }
            for group in found.groups
        ],
        "consensus": [_line(found, idea, numbers) for idea in found.consensus if idea in numbers],
        "divisive": [_line(found, idea, numbers) for idea in found.divisive if idea in numbers],
    }


def shares_of(found: OpinionMap, idea: str) -> list[tuple[int, int, int] | None]:
    """Return how many per cent of each group agree, disagree and pass on an idea; None where too few voted."""
    parts = [group.counts.get(idea, NO_COUNTS) for group in found.groups]
    return [_percent(counts) if counts.votes >= SMALLEST_GROUP else None for counts in parts]


def plain_of(found: OpinionMap) -> dict[str, Any]:
    """Return a map as plain values, which JSON can hold; an idea's counts as [agree, disagree, passes]."""
    groups = [
        asdict(replace(group, counts={}))
        | {"counts": {idea: [each.agree, each.disagree, each.passes] for idea, each in group.counts.items()}}
        for group in found.groups
    ]
    return asdict(replace(found, groups=())) | {"groups": groups}


def map_from(data: Mapping[str, Any]) -> OpinionMap:
    """Read a map from its plain values, also after they went through JSON, which knows no tuples."""
    return OpinionMap(
        **{
            **data,
            "groups": tuple(_group_from(group) for group in data["groups"]),
            "consensus": tuple(data["consensus"]),
            "divisive": tuple(data["divisive"]),
            "axes": {idea: (x, y) for idea, (x, y) in data["axes"].items()},
        }
    )


def content_of(found: OpinionMap) -> str:
    """Write a map as JSON."""
    return json.dumps(plain_of(found), separators=(",", ":"), sort_keys=True)


def map_of(content: str) -> OpinionMap:
    """Read a map back from its JSON."""
    return map_from(json.loads(content))


def _group_from(data: Mapping[str, Any]) -> OpinionGroup:
    counts = {idea: Counts(*each) for idea, each in data["counts"].items()}
    return OpinionGroup(**{**data, "counts": counts, "typical": tuple(Typical(**each) for each in data["typical"])})


def _line(found: OpinionMap, idea: str, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {"n": numbers[idea], "shares": shares_of(found, idea)}


def _percent(counts: Counts) -> tuple[int, int, int]:
    agree, disagree = round(100 * counts.agree / counts.votes), round(100 * counts.disagree / counts.votes)
    return agree, disagree, 100 - agree - disagree


def _added(counts: Counts, side: int) -> tuple[int, int]:
    return (counts.agree if side == 1 else counts.disagree) + 1, counts.votes + 1


def _apart(groups: Sequence[Mapping[str, Counts]], idea: str) -> tuple[float, float]:
    """Return by how much the shares of the two groups furthest apart differ, and the z value of it."""
    all_counts = [counts.get(idea, NO_COUNTS) for counts in groups]
    if len(all_counts) < 2:
        return 0.0, 0.0
    # Of groups with the same share the one with more votes tells more, in whatever order they come.
    low = min(all_counts, key=lambda counts: (counts.share(), -counts.votes))
    high = max(all_counts, key=lambda counts: (counts.share(), counts.votes))
    return high.share() - low.share(), two_shares(high, low)
