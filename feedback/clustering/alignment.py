"""Themes of different conversations that are the same subject, told by their ideas and by the names people gave."""

from collections.abc import Sequence, Set
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.preprocessing import normalize as unit_rows
from threadpoolctl import threadpool_limits

from feedback.clustering.embedders import Embedder
from feedback.clustering.measuring import Measured, measured
from feedback.clustering.text import fold, normalise
from feedback.clustering.vectors import Rows
from feedback.domain.alignments import Aligned, Groups, Member, ThemeText, tidy
from feedback.domain.themes import IdeaText

Likeness = NDArray[np.float64]
Pairs = Set[frozenset[Member]]

NAMED = 0.5  # weight of a person's name beside the ideas of the theme
LEAST = 0.4  # likeness below which two themes are never one subject
APART = 2.0  # standard deviations above the likeness of different subjects, from which two themes may be one
NONE: Pairs = frozenset()


def align_themes(
    themes: Sequence[ThemeText],
    *,
    same: Pairs = NONE,
    apart: Pairs = NONE,
    stop_texts: Sequence[str] = (),
    embedder: Embedder | None = None,
    seed: int = 0,
) -> Aligned:
    """Return groups of themes that are the same subject, each of themes of two conversations at least; and by what.

    No theme is in two groups, and no group has two themes of one conversation unless people put them together. Same
    themes, decisions and seed give the same groups, in whatever order the themes come.

    Parameters
    ----------
    themes : sequence of ThemeText
        Of all conversations. Themes without ideas count by their names.
    same, apart : sets of pairs
        What people decided; always kept, `same` before `apart` where they contradict each other.
    stop_texts : sequence of str
        Titles and prompts of the conversations.
    embedder : Embedder, optional
        What measures meaning; words alone where there is none or it fails.
    seed : int
        Of the decomposition's random start.
    """
    ordered = sorted(themes, key=lambda theme: theme.member)
    if len({theme.member.conversation for theme in ordered}) < 2:
        return Aligned()
    with threadpool_limits(limits=1):
        room = measured(_texts_of(ordered), stop_texts, embedder, seed)
        likeness = likeness_of(ordered, room)
    groups = grouped([theme.member for theme in ordered], likeness, same | (_namesakes(ordered) - apart), apart)
    return Aligned(groups, room.embedder, room.problem)


def _texts_of(themes: Sequence[ThemeText]) -> list[IdeaText]:
    """List all ideas of all conversations, and people's names for their themes, as one room."""
    texts = [IdeaText(_key(theme, idea), idea.text, idea.lang) for theme in themes for idea in theme.ideas]
    named = [theme for theme in themes if theme.named_by_person or not theme.ideas]
    return texts + [IdeaText(_key(theme), f"{theme.name} {theme.description}") for theme in named]


def likeness_of(themes: Sequence[ThemeText], room: Measured) -> Likeness:
    """Return the cosine of each two themes (m, m), all ideas of all conversations measured as one room.

    A theme is the middle of its ideas and of a person's name for it. What all themes have in common is taken away: in
    a conference about culture "culture" makes no two themes alike.
    """
    rows, places = room.vectors.rows, {key: at for at, key in enumerate(room.room.ids)}
    size = len(themes)
    centres = np.zeros((size, rows.shape[1]))
    for at, theme in enumerate(themes):
        members = [places[_key(theme, idea)] for idea in theme.ideas]
        if members:
            centres[at] = rows[members].mean(axis=0)
        if _key(theme) in places:
            centres[at] += NAMED * rows[places[_key(theme)]]
    centres = unit_rows(centres)
    # Where there are two themes only, what they have in common is all that can make them one subject.
    centres -= (1 - 2 / size) * centres.mean(axis=0)
    unit: Rows = unit_rows(centres)
    return np.round(unit @ unit.T, 9)


def grouped(members: Sequence[Member], likeness: Likeness, same: Pairs, apart: Pairs) -> Groups:
    """Return themes joined by average linkage, the most alike first, as far as likeness means something."""
    groups = _joined_by_people(members, same)
    least = _least(members, likeness, same, apart)
    member_of = np.zeros((len(groups), len(members)))
    for at, group in enumerate(groups):
        member_of[at, group] = 1 / len(group)
    means = member_of @ likeness @ member_of.T
    barred = _barred(groups, members, apart)
    while len(groups) > 1:
        open_pairs = np.where(np.triu(~barred, 1), np.round(means, 9), -np.inf)
        one, other = (int(at) for at in np.unravel_index(open_pairs.argmax(), open_pairs.shape))
        if open_pairs[one, other] < least:
            break
        shares = np.array([len(groups[one]), len(groups[other])]) / (len(groups[one]) + len(groups[other]))
        means[one] = shares @ means[[one, other]]
        means[:, one] = means[one]
        barred[one] |= barred[other]
        barred[:, one] = barred[one]
        groups[one] += groups.pop(other)
        means = np.delete(np.delete(means, other, 0), other, 1)
        barred = np.delete(np.delete(barred, other, 0), other, 1)
    return tidy([members[at] for at in group] for group in groups)


def _namesakes(themes: Sequence[ThemeText]) -> set[frozenset[Member]]:
    """Return the pairs of themes of two conversations that people gave one name: that is their word."""
    names = {theme.member: fold(normalise(theme.name)) for theme in themes if theme.named_by_person}
    return {
        frozenset((one, other))
        for one, other in combinations(names, 2)
        if one.conversation != other.conversation and names[one] == names[other] != ""
    }


def _key(theme: ThemeText, idea: IdeaText | None = None) -> str:
    # Two conversations may number their ideas alike.
    return f"{theme.member.conversation:09}:{theme.member.theme:06}:{idea.id if idea else ''}"


def _least(members: Sequence[Member], likeness: Likeness, same: Pairs, apart: Pairs) -> float:
    """Return the likeness from which two themes count as one subject.

    Themes of one conversation are different subjects, and so are those that people took apart: how alike they are
    tells how alike different subjects are in this conference.
    """
    unlike = []
    for one, other in combinations(range(len(members)), 2):
        pair = frozenset((members[one], members[other]))
        if pair in apart or (members[one].conversation == members[other].conversation and pair not in same):
            unlike.append(likeness[one, other])
    return max(LEAST, float(np.mean(unlike) + APART * np.std(unlike))) if unlike else LEAST


def _joined_by_people(members: Sequence[Member], same: Pairs) -> list[list[int]]:
    at = {member: index for index, member in enumerate(members)}
    links = np.zeros((len(members), len(members)))
    for pair in same:
        if all(member in at for member in pair):
            one, other = (at[member] for member in pair)
            links[one, other] = 1
    _, labels = connected_components(csr_matrix(links), directed=False)
    return [np.flatnonzero(labels == label).tolist() for label in dict.fromkeys(labels.tolist())]


def _barred(groups: Sequence[Sequence[int]], members: Sequence[Member], apart: Pairs) -> NDArray[np.bool_]:
    """Tell which groups must not become one: they share a conversation, or people took themes of them apart."""
    homes = np.array([member.conversation for member in members])
    clash = homes[:, None] == homes
    at = {member: index for index, member in enumerate(members)}
    for pair in apart:
        if all(member in at for member in pair):
            one, other = (at[member] for member in pair)
            clash[one, other] = clash[other, one] = True
    return np.array([[bool(clash[np.ix_(one, other)].any()) for other in groups] for one in groups], dtype=np.bool_)
