"""The counted votes of a conversation at one moment, and the order they put the ideas in."""

from collections.abc import Iterable
from dataclasses import dataclass


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
    """An idea's counts with its rank; equal support shares a rank (1, 2, 2, 4)."""

    rank: int
    line: Line


def ranked(lines: Iterable[Line]) -> tuple[Ranked, ...]:
    """Order by support, then by arrival; ties share a rank (standard competition ranking)."""
    ordered = sorted(lines, key=lambda line: (-line.agree, line.number))
    out: list[Ranked] = []
    for place, line in enumerate(ordered, start=1):
        tied = out and out[-1].line.agree == line.agree
        out.append(Ranked(out[-1].rank if tied else place, line))
    return tuple(out)


def count(votes: Iterable[tuple[str, int | None]]) -> dict[str, tuple[int, int, int]]:
    """Recount standing votes (idea id, val) from scratch: idea id to (agree, disagree, passes)."""
    counts: dict[str, list[int]] = {}
    for idea_id, val in votes:
        cell = counts.setdefault(idea_id, [0, 0, 0])
        if val is not None:
            cell[{1: 0, -1: 1, 0: 2}[val]] += 1
    return {idea_id: (cell[0], cell[1], cell[2]) for idea_id, cell in counts.items()}
