"""What of a beat fits into one frame. Standard library only, no I/O.

The rest goes with the next beat, not at once: a socket takes little more than two such frames in one moment, and one
that is behind loses what follows.
"""

from collections.abc import Callable

LARGEST_BEAT = 32 * 1024  # bytes; anything larger is fetched, cached and compressed, over HTTP
#: How often a beat is halved at most: one that is many times too large comes sooner as the whole state.
HALVINGS = 3


def first_part(since: int, upto: int, build: Callable[[int], bytes | None]) -> tuple[bytes, int] | None:
    """Return the frame from `since` on that fits, and the commit number to which it leads: `upto` if possible.

    build: gives the frame from `since` up to a number, None when only the whole state will do; then, and when not even
    an eighth of the commits fits, the answer is None. Values are absolute and read now, so a frame may hold newer ones
    than the number to which it leads.
    """
    for _ in range(HALVINGS + 1):
        frame = build(upto)
        if frame is None or len(frame) <= LARGEST_BEAT:
            return None if frame is None else (frame, upto)
        upto = (since + upto) // 2
        if upto == since:
            break
    return None
