"""The server with promises about faults broken on purpose. `fault_mutants.py MUTANT+MUTANT run …`."""

import sys
import time

import feedback.serve  # patches the process first, as `run` does  # noqa: F401
from feedback.actions import ops, votes
from feedback.cli.__main__ import main
from feedback.domain.facts import PromptClosed, Superseded
from feedback.domain.programme import ConversationState, PromptState
from feedback.store.engine import PRAGMAS
from feedback.store.writer import Writer


def without_sync() -> None:
    """Commit without waiting for the disk, as SQLite's own advice for this kind of log has it."""
    PRAGMAS["synchronous"] = ("NORMAL", 1)


def saved_in_vain() -> None:
    """Say `ok` to what could not be committed."""
    answer_all = Writer._answer_all
    Writer._answer_all = lambda self, batch, _refusal: answer_all(self, batch, None)


def closed_too_late() -> None:
    """Decide by what was known of the prompt a moment ago, and not inside the transaction."""
    known_since: list[float] = []

    def check(prompt: PromptState, conversation: ConversationState) -> None:
        if prompt is PromptState.OPEN and conversation is ConversationState.OPEN:
            return
        known_since.append(time.monotonic())
        if known_since[-1] - known_since[0] > 0.3:
            raise PromptClosed

    votes.check_open = check


def newest_by_clock() -> None:
    """Take the later vote by the server's clock for the newer one."""
    newest: dict[tuple[str, int | None], int] = {}
    set_vote = votes.set_vote

    def by_clock(tx, actor, op):
        cell = (op.idea, actor.participant_id)
        if tx.now < newest.get(cell, 0):
            raise Superseded(rev=op.rev)
        newest[cell] = tx.now
        return set_vote(tx, actor, op)

    ops.set_vote = by_clock


if __name__ == "__main__":
    mutants = (without_sync, saved_in_vain, closed_too_late, newest_by_clock)
    by_name = {mutant.__name__: mutant for mutant in mutants}
    for name in sys.argv.pop(1).split("+"):
        by_name[name]()
    main(prog_name="mutant")
