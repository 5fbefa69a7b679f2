"""Which ideas a form is about, and where each of them stood when it was chosen.

An idea is sent as its id, behind which "@" and the number of its theme (nothing for the leftovers) say where it stood.
"""

from flask import request

from feedback.domain.facts import BadValue


def chosen_ideas() -> list[str]:
    """Return the ids of the ideas that were chosen."""
    return [said.partition("@")[0] for said in request.form.getlist("idea")]


def where_chosen() -> dict[str, int | None]:
    """Return where the chosen ideas stood, None = among the leftovers; ideas of which that is not said are left out."""
    return {
        idea_id: _number(place)
        for idea_id, said, place in (each.partition("@") for each in request.form.getlist("idea"))
        if said
    }


def _number(place: str) -> int | None:
    if not place:
        return None
    if not (place.isascii() and place.isdigit() and len(place) < 10):
        raise BadValue(field="idea")
    return int(place)
