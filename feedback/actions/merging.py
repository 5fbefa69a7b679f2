"""Ideas that say nearly the same: merged by people, taken apart again, or declared to be different."""

from collections.abc import Mapping, Sequence

from feedback.actions.edits import check_conversation, do_edit
from feedback.domain.edits import Patch
from feedback.domain.facts import IdeaGone, NotFound, OtherPrompt, WrongMove
from feedback.domain.ideas import IdeaState, check_shown, root_of
from feedback.domain.roles import Actor, Deed
from feedback.store.ideas import Idea, idea_of
from feedback.store.merging import merged_of
from feedback.store.proposals import ALIKE, ideas_in, proposal_of
from feedback.store.writer import Tx


def merge_alike(tx: Tx, actor: Actor, conversation_id: int, proposal_id: int, keep: str) -> None:
    """Merge two ideas that were offered as near-duplicates into the one whose words are kept.

    Raises NotFound, WrongMove when somebody has decided on them meanwhile, IdeaGone when one is not shown any more.
    """
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    pair = offered_pair(tx, conversation_id, proposal_id)
    if keep not in pair:
        raise IdeaGone
    (other,) = set(pair) - {keep}
    _merge(tx, actor, conversation_id, keep, [other], {proposal_id: "taken"})


def merge_ideas(tx: Tx, actor: Actor, conversation_id: int, into: str, *others: str) -> None:
    """Let one idea stand for others: they leave the screens, and their votes count for the one that stays.

    A participant who voted for several counts once. Raises IdeaGone, WrongMove or OtherPrompt.
    """
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    _merge(tx, actor, conversation_id, into, others, {})


def part_ideas(tx: Tx, actor: Actor, conversation_id: int, idea_id: str) -> None:
    """Let a merged idea stand for itself again, with its votes; raises IdeaGone or WrongMove."""
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    idea = idea_of(tx.db, conversation_id, idea_id)
    into = idea_of(tx.db, conversation_id, idea.merged_into) if idea and idea.merged_into else None
    if idea is None or into is None:
        raise IdeaGone
    if into.state is not IdeaState.SHOWN:
        raise WrongMove
    do_edit(tx, actor, conversation_id, "part_ideas", {"ideas": [idea_id]}, Patch(merged={idea_id: None}))


def keep_apart(tx: Tx, actor: Actor, conversation_id: int, proposal_id: int) -> None:
    """Say that two ideas are not the same: no run offers them again. Raises NotFound or WrongMove."""
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    pair = offered_pair(tx, conversation_id, proposal_id)
    done = {"ideas": list(pair)}
    do_edit(tx, actor, conversation_id, "keep_apart", done, Patch(offers={proposal_id: "declined"}))


def offered_pair(tx: Tx, conversation_id: int, proposal_id: int) -> tuple[str, str]:
    """Return the two ideas that an open offer is about as they stand now; raises NotFound, WrongMove or IdeaGone."""
    row = proposal_of(tx.db, conversation_id, proposal_id)
    if row is None or row.kind != ALIKE:
        raise NotFound
    merged = merged_of(tx.db, conversation_id)
    first, second = (root_of(idea_id, merged) for idea_id in ideas_in(row))
    if row.state != "open" or first == second:
        raise WrongMove
    return first, second


def _merge(
    tx: Tx, actor: Actor, conversation_id: int, into: str, others: Sequence[str], offers: Mapping[int, str]
) -> None:
    if not others or len({into, *others}) <= len(others):
        raise WrongMove
    rows = [_shown(tx, conversation_id, idea_id) for idea_id in (into, *others)]
    if len({row.prompt_id for row in rows}) > 1:
        raise OtherPrompt
    done = {"into": into, "ideas": list(others)}
    merged: dict[str, str | None] = dict.fromkeys(others, into)
    do_edit(tx, actor, conversation_id, "merge_ideas", done, Patch(merged=merged, offers=offers))


def _shown(tx: Tx, conversation_id: int, idea_id: str) -> Idea:
    idea = idea_of(tx.db, conversation_id, idea_id)
    if idea is None:
        raise IdeaGone
    check_shown(idea.state)
    return idea
