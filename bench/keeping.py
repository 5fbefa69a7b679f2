"""What people have settled in a room that fills up, and how much of it the runs do not keep: pins, a lock, a name."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from feedback.domain.themes import IdeaText, Theme, ThemeSet

Json = dict[str, Any]
#: Share of the ideas that somebody places by hand, anywhere.
PINNED = 0.05
NAME = "Named by hand"


@dataclass(frozen=True, slots=True)
class Settled:
    """Where somebody placed ideas, which ideas stand in the theme that is locked, and which theme has a name.

    `locked` and `named` are numbers of themes.
    """

    pins: Mapping[str, int | None]
    locked: int
    inside: frozenset[str]
    named: int


def settle(found: ThemeSet, ideas: tuple[IdeaText, ...], seed: int) -> tuple[ThemeSet, Settled]:
    """Pin some ideas anywhere, lock one theme and name another, as a rapporteur does once there are themes.

    Same seed, same deeds. Where there is one theme only it is both locked and named.
    """
    chance = random.Random(seed)
    numbers = [theme.id for theme in found.themes]
    chosen = chance.sample(ideas, max(1, round(PINNED * len(ideas))))
    pins = {idea.id: chance.choice([None, *numbers]) for idea in chosen}
    locked, named = chance.sample(numbers, 2) if len(numbers) > 1 else numbers * 2
    placed = replace(found, themes=tuple(_settled(theme, locked, named) for theme in found.themes))
    inside = {idea for theme in found.themes if theme.id == locked for idea in theme.ideas} - pins.keys()
    inside |= {idea for idea, theme in pins.items() if theme == locked}
    return placed, Settled(pins, locked, frozenset(inside), named)


def _settled(theme: Theme, locked: int, named: int) -> Theme:
    theme = replace(theme, locked=True) if theme.id == locked else theme
    return replace(theme, name=NAME, named_by_person=True) if theme.id == named else theme


def lost(settled: Settled, found: ThemeSet) -> Json:
    """Return what a run has not kept.

    `pins_lost`: ideas that stand elsewhere; `locks_lost`: ideas that came into the locked theme or left it;
    `names_lost`: 1 when the theme that somebody named is gone or is called otherwise.
    """
    places = places_of(found)
    inside = {idea for idea, theme in places.items() if theme == settled.locked}
    names = {theme.id: theme.name for theme in found.themes}
    return {
        "pins_lost": sum(places[idea] != theme for idea, theme in settled.pins.items()),
        "locks_lost": len(inside ^ settled.inside),
        "names_lost": int(names.get(settled.named) != NAME),
    }


def places_of(found: ThemeSet) -> dict[str, int | None]:
    """Return the number of each idea's theme, None for leftovers."""
    return {idea: theme.id for theme in found.themes for idea in theme.ideas} | dict.fromkeys(found.leftovers)
