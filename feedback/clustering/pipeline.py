"""The one door: ideas in, themes out. Reading, measuring, grouping, settling, naming, in this order."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from math import ceil
from types import MappingProxyType

import numpy as np
from sklearn import config_context
from threadpoolctl import threadpool_limits

from feedback.clustering.clusters import Labels, best_clusters, usual_count
from feedback.clustering.describing import described
from feedback.clustering.drawing import drawn
from feedback.clustering.embedders import Embedder
from feedback.clustering.measuring import Measured, measured
from feedback.clustering.outlook import looked_back
from feedback.clustering.refine import NOWHERE, Given, Growth, Mask, arrived, founded, grown, settled, without_singles
from feedback.clustering.splitting import suggested_splits
from feedback.clustering.standing import (
    Standing,
    before_any_grouping,
    least_call,
    named,
    names_of,
    said_of,
    sorted_in,
    standing_of,
    to_names,
)
from feedback.clustering.training import self_trained
from feedback.clustering.vectors import Vectors
from feedback.domain.sorts import Sort
from feedback.domain.themes import ENOUGH_FOR_THEMES, IdeaText, NearDuplicate, ThemeSet

Progress = Callable[[float, str], None]

CLAIMED = 0.1  # share of a new cluster from which it belongs to the theme that drew so many of its ideas

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
    quick: bool = False,
    splits: Collection[int] = (),
    seed: int = 0,
    progress: Progress = quiet,
) -> ThemeSet:
    """Return the themes of a room, every idea in exactly one theme or among the leftovers.

    Same ideas, history and seed give the same themes, in whatever order the ideas come; an unchanged room
    moves none, where nobody has sorted.

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
    quick : bool
        After a correction: ideas are placed anew, but no theme comes, none is named or judged anew, and nobody
        looks for near-duplicates.
    splits : collection of theme ids
        Themes for which two parts are to be suggested.
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
    # What is handed on inside a run need not be looked through at each step, which took a tenth of it.
    with threadpool_limits(limits=1), config_context(assume_finite=True, skip_parameter_validation=True):
        progress(0.0, "reading")
        earlier = previous or ThemeSet()
        seen = measured(ideas, stop_texts, embedder, seed)
        start = standing_of(seen.room, earlier, pins, barred)
        if len(seen.room.ids) < ENOUGH_FOR_THEMES and not start.themes:
            found = ThemeSet((), tuple(idea.id for idea in ideas), earlier.next_id)
        else:
            quick = quick and bool(start.themes)
            if not quick and not start.grouped and len(seen.room.ids) >= ENOUGH_FOR_THEMES:
                start = before_any_grouping(start)
            progress(0.1, "measuring")
            names = names_of(seen, start.themes)
            moved = _moved(seen, start, sorts, names)
            places = _placed(moved, seen, names, again=start.grouped, quick=quick, seed=seed, progress=progress)
            progress(0.9, "naming")
            found = described(ideas, seen, moved, places, earlier, quick=quick)
            found = looked_back(found, seen, start, sorts, quick=quick, seed=seed)
            found = replace(found, splits=suggested_splits(found, seen, splits, seed=seed))
        if not quick:
            found = replace(found, near_duplicates=_near_duplicates(seen))
        progress(1.0, "done")
        full = not quick and len(seen.room.ids) >= ENOUGH_FOR_THEMES
        return replace(
            found,
            embedder=seen.embedder,
            problem=seen.problem,
            grouped=full or earlier.grouped,
            unread=_unread(seen, start) if quick or seen.problem else (),
        )


def _unread(seen: Measured, start: Standing) -> tuple[str, ...]:
    return tuple(idea for idea, fresh in zip(seen.room.ids, start.fresh, strict=True) if fresh)


def _near_duplicates(seen: Measured) -> tuple[NearDuplicate, ...]:
    ids = seen.room.ids
    return tuple(
        NearDuplicate((ids[pair.first], ids[pair.second]), round(pair.closeness, 4), pair.same) for pair in seen.pairs
    )


def _moved(seen: Measured, start: Standing, sorts: Sequence[Sort], names: Vectors) -> Standing:
    """Return where the ideas stand once sorts and names have moved them."""
    said, _ = said_of(seen.room, start.themes, sorts)
    draws = start.starters.any() or (start.called and not start.seen.all())
    if not start.themes or not (len(said.ideas) or draws):
        return start
    known = start.fixed.copy()
    known[said.ideas] = True
    likeness = named(seen, start, known, names)
    shares = drawn(likeness, said, start.decided, start.barred).shares
    return sorted_in(start, likeness, shares, said, least=least_call(seen.vectors), keep=bool(seen.problem))


def _placed(
    start: Standing, seen: Measured, names: Vectors, *, again: bool, quick: bool, seed: int, progress: Progress
) -> Labels:
    """Return the theme index of each idea; indexes past the carried themes are new themes."""
    rows = seen.vectors.rows
    called: Mask = np.asarray(to_names(seen.vectors, names) > least_call(seen.vectors))
    # A name that calls no idea draws none: what its letters share with them by chance is no subject.
    drawing = names.rows * called.any(axis=0, keepdims=True).T
    lonely = seen.lonely & ~called.any(axis=1) & (start.places == NOWHERE)
    given = Given(start.fixed, lonely, start.barred, drawing)
    if seen.problem and again:
        # Words place what is new; what the embedder has placed before it failed is not for them to judge.
        given = replace(given, fixed=start.fixed | (start.seen & ~given.shut_out(start.places)))
    progress(0.3, "grouping")
    if again:
        places = settled(rows, arrived(rows, start.places, given, start.seen), given)
        if len(places) >= ENOUGH_FOR_THEMES and start.fresh.any() and not quick and not seen.problem:
            places = founded(rows, places, given, seed=seed)
            places = grown(rows, places, given, _growth(start), seed=seed)
    elif quick:
        return start.places  # nothing is settled in a room that nobody has grouped: the names would take it all
    else:
        places = _first_clusters(start, seen.vectors, given, seed, progress)
    progress(0.85, "settling")
    places = settled(rows, places, given)
    return without_singles(rows, places, given, start.closed)


def _first_clusters(start: Standing, vectors: Vectors, given: Given, seed: int, progress: Progress) -> Labels:
    """Return the places after the first grouping of a room, in which names and sorts may have drawn ideas already.

    A cluster of which some have been drawn to a theme goes there with the rest: the name was about its subject.
    """
    places = start.places.copy()
    inside = np.flatnonzero(~given.lonely)
    if len(places) < ENOUGH_FOR_THEMES or given.fixed[inside].all():
        return places
    # Meaning is not made clearer by words: on an embedder's vectors training on words loses what they knew.
    rows, terms = vectors.rows[inside], None if vectors.dense else vectors.terms[inside]
    labels = best_clusters(rows, terms, seed=seed, report=lambda share: progress(0.3 + 0.5 * share, "grouping"))
    labels = labels if terms is None else self_trained(terms, rows, labels)
    for label in np.unique(labels):
        members = inside[labels == label]
        drawn_to = np.bincount(places[members][places[members] != NOWHERE], minlength=1)
        whose = int(drawn_to.argmax()) if drawn_to.max() > CLAIMED * len(members) else len(start.themes) + int(label)
        places[members[(places[members] == NOWHERE) & ~given.fixed[members]]] = whose
    return places


def _growth(start: Standing) -> Growth:
    """Return one split per run, more when the room has more than doubled."""
    size, new = len(start.fresh), int(start.fresh.sum())
    return Growth(usual_count(size), ceil(new / max(1, size - new)), start.closed)
