"""The console's list of ideas: what of it is shown, as the address says, and the way back to it after a form."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from feedback.domain.ideas import IDEAS_IN_ALL
from feedback.domain.tally import order_of
from feedback.store.ideas import Idea
from feedback.store.programme import Conversation, Prompt
from feedback.web.crew import searched, shown_idea

IDEAS_ON_A_PAGE = 50
QUERY_LIMIT = 200


def idea_list(conversation: Conversation, shown: Sequence[Idea], rows: Mapping[int, Prompt]) -> dict[str, Any]:
    """Return the part of the ideas that the address asks for, and where more of them are."""
    query, sort, length = _query(), _sort(), _length()
    fits = searched(shown, query)
    fits.sort(key=by_votes if sort == "top" else (lambda idea: -idea.number))
    more = None
    if len(fits) > length:
        longer = length + 2 * IDEAS_ON_A_PAGE
        more = url_for("facilitator.page", code=conversation.code, q=query or None, sort=sort, show=longer)
    ideas = [shown_idea(idea, rows) for idea in fits[:length]]
    return {"ideas": ideas, "found": len(fits), "query": query, "sort": sort, "more": more}


def back_to_console(conversation: Conversation, place: str) -> Response:
    """Answer a form with the console, its list as it was shown; of the address nothing else is repeated."""
    kept: dict[str, Any] = {"q": _query() or None}
    if "sort" in request.args:
        kept["sort"] = _sort()
    if "show" in request.args:
        kept["show"] = _length()
    return redirect(url_for("facilitator.page", code=conversation.code, _anchor=place, **kept), 303)


def by_votes(idea: Idea) -> tuple[int, int, int]:
    """Order ideas by their votes, the most supported first."""
    return order_of(idea.agree, idea.disagree, idea.number)


def _query() -> str:
    return request.args.get("q", "").strip()[:QUERY_LIMIT]


def _sort() -> str:
    return "top" if request.args.get("sort") == "top" else "new"


def _length() -> int:
    return min(max(request.args.get("show", IDEAS_ON_A_PAGE, type=int), 1), IDEAS_IN_ALL)
