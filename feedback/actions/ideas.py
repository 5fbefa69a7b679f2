"""Write, edit, withdraw an own idea; hide and restore anybody's."""

from contextlib import nullcontext
from typing import Any

from feedback.actions.standing import carried_anew, stand_again
from feedback.domain.facts import Conflict, IdeaGone, NotFound, StandsForOthers, Superseded, WrongMove
from feedback.domain.ideas import IdeaState, Source, check_author, check_editable, check_room, check_shown, first_hash
from feedback.domain.ops import EditOp, IdeaOp, WithdrawOp
from feedback.domain.programme import ConversationState, PromptState, check_open
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.texts import TITLE_LIMIT, canonical, one_line
from feedback.store import merging
from feedback.store import ops as sql
from feedback.store.ideas import Idea
from feedback.store.writer import Tx


def submit_idea(tx: Tx, actor: Actor, op: IdeaOp) -> dict[str, Any]:
    """Store a new idea; returns the ack's fields {seq, number}. The same idea again is ok, once stored."""
    require(actor, Deed.WRITE, actor.conversation_id)
    text = canonical(op.text)
    known = sql.known_idea(tx, op.id)
    if known is not None:
        return _same_again(actor, text, known)
    place = tx.row(sql.PROMPT, prompt=op.prompt, conversation=actor.conversation_id)
    if place is None:
        raise NotFound
    check_open(PromptState(place[1]), ConversationState(place[0]))
    mine = tx.row(sql.IDEAS_MINE, participant=actor.participant_id)
    check_room(mine[0] if mine else 0, place[2])
    return add_idea(
        tx, actor, idea_id=op.id, prompt_id=op.prompt, text=text, lang=op.lang, source=Source.PHONE, import_key=None
    )


def add_idea(
    tx: Tx,
    actor: Actor,
    *,
    idea_id: str,
    prompt_id: int,
    text: str,
    lang: str,
    source: Source,
    import_key: str | None,
    conversation_id: int | None = None,
) -> dict[str, Any]:
    """Insert the row of an idea whose text is canonical already; returns {seq, number}."""
    place = conversation_id or actor.conversation_id or 0
    seq = tx.touch(place, "idea", idea_id)
    row = tx.row(sql.NEXT_NUMBER, conversation=place)
    number = row[0] if row else 1
    added = tx.change(
        sql.ADD_IDEA,
        id=idea_id,
        conversation_id=place,
        prompt_id=prompt_id,
        participant_id=actor.participant_id,
        number=number,
        body=text,
        first_hash=first_hash(text),
        lang=lang,
        source=source.value,
        state=IdeaState.SHOWN.value,
        reason="",
        import_key=import_key,
        rev=0,
        agree=0,
        disagree=0,
        passes=0,
        created_at=tx.now,
        seq=seq,
    )
    if not added:
        # Another process has stored this id in another conversation since it was looked for.
        raise Conflict
    return {"seq": seq, "number": number}


def edit_idea(tx: Tx, actor: Actor, op: EditOp) -> dict[str, Any]:
    """Replace an own idea's words, until somebody else votes for it or it stands for others; returns {seq, rev}."""
    text = canonical(op.text)
    row = _own(tx, actor, op.idea)
    if op.rev <= row.rev:
        return _replayed(op.rev, row, same=row.body == text)
    check_editable(IdeaState(row.state), row.votes)
    if tx.row(merging.MERGED_INTO, conversation=row.conversation_id, idea=op.idea):
        raise StandsForOthers
    check_open(PromptState(row.prompt_state), ConversationState(row.conversation_state))
    seq = tx.touch(row.conversation_id, "idea", op.idea)
    tx.change(sql.CHANGE_IDEA, idea=op.idea, text=text, new_rev=op.rev, new_seq=seq)
    return {"seq": seq, "rev": op.rev}


def withdraw_idea(tx: Tx, actor: Actor, op: WithdrawOp) -> dict[str, Any]:
    """Take an own idea back, at any time; returns {seq, rev}. Its votes stand but count nowhere.

    Ideas of others that were merged into it stand for themselves again. One that is merged itself leaves the idea that
    stands for it, with its votes.
    """
    row = _own(tx, actor, op.idea)
    state = IdeaState(row.state)
    if state is IdeaState.WITHDRAWN:
        return {"seq": row.seq, "rev": row.rev}
    if row.merged_into is None:
        check_shown(state)
    if op.rev <= row.rev:
        raise Superseded(rev=row.rev)
    with nullcontext() if row.merged_into is None else carried_anew(tx, op.idea):
        seq = tx.touch(row.conversation_id, "idea", op.idea)
        tx.change(sql.WITHDRAW, idea=op.idea, new_rev=op.rev, new_seq=seq)
    stand_again(tx, row.conversation_id, op.idea)
    return {"seq": seq, "rev": op.rev}


def hide_idea(tx: Tx, actor: Actor, idea_id: str, *, reason: str) -> None:
    """Take an idea off all screens with a reason that its author and the ledger see."""
    idea = _theirs(tx, actor, idea_id)
    check_shown(idea.state)
    idea.reason = one_line(reason, limit=TITLE_LIMIT)
    idea.state = IdeaState.HIDDEN
    idea.seq = tx.touch(idea.conversation_id, "idea", idea_id)


def restore_idea(tx: Tx, actor: Actor, idea_id: str) -> None:
    """Show a hidden idea again, with the votes it had; what was merged into another one is the rapporteur's."""
    idea = _theirs(tx, actor, idea_id)
    if idea.merged_into is not None:
        raise WrongMove
    if idea.state is not IdeaState.HIDDEN:
        raise IdeaGone
    idea.reason = ""
    idea.state = IdeaState.SHOWN
    idea.seq = tx.touch(idea.conversation_id, "idea", idea_id)


def _theirs(tx: Tx, actor: Actor, idea_id: str) -> Idea:
    idea = tx.db.get(Idea, idea_id)
    if idea is None:
        raise IdeaGone
    require(actor, Deed.HIDE, idea.conversation_id)
    return idea


def _own(tx: Tx, actor: Actor, idea_id: str) -> sql.KnownIdea:
    require(actor, Deed.WRITE, actor.conversation_id)
    row = sql.known_idea(tx, idea_id)
    if row is None or row.conversation_id != actor.conversation_id:
        raise IdeaGone
    check_author(row.author_id, actor.participant_id)
    return row


def _same_again(actor: Actor, text: str, row: sql.KnownIdea) -> dict[str, Any]:
    if (
        row.conversation_id == actor.conversation_id
        and row.author_id == actor.participant_id
        and row.first_hash == first_hash(text)
    ):
        return {"seq": row.seq, "number": row.number}
    raise Conflict


def _replayed(rev: int, row: sql.KnownIdea, *, same: bool) -> dict[str, Any]:
    if rev == row.rev and same:
        return {"seq": row.seq, "rev": rev}
    raise Superseded(rev=row.rev)
