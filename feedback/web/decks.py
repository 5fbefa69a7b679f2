"""The cards that phones are given to sort: one deck per conversation and second, and who holds what at this moment.

A room that is asked to sort asks for cards all at once: reading the ideas for each of a thousand phones would cost
seconds. What others hold is known to this process alone; with several of them cards are spread a little less well.
"""

import threading
import time
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from flask import current_app

from feedback.db import Reading
from feedback.domain.cards import CHOICES, Asker, Dealt, cards_for, ranked_themes
from feedback.store.cards import Deck, deck_of, done_by, shares_here

#: Seconds for which a deck is dealt from; what was hidden meanwhile is refused when it is sorted.
LIFE = 1.0
#: Conversations whose decks are kept.
KEPT = 200


@dataclass(slots=True)
class Table:
    """One conversation's deck; `turn` is held by whoever reads it anew or deals from it."""

    turn: threading.Lock = field(default_factory=threading.Lock)
    deck: Deck | None = None
    good_until: float = 0.0
    dealt: Dealt = field(default_factory=Dealt)


@dataclass(frozen=True, slots=True)
class Card:
    """An idea to sort and the likeliest themes, by their numbers; `others` are the rest of those it may stand in."""

    idea: str
    themes: tuple[int, ...]
    others: tuple[int, ...]


class Decks:
    """Deals cards to participants."""

    def __init__(self) -> None:
        self._tables: dict[int, Table] = {}
        self._book = threading.Lock()

    def deal(self, database: Reading, place: int, participant: int, wanted: int) -> list[Card]:
        """Return up to `wanted` cards for a participant, the one to be asked first at the front."""
        table = self._table(place)
        with table.turn:
            now = monotonic()
            if table.deck is None or now >= table.good_until:
                table.deck, table.good_until = deck_of(database, place), now + LIFE
            # What somebody has just written, and themes as they are now, are not left to chance.
            deck, own = table.deck, deck_of(database, place, participant)
            done = done_by(database, participant, own.kin)
            asker = Asker(participant, done, own.asked, time.time_ns() // 1_000_000)
            others = tuple(each for each in deck.candidates if each.author != participant)
            ideas = cards_for(own.candidates + others, asker, table.dealt.under_way(participant, now), wanted)
            table.dealt.give(participant, ideas, now)
        return [_card(database, idea, deck, own) for idea in ideas]

    def _table(self, place: int) -> Table:
        with self._book:
            table = self._tables.pop(place, None) or Table()
            self._tables[place] = table  # at the end: asked for last
            if len(self._tables) > KEPT:
                del self._tables[next(iter(self._tables))]
        return table


def _card(database: Reading, idea: str, deck: Deck, own: Deck) -> Card:
    place = (own if idea in own.placements else deck).place(idea)
    ranked = ranked_themes(shares_here(database, idea, place, own.kin))
    return Card(idea, tuple(ranked[:CHOICES]), tuple(sorted(ranked[CHOICES:])))


def decks() -> Decks:
    """Return the app's decks."""
    found: Decks = current_app.extensions.setdefault("feedback.decks", Decks())
    return found


def as_json(cards: list[Card]) -> list[dict[str, Any]]:
    """Return cards as they go over the wire: ids only, for the phone has the words."""
    return [{"idea": card.idea, "themes": card.themes, "others": card.others} for card in cards]
