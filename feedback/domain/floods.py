"""Floods: many ideas at once from phones that have only just come. The program points; a person decides."""

from collections.abc import Iterable, Mapping

#: A phone is a newcomer for so long after it joined.
NEWCOMER_MS = 120_000
WINDOW_MS = 60_000
#: More ideas of newcomers than this within a window look like a flood.
MANY = 30
#: Floods are spoken of for so long after they came.
REMEMBERED_MS = 15 * 60_000


def flooders(written: Iterable[tuple[int, int]], joined: Mapping[int, int]) -> frozenset[int]:
    """Return the participants whose ideas came in a flood.

    written: (participant, instant) of ideas; joined: the instant at which each participant came, for those who came
    lately. Instants are epoch milliseconds.
    """
    fresh = sorted((at, who) for who, at in written if who in joined and at - joined[who] <= NEWCOMER_MS)
    found: set[int] = set()
    begin = marked = 0
    for end, (at, _) in enumerate(fresh):
        while at - fresh[begin][0] > WINDOW_MS:
            begin += 1
        if end - begin + 1 > MANY:
            found.update(who for _, who in fresh[max(begin, marked) : end + 1])
            marked = end + 1
    return frozenset(found)
