"""Votes are states, not events: what one participant now thinks of one idea, and what the budget allows."""

from dataclasses import dataclass

from feedback.domain.facts import BadValue, BudgetSpent, OwnIdea

#: 1 supports, -1 disagrees, 0 passes, None has been taken back. The row stays in every case.
Val = int | None
#: What the database's integers hold.
REV_LIMIT = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Shift:
    """How a changed vote moves the counts of its idea."""

    agree: int
    disagree: int
    passes: int


def check_val(val: object) -> Val:
    """Return the vote's value, or raise BadValue unless it is 1, -1, 0 or None."""
    if val is None or (isinstance(val, int) and not isinstance(val, bool) and val in (-1, 0, 1)):
        return val
    raise BadValue(field="val")


def check_rev(rev: object) -> int:
    """Return the revision, or raise BadValue unless it is a whole number from 1 to 2^31 - 1."""
    if isinstance(rev, int) and not isinstance(rev, bool) and 1 <= rev <= REV_LIMIT:
        return rev
    raise BadValue(field="rev")


def check_not_own(author_id: int | None, participant_id: int) -> None:
    """Raise OwnIdea when the voter wrote the idea."""
    if author_id == participant_id:
        raise OwnIdea


def spend(votes_each: int | None, standing: int, was: Val, becomes: Val) -> int | None:
    """Return what is left of the budget after the change (None = unlimited), or raise BudgetSpent(left).

    `standing` counts this participant's supporting votes on the prompt before the change.
    """
    if votes_each is None:
        return None
    after = standing + (becomes == 1) - (was == 1)
    if after > votes_each and becomes == 1 and was != 1:
        raise BudgetSpent(left=max(0, votes_each - standing))
    return max(0, votes_each - after)


def shift_of(was: Val, becomes: Val) -> Shift:
    """Return how the counts move when one vote goes from `was` to `becomes`."""
    return Shift(
        agree=(becomes == 1) - (was == 1),
        disagree=(becomes == -1) - (was == -1),
        passes=(becomes == 0) - (was == 0),
    )
