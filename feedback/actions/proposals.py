"""What the machine proposes and people decide: themes merged, split or grouped anew. Nothing is done unasked."""

import json
from collections.abc import Mapping, Sequence

from feedback.actions.edits import check_conversation, do_edit
from feedback.actions.splits import split_as_proposed
from feedback.actions.themes import REPRESENTATIVES, merge_themes, name_for, new_theme
from feedback.domain.edits import Patch
from feedback.domain.facts import NotFound, WrongMove
from feedback.domain.groups import Regrouped, regrouped
from feedback.domain.roles import Actor, Deed
from feedback.domain.themes import Placed
from feedback.store.proposals import MERGE, REGROUP, SPLIT, Proposal, proposal_of
from feedback.store.themes import places_of, themes_of
from feedback.store.writer import Tx


def take_proposal(tx: Tx, actor: Actor, conversation_id: int, proposal_id: int) -> None:
    """Do what is proposed, as one edit; undone, the proposal is open again.

    Raises NotFound, or ThemeGone or WrongMove when it does not fit any more.
    """
    row = _open(tx, actor, conversation_id, proposal_id)
    content, offers = json.loads(row.content), {row.id: "taken"}
    if row.kind == MERGE:
        if not {content["into"], content["other"]} <= {theme.number for theme in themes_of(tx.db, conversation_id)}:
            raise WrongMove
        merge_themes(tx, actor, conversation_id, content["into"], content["other"], offers=offers)
    elif row.kind == SPLIT:
        split_as_proposed(tx, actor, conversation_id, content, offers)
    else:
        _regroup(tx, actor, conversation_id, content["groups"], offers)


def decline_proposal(tx: Tx, actor: Actor, conversation_id: int, proposal_id: int) -> None:
    """Leave things as they are; the same merge is not proposed again."""
    row = _open(tx, actor, conversation_id, proposal_id)
    row.state, row.ended_at = "declined", tx.now
    tx.touch(conversation_id, "themes")


def _open(tx: Tx, actor: Actor, conversation_id: int, proposal_id: int) -> Proposal:
    check_conversation(tx, actor, Deed.EDIT_THEMES, conversation_id)
    row = proposal_of(tx.db, conversation_id, proposal_id)
    if row is None or row.kind not in (MERGE, REGROUP, SPLIT):
        raise NotFound
    if row.state != "open":
        raise WrongMove
    return row


def _regroup(
    tx: Tx, actor: Actor, conversation_id: int, groups: Sequence[Sequence[str]], offers: Mapping[int, str]
) -> None:
    """Place all that nobody has placed as the groups say; what people named, locked or pinned stays."""
    places, rows = places_of(tx.db, conversation_id), themes_of(tx.db, conversation_id)
    locked = [row.number for row in rows if row.locked]
    numbered = {
        group.ideas: _number(tx, conversation_id, group)
        for group in regrouped(groups, places, (row.number for row in rows), locked)
    }
    wanted = {
        idea_id: Placed(number, barred=places.get(idea_id, Placed(None)).barred)
        for ideas, number in numbered.items()
        for idea_id in ideas
    }
    after = {idea_id: place for idea_id, place in wanted.items() if places.get(idea_id) != place}
    if not after:
        raise WrongMove
    peopled = {place.theme for place in (places | after).values()}
    ending = {
        row.number: (False, None) for row in rows if row.number not in peopled and not row.meant and not row.locked
    }
    standing = dict.fromkeys(numbered.values(), (True, None)) | ending
    done = {"themes": sorted(numbered.values()), "ideas": len(after)}
    do_edit(tx, actor, conversation_id, "regroup", done, Patch(standing=standing, places=after, offers=offers))


def _number(tx: Tx, conversation_id: int, group: Regrouped) -> int:
    if group.theme is not None:
        return group.theme
    row = new_theme(tx, conversation_id, name_for(tx, conversation_id, group.ideas), by_person=False)
    row.representatives = list(group.ideas[:REPRESENTATIVES])
    return row.number
