"""What a run leaves for people to decide: merges of themes, another grouping, near-duplicates, splits asked for."""

import json
from collections.abc import Callable, Hashable, Iterable
from dataclasses import asdict, replace
from typing import Any, TypeVar

from feedback.domain.ideas import root_of
from feedback.domain.themes import NearDuplicate, ThemeSet
from feedback.store.ideas import ideas_of
from feedback.store.merging import merged_of
from feedback.store.proposals import (
    ALIKE,
    ASK,
    MERGE,
    REGROUP,
    SPLIT,
    Proposal,
    ideas_in,
    live_proposals_of,
    open_proposals_of,
    pair_of,
    theme_of,
)
from feedback.store.themes import FULL, ThemeRun, themes_of
from feedback.store.writer import Tx

K = TypeVar("K", bound=Hashable)

#: So many near-duplicates are kept at once; the next ones come with the next run.
PAIRS = 500


def propose(tx: Tx, run: ThemeRun, found: ThemeSet) -> None:
    """Renew what the last run proposed. What somebody declined is not proposed again, another grouping excepted.

    Only a full run looks for another grouping and for near-duplicates.
    """
    _merges(tx, run, found)
    _regroup(tx, run, found)
    if found.near_duplicates is not None:
        _near_duplicates(tx, run.conversation_id, found.near_duplicates)
    _splits(tx, run.conversation_id, found)


def give_up(tx: Tx, conversation_id: int) -> bool:
    """Answer those who asked for a split that no run could look for it; tells whether there was anybody."""
    rows = open_proposals_of(tx.db, conversation_id, ASK)
    for row in rows:
        row.kind, row.content = SPLIT, json.dumps({"theme": theme_of(row), "parts": [], "names": [], "failed": True})
    return bool(rows)


def _merges(tx: Tx, run: ThemeRun, found: ThemeSet) -> None:
    rows = live_proposals_of(tx.db, run.conversation_id, MERGE)
    declined = {pair_of(row) for row in rows if row.state == "declined"}
    shown = {pair_of(row): json.loads(row.content)["into"] for row in rows if row.state == "open"}
    named = {row.number for row in themes_of(tx.db, run.conversation_id) if row.named_by_person}
    wanted = {}
    for merge in found.merges:
        pair = frozenset((merge.into, merge.other))
        if pair not in declined:
            # Which of the two takes the other in stays as people may be reading it, though their sizes change from run
            # to run, unless a name that somebody has given meanwhile would be lost.
            turned = shown.get(pair, merge.into) != merge.into and (merge.other in named or merge.into not in named)
            told = replace(merge, into=merge.other, other=merge.into) if turned else merge
            wanted[told.into, told.other] = asdict(told)
    _renew(tx, run.conversation_id, MERGE, rows, _into_and_other, wanted)


def _into_and_other(row: Proposal) -> tuple[int, int]:
    content = json.loads(row.content)
    return content["into"], content["other"]


def _regroup(tx: Tx, run: ThemeRun, found: ThemeSet) -> None:
    if run.kind == FULL:
        # Another grouping than the one that people may be reading is another proposal.
        wanted = {_sets(found.regroup.groups): asdict(found.regroup)} if found.regroup is not None else {}
        rows = live_proposals_of(tx.db, run.conversation_id, REGROUP)
        _renew(tx, run.conversation_id, REGROUP, rows, lambda row: _sets(json.loads(row.content)["groups"]), wanted)


def _sets(groups: Iterable[Iterable[str]]) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(group) for group in groups)


def _near_duplicates(tx: Tx, conversation_id: int, pairs: tuple[NearDuplicate, ...]) -> None:
    """Offer the surest pairs of shown ideas that answer one prompt and that nobody has declared to be different."""
    rows, merged = live_proposals_of(tx.db, conversation_id, ALIKE), merged_of(tx.db, conversation_id)
    prompts = {idea.id: idea.prompt_id for idea in ideas_of(tx.db, conversation_id)}

    def now(ideas: tuple[str, str]) -> frozenset[str]:
        return frozenset(root_of(idea_id, merged) for idea_id in ideas)

    declined = {now(ideas_in(row)) for row in rows if row.state == "declined"}
    wanted: dict[frozenset[str], dict[str, Any]] = {}
    for pair in pairs:
        key = now(pair.ideas)
        answered = {prompts.get(idea_id, 0) for idea_id in key}
        if len(key) == 2 and len(answered) == 1 and 0 not in answered and key not in declined and len(wanted) < PAIRS:
            wanted.setdefault(key, asdict(pair))
    _renew(tx, conversation_id, ALIKE, rows, lambda row: now(ideas_in(row)), wanted)


def _splits(tx: Tx, conversation_id: int, found: ThemeSet) -> None:
    """Turn each wish for a split into the parts that were found; a theme that is gone or locked is not split."""
    splits = {split.theme: split for split in found.splits}
    free = {row.number for row in themes_of(tx.db, conversation_id) if not row.locked}
    for row in open_proposals_of(tx.db, conversation_id, ASK):
        number = theme_of(row)
        if number not in free:
            _end(tx, row)
        elif number in splits:
            row.kind, row.content = SPLIT, json.dumps(asdict(splits[number]), ensure_ascii=False)


def _renew(
    tx: Tx,
    conversation_id: int,
    kind: str,
    rows: Iterable[Proposal],
    key_of: Callable[[Proposal], K],
    wanted: dict[K, dict[str, Any]],
) -> None:
    """Keep the open rows of what is still wanted: the answer to a row that somebody has on the screen must reach it.

    The others end; what is new is added.
    """
    for row in rows:
        if row.state == "open":
            content = wanted.pop(key_of(row), None)
            if content is None:
                _end(tx, row)
            else:
                row.content = json.dumps(content)
    for content in wanted.values():
        _add(tx, conversation_id, kind, content)


def _add(tx: Tx, conversation_id: int, kind: str, content: dict[str, Any]) -> None:
    text = json.dumps(content)
    tx.db.add(Proposal(conversation_id=conversation_id, kind=kind, content=text, created_at=tx.now))


def _end(tx: Tx, row: Proposal) -> None:
    row.state, row.ended_at = "gone", tx.now
