"""Theme edits as values: states of some themes and ideas, which an edit makes and which undo it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from feedback.domain.themes import Placed


@dataclass(frozen=True, slots=True)
class ThemeState:
    """What people may change about a theme: `merged_into` and `split_from` are numbers of other themes."""

    name: str
    named_by_person: bool
    description: str = ""
    locked: bool = False
    standing: bool = True
    merged_into: int | None = None
    split_from: int | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """A state of some themes, by number, and of the places of some ideas.

    `names` holds (name, named by a person), `standing` (stands, the number that it is merged into), `merged` the idea
    that an idea is merged into (None = it stands for itself), `offers` the states of proposals by their ids.
    """

    names: Mapping[int, tuple[str, bool]] = field(default_factory=dict)
    about: Mapping[int, str] = field(default_factory=dict)
    locked: Mapping[int, bool] = field(default_factory=dict)
    standing: Mapping[int, tuple[bool, int | None]] = field(default_factory=dict)
    places: Mapping[str, Placed] = field(default_factory=dict)
    merged: Mapping[str, str | None] = field(default_factory=dict)
    offers: Mapping[int, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Write it down; numbers become strings, as JSON wants them."""
        content = {
            "names": dict(self.names),
            "about": dict(self.about),
            "locked": dict(self.locked),
            "standing": dict(self.standing),
            "places": {
                idea_id: [place.theme, place.pinned, sorted(place.barred), place.edit]
                for idea_id, place in self.places.items()
            },
            "merged": dict(self.merged),
            "offers": dict(self.offers),
        }
        return json.dumps({name: part for name, part in content.items() if part}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Patch":
        """Read it back. The first edits ever kept had no more than names, standing, and a place's theme and pin."""
        content: dict[str, dict[str, Any]] = json.loads(text)
        return cls(
            names={int(number): (name, by_person) for number, (name, by_person) in content.get("names", {}).items()},
            about={int(number): words for number, words in content.get("about", {}).items()},
            locked={int(number): locked for number, locked in content.get("locked", {}).items()},
            standing={int(number): (stands, into) for number, (stands, into) in content.get("standing", {}).items()},
            places={idea_id: _place(*parts) for idea_id, parts in content.get("places", {}).items()},
            merged=content.get("merged", {}),
            offers={int(number): state for number, state in content.get("offers", {}).items()},
        )

    @property
    def removed(self) -> frozenset[int]:
        """The themes that it takes away without giving their ideas to another one."""
        return frozenset(number for number, (stands, into) in self.standing.items() if not stands and into is None)


def signed(patch: Patch, edit: int) -> Patch:
    """Return the patch with the id of its edit on every idea that it pins."""
    places = {
        idea_id: replace(place, edit=edit) if place.pinned and place.edit is None else place
        for idea_id, place in patch.places.items()
    }
    return replace(patch, places=places)


def whole(patch: Patch, themes: Mapping[int, ThemeState], places: Mapping[str, Placed]) -> Patch:
    """Return the patch with what follows from it, since runs may have changed things after it was made.

    Ideas that came into a theme that it takes away go where the others go; a theme that a run has dissolved comes back
    with its ideas, its person's name or its lock.
    """
    heirs = {
        number: into if into is not None else themes[number].split_from
        for number, (stands, into) in patch.standing.items()
        if not stands and number in themes
    }
    strays = {
        idea_id: replace(place, theme=heirs[place.theme])
        for idea_id, place in places.items()
        if idea_id not in patch.places and place.theme is not None and heirs.get(place.theme) is not None
    }
    everywhere = strays | dict(patch.places)
    kept = {number for number, (_, by_person) in patch.names.items() if by_person}
    kept |= {number for number, locked in patch.locked.items() if locked}
    wanted = {place.theme for place in everywhere.values() if place.theme is not None} | kept
    wanted -= patch.standing.keys()
    back = {
        number: (True, None)
        for number in sorted(wanted & themes.keys())
        if not themes[number].standing and themes[number].merged_into is None
    }
    return replace(patch, standing=back | dict(patch.standing), places=everywhere)


def state_under(patch: Patch, themes: Mapping[int, ThemeState], places: Mapping[str, Placed]) -> Patch:
    """Return the present state of just what the patch changes: what takes it back.

    What is in a theme that somebody has taken back is in none: going back there would bring the theme back.
    """
    gone = {number for number, theme in themes.items() if not theme.standing and theme.merged_into is None}

    def place_of(idea_id: str) -> Placed:
        place = places.get(idea_id, Placed(None))
        return Placed(None, barred=place.barred) if place.theme in gone else place

    return Patch(
        names={number: (themes[number].name, themes[number].named_by_person) for number in patch.names},
        about={number: themes[number].description for number in patch.about},
        locked={number: themes[number].locked for number in patch.locked},
        standing={number: (themes[number].standing, themes[number].merged_into) for number in patch.standing},
        places={idea_id: place_of(idea_id) for idea_id in patch.places},
    )


def _place(theme: int | None, pinned: bool, barred: list[int] | None = None, edit: int | None = None) -> Placed:
    return Placed(theme, pinned, frozenset(barred or ()), edit)
