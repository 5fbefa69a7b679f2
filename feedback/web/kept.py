"""What a refused form held, for the page that answers it: without a script it is nowhere else."""

from flask import request

#: Fields in which people write. No secret is among them: what a refused form held is shown again.
WRITTEN = ("text", "title", "name", "tagline", "focus", "description", "own", "contact")
#: How our own script asks (`ASKING` in current.ts). Its page still holds what was written, as not saved; the same from
#: here would pass for saved, and the next beat would wipe it away.
_SCRIPT = "text/html"


def written() -> str:
    """Return all that somebody wrote into the form of this request."""
    return "\n\n".join(text for name in WRITTEN for text in request.form.getlist(name) if text.strip())


def refused(endpoint: str, **place: object) -> bool:
    """Tell whether this page answers the form of this address, and has to hold what was in it."""
    if request.method != "POST" or request.headers.get("Accept") == _SCRIPT or request.endpoint != endpoint:
        return False
    return place.items() <= (request.view_args or {}).items()


def typed(field: str, stored: str, endpoint: str, **place: object) -> str:
    """Return what a field shows: what was written into it when its form was refused, else what is stored."""
    return request.form.get(field, stored) if refused(endpoint, **place) else stored


def ticked() -> frozenset[str]:
    """Return the ideas, as forms name them, that were chosen for a deed that was refused."""
    if request.method != "POST" or request.headers.get("Accept") == _SCRIPT:
        return frozenset()
    return frozenset(request.form.getlist("idea"))
