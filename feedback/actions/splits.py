"""A theme split in two as the machine suggests: asked for, looked for by the next run, done by people."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy import func, select

from feedback.actions.edits import check_conversation, theme_here
from feedback.actions.runs import request_themes
from feedback.actions.themes import split_off
from feedback.domain.facts import RunInFlight, ThemeLocked, ThemesEdited, TooFewIdeas, WrongMove
from feedback.domain.groups import parts_now
from feedback.domain.ideas import IdeaState
from feedback.domain.roles import Actor, Deed
from feedback.domain.themes import ENOUGH_TO_SPLIT
from feedback.store.ideas import Idea, texts_of
from feedback.store.proposals import ASK, SPLIT, Proposal, open_proposals_of, theme_of
from feedback.store.themes import RESCORE, Placement, places_of
from feedback.store.writer import Tx


def ask_split(tx: Tx, actor: Actor, conversation_id: int, number: int) -> None:
    """Ask the machine for two parts of a theme; the next run suggests them, and nothing is split before people say so.

    Asking again while nobody has answered changes nothing. Raises NotFound, ThemeLocked or TooFewIdeas.
    """
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    if theme_here(tx, conversation_id, number).locked:
        raise ThemeLocked
    if _size(tx, conversation_id, number) < ENOUGH_TO_SPLIT:
        raise TooFewIdeas(limit=ENOUGH_TO_SPLIT)
    for row in open_proposals_of(tx.db, conversation_id, ASK, SPLIT):
        if theme_of(row) == number:
            if row.kind == ASK:
                return
            row.state, row.ended_at = "gone", tx.now
    content = json.dumps({"theme": number})
    tx.db.add(Proposal(conversation_id=conversation_id, kind=ASK, content=content, created_at=tx.now))
    tx.touch(conversation_id, "themes")
    with suppress(RunInFlight):
        request_themes(tx, actor, conversation_id, RESCORE)
        return
    # The run under way has read the themes before: another one follows it.
    tx.facts.append(ThemesEdited(conversation_id))


def split_as_proposed(
    tx: Tx, actor: Actor, conversation_id: int, content: Mapping[str, Any], offers: Mapping[int, str]
) -> int:
    """Split a theme as suggested, with what becomes of the proposal; returns the new theme's number.

    Ideas that have left the theme stay where they are, those that came stay in it. Raises NotFound, or WrongMove when
    no two parts are left.
    """
    row = theme_here(tx, conversation_id, content["theme"])
    places = places_of(tx.db, conversation_id)
    parts = parts_now(content["parts"], places, row.number, texts_of(tx.db, conversation_id))
    if parts is None or row.locked:
        raise WrongMove
    rest_name = "" if row.named_by_person else content["names"][0]
    leaving, name = list(parts[1]), content["names"][1]
    return split_off(tx, actor, conversation_id, leaving, name, by_person=False, rest=rest_name, offers=offers)


def _size(tx: Tx, conversation_id: int, number: int) -> int:
    query = (
        select(func.count())
        .select_from(Placement)
        .join(Idea, Idea.id == Placement.idea_id)
        .where(Placement.conversation_id == conversation_id, Placement.theme == number, Idea.state == IdeaState.SHOWN)
    )
    return tx.db.scalar(query) or 0
