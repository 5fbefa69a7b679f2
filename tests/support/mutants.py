"""What tests of tests share: chance hides a mutant now and then, so its story is told until it fails."""

from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

#: So often at most; a story that misses a mutant once in ten times then misses it once in a million times.
TRIES = 6


def told_until_found(tell: Callable[[int], Found], enough: Callable[[Found], object] = bool) -> Found:
    """Tell a story, which is given its number, until what it finds is `enough`; returns what was found last."""
    for number in range(1, TRIES):
        if enough(found := tell(number)):
            return found
    return tell(TRIES)
