"""The rapporteur's queue of ideas to check: in what order, and between which themes each of them hangs."""

from collections.abc import Collection, Iterable, Mapping

from feedback.domain.sorts import SURE, Sort
from feedback.domain.themes import Outlook, Placed

CHOICES = 3


def unsure_ideas(
    supporters: Mapping[str, int],
    places: Mapping[str, Placed],
    sureness: Mapping[str, float],
    locked: Collection[int],
) -> tuple[str, ...]:
    """List the ideas whose place is open, the least sure first, then the most supported.

    `supporters` holds the ideas that are shown, with their supporting votes; `sureness` (0 to 1) those judged. What a
    person placed, what is in a locked theme, and what no run has judged is not asked.
    """
    unsure = [
        idea_id
        for idea_id in supporters
        if sureness.get(idea_id, 1.0) < SURE
        and not places.get(idea_id, Placed(None)).pinned
        and places.get(idea_id, Placed(None)).theme not in locked
    ]
    return tuple(sorted(unsure, key=lambda idea_id: (sureness[idea_id], -supporters[idea_id], idea_id)))


def likely_themes(
    place: Placed, outlook: Outlook, said: Mapping[int | None, int], standing: Mapping[int, int]
) -> tuple[int, ...]:
    """Return up to three themes that an idea may belong to, the likeliest first, and where it stands if that is none.

    What people say of it (theme to number of sorts) comes before what the run thinks, then the place where it stands,
    then the largest themes (`standing`: number to size); what is barred to it is left out.
    """
    prior = dict(outlook.prior)
    themes = [number for number in standing if number not in place.barred]
    themes.sort(
        key=lambda number: (
            -said.get(number, 0),
            -prior.get(number, 0.0),
            number != place.theme,
            -standing[number],
            number,
        )
    )
    # Whoever finds it in its place must be able to say so.
    stays = [place.theme] if place.theme in themes[CHOICES:] else []
    return (*themes[:CHOICES], *(number for number in stays if number is not None))


def counted(sorts: Iterable[Sort], homes: Mapping[int, int]) -> dict[str, dict[int | None, int]]:
    """Count the sorts of each idea by theme (None = none of them).

    `homes` leads from each theme to what it is now; a sort for a theme that is not among them does not count.
    """
    out: dict[str, dict[int | None, int]] = {}
    for sort in sorts:
        if sort.theme is not None and sort.theme not in homes:
            continue
        spot = None if sort.theme is None else homes[sort.theme]
        of_idea = out.setdefault(sort.idea, {})
        of_idea[spot] = of_idea.get(spot, 0) + 1
    return out


def homes_of(merged: Mapping[int, int | None], standing: Collection[int]) -> dict[int, int]:
    """Return for each theme the standing one that it is now: itself, or what it was merged into, step by step."""
    out = {}
    for number in merged:
        seen, now = {number}, number
        while (into := merged.get(now)) is not None and into not in seen:
            seen.add(into)
            now = into
        if now in standing:
            out[number] = now
    return out
