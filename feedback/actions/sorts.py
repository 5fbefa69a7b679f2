"""Set one participant's sort of one idea; ask the room to sort, and stop asking."""

from typing import Any

from feedback.domain.facts import (
    IdeaGone,
    NotFound,
    NotSorting,
    PromptClosed,
    Superseded,
    ThemeGone,
    TooFewThemes,
    WrongMove,
)
from feedback.domain.ideas import IdeaState, check_shown
from feedback.domain.ops import SortOp
from feedback.domain.programme import ConversationState
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.sorting import Kinship, Place, best_of, heirs_of, shares_of
from feedback.domain.sorts import FEWEST_THEMES
from feedback.store import sorts as sql
from feedback.store.programme import Conversation
from feedback.store.themes import themes_of
from feedback.store.writer import Tx


def set_sort(tx: Tx, actor: Actor, op: SortOp) -> dict[str, Any]:
    """Make the sort what the op says and put its idea where it belongs by now; returns {seq, theme, skip, rev}.

    A replay of the stored state is ok again, whatever has ended since; an older one raises Superseded(rev).
    """
    conversation_id, participant_id = actor.conversation_id, actor.participant_id
    require(actor, Deed.SORT, conversation_id)
    found = sql.idea_and_my_sort(tx, op.idea, participant_id) if participant_id is not None else None
    if found is None or found[0].conversation_id != conversation_id or participant_id is None:
        raise IdeaGone
    idea, mine = found
    if mine and op.rev <= mine.rev:
        return _replayed(op, mine)
    _check_asked(idea, participant_id)
    kin = sql.kin_here(tx, idea.conversation_id)
    if op.theme is not None and not heirs_of(kin, op.theme, 0):
        raise ThemeGone
    seq = tx.touch(idea.conversation_id, "sort", op.idea)
    tx.change(
        sql.SET_SORT,
        idea_id=op.idea,
        participant_id=participant_id,
        theme=op.theme,
        skipped=op.skip,
        rev=op.rev,
        seq=seq,
    )
    if not op.skip or (mine and not mine.skipped):
        _place(tx, idea.conversation_id, op.idea, idea.place, kin)
    return {"seq": seq, "theme": op.theme, "skip": op.skip, "rev": op.rev}


def place_sorted(tx: Tx, conversation_id: int, since: int) -> None:
    """Put the ideas that were sorted after a commit number where they belong by all sorts, as when a run had not seen
    those.
    """
    ideas = sql.sorted_since(tx.db, conversation_id, since)
    tx.db.flush()
    kin = sql.kin_here(tx, conversation_id)
    for idea_id in ideas:
        found = sql.place_here(tx, idea_id)
        if found is not None:
            _place(tx, conversation_id, idea_id, found[1], kin)


def start_sorting(tx: Tx, actor: Actor, conversation_id: int) -> None:
    """Ask the room to sort; raises TooFewThemes when there is nothing to sort into."""
    conversation = _conversation(tx, actor, conversation_id)
    if conversation.state is not ConversationState.OPEN:
        raise WrongMove
    if len(themes_of(tx.db, conversation_id)) < FEWEST_THEMES:
        raise TooFewThemes(limit=FEWEST_THEMES)
    conversation.sorting = True
    tx.touch(conversation_id, "sorting")


def stop_sorting(tx: Tx, actor: Actor, conversation_id: int) -> None:
    """Ask the room no more; what was sorted counts on."""
    _conversation(tx, actor, conversation_id).sorting = False
    tx.touch(conversation_id, "sorting")


def _check_asked(idea: sql.SortedIdea, participant_id: int) -> None:
    check_shown(IdeaState(idea.state))
    if ConversationState(idea.conversation_state) is not ConversationState.OPEN:
        raise PromptClosed
    if idea.author_id != participant_id and not idea.sorting:
        raise NotSorting


def _replayed(op: SortOp, mine: sql.MySort) -> dict[str, Any]:
    if (op.rev, op.theme, op.skip) == (mine.rev, mine.theme, mine.skipped):
        return {"seq": mine.seq, "theme": mine.theme, "skip": mine.skipped, "rev": mine.rev}
    raise Superseded(rev=mine.rev)


def _place(tx: Tx, conversation_id: int, idea_id: str, place: Place, kin: Kinship) -> None:
    words = sql.words_here(tx, idea_id)
    shares = shares_of(place, kin, words)
    here = kin.get(place.theme or 0)
    fixed = place.pinned or (here is not None and here.standing and here.locked) or not words
    theme = place.theme if fixed else best_of(shares)
    tx.change(
        sql.SET_PLACE,
        idea_id=idea_id,
        conversation_id=conversation_id,
        theme=theme,
        pinned=False,
        sureness=shares.get(theme, 0.0),
    )


def _conversation(tx: Tx, actor: Actor, conversation_id: int) -> Conversation:
    require(actor, Deed.RUN_PROMPTS, conversation_id)
    conversation = tx.db.get(Conversation, conversation_id)
    if conversation is None:
        raise NotFound
    return conversation
