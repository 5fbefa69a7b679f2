"""A theme in two parts, when somebody asks: the machine suggests them, people split."""

from collections.abc import Collection

import numpy as np

from feedback.clustering.clusters import Labels
from feedback.clustering.describing import beginning_of
from feedback.clustering.labels import Label, theme_labels
from feedback.clustering.measuring import Measured
from feedback.clustering.refine import halves
from feedback.clustering.representatives import representatives_of
from feedback.domain.themes import ENOUGH_TO_SPLIT, SplitProposal, Theme, ThemeSet

LEAST = 2  # ideas that each part must have


def suggested_splits(
    found: ThemeSet, seen: Measured, wanted: Collection[int], *, seed: int
) -> tuple[SplitProposal, ...]:
    """Return two parts of each wanted theme that stands; what somebody locked is passed over.

    Parameters
    ----------
    found : ThemeSet
        The run's themes.
    seen : Measured
        The room.
    wanted : collection of int
        Ids of themes.
    seed : int
        Same room, themes and seed, same parts.
    """
    at = {idea: number for number, idea in enumerate(seen.room.ids)}
    groups = {theme.id: np.array([at[idea] for idea in theme.ideas], dtype=np.int64) for theme in found.themes}
    chosen = [theme for theme in found.themes if theme.id in wanted and not theme.locked]
    return tuple(_split(theme, groups, seen, seed) for theme in chosen)


def _split(theme: Theme, groups: dict[int, Labels], seen: Measured, seed: int) -> SplitProposal:
    members = np.sort(groups[theme.id])
    if len(members) < ENOUGH_TO_SPLIT:
        return SplitProposal(theme.id)
    parts = halves(seen.vectors.rows, members, seed=seed)
    if min(len(part) for part in parts) < LEAST:
        return SplitProposal(theme.id)
    others = [group.tolist() for number, group in sorted(groups.items()) if number != theme.id]
    labels = theme_labels(seen.room.words, seen.room.languages, [*others, *(part.tolist() for part in parts)])[-2:]
    return SplitProposal(
        theme.id,
        tuple(tuple(seen.room.ids[one] for one in part) for part in parts),
        tuple(_name(label, part.tolist(), seen) for label, part in zip(labels, parts, strict=True)),
    )


def _name(label: Label, part: list[int], seen: Measured) -> str:
    if label.name:
        return label.name
    typical = representatives_of(part, seen.vectors.rows, seen.room.words, seen.twins())
    return beginning_of(seen.room.texts[typical[0]])
