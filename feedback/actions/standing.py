"""Which idea stands for which: made and taken back by edits, with the votes that go along."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise

from feedback.domain.ideas import MERGED, IdeaState
from feedback.domain.votes import Shift
from feedback.store import merging as sql
from feedback.store.ideas import Idea, idea_of
from feedback.store.writer import Tx


def set_merged(tx: Tx, conversation_id: int, wanted: Mapping[str, str | None]) -> dict[str, str | None]:
    """Merge ideas into others, or let them stand again (None); returns what takes that back.

    Somebody may have hidden or withdrawn an idea meanwhile; then it stays as it is.
    """
    before: dict[str, str | None] = {}
    for idea_id, into in wanted.items():
        idea = idea_of(tx.db, conversation_id, idea_id)
        if idea is None:
            continue
        before[idea_id] = idea.merged_into
        target = idea_of(tx.db, conversation_id, into) if into else None
        if idea.merged_into is not None:
            _part(tx, idea)
        if target is not None and idea.state is target.state is IdeaState.SHOWN:
            _merge(tx, idea, target)
    return before


def stand_again(tx: Tx, conversation_id: int, idea_id: str) -> None:
    """Show again what was merged into an idea that its author has withdrawn: nobody takes another one's words away."""
    for (merged,) in tx.rows(sql.MERGED_INTO, conversation=conversation_id, idea=idea_id):
        seq = tx.touch(conversation_id, "idea", merged)
        tx.change(sql.STAND_AGAIN, idea=merged, new_seq=seq)


@contextmanager
def carried_anew(tx: Tx, idea_id: str, participant: int | None = None) -> Iterator[None]:
    """Let the votes that a merged idea brings follow what is done to it meanwhile, all the way to what stands for it.

    They are taken back before and carried again after, with those of the others that are merged there: whoever has also
    voted for one of them goes on counting. `participant`: only theirs.
    """
    path = sql.path_of(tx.db, idea_id)
    seqs = {into.id: _told(tx, into) for into in path[1:]}
    # From the end: once a vote is off the idea below, nothing tells any more that the one above came from it.
    for idea, into in reversed([*pairwise(path)]):
        _count(into, sql.take_votes_back(tx.db, idea.id, into.id, seqs[into.id], participant))
    yield
    tx.db.flush()
    for into in path[1:]:
        for (other,) in tx.rows(sql.MERGED_INTO, conversation=into.conversation_id, idea=into.id):
            _count(into, sql.carry_votes(tx.db, other, into, seqs[into.id], participant))


def _merge(tx: Tx, idea: Idea, into: Idea) -> None:
    idea.state, idea.reason, idea.merged_into = IdeaState.HIDDEN, MERGED, into.id
    idea.seq = tx.touch(idea.conversation_id, "idea", idea.id)
    _count(into, sql.carry_votes(tx.db, idea.id, into, _told(tx, into)))


def _part(tx: Tx, idea: Idea) -> None:
    with carried_anew(tx, idea.id):
        idea.state, idea.reason, idea.merged_into = IdeaState.SHOWN, "", None
        idea.seq = tx.touch(idea.conversation_id, "idea", idea.id)


def _told(tx: Tx, idea: Idea) -> int:
    """Tell that the votes of an idea change; returns the commit number."""
    return tx.touch(idea.conversation_id, "vote", idea.id)


def _count(idea: Idea, shift: Shift) -> None:
    idea.agree += shift.agree
    idea.disagree += shift.disagree
    idea.passes += shift.passes
