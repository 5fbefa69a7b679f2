"""Which ideas a phone is asked to sort next, and between which themes. Chance is seeded, time is an argument."""

from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

from feedback.domain.sorting import Shares

#: Cards that one call gives, at most; and how many themes a card offers.
CARDS_AT_ONCE = 10
CHOICES = 4
#: Of the least certain ideas this share is dealt at random, so that not all phones get the same card.
DEAL = 0.1
#: Outside the sort phase an author is asked only for so long after writing (milliseconds).
JUST_SAVED = 10 * 60_000
#: Seconds after which a card that was given out and not answered no longer counts as under way.
UNDER_WAY = 60.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """An idea that is not sorted yet; `sureness` None = no run has seen it, `sorts` = how many have sorted it."""

    idea: str
    author: int | None
    sureness: float | None
    sorts: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for cards: a participant, the ideas they have sorted or passed over, and whether the room is asked."""

    participant: int
    done: Collection[str]
    asked: bool
    now: int


def by_certainty(candidate: Candidate) -> tuple[float, str]:
    """Return by what candidates are ordered: what no run has seen is the least certain."""
    return (candidate.sureness or 0.0, candidate.idea)


def cards_for(candidates: Sequence[Candidate], asker: Asker, under_way: Mapping[str, int], wanted: int) -> list[str]:
    """Return up to `wanted` ideas for somebody: own ones first, the newest before; then the least certain ones.

    candidates: the least certain first, see `by_certainty`.
    under_way: how many others hold a card of an idea at this moment.
    """
    open_ones = [each for each in candidates if each.idea not in asker.done]
    own = [each for each in open_ones if each.author == asker.participant]
    if not asker.asked:
        own = [each for each in own if each.created_at >= asker.now - JUST_SAVED]
    hand = [each.idea for each in sorted(own, key=lambda each: (-each.created_at, each.idea))]
    if asker.asked and len(hand) < wanted:
        others = [each for each in open_ones if each.author != asker.participant]
        hand += _dealt(others, asker.participant, under_way, wanted - len(hand))
    return hand[:wanted]


def _dealt(others: Sequence[Candidate], seed: int, under_way: Mapping[str, int], wanted: int) -> list[str]:
    levels = sorted({0, *under_way.values()})
    spread = (each for level in levels for each in others if under_way.get(each.idea, 0) == level)
    deck = list(islice(spread, max(wanted, round(DEAL * len(others)))))
    Random(seed).shuffle(deck)  # noqa: S311 -- nothing is guarded by it
    deck.sort(key=lambda each: (under_way.get(each.idea, 0), each.sorts))
    return [each.idea for each in deck[:wanted]]


def ranked_themes(shares: Shares) -> list[int]:
    """Return the themes in which an idea may stand, the likeliest first; a card offers the first few."""
    themes = [theme for theme in shares if theme is not None]
    return sorted(themes, key=lambda theme: (-shares[theme], theme))


class Dealt:
    """The cards of one conversation that phones hold at this moment, as far as this process has given them out."""

    def __init__(self) -> None:
        self._hands: OrderedDict[int, tuple[float, tuple[str, ...]]] = OrderedDict()
        self._counts: Counter[str] = Counter()

    def under_way(self, participant: int, now: float) -> Mapping[str, int]:
        """Return how many others hold each idea; what this participant held is back in the deck."""
        self._drop(participant)
        while self._hands and next(iter(self._hands.values()))[0] <= now:
            self._drop(next(iter(self._hands)))
        return self._counts

    def give(self, participant: int, ideas: Sequence[str], now: float) -> None:
        """Note that somebody holds these cards now."""
        self._drop(participant)
        self._hands[participant] = (now + UNDER_WAY, tuple(ideas))
        self._counts.update(ideas)

    def _drop(self, participant: int) -> None:
        _, ideas = self._hands.pop(participant, (0.0, ()))
        for idea in ideas:
            self._counts[idea] -= 1
            if not self._counts[idea]:
                del self._counts[idea]
