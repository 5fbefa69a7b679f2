"""Where ideas stand before a run: where the last one left them, where people put them, and where they sort them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from feedback.clustering.clusters import Labels
from feedback.clustering.drawing import TINY, Likeness
from feedback.clustering.measuring import Measured
from feedback.clustering.refine import NOWHERE, Mask
from feedback.clustering.room import Room
from feedback.clustering.sorting import Said, Shares
from feedback.clustering.vectors import Vectors
from feedback.domain.sorts import SURE, Sort
from feedback.domain.themes import ENOUGH_FOR_THEMES, Theme, ThemeSet

CALLED = 0.1  # likeness to a name, in words, from which an idea that nobody has placed or sorted may go there
CALLED_BY_MEANING = 0.3  # the same where an embedder measures: everything is a little like everything
DRAWN = 0.5  # and the share that this theme must have, beside all others


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the ideas stand before the run.

    `themes` are carried on from the last run, by index; `places` holds one of these indexes or NOWHERE per idea.
    `barred` (n, k) are the themes that an idea does not go to by itself. `grouped`: a run has grouped the room before.
    `fresh` are the ideas of which no full run has asked yet what they mean for the themes.
    """

    themes: tuple[Theme, ...]
    places: Labels
    fixed: Mask
    seen: Mask
    barred: Mask
    grouped: bool
    fresh: Mask

    @property
    def closed(self) -> frozenset[int]:
        """The indexes of themes that a person named, described or locked: they are neither split nor dissolved."""
        return frozenset(index for index, theme in enumerate(self.themes) if theme.meant or theme.locked)

    @property
    def called(self) -> bool:
        """Whether a person has named or described any theme."""
        return any(theme.meant for theme in self.themes)

    @property
    def starters(self) -> Mask:
        """Which themes somebody has named or described that no idea is in yet."""
        return np.array([theme.meant and not theme.ideas for theme in self.themes], dtype=np.bool_)

    @property
    def decided(self) -> Labels:
        """Where people of the crew put ideas: the theme's index, one past the last for none, -1 for all other ideas."""
        return np.where(self.fixed, self.columns, -1)

    @property
    def columns(self) -> Labels:
        """The column of the shares in which each idea stands: its theme's, or the last one for none."""
        return np.where(self.places == NOWHERE, len(self.themes), self.places)


def standing_of(
    room: Room, earlier: ThemeSet, pins: Mapping[str, int | None], barred: Mapping[str, frozenset[int]]
) -> Standing:
    """Return where the last run and the crew left the ideas; what a locked theme holds stays as if it were placed."""
    theme_of: dict[str, int | None] = dict.fromkeys(earlier.leftovers)
    theme_of.update((idea, theme.id) for theme in earlier.themes for idea in theme.ideas)
    here = {idea: pins[idea] if idea in pins else theme_of.get(idea) for idea in room.ids}
    wanted = {theme_id for theme_id in here.values() if theme_id is not None}
    themes = [theme for theme in earlier.themes if theme.id in wanted or theme.meant or theme.locked]
    # A pin outlives its theme: what a person placed comes back as a theme of that id.
    themes += [Theme(theme_id, "") for theme_id in sorted(wanted - {theme.id for theme in themes})]
    index_of: dict[int | None, int] = {theme.id: index for index, theme in enumerate(themes)} | {None: NOWHERE}
    places = np.array([index_of[here[idea]] for idea in room.ids], dtype=np.int64)
    locked = np.array([theme.locked for theme in themes], dtype=np.bool_)
    out_of = np.array(
        [[theme.id in barred.get(idea, ()) for theme in themes] for idea in room.ids], dtype=np.bool_
    ).reshape(len(room.ids), len(themes))
    fixed = np.array([idea in pins for idea in room.ids], dtype=np.bool_) | np.append(locked, False)[places]
    seen = np.array([idea in pins or idea in theme_of for idea in room.ids], dtype=np.bool_)
    unread = set(earlier.unread)
    fresh = ~seen | np.array([idea in unread for idea in room.ids], dtype=np.bool_)
    return Standing(
        tuple(themes),
        places,
        fixed,
        seen,
        out_of | (locked & (places[:, None] != np.arange(len(themes)))),
        _was_grouped(places, fixed, seen, earlier.grouped),
        fresh,
    )


def _was_grouped(places: Labels, fixed: Mask, seen: Mask, known: bool | None) -> bool:
    """Tell whether a run has grouped the room before; where that is not `known`, by where the ideas stand.

    Names and sorts may have drawn some ideas before any grouping; a grouping leaves over hardly one. Where it found
    nothing to group, it is still to come.
    """
    if known is not None:
        return known and bool((places[seen] != NOWHERE).any())
    free = seen & ~fixed
    return bool(seen.sum() >= ENOUGH_FOR_THEMES and 2 * (free & (places != NOWHERE)).sum() > free.sum())


def before_any_grouping(start: Standing) -> Standing:
    """Return where the ideas stand for a first grouping: what people placed stays, all else is new to it.

    Runs may have drawn ideas to names before; in a few ideas that says little of what the name is about.
    """
    return replace(start, seen=start.fixed, fresh=~start.fixed, places=np.where(start.fixed, start.places, NOWHERE))


def said_of(room: Room, themes: Sequence[Theme], sorts: Sequence[Sort]) -> tuple[Said, list[str]]:
    """Return the sorts as columns, and who the participants are: of one and the same idea their last word."""
    ideas = {idea: at for at, idea in enumerate(room.ids)}
    answers: dict[int | None, int] = {theme.id: at for at, theme in enumerate(themes)}
    answers[None] = len(themes)
    last = {(sort.participant, sort.idea): sort.theme for sort in sorts if sort.idea in ideas and sort.theme in answers}
    people = sorted({name for name, _ in last})
    number = {name: at for at, name in enumerate(people)}
    rows = sorted((number[name], ideas[idea], answers[theme]) for (name, idea), theme in last.items())
    return Said(*np.array(rows, dtype=np.int64).reshape(-1, 3).T), people


def names_of(found: Measured, themes: Sequence[Theme]) -> Vectors:
    """Return what people called the themes and say of them, measured as if it were ideas; nothing for other themes."""
    return found.names([f"{one.name if one.named_by_person else ''} {one.description}".strip() for one in themes])


def named(found: Measured, start: Standing, known: Mask, names: Vectors) -> Likeness:
    """Return how the ideas lie to the themes: to what people called each one, and to the ideas that it holds.

    An idea itself is left out of its theme, and what is `known`, by the crew or by sorts, speaks for it elsewhere.
    """
    vectors = found.vectors
    rows = names.rows.copy()
    near = to_names(vectors, names)
    for at in range(len(start.themes)):
        members = np.flatnonzero((start.places == at) & ~known)
        if len(members):
            rows[at] = normalize((rows[at] + vectors.rows[members].sum(axis=0))[None])[0]
            near[:, at] = np.maximum(near[:, at], _nearness_to(vectors, members))
    return Likeness(vectors.rows, rows, near)


def least_call(vectors: Vectors) -> float:
    """Return the likeness to a name from which it calls an idea."""
    return CALLED_BY_MEANING if vectors.dense else CALLED


def to_names(vectors: Vectors, names: Vectors) -> NDArray[np.float64]:
    """Return the cosine (n, k) of ideas to names: by words and letters, which are few and not to be squeezed, if any.

    Where an embedder measures, by meaning.
    """
    if vectors.dense:
        return np.asarray(vectors.rows @ names.rows.T)
    return np.asarray((vectors.terms @ names.terms.T).toarray())


def _nearness_to(vectors: Vectors, members: Labels) -> NDArray[np.float64]:
    """Return the cosine of each idea to the centre of these members, each member itself left out."""
    rows = vectors.rows if vectors.dense else vectors.terms
    total = np.asarray(rows[members].sum(axis=0)).ravel()
    raw = np.asarray(rows @ total).ravel()
    own = np.zeros(len(raw))
    own[members] = np.square(rows[members]).sum(axis=1) if vectors.dense else _squares(rows[members])
    length = np.sqrt(np.maximum(float(total @ total) - 2 * raw * (own > 0) + own, TINY))
    near: NDArray[np.float64] = (raw - own) / length
    return near


def _squares(terms: csr_matrix) -> NDArray[np.float64]:
    return np.asarray(terms.power(2).sum(axis=1)).ravel()


def sorted_in(
    start: Standing, likeness: Likeness, shares: Shares, said: Said, *, least: float, keep: bool = False
) -> Standing:
    """Return where the ideas stand once sorts have moved those that were sorted, and names have drawn others.

    A name draws ideas that no run has placed. To a theme that nothing is in yet it also draws those that one has: what
    the machine made of them gives way, what people named stands beside it. `least` is the likeness that this takes;
    with `keep` a name moves nothing that a run has placed.
    """
    best = shares.argmax(axis=1)
    sorted_ones = np.zeros(len(best), dtype=np.bool_)
    sorted_ones[said.ideas] = True
    sorted_ones &= ~start.fixed
    called = ~start.seen & ~sorted_ones & _calls(likeness, shares, best, least)
    by_people = np.array([theme.meant for theme in start.themes], dtype=np.bool_)
    rivals = np.where(np.append(by_people, False), shares, 0.0)
    rivals[:, :-1][start.barred] = 0.0
    other = rivals.argmax(axis=1)
    free = start.seen & (not keep) & ~start.fixed & ~sorted_ones & ~np.append(by_people, False)[start.columns]
    moved = free & np.append(start.starters, False)[other]
    moved &= _calls(likeness, rivals / np.maximum(rivals.sum(axis=1, keepdims=True), TINY), other, least)
    there = np.where(moved, other, best)
    return replace(
        start,
        places=np.where(
            sorted_ones | called | moved, np.where(there < len(start.themes), there, NOWHERE), start.places
        ),
        fixed=start.fixed | sorted_ones,
        seen=start.seen | sorted_ones | called,
    )


def _calls(likeness: Likeness, shares: Shares, best: Labels, least: float) -> Mask:
    """Return whether each idea is drawn to its best place: like its name, and to no other nearly as much."""
    at = np.arange(len(best))
    near = np.hstack([likeness.to_names, np.zeros((len(best), 1))])[at, best]
    drawn: Mask = (near > least) & (shares[at, best] >= DRAWN)
    return drawn


def unsure_of(room: Room, start: Standing, shares: Shares) -> tuple[str, ...]:
    """Return the ideas that nobody of the crew placed and whose place is not clear, the least clear one first."""
    sureness = shares.max(axis=1)
    order = sorted(np.flatnonzero((sureness < SURE) & ~start.fixed), key=lambda at: (sureness[at], room.ids[at]))
    return tuple(room.ids[at] for at in order)
