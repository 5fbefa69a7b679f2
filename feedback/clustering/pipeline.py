"""The one door: ideas in, themes out. Reading, measuring, grouping, settling, naming, in this order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from types import MappingProxyType

import numpy as np
from threadpoolctl import threadpool_limits

from feedback.clustering.clusters import Labels, best_clusters, usual_count
from feedback.clustering.describing import described
from feedback.clustering.drawing import drawn
from feedback.clustering.embedders import Embedder
from feedback.clustering.measuring import Measured, measured
from feedback.clustering.outlook import looked_back
from feedback.clustering.refine import NOWHERE, Growth, Limits, arrived, founded, grown, settled, without_singles
from feedback.clustering.standing import Standing, named, said_of, sorted_in, standing_of, unsure_of
from feedback.clustering.training import self_trained
from feedback.clustering.vectors import Vectors
from feedback.domain.sorts import Sort
from feedback.domain.themes import ENOUGH_FOR_THEMES, IdeaText, ThemeSet

Progress = Callable[[float, str], None]

LONELY = 0.05  # likeness to the nearest other idea below which an idea belongs to no theme
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
    quick : bool
        After a correction: ideas are placed anew, but no theme comes, and none is named or judged anew.
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
        earlier = previous or ThemeSet()
        seen = measured(ideas, stop_texts, embedder, seed)
        start = standing_of(seen.room, earlier, pins, barred)
        if len(seen.room.ids) < ENOUGH_FOR_THEMES and not start.themes:
            found = ThemeSet((), tuple(idea.id for idea in ideas), earlier.next_id)
        else:
            quick = quick and bool(start.themes)
            progress(0.1, "measuring")
            moved, unsure = _sorted(seen, start, sorts)
            places = _placed(moved, seen, quick=quick, seed=seed, progress=progress)
            progress(0.9, "naming")
            found = described(ideas, seen, moved, places, earlier, quick=quick)
            found = replace(looked_back(found, seen, start, sorts, quick=quick, seed=seed), unsure=unsure)
        progress(1.0, "done")
        return replace(found, embedder=seen.embedder, problem=seen.problem)


def _sorted(seen: Measured, start: Standing, sorts: Sequence[Sort]) -> tuple[Standing, tuple[str, ...] | None]:
    """Return where the ideas stand once sorts and names have moved them, and the unsure ones if there are such."""
    said, _ = said_of(seen.room, start.themes, sorts)
    if not start.themes or not (len(said.ideas) or start.has_starters):
        return start, None
    known = start.fixed.copy()
    known[said.ideas] = True
    likeness = named(seen, start, known)
    shares = drawn(likeness, said, start.decided, start.barred).shares
    return sorted_in(start, likeness, shares, said), unsure_of(seen.room, start, shares)


def _placed(start: Standing, seen: Measured, *, quick: bool, seed: int, progress: Progress) -> Labels:
    """Return the theme index of each idea; indexes past the carried themes are new themes."""
    rows = seen.vectors.rows
    limits = Limits(start.fixed, (seen.nearest < LONELY) & (start.places == NOWHERE), start.barred)
    progress(0.3, "grouping")
    if (start.places != NOWHERE).any():
        places = settled(rows, arrived(rows, start.places, limits, start.seen), limits)
        if len(places) >= ENOUGH_FOR_THEMES and not start.seen.all() and not quick:
            places = founded(rows, places, limits, seed=seed)
            places = grown(rows, places, limits, _growth(start), seed=seed)
    else:
        places = _first_clusters(start, seen.vectors, limits, seed, progress)
    progress(0.85, "settling")
    places = settled(rows, places, limits)
    return without_singles(rows, places, limits, start.closed)


def _first_clusters(start: Standing, vectors: Vectors, limits: Limits, seed: int, progress: Progress) -> Labels:
    places = np.full(len(start.places), NOWHERE, dtype=np.int64)
    free = np.flatnonzero(~limits.fixed & ~limits.lonely)
    if len(places) >= ENOUGH_FOR_THEMES and len(free):
        # Meaning is not made clearer by words: on an embedder's vectors training on words loses what they knew.
        rows, terms = vectors.rows[free], None if vectors.dense else vectors.terms[free]
        labels = best_clusters(rows, terms, seed=seed, report=lambda share: progress(0.3 + 0.5 * share, "grouping"))
        places[free] = len(start.themes) + (labels if terms is None else self_trained(terms, rows, labels))
    return places


def _growth(start: Standing) -> Growth:
    """Return one split per run, more when the room has more than doubled."""
    size, new = len(start.seen), int((~start.seen).sum())
    return Growth(usual_count(size), ceil(new / max(1, size - new)), start.closed)
