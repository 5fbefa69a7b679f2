"""Sorts as values: what a participant says about where an idea belongs."""

from dataclasses import dataclass

#: Share from which on it is known where an idea belongs: nobody is asked any more.
SURE = 0.95


@dataclass(frozen=True, slots=True)
class Sort:
    """One participant's word on one idea: the id of the theme it belongs to, None = to none of them.

    A participant has one sort per idea; the last one counts.
    """

    participant: str
    idea: str
    theme: int | None
