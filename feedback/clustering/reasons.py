"""Why an idea is in its theme: the words that it shares with the other ideas there."""

from collections import Counter
from collections.abc import Sequence
from math import log, sqrt

from feedback.clustering.text import Word

SHOWN = 5


def shared_terms(
    words: Sequence[Sequence[Word]], group: Sequence[int], everywhere: Counter[str]
) -> list[tuple[str, ...]]:
    """Return for each idea of a theme up to five words that it shares with others there, the most telling first.

    Parameters
    ----------
    words : sequence of sequences of Word
        All ideas of the room.
    group : sequence of int
        The positions of the theme's ideas.
    everywhere : counter of str
        In how many ideas of the room each stem is: `held_everywhere`.
    """
    here = _held([words[at] for at in group])
    found = []
    for at in group:
        written = {word.stem: word.surface for word in reversed(words[at]) if word.is_term}
        shared = {stem: _weight(stem, here, everywhere, len(group), len(words)) for stem in written if here[stem] > 1}
        best = sorted(shared, key=lambda stem: (-shared[stem], stem))[:SHOWN]
        found.append(tuple(written[stem] for stem in best))
    return found


def held_everywhere(words: Sequence[Sequence[Word]]) -> Counter[str]:
    """Count in how many ideas each stem is."""
    return _held(words)


def _held(ideas: Sequence[Sequence[Word]]) -> Counter[str]:
    return Counter(stem for idea in ideas for stem in {word.stem for word in idea if word.is_term})


def _weight(stem: str, here: Counter[str], everywhere: Counter[str], size: int, room: int) -> float:
    """Return root of the share of the theme that holds it, times the logarithm of how much oftener than elsewhere."""
    coverage = here[stem] / size
    return sqrt(coverage) * log(1 + coverage * (room + 1) / (everywhere[stem] + 1))
