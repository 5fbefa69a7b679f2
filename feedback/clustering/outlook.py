"""What a run thinks of its own result: how probable each idea's place is, why it is there, and how firm themes are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from feedback.clustering.drawing import Drawn, drawn
from feedback.clustering.firmness import firmness_of
from feedback.clustering.measuring import Measured
from feedback.clustering.reasons import held_everywhere, shared_terms
from feedback.clustering.refine import NOWHERE, Mask
from feedback.clustering.regrouping import regrouped
from feedback.clustering.sorting import Said
from feedback.clustering.standing import Standing, named, names_of, said_of, unsure_of
from feedback.domain.sorts import Sort
from feedback.domain.themes import MergeProposal, Outlook, Theme, ThemeSet

SMALL = 0.01  # shares below this are not told
CONFUSED = 5  # sorts that take two themes for each other, from which they may be one
CONFUSED_SHARE = 0.25  # and their share of all sorts of ideas in the two


def looked_back(
    found: ThemeSet, seen: Measured, start: Standing, sorts: Sequence[Sort], *, quick: bool, seed: int
) -> ThemeSet:
    """Return the themes with outlooks, reliability, firmness and what may be merged.

    Parameters
    ----------
    found : ThemeSet
        The run's themes.
    seen : Measured
        The room.
    start : Standing
        Where the crew had put ideas, and what is barred; by the themes before the run.
    sorts : sequence of Sort
        What participants say.
    quick : bool
        What the words tell of how firm themes are is not asked again.
    seed : int
        Of the judging.
    """
    if not found.themes:
        return found
    end = _end_of(found, seen, start)
    said, people = said_of(seen.room, end.themes, sorts)
    known = end.fixed.copy()
    known[said.ideas] = True
    view = drawn(named(seen, end, known, names_of(seen, end.themes)), said, end.decided, end.barred)
    sureness = view.shares[np.arange(len(end.places)), end.columns]
    told = None if quick else firmness_of(seen.room.words, end.places, seed=seed)
    by_words = [theme.by_words if told is None else told.get(at) for at, theme in enumerate(found.themes)]
    themes = tuple(
        replace(theme, by_words=share, firmness=_firmness(share, known, sureness, end.places == at))
        for at, (theme, share) in enumerate(zip(found.themes, by_words, strict=True))
    )
    # Whoever looks again at what they know already is not told twice that it could be otherwise.
    search = bool(start.themes) and start.fresh.any() and not quick and not seen.problem
    return replace(
        found,
        themes=themes,
        regroup=regrouped(seen, end.places, known, seed=seed) if search else None,
        unsure=unsure_of(seen.room, end, view.shares) if len(said.ideas) or end.called else None,
        outlooks=_outlooks(seen, end, view, sureness),
        reliability=dict(zip(people, view.right.tolist(), strict=True)),
        merges=_confused(themes, end, said),
    )


def _end_of(found: ThemeSet, seen: Measured, start: Standing) -> Standing:
    """Return where the run leaves the ideas, as `start` tells where it took them up."""
    column = {theme.id: at for at, theme in enumerate(start.themes)}
    index = {idea: at for at, theme in enumerate(found.themes) for idea in theme.ideas}
    size = len(seen.room.ids)
    barred = np.zeros((size, len(found.themes)), dtype=np.bool_)
    for at, theme in enumerate(found.themes):
        if theme.id in column:
            barred[:, at] = start.barred[:, column[theme.id]]
    places = np.array([index.get(idea, NOWHERE) for idea in seen.room.ids], dtype=np.int64)
    return replace(start, themes=found.themes, places=places, seen=np.ones(size, dtype=np.bool_), barred=barred)


def _firmness(by_words: float | None, known: Mask, sureness: NDArray[np.float64], members: Mask) -> float | None:
    """Return the mean over a theme's ideas: of what people decided how sure it is, of the rest what words tell."""
    if by_words is None:
        return None
    decided = members & known
    if not members.any():
        return 0.0
    total = float(sureness[decided].sum()) + by_words * int((members & ~known).sum())
    return round(total / int(members.sum()), 4)


def _outlooks(seen: Measured, end: Standing, view: Drawn, sureness: NDArray[np.float64]) -> dict[str, Outlook]:
    ids: list[int | None] = [*(theme.id for theme in end.themes), None]
    terms = _terms_of(seen, end)
    order = np.argsort(-view.prior, axis=1, kind="stable").tolist()
    prior = np.round(view.prior, 4).tolist()
    told = [
        tuple((ids[to], shares[to]) for to in columns if shares[to] >= SMALL)
        for columns, shares in zip(order, prior, strict=True)
    ]
    sure = np.round(sureness, 4).tolist()
    return {idea: Outlook(told[at], sure[at], terms.get(at, ())) for at, idea in enumerate(seen.room.ids)}


def _terms_of(seen: Measured, end: Standing) -> dict[int, tuple[str, ...]]:
    everywhere = held_everywhere(seen.room.words)
    found: dict[int, tuple[str, ...]] = {}
    for at in range(len(end.themes)):
        members = np.flatnonzero(end.places == at).tolist()
        found.update(zip(members, shared_terms(seen.room.words, members, everywhere), strict=True))
    return found


def _confused(themes: Sequence[Theme], end: Standing, said: Said) -> tuple[MergeProposal, ...]:
    """Return the pairs of themes that people keep taking for each other; what somebody locked is left out."""
    none = len(themes)
    stood = end.places[said.ideas]
    open_to = (stood != NOWHERE) & (said.answers != none) & (said.answers != stood)
    crossing = Counter(
        (min(one, other), max(one, other))
        for one, other in zip(stood[open_to].tolist(), said.answers[open_to].tolist(), strict=True)
    )
    about = Counter(stood.tolist())
    return tuple(
        MergeProposal(*_larger_first(themes[one], themes[other]), confused=count)
        for (one, other), count in sorted(crossing.items(), key=lambda item: (-item[1], item[0]))
        if count >= CONFUSED
        and count >= CONFUSED_SHARE * (about[one] + about[other])
        and not (themes[one].locked or themes[other].locked)
    )


def _larger_first(one: Theme, other: Theme) -> tuple[int, int]:
    """Return the ids of two themes: the one that takes the other in first."""
    first, second = sorted((one, other), key=lambda theme: (not theme.named_by_person, -len(theme.ideas), theme.id))
    return first.id, second.id
