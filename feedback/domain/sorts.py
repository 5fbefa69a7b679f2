"""Sorts as values: what a participant says about where an idea belongs, and when that is known."""

from dataclasses import dataclass

#: Share from which on it is known where an idea belongs: nobody is asked any more.
SURE = 0.95
#: How often a participant counts as right before a run has estimated it.
TRUSTED = 0.8
#: Themes that there must be before anybody is asked to sort.
FEWEST_THEMES = 2


@dataclass(frozen=True, slots=True)
class Sort:
    """One participant's word on one idea: the id of the theme it belongs to, None = to none of them.

    A participant has one sort per idea; the last one counts.
    """

    participant: str
    idea: str
    theme: int | None


def is_settled(sureness: float | None, *, pinned: bool, locked: bool) -> bool:
    """Tell whether an idea is sorted: its place is sure, or a person of the crew put it there or locked its theme."""
    return pinned or locked or (sureness is not None and sureness >= SURE)


def share_of(settled: int, shown: int) -> float:
    """Return the share of shown ideas that are sorted, 0 to 1 in hundredths; 1 only when all of them are."""
    return settled * 100 // shown / 100 if shown else 0.0
