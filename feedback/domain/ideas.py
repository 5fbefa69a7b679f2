"""What an idea is and what may happen to it."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum

from feedback.domain.facts import AlreadyVotedOn, BadValue, ConversationFull, IdeaGone, NotYours
from feedback.domain.ids import is_ulid

IDEAS_EACH = 50
IDEAS_IN_ALL = 5_000
LANG_LIMIT = 12
#: Why a merged idea is not shown, as it is stored; pages say it in their own language.
MERGED = "It says nearly the same as another idea, for which its votes count now."


class IdeaState(StrEnum):
    """Shown to everybody, hidden by the facilitator with a reason, or withdrawn by its author."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    WITHDRAWN = "withdrawn"


class Source(StrEnum):
    """Where an idea came in: a phone, or the floor (paper notes, another tool)."""

    PHONE = "phone"
    FLOOR = "floor"


def first_hash(text: str) -> str:
    """Return the mark by which a late duplicate of a first text is known, also after an edit."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def root_of(idea_id: str, merged: Mapping[str, str]) -> str:
    """Return the idea that stands for this one: itself, or what it was merged into, step by step."""
    seen: set[str] = set()
    while idea_id in merged and idea_id not in seen:
        seen.add(idea_id)
        idea_id = merged[idea_id]
    return idea_id


def standing_for(merged: Mapping[str, str]) -> dict[str, str]:
    """Return for each merged idea the one that stands for it, in the same order."""
    return {idea_id: root_of(idea_id, merged) for idea_id in merged}


def check_id(idea_id: object) -> str:
    """Return the idea's id, or raise BadValue unless it is a ULID."""
    if not isinstance(idea_id, str) or not is_ulid(idea_id):
        raise BadValue(field="id")
    return idea_id


def is_lang(value: str) -> bool:
    """Tell whether the value has the form of a language tag: letters, digits and dashes, at most 12."""
    return len(value) <= LANG_LIMIT and value.isascii() and value.replace("-", "").isalnum()


def check_room(ideas_mine: int, ideas_all: int) -> None:
    """Raise ConversationFull when this person, or the conversation, has reached its bound."""
    if ideas_mine >= IDEAS_EACH:
        raise ConversationFull(limit=IDEAS_EACH)
    if ideas_all >= IDEAS_IN_ALL:
        raise ConversationFull(limit=IDEAS_IN_ALL)


def check_author(author_id: int | None, participant_id: int | None) -> None:
    """Raise NotYours unless this participant wrote the idea; ideas from the floor belong to nobody."""
    if author_id is None or author_id != participant_id:
        raise NotYours


def check_shown(state: IdeaState) -> None:
    """Raise IdeaGone unless the idea is shown."""
    if state is not IdeaState.SHOWN:
        raise IdeaGone


def check_editable(state: IdeaState, votes_of_others: int) -> None:
    """Raise IdeaGone or AlreadyVotedOn: words change only while shown and nobody else has voted for them."""
    check_shown(state)
    if votes_of_others > 0:
        raise AlreadyVotedOn
