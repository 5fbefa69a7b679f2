"""Look across all conversations for themes that are the same subject, and keep what people say of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from feedback.domain.alignments import Aligned, Alignment, Decision, Member, from_json, mark_of, to_json, without
from feedback.domain.facts import (
    AlignmentRequested,
    LookInFlight,
    NotFound,
    NothingToUndo,
    NotTheLast,
    TooFewConversations,
)
from feedback.domain.roles import Actor, Deed, require
from feedback.store import alignments as rows
from feedback.store.themes import theme_of
from feedback.store.writer import Tx


def request_alignment(tx: Tx, actor: Actor) -> None:
    """Ask for a look across all conversations; raises LookInFlight, or TooFewConversations."""
    require(actor, Deed.SET_UP, None)
    if rows.conversations_with_themes(tx.db) < 2:
        raise TooFewConversations
    row = rows.newest_alignment(tx.db, to_change=True)
    if row is None:
        row = rows.Alignment(content=to_json(Alignment()), found_at=0)
        tx.db.add(row)
    now = from_json(row.content)
    if now.asked_at is not None:
        raise LookInFlight
    row.content = to_json(replace(now, asked_at=tx.now))
    tx.facts.append(AlignmentRequested())


def finish_alignment(tx: Tx, found: Aligned, seqs: Mapping[int, int]) -> None:
    """Store what a look found, and by what. What people have decided, also since it began, stands."""

    def with_news(now: Alignment) -> Alignment:
        return replace(
            now,
            groups=found.groups,
            embedder=found.embedder,
            problem=found.problem,
            seqs=dict(seqs),
            asked_at=None,
            failed=False,
        )

    row = _change(tx, with_news)
    row.found_at = tx.now


def fail_alignment(tx: Tx) -> None:
    """End a look that found nothing; the subjects stay as they were."""
    _change(tx, lambda now: replace(now, asked_at=None, failed=True))


def join_themes(tx: Tx, actor: Actor, ones: Sequence[Member], others: Sequence[Member]) -> str:
    """Say that these themes are the same subject; no later look parts them. Returns the mark of what was said."""
    return _decide(tx, actor, Decision(True, tuple(sorted(set(ones))), tuple(sorted(set(others)))))


def part_themes(tx: Tx, actor: Actor, ones: Sequence[Member], others: Sequence[Member]) -> str:
    """Say that `ones` are not the same subject as `others`; no later look puts them together. Returns its mark."""
    return _decide(tx, actor, Decision(False, tuple(sorted(set(ones))), tuple(sorted(set(others)))))


def undo_decision(tx: Tx, actor: Actor, meant: str = "") -> Decision:
    """Take back what somebody said last about subjects, and return it.

    Raises NothingToUndo, or NotTheLast unless it is what has the mark `meant`; "" = whatever was said last.
    """
    require(actor, Deed.SET_UP, None)
    undone: list[Decision] = []
    if rows.newest_alignment(tx.db) is None:
        raise NothingToUndo

    def without_last(now: Alignment) -> Alignment:
        if not now.decisions:
            raise NothingToUndo
        if meant not in ("", mark_of(now.decisions)):
            raise NotTheLast
        undone.append(now.decisions[-1])
        return replace(now, decisions=now.decisions[:-1])

    _change(tx, without_last)
    return undone[0]


def forget_conversation(tx: Tx, conversation_id: int) -> None:
    """Take a conversation that is cleared out of all subjects: its themes' numbers will be given anew."""
    if rows.newest_alignment(tx.db) is not None:
        _change(tx, lambda now: without(now, conversation_id))


def _decide(tx: Tx, actor: Actor, decision: Decision) -> str:
    require(actor, Deed.SET_UP, None)
    members = {*decision.ones, *decision.others}
    if not decision.ones or not decision.others or set(decision.ones) & set(decision.others):
        raise NotFound
    if any(theme_of(tx.db, member.conversation, member.theme) is None for member in members):
        raise NotFound
    row = _change(tx, lambda now: replace(now, decisions=(*now.decisions, decision)))
    return mark_of(from_json(row.content).decisions)


def _change(tx: Tx, change: Callable[[Alignment], Alignment]) -> rows.Alignment:
    row = rows.newest_alignment(tx.db, to_change=True)
    if row is None:
        raise NotFound
    row.content = to_json(change(from_json(row.content)))
    return row
