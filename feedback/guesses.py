"""Wrong join codes: counted so that nobody finds a conversation by trying. A right code always passes.

The whole hall sits behind one address, so the bound is wide and only failures count. Addresses are kept in memory
alone, and only for the minute that the bound looks back.
"""

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from feedback.domain.facts import Refusal, TooMany, WrongCode

FROM_ONE_ADDRESS = parse("60 per minute")
IN_ALL = parse("300 per minute")


class Guesses:
    """Counts wrong codes of this process."""

    def __init__(self) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def wrong(self, address: str) -> Refusal:
        """Count a wrong code and return how to refuse it: WrongCode, or TooMany past the bound."""
        within = self._window.hit(FROM_ONE_ADDRESS, address) and self._window.hit(IN_ALL, "all")
        return WrongCode() if within else TooMany()
