"""The one door: ideas in, themes out. Reading, measuring, grouping, settling, naming, in this order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from types import MappingProxyType

import numpy as np
from threadpoolctl import threadpool_limits

from feedback.clustering.clusters import Labels, best_clusters, usual_count
from feedback.clustering.drawing import drawn
from feedback.clustering.embedders import Embedder
from feedback.clustering.identity import matched
from feedback.clustering.labels import Label, theme_labels
from feedback.clustering.measuring import measured
from feedback.clustering.refine import NOWHERE, Growth, Limits, arrived, founded, grown, settled, without_singles
from feedback.clustering.representatives import representatives_of
from feedback.clustering.room import Room
from feedback.clustering.standing import Standing, named, said_of, sorted_in, standing_of, unsure_of
from feedback.clustering.training import self_trained
from feedback.clustering.vectors import Vectors, nearest_likeness
from feedback.domain.sorts import Sort
from feedback.domain.themes import ENOUGH_FOR_THEMES, IdeaText, Theme, ThemeSet

Progress = Callable[[float, str], None]

LONELY = 0.05  # likeness to the nearest other idea below which an idea belongs to no theme
QUOTED = 40  # characters of an idea that names a theme whose ideas share no word
NO_PINS: Mapping[str, int | None] = MappingProxyType({})
NOT_BARRED: Mapping[str, frozenset[int]] = MappingProxyType({})


def quiet(share: float, step: str) -> None:
    """Take a progress report and say nothing."""


def find_themes(
    ideas: Sequence[IdeaText],
    *,
    previous: ThemeSet | None = None,
    pins: Mapping[str, int | None] = NO_PINS,
    sorts: Sequence[Sort] = (),
    barred: Mapping[str, frozenset[int]] = NOT_BARRED,
    stop_texts: Sequence[str] = (),
    embedder: Embedder | None = None,
    seed: int = 0,
    progress: Progress = quiet,
) -> ThemeSet:
    """Return the themes of a room, every idea in exactly one theme or among the leftovers.

    Same ideas, history and seed give the same themes, in whatever order the ideas come; an unchanged room moves none.

    Parameters
    ----------
    ideas : sequence of IdeaText
        Ids are unique. Ideas without words become leftovers.
    previous : ThemeSet, optional
        What the last run or a person left: ideas stay there unless another theme is clearly nearer.
    pins : mapping of idea id to theme id or None
        Where people placed ideas, None = among the leftovers. Always kept; pins of unknown ideas are ignored.
    sorts : sequence of Sort
        What participants say; of one participant and idea the last one counts. An idea that was sorted stands where
        the sorts, weighed, say it most probably belongs. Sorts of unknown ideas and themes are ignored.
    barred : mapping of idea id to theme ids
        Themes that a person took the idea out of: it never goes there by itself.
    stop_texts : sequence of str
        Titles and prompts of the conversation, whose words tell no theme from another.
    embedder : Embedder, optional
        Measures likeness of meaning; words alone do where it fails, and the result says so. None = words alone.
    seed : int
        Of every random start.
    progress : callable
        Gets the share done (0 to 1, rising) and a step: reading, measuring, grouping, settling, naming, done.

    Raises
    ------
    ValueError
        When an id occurs twice.
    """
    # Sums of floats depend on how many threads share them; one thread gives the same themes on every machine.
    with threadpool_limits(limits=1):
        progress(0.0, "reading")
        seen = measured(ideas, stop_texts, embedder, seed)
        room, vectors = seen.room, seen.vectors
        earlier = previous or ThemeSet()
        start = standing_of(room, earlier, pins, barred)
        said = said_of(room, start, sorts)
        unsure: tuple[str, ...] | None = None
        if len(room.ids) < ENOUGH_FOR_THEMES and not start.themes:
            found = ThemeSet((), tuple(idea.id for idea in ideas), earlier.next_id)
        else:
            progress(0.1, "measuring")
            if len(said.ideas) or start.has_starters:
                likeness = named(seen, start)
                shares, _ = drawn(likeness, said, start.decided, start.barred)
                start, unsure = sorted_in(start, likeness, shares, said), unsure_of(room, start, shares)
            places = _placed(start, vectors, seed, progress)
            progress(0.9, "naming")
            found = _described(ideas, room, vectors, start, places, earlier)
        progress(1.0, "done")
        return replace(found, unsure=unsure, embedder=seen.embedder, problem=seen.problem)


def _placed(start: Standing, vectors: Vectors, seed: int, progress: Progress) -> Labels:
    """Return the theme index of each idea; indexes past the carried themes are new themes."""
    lonely = (nearest_likeness(vectors.terms) < LONELY) & (start.places == NOWHERE)
    limits = Limits(start.fixed, lonely, start.barred)
    progress(0.3, "grouping")
    if (start.places != NOWHERE).any():
        places = settled(vectors.rows, arrived(vectors.rows, start.places, limits, start.seen), limits)
        if len(places) >= ENOUGH_FOR_THEMES and not start.seen.all():
            places = founded(vectors.rows, places, limits, seed=seed)
            places = grown(vectors.rows, places, limits, _growth(start), seed=seed)
    else:
        places = _first_clusters(start, vectors, limits, seed, progress)
    progress(0.85, "settling")
    places = settled(vectors.rows, places, limits)
    return without_singles(vectors.rows, places, limits, start.closed)


def _first_clusters(start: Standing, vectors: Vectors, limits: Limits, seed: int, progress: Progress) -> Labels:
    places = np.full(len(start.places), NOWHERE, dtype=np.int64)
    free = np.flatnonzero(~limits.fixed & ~limits.lonely)
    if len(places) >= ENOUGH_FOR_THEMES and len(free):
        rows, terms = vectors.rows[free], vectors.terms[free]
        labels = best_clusters(rows, seed=seed, report=lambda share: progress(0.3 + 0.5 * share, "grouping"))
        # Meaning is not made clearer by words: on an embedder's vectors training on words loses what they knew.
        places[free] = len(start.themes) + (labels if vectors.dense else self_trained(terms, rows, labels))
    return places


def _growth(start: Standing) -> Growth:
    """Return one split per run, more when the room has more than doubled."""
    size, new = len(start.seen), int((~start.seen).sum())
    return Growth(usual_count(size), ceil(new / max(1, size - new)), start.closed)


def _described(
    ideas: Sequence[IdeaText], room: Room, vectors: Vectors, start: Standing, places: Labels, earlier: ThemeSet
) -> ThemeSet:
    groups = _groups(start, places)
    ids, next_id = _identified(groups, room, start, earlier)
    labels = theme_labels(room.words, room.languages, [members for _, members in groups])
    before = {theme.id: theme for theme in start.themes}
    order = {idea.id: at for at, idea in enumerate(ideas)}
    themes = []
    for theme_id, (_, members), label in zip(ids, groups, labels, strict=True):
        typical = representatives_of(members, vectors.rows, room.texts, room.words)
        quote = room.texts[typical[0]] if typical else ""
        name, by_person = _name(before.get(theme_id), label, quote)
        written = tuple(sorted((room.ids[at] for at in members), key=order.__getitem__))
        themes.append(Theme(theme_id, name, by_person, label.terms, written, tuple(room.ids[at] for at in typical)))
    taken = {idea for theme in themes for idea in theme.ideas}
    leftovers = tuple(idea.id for idea in ideas if idea.id not in taken)
    return ThemeSet(tuple(sorted(themes, key=lambda theme: theme.id)), leftovers, next_id)


def _groups(start: Standing, places: Labels) -> list[tuple[int | None, list[int]]]:
    """Return the themes of this run: carried ones with their index first, then new ones, the largest first."""
    members = {int(index): np.flatnonzero(places == index).tolist() for index in np.unique(places[places != NOWHERE])}
    carried = [index for index in range(len(start.themes)) if index in members or index in start.closed]
    new = sorted(
        (index for index in members if index >= len(start.themes)), key=lambda at: (-len(members[at]), members[at])
    )
    return [(index, members.get(index, [])) for index in carried] + [(None, members[index]) for index in new]


def _identified(
    groups: Sequence[tuple[int | None, list[int]]], room: Room, start: Standing, earlier: ThemeSet
) -> tuple[list[int], int]:
    known = {theme.id: frozenset(theme.ideas) for theme in start.themes}
    touched = start.closed | frozenset(start.places[start.fixed].tolist())
    forced = {
        at: start.themes[index].id for at, (index, _) in enumerate(groups) if index is not None and index in touched
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
    return label.name or _beginning(quote), False


def _beginning(quote: str) -> str:
    # A name that begins like a formula would be one in a spreadsheet.
    text = quote.lstrip("=+-@# ")
    if 0 < len(text) <= QUOTED:
        return text
    cut = text[:QUOTED]
    return (cut.rpartition(" ")[0] or cut) + "…"
