"""The counted votes of a conversation at one moment, and the order they put the ideas in."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Counted(StrEnum):
    """What the votes for some ideas are: support, agreement, or some of both."""

    SUPPORT = "support"
    AGREE = "agree"
    BOTH = "both"


def counted_as(opinions: Iterable[bool]) -> Counted:
    """Tell what votes for ideas are, by whether the prompt of each asks for opinions; support where there is none."""
    asked = set(opinions)
    if len(asked) > 1:
        return Counted.BOTH
    return Counted.AGREE if True in asked else Counted.SUPPORT


@dataclass(frozen=True, slots=True)
class Line:
    """One idea's counts; `number` is its place of arrival and settles ties."""

    id: str
    number: int
    agree: int
    disagree: int = 0
    passes: int = 0


@dataclass(frozen=True, slots=True)
class Ranked:
    """An idea's counts with its rank; equal counts for and against share a rank (1, 2, 2, 4)."""

    rank: int
    line: Line


def ranked(lines: Iterable[Line]) -> tuple[Ranked, ...]:
    """Order by those who agree, then by fewer who disagree, then by arrival; ties share a rank (standard competition).

    Where a vote can only support, nobody disagrees, so there it is the order of support.
    """
    ordered = sorted(lines, key=lambda line: order_of(line.agree, line.disagree, line.number))
    out: list[Ranked] = []
    for place, line in enumerate(ordered, start=1):
        tied = out and order_of(out[-1].line.agree, out[-1].line.disagree) == order_of(line.agree, line.disagree)
        out.append(Ranked(out[-1].rank if tied else place, line))
    return tuple(out)


def order_of(agree: int, disagree: int, number: int = 0) -> tuple[int, int, int]:
    """Return what ideas are sorted by, the best first; `number` is the place of arrival."""
    return (-agree, disagree, number)


def count(votes: Iterable[tuple[str, int | None]]) -> dict[str, tuple[int, int, int]]:
    """Recount standing votes (idea id, val) from scratch: idea id to (agree, disagree, passes)."""
    counts: dict[str, list[int]] = {}
    for idea_id, val in votes:
        cell = counts.setdefault(idea_id, [0, 0, 0])
        if val is not None:
            cell[{1: 0, -1: 1, 0: 2}[val]] += 1
    return {idea_id: (cell[0], cell[1], cell[2]) for idea_id, cell in counts.items()}
