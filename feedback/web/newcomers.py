"""The conversation's page for somebody who has done nothing here yet: rendered once, given to all who come.

Two thousand people open it within seconds, and their pages differ only in the proof of origin of the forms, the id of
the idea that they may write, and their own number. Those places are marked when the page is rendered and filled in for
each. The numbers beside the hearts may be half a second old; anything else that has changed makes a new page.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from flask import Response, current_app, request
from flask_babel import get_locale
from flask_wtf.csrf import generate_csrf

from feedback.db import reading
from feedback.store.doorway import Doorway, only_votes_since
from feedback.web.pieces import Pieces

#: Seconds that counts of votes may be old.
LAG = 0.5
#: Pages kept: conversations times languages; a server has a few dozen.
KEPT = 300
VARY = "Accept-Encoding, Cookie"


class Blank:
    """What stands in a page where something personal goes. Nobody can guess these, so nobody can write one."""

    csrf = secrets.token_hex(16)
    idea = secrets.token_hex(16)
    participant = secrets.token_hex(16)


_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A rendered page."""

    seq: int
    until: float
    pieces: Pieces


def page_for(found: Doorway, participant_id: int, fresh_id: str, render: Callable[[], tuple[int, str]]) -> Response:
    """Return the page for a newcomer; `render` makes it with blanks and tells the commit number it shows."""
    pages: dict[_Key, Kept] = current_app.extensions.setdefault("feedback.newcomers", {})
    key: _Key = (found.id, str(get_locale()), request.script_root, request.path, found[4:])
    kept = pages.get(key)
    if kept is None or not _is_good(kept, found):
        seq, html = render()
        if len(pages) >= KEPT:
            pages.clear()
        blanks = (Blank.csrf, Blank.idea, Blank.participant)
        kept = pages[key] = Kept(seq, monotonic() + LAG, Pieces(html, blanks))
    values = {
        Blank.csrf: generate_csrf().encode(),
        Blank.idea: fresh_id.encode(),
        Blank.participant: str(participant_id).encode(),
    }
    if not takes_gzip():
        return Response(kept.pieces.plain(values), mimetype="text/html", headers={"Vary": VARY})
    return Response(
        kept.pieces.packed(values), mimetype="text/html", headers={"Content-Encoding": "gzip", "Vary": VARY}
    )


def takes_gzip() -> bool:
    """Tell whether the asker reads gzip."""
    return "gzip" in request.headers.get("Accept-Encoding", "")


def _is_good(kept: Kept, found: Doorway) -> bool:
    if kept.seq >= found.seq:
        return True
    return monotonic() < kept.until and only_votes_since(reading(), found.id, kept.seq)
