"""Themes as values: what a theme run returns, and what people may do with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

ENOUGH_FOR_THEMES = 20  # ideas below which a list is clearer than themes
#: Firmness of a theme, or sureness of an idea's place, from which on it is called firm.
FIRM = 0.5


@dataclass(frozen=True, slots=True)
class IdeaText:
    """One idea as the theme engine sees it: its id, its words, and the language they are in (None = unknown)."""

    id: str
    text: str
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Theme:
    """A named group of ideas. `id` is its number within the conversation and is never given to another theme.

    The words of `description` draw ideas as those of a person's name do. `locked`: no run takes ideas in or out.
    `firmness` (0 to 1) tells how far it would come out the same again; None = not judged.
    """

    id: int
    name: str
    named_by_person: bool = False
    terms: tuple[str, ...] = ()
    ideas: tuple[str, ...] = ()
    representatives: tuple[str, ...] = ()
    description: str = ""
    locked: bool = False
    firmness: float | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a run thinks of one idea.

    `prior` is how probable each theme is (None = none of them) without anybody's sorts, the likeliest first; shares
    below a hundredth are left out. `sureness` is the share of the place where the idea stands, after all sorts.
    `shared_terms` are the words that it has in common with its theme, the strongest first.
    """

    prior: tuple[tuple[int | None, float], ...]
    sureness: float
    shared_terms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MergeProposal:
    """Two themes that are hard to tell apart, by their ids; `confused` sorts of the two say the other one."""

    into: int
    other: int
    confused: int = 0


@dataclass(frozen=True, slots=True)
class RegroupProposal:
    """Another grouping that fits the ideas clearly better than the present one, each group's ideas by id.

    `gain` is by how much its modularity is higher.
    """

    groups: tuple[tuple[str, ...], ...]
    gain: float


@dataclass(frozen=True, slots=True)
class ThemeSet:
    """All themes of a conversation and the leftovers; every idea stands in exactly one place.

    `unsure`: where people sort or name themes beforehand, the ideas whose place is not clear yet, the least clear one
    first; None where they do neither. `outlooks` holds one entry per idea where there are themes; `reliability` tells
    how often each participant who sorts is right (0 to 1). `embedder` is the id of what measured the ideas; `problem`
    the code of why the one that was asked for did not, "" when all went well.
    """

    themes: tuple[Theme, ...] = ()
    leftovers: tuple[str, ...] = ()
    next_id: int = 1
    unsure: tuple[str, ...] | None = None
    outlooks: Mapping[str, Outlook] = field(default_factory=dict)
    reliability: Mapping[str, float] = field(default_factory=dict)
    merges: tuple[MergeProposal, ...] = ()
    regroup: RegroupProposal | None = None
    embedder: str = "lexical"
    problem: str = ""


NAME_LIMIT = 120
DESCRIPTION_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an idea stands: its theme (None = leftovers), and whether a person put it there (a pin).

    `barred` are the themes that a person took it out of for good; `edit` is the id of the theme edit that placed it.
    """

    theme: int | None
    pinned: bool = False
    barred: frozenset[int] = frozenset()
    edit: int | None = None


def moved(places: Mapping[str, Placed], idea_ids: Iterable[str], theme: int | None) -> dict[str, Placed]:
    """Return what a person's move makes of these ideas: pinned there, and no longer barred from there."""
    found = {idea_id: places.get(idea_id, Placed(None)) for idea_id in idea_ids}
    return {idea_id: Placed(theme, pinned=True, barred=place.barred - {theme}) for idea_id, place in found.items()}


def pinned(places: Mapping[str, Placed], idea_ids: Iterable[str]) -> dict[str, Placed]:
    """Return what pinning makes of these ideas where they stand; what is pinned already stays as it is."""
    found = {idea_id: places.get(idea_id, Placed(None)) for idea_id in idea_ids}
    return {
        idea_id: place if place.pinned else Placed(place.theme, pinned=True, barred=place.barred)
        for idea_id, place in found.items()
    }


def freed(places: Mapping[str, Placed], idea_ids: Iterable[str]) -> dict[str, Placed]:
    """Return what taking out the pin makes of those ideas that have one."""
    found = {idea_id: places.get(idea_id, Placed(None)) for idea_id in idea_ids}
    return {idea_id: Placed(place.theme, barred=place.barred) for idea_id, place in found.items() if place.pinned}


def kept_out(
    places: Mapping[str, Placed],
    idea_ids: Iterable[str],
    priors: Mapping[str, Mapping[int | None, float]],
    open_themes: Iterable[int],
) -> dict[str, Placed]:
    """Return what "not here" makes of those ideas that stand in a theme: barred from it, in the next best place.

    By what the last run thought, that is the likeliest of the open themes and the leftovers; else the leftovers.
    """
    open_to = set(open_themes)
    out = {}
    for idea_id in idea_ids:
        place = places.get(idea_id, Placed(None))
        if place.theme is None:
            continue
        barred = place.barred | {place.theme}
        shares = {
            spot: share
            for spot, share in priors.get(idea_id, {}).items()
            if spot is None or (spot in open_to and spot not in barred)
        }
        best = max(shares, key=lambda spot: (shares[spot], spot is None, -(spot or 0)), default=None)
        out[idea_id] = Placed(best, barred=barred)
    return out


def members_of(places: Mapping[str, Placed], theme: int) -> tuple[str, ...]:
    """List the ids of the ideas in a theme, in id order."""
    return tuple(sorted(idea_id for idea_id, place in places.items() if place.theme == theme))


def is_firm(share: float | None) -> bool | None:
    """Tell whether a theme, or an idea's place, would come out the same again; None = nobody has judged it."""
    return None if share is None else share >= FIRM


def renumbered(found: ThemeSet, numbers: Mapping[int, int]) -> ThemeSet:
    """Return what a run found with some of its themes under other numbers."""

    def new(number: int) -> int:
        return numbers.get(number, number)

    def outlook(said: Outlook) -> Outlook:
        return replace(said, prior=tuple((None if spot is None else new(spot), share) for spot, share in said.prior))

    return replace(
        found,
        themes=tuple(replace(theme, id=new(theme.id)) for theme in found.themes),
        outlooks={idea_id: outlook(said) for idea_id, said in found.outlooks.items()},
        merges=tuple(replace(merge, into=new(merge.into), other=new(merge.other)) for merge in found.merges),
    )
