"""Guessing: wrong join codes and passwords, counted so that nobody finds one by trying.

A whole hall sits behind one address, so the bounds are wide and only failures count: a right code always passes.
Addresses are kept in memory alone, and no longer than a bound looks back.
"""

import functools
from typing import TYPE_CHECKING

from feedback.domain.facts import Refusal, TooMany, WrongCode

if TYPE_CHECKING:
    from limits import RateLimitItem
    from limits.strategies import MovingWindowRateLimiter

CODES_FROM_ONE_ADDRESS = "60 per minute"
CODES_IN_ALL = "300 per minute"
PASSWORDS_FROM_ONE_ADDRESS = "10 per 15 minutes"


class Guesses:
    """Counts the failures of this process."""

    def wrong_code(self, address: str) -> Refusal:
        """Count a wrong code and return how to refuse it: WrongCode, or TooMany past the bound."""
        hit = self._window.hit
        within = hit(_bound(CODES_FROM_ONE_ADDRESS), address) and hit(_bound(CODES_IN_ALL), "all")
        return WrongCode() if within else TooMany()

    def wrong_password(self, address: str) -> None:
        """Count a wrong password."""
        self._window.hit(_bound(PASSWORDS_FROM_ONE_ADDRESS), address)

    def may_try_password(self, address: str) -> bool:
        """Tell whether this address has tries left."""
        return self._window.test(_bound(PASSWORDS_FROM_ONE_ADDRESS), address)

    @functools.cached_property
    def _window(self) -> "MovingWindowRateLimiter":
        from limits.storage import MemoryStorage  # noqa: PLC0415 -- slow import, and most days nobody guesses
        from limits.strategies import MovingWindowRateLimiter  # noqa: PLC0415 -- as above

        return MovingWindowRateLimiter(MemoryStorage())


@functools.cache
def _bound(words: str) -> "RateLimitItem":
    from limits import parse  # noqa: PLC0415 -- slow import

    return parse(words)
