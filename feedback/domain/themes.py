"""Themes as values: what a theme run returns, and what people may do with it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

ENOUGH_FOR_THEMES = 20  # ideas below which a list is clearer than themes
#: Firmness of a theme from which on it is called firm; an idea's place that is less sure is not firm yet.
FIRM = 0.5
ENOUGH_TO_SPLIT = 6  # ideas of a theme below which the machine suggests no split


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
    `firmness` (0 to 1) tells how far halves of its words, or people, agree on it, and `by_words` how far the words do
    alone; None = not judged.
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
    by_words: float | None = None

    @property
    def meant(self) -> bool:
        """Whether a person has said what it is about: then it stands even without ideas, and draws some."""
        return self.named_by_person or bool(self.description)


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
class SplitProposal:
    """A theme in two parts, the larger first, each with its ideas by id and a suggested name.

    Both are empty where the ideas do not fall into two parts.
    """

    theme: int
    parts: tuple[tuple[str, ...], ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two ideas, by id, that say nearly the same; `closeness` 0 to 1.

    `same`: no content word and no "not" differs, so they count as the same idea. Merging them is for people.
    """

    ideas: tuple[str, str]
    closeness: float
    same: bool


@dataclass(frozen=True, slots=True)
class ThemeSet:
    """All themes of a conversation and the leftovers; every idea stands in exactly one place.

    `unsure`: where people sort or name themes beforehand, the ideas whose place is not clear yet, the least clear one
    first; None where they do neither. `outlooks` holds one entry per idea where there are themes; `reliability` tells
    how often each participant who sorts is right (0 to 1). `embedder` is the id of what measured the ideas; `problem`
    the code of why the one that was asked for did not, "" when all went well. `near_duplicates`: the surest first, as
    few as join all ideas that say nearly the same; None when the run has not looked for them. `splits` are those that
    were asked for.

    Of what comes before a run: `grouped` tells whether a full run has grouped the room; None where nobody knows, then
    it shows in where the ideas stand. `unread` are ideas that no full run has asked yet what they mean for the themes:
    a quick run, or one that could not measure as it was to, has placed them.
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
    near_duplicates: tuple[NearDuplicate, ...] | None = None
    splits: tuple[SplitProposal, ...] = ()
    grouped: bool | None = None
    unread: tuple[str, ...] = ()


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
    stood: Mapping[str, int | None],
) -> dict[str, Placed]:
    """Return what "not here" makes of those ideas that stand in a theme: barred from it, in the next best place.

    By what the last run thought, that is the likeliest of the open themes and the leftovers; else the leftovers.
    `stood` says where ideas were when they were chosen: they are barred from there, and what has moved since stays put.
    """
    open_to = set(open_themes)
    out = {}
    for idea_id in idea_ids:
        place = places.get(idea_id, Placed(None))
        meant = stood.get(idea_id, place.theme)
        if meant is None:
            continue
        barred = place.barred | {meant}
        if meant != place.theme:
            out[idea_id] = replace(place, barred=barred)
            continue
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
    """Tell whether a theme is firm, or an idea's place at least half sure; None = nobody has judged it."""
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
