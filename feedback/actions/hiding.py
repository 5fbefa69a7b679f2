"""Hide many ideas at once, and show exactly those again."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from feedback.domain.facts import IdeaGone
from feedback.domain.ideas import IdeaState
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.texts import TITLE_LIMIT, one_line
from feedback.store import hiding as sql
from feedback.store.writer import Tx


@dataclass(frozen=True, slots=True)
class Hidden:
    """What one deed hid: how many ideas, and the commit numbers of the first and the last."""

    count: int
    first: int
    last: int


def hide_ideas_of(tx: Tx, actor: Actor, conversation_id: int, participants: Collection[int], *, reason: str) -> Hidden:
    """Take all shown ideas of these participants off the screens; raises IdeaGone if there is none. Votes stay."""
    require(actor, Deed.HIDE, conversation_id)
    words = one_line(reason, limit=TITLE_LIMIT)
    found = [
        row[0]
        for participant in sorted(participants)
        for row in tx.rows(sql.SHOWN_BY, conversation=conversation_id, participant=participant)
    ]
    if not found:
        raise IdeaGone
    seqs = _mark(tx, conversation_id, found, IdeaState.HIDDEN, words)
    return Hidden(len(found), seqs[0], seqs[-1])


def restore_ideas(
    tx: Tx, actor: Actor, conversation_id: int, *, first: int, last: int, reason: str | None = None
) -> int:
    """Show again what was hidden by the commits `first` to `last` (for this reason, if one is given); returns how many.

    Raises IdeaGone if there is none.
    """
    require(actor, Deed.HIDE, conversation_id)
    rows = tx.rows(sql.HIDDEN_BETWEEN, conversation=conversation_id, first=first, last=last)
    found = [idea_id for idea_id, why in rows if reason is None or why == reason]
    if not found:
        raise IdeaGone
    _mark(tx, conversation_id, found, IdeaState.SHOWN, "")
    return len(found)


def _mark(tx: Tx, conversation_id: int, ideas: Iterable[str], state: IdeaState, reason: str) -> list[int]:
    seqs = []
    for idea in ideas:
        seqs.append(tx.touch(conversation_id, "idea", idea))
        tx.change(sql.MARK, idea=idea, new_state=state.value, new_reason=reason, new_seq=seqs[-1])
    return seqs
