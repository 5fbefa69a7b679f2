"""The commit numbers that one batch hands out: read once per conversation, written once, with the log of changes.

The batch's transaction holds the conversation (SQLite: the whole file, PostgreSQL: its row), so nobody else can count
on meanwhile. An op that took a number costs no statement of its own for it.
"""

from typing import Any

from sqlalchemy import Dialect, bindparam, insert, select, update

from feedback.domain.facts import ServerFault
from feedback.store.programme import Change, Conversation
from feedback.store.statements import Statement

_SEQ = Statement(lambda _: select(Conversation.seq).where(Conversation.id == bindparam("conversation")))
_SET_SEQ = Statement(
    lambda _: update(Conversation).where(Conversation.id == bindparam("conversation")).values(seq=bindparam("new_seq"))
)
_LOG_CHANGE = Statement(
    lambda _: insert(Change).values(
        conversation_id=bindparam("conversation"), seq=bindparam("seq"), kind=bindparam("kind"), ref=bindparam("ref")
    )
)


class Seqs:
    """Numbers given out in one transaction and not yet written."""

    __slots__ = ("_cursor", "_dialect", "_log", "_newest")

    def __init__(self, cursor: Any, dialect: Dialect) -> None:
        self._cursor = cursor
        self._dialect = dialect
        self._newest: dict[int, int] = {}
        self._log: list[dict[str, Any]] = []

    def take(self, conversation_id: int, kind: str, ref: str) -> int:
        """Give out the conversation's next number for this change."""
        newest = self._newest.get(conversation_id)
        if newest is None:
            row = _SEQ.run(self._cursor, self._dialect, {"conversation": conversation_id}).fetchone()
            if row is None:
                raise ServerFault
            newest = row[0]
        seq = self._newest[conversation_id] = newest + 1
        self._log.append({"conversation": conversation_id, "seq": seq, "kind": kind, "ref": ref})
        return seq

    def write(self) -> None:
        """Write what was given out since the last call; then whoever reads the rows finds them complete."""
        if not self._log:
            return
        _LOG_CHANGE.run_many(self._cursor, self._dialect, self._log)
        for conversation_id, seq in self._newest.items():
            _SET_SEQ.run(self._cursor, self._dialect, {"conversation": conversation_id, "new_seq": seq})
        self.forget()

    def forget(self) -> None:
        """Drop what was given out since the last `write`, as when its changes are undone."""
        self._log.clear()
        self._newest.clear()
