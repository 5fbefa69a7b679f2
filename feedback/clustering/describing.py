"""How themes are told of: which id each one carries on, what it is called, which ideas stand for it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from feedback.clustering.clusters import Labels
from feedback.clustering.identity import matched
from feedback.clustering.labels import Label, theme_labels
from feedback.clustering.measuring import Measured
from feedback.clustering.refine import NOWHERE
from feedback.clustering.representatives import representatives_of
from feedback.clustering.room import Room
from feedback.clustering.standing import Standing
from feedback.domain.themes import IdeaText, Theme, ThemeSet

QUOTED = 40  # characters of an idea that names a theme whose ideas share no word

#: The index of a carried theme (None = a new one) and the positions of its ideas.
Groups = list[tuple[int | None, list[int]]]


def described(
    ideas: Sequence[IdeaText], seen: Measured, start: Standing, places: Labels, earlier: ThemeSet, *, quick: bool
) -> ThemeSet:
    """Return the themes of a run, each with its id, name, terms and representatives.

    Parameters
    ----------
    ideas : sequence of IdeaText
        In the order in which a theme lists them.
    seen : Measured
        The room.
    start : Standing
        Where the run took the ideas up.
    places : array (n,)
        Theme index of each idea; those past the themes of `start` are new.
    earlier : ThemeSet
        What the last run left: ids that were given are not given again.
    quick : bool
        Themes keep what they are called, and the representatives that they still have.
    """
    room = seen.room
    groups = _groups(start, places)
    ids, next_id = _identified(groups, room, start, earlier, keep=quick)
    before = {theme.id: theme for theme in start.themes}
    order = {idea.id: at for at, idea in enumerate(ideas)}
    told = _kept(before, ids, groups, room) if quick else _told(before, ids, groups, seen)
    themes = [
        replace(theme, ideas=tuple(sorted((room.ids[at] for at in members), key=order.__getitem__)), firmness=None)
        for theme, (_, members) in zip(told, groups, strict=True)
    ]
    taken = {idea for theme in themes for idea in theme.ideas}
    leftovers = tuple(idea.id for idea in ideas if idea.id not in taken)
    return ThemeSet(tuple(sorted(themes, key=lambda theme: theme.id)), leftovers, next_id)


def beginning_of(quote: str) -> str:
    """Return the first words of an idea, as the name of a theme whose ideas share no word."""
    # A name that begins like a formula would be one in a spreadsheet.
    text = quote.lstrip("=+-@# ")
    if 0 < len(text) <= QUOTED:
        return text
    cut = text[:QUOTED]
    return (cut.rpartition(" ")[0] or cut) + "…"


def _told(before: Mapping[int, Theme], ids: Sequence[int], groups: Groups, seen: Measured) -> list[Theme]:
    """Return the themes with names, terms and representatives as their ideas suggest."""
    room = seen.room
    labels = theme_labels(room.words, room.languages, [members for _, members in groups])
    themes, twins = [], seen.twins()
    for theme_id, (_, members), label in zip(ids, groups, labels, strict=True):
        typical = representatives_of(members, seen.vectors.rows, room.words, twins)
        quote = room.texts[typical[0]] if typical else ""
        name, by_person = _name(before.get(theme_id), label, quote)
        old = before.get(theme_id, Theme(theme_id, ""))
        typical_ids = tuple(room.ids[at] for at in typical)
        themes.append(
            replace(old, name=name, named_by_person=by_person, terms=label.terms, representatives=typical_ids)
        )
    return themes


def _kept(before: Mapping[int, Theme], ids: Sequence[int], groups: Groups, room: Room) -> list[Theme]:
    """Return the themes as they were told of, with those representatives that are still in them."""
    found = []
    for theme_id, (_, members) in zip(ids, groups, strict=True):
        inside = {room.ids[at] for at in members}
        theme = before[theme_id]
        still = tuple(idea for idea in theme.representatives if idea in inside)
        found.append(replace(theme, representatives=still or tuple(room.ids[at] for at in members[:1])))
    return found


def _groups(start: Standing, places: Labels) -> Groups:
    """Return the themes of this run: carried ones with their index first, then new ones, the largest first."""
    members = {int(index): np.flatnonzero(places == index).tolist() for index in np.unique(places[places != NOWHERE])}
    carried = [index for index in range(len(start.themes)) if index in members or index in start.closed]
    new = sorted(
        (index for index in members if index >= len(start.themes)), key=lambda at: (-len(members[at]), members[at])
    )
    return [(index, members.get(index, [])) for index in carried] + [(None, members[index]) for index in new]


def _identified(groups: Groups, room: Room, start: Standing, earlier: ThemeSet, *, keep: bool) -> tuple[list[int], int]:
    """Return the id of each theme, and the next free one; with `keep` a carried theme is itself whatever it holds."""
    known = {theme.id: frozenset(theme.ideas) for theme in start.themes}
    touched = start.closed | frozenset(start.places[start.fixed].tolist())
    forced = {
        at: start.themes[index].id
        for at, (index, _) in enumerate(groups)
        if index is not None and (keep or index in touched)
    }
    next_id = max([earlier.next_id, *(theme.id + 1 for theme in start.themes)])
    return matched([frozenset(room.ids[at] for at in members) for _, members in groups], known, forced, next_id)


def _name(before: Theme | None, label: Label, quote: str) -> tuple[str, bool]:
    """Return the theme's name and whether a person gave it.

    A suggested name stays while its first term still describes the theme: names that jump cannot be talked about.
    """
    if before is not None and before.named_by_person:
        return before.name, True
    if before is not None and before.name and before.terms and before.terms[0] in label.terms[:3]:
        return before.name, False
    return label.name or beginning_of(quote), False
