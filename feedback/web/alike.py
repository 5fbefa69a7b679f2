"""Near-duplicates at the desk: pairs beside each other, merged, declared to be different, or left for later; and ideas
that people have chosen themselves.
"""

import json
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext, ngettext
from werkzeug.wrappers import Response

from feedback.actions.merging import keep_apart, merge_alike, merge_ideas, part_ideas
from feedback.db import db, write
from feedback.domain.differences import Piece, pieces_of
from feedback.domain.facts import IdeaGone, NotSeveral, OtherPrompt
from feedback.domain.ideas import root_of
from feedback.domain.roles import Actor, Role
from feedback.domain.tally import order_of
from feedback.store.ideas import ideas_of
from feedback.store.merging import merged_of
from feedback.store.programme import Conversation, prompts_of
from feedback.store.proposals import ALIKE, open_proposals_of
from feedback.web.access import crew_required
from feedback.web.board import Board, keep_whole
from feedback.web.chosen import chosen_ideas
from feedback.web.crew import ShownIdea, frame_of, shown_idea
from feedback.web.desk import back_to_desk
from feedback.web.undoing import say_done

blueprint = Blueprint("alike", __name__, url_prefix="/desk")
blueprint.url_defaults(keep_whole)

#: So many pairs are on the page: the next ones are there before the first is answered.
READY = 4
#: So many ideas may be chosen to be one; their ids travel in an address.
MOST = 20


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two ideas, its words cut where the other one differs, and its theme's name ("" = a leftover)."""

    idea: ShownIdea
    place: str
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two ideas that say nearly the same, the more supported first; `same`: only small words differ."""

    id: int
    same: bool
    sides: tuple[Side, Side]


@dataclass(frozen=True, slots=True)
class Pairs:
    """The near-duplicates: how many, how many of them are put off, and the next ones, the surest first."""

    count: int
    passed: int
    next: tuple[Pair, ...]


def pairs_of(conversation: Conversation, board: Board, passed: int) -> Pairs:
    """Return the near-duplicates on offer; the first `passed` of them are put off, and come again at the end."""
    rows = open_proposals_of(db.session(), conversation.id, ALIKE)
    if not rows:
        return Pairs(0, 0, ())
    merged = merged_of(db.session(), conversation.id)
    found: dict[frozenset[str], tuple[bool, float, int]] = {}
    for row in rows:
        said = json.loads(row.content)
        key = frozenset(root_of(idea_id, merged) for idea_id in said["ideas"])
        if len(key) == 2 and key <= board.listed.keys() and key not in found:
            found[key] = not said["same"], -said["closeness"], row.id
    order = sorted(found, key=lambda key: found[key])
    start = passed if 0 < passed < len(order) else 0
    ready = (_pair(found[key][2], key, board, same=not found[key][0]) for key in order[start : start + READY])
    return Pairs(len(order), start, tuple(ready))


def _pair(number: int, ideas: frozenset[str], board: Board, *, same: bool) -> Pair:
    first, second = sorted((board.shown(idea_id) for idea_id in ideas), key=lambda idea: (-idea.agree, idea.number))
    ours, theirs = pieces_of(first.text, second.text)
    return Pair(
        number, same, (Side(first, board.place_of(first.id), ours), Side(second, board.place_of(second.id), theirs))
    )


@blueprint.post("/<code>/alike/<int:proposal_id>/merge")
@crew_required(Role.RAPPORTEUR)
def merge(conversation: Conversation, actor: Actor, proposal_id: int) -> Response:
    """Merge the two ideas of a pair into the one whose words are kept."""
    write(merge_alike, conversation.id, actor, conversation.id, proposal_id, request.form.get("keep", ""))
    return _done(conversation, actor, gettext("The two ideas are one now. Whoever voted for both counts once."))


@blueprint.post("/<code>/alike/<int:proposal_id>/different")
@crew_required(Role.RAPPORTEUR)
def different(conversation: Conversation, actor: Actor, proposal_id: int) -> Response:
    """Say that the two ideas of a pair are not the same."""
    write(keep_apart, conversation.id, actor, conversation.id, proposal_id)
    return _done(conversation, actor, gettext("These two are not the same; no theme run offers them again."))


@blueprint.post("/<code>/alike/choose")
@crew_required(Role.RAPPORTEUR)
def choose(conversation: Conversation, actor: Actor) -> Response:  # noqa: ARG001
    """Take the chosen ideas to the page that asks whose words stay."""
    ideas = chosen_ideas()
    _chosen(conversation, ideas)
    return redirect(url_for(".same", code=conversation.code, idea=ideas), 303)


@blueprint.get("/<code>/alike/same")
@crew_required(Role.RAPPORTEUR)
def same(conversation: Conversation, actor: Actor) -> str:
    """Ask which of the chosen ideas stands for the others."""
    ideas = _chosen(conversation, request.args.getlist("idea"))
    return render_template("rapporteur/same.html", ideas=ideas, **frame_of(conversation, actor))


@blueprint.post("/<code>/alike/same")
@crew_required(Role.RAPPORTEUR)
def merge_chosen(conversation: Conversation, actor: Actor) -> Response:
    """Let one of the chosen ideas stand for the others."""
    ideas, keep = chosen_ideas(), request.form.get("keep", "")
    _chosen(conversation, ideas)
    others = [idea for idea in ideas if idea != keep]
    write(merge_ideas, conversation.id, actor, conversation.id, keep, *others)
    count = len(others) + 1
    said = ngettext(
        "%(num)s idea is one now.", "%(num)s ideas are one now. Whoever voted for several counts once.", count
    )
    return _done(conversation, actor, said, "bar")


@blueprint.post("/<code>/ideas/<idea_id>/part")
@crew_required(Role.RAPPORTEUR)
def part(conversation: Conversation, actor: Actor, idea_id: str) -> Response:
    """Let a merged idea stand for itself again."""
    write(part_ideas, conversation.id, actor, conversation.id, idea_id)
    return _done(conversation, actor, gettext("The idea stands for itself again, with its votes."), "bar")


def _chosen(conversation: Conversation, ids: list[str]) -> list[ShownIdea]:
    """Return ideas that can be one, the most supported first; raises NotSeveral, IdeaGone or OtherPrompt."""
    if not 1 < len(set(ids)) <= MOST:
        raise NotSeveral(limit=MOST)
    here = {idea.id: idea for idea in ideas_of(db.session(), conversation.id)}
    if not here.keys() >= set(ids):
        raise IdeaGone
    chosen = [here[idea_id] for idea_id in set(ids)]
    if len({idea.prompt_id for idea in chosen}) > 1:
        raise OtherPrompt
    chosen.sort(key=lambda idea: order_of(idea.agree, idea.disagree, idea.number))
    prompts = {row.id: row for row in prompts_of(db.session(), conversation.id)}
    return [shown_idea(idea, prompts) for idea in chosen]


def _done(conversation: Conversation, actor: Actor, sentence: str, place: str = "alike") -> Response:
    say_done(conversation, actor, sentence)
    return back_to_desk(conversation, place)
