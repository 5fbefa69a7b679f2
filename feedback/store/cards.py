"""What cards are made of: the ideas that are not sorted yet, what somebody has sorted, and what is said of an idea."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, not_, select

from feedback.domain.cards import Candidate, by_certainty
from feedback.domain.programme import ConversationState
from feedback.domain.sorting import Kin, Place, is_open_question, shares_of
from feedback.domain.sorts import FEWEST_THEMES
from feedback.store.ideas import Idea
from feedback.store.programme import Conversation
from feedback.store.sorts import KIN, WORDS, SortRow, kin_from, place_from, placed, settled, word_from
from feedback.store.statements import Statement
from feedback.store.themes import Placement


@dataclass(frozen=True, slots=True)
class Deck:
    """All that a conversation's phones may be asked at one moment; `asked`: the room is asked to sort."""

    asked: bool
    kin: Mapping[int, Kin]
    candidates: tuple[Candidate, ...]
    #: The columns of each candidate's placement; thousands of priors are read only when they are asked for.
    placements: Mapping[str, tuple[Any, ...]]

    def place(self, idea: str) -> Place:
        """Return where a candidate stands."""
        return place_from(*self.placements[idea])


_PHASE = Statement(
    lambda _: select(Conversation.state, Conversation.sorting).where(Conversation.id == bindparam("conversation"))
)


def _candidates() -> Any:
    return (
        select(Idea.id, Idea.participant_id, Placement.sureness, _sorts(), Idea.created_at, *placed())
        .outerjoin(Placement, Placement.idea_id == Idea.id)
        .where(
            Idea.conversation_id == bindparam("conversation"),
            Idea.state == literal_column("'shown'"),
            not_(func.coalesce(settled(), literal_column("false"))),
        )
    )


_CANDIDATES = Statement(lambda _: _candidates())
_OWN_CANDIDATES = Statement(lambda _: _candidates().where(Idea.participant_id == bindparam("participant")))
_DONE = Statement(
    lambda _: select(SortRow.idea_id, SortRow.theme, SortRow.seq).where(
        SortRow.participant_id == bindparam("participant")
    )
)


def deck_of(db: Connection, conversation_id: int, author: int | None = None) -> Deck:
    """Read what may be asked, of one author's ideas alone if one is given.

    Nothing is asked while the conversation is closed or has too few themes.
    """
    phase = _PHASE.fetch(db, conversation=conversation_id)
    kin = kin_from(KIN.fetch(db, conversation=conversation_id))
    is_open = bool(phase) and phase[0][0] == ConversationState.OPEN
    if not is_open or sum(one.standing for one in kin.values()) < FEWEST_THEMES:
        return Deck(False, kin, (), {})
    candidates, placements = [], {}
    mine = _OWN_CANDIDATES.fetch(db, conversation=conversation_id, participant=author) if author else None
    for row in _CANDIDATES.fetch(db, conversation=conversation_id) if mine is None else mine:
        home = kin.get(row[5])
        if home is None or not (home.standing and home.locked):
            candidates.append(Candidate(*row[:5]))
            placements[row[0]] = row[5:]
    return Deck(bool(phase[0][1]), kin, tuple(sorted(candidates, key=by_certainty)), placements)


def done_by(db: Connection, participant_id: int, kin: Mapping[int, Kin]) -> frozenset[str]:
    """Return the ideas that somebody has sorted or passed over; not those whose theme was split since."""
    rows = _DONE.fetch(db, participant=participant_id)
    return frozenset(idea for idea, theme, seq in rows if not is_open_question(kin, theme, seq))


def shares_here(db: Connection, idea: str, place: Place, kin: Mapping[int, Kin]) -> dict[int | None, float]:
    """Return how probable each place is for a candidate by all sorts of this moment."""
    words = [word_from(*row) for row in WORDS.fetch(db, idea=idea)]
    return shares_of(place, kin, words)


def _sorts() -> ColumnElement[int]:
    count = select(func.count()).where(SortRow.idea_id == Idea.id, SortRow.skipped.is_(False))
    return count.correlate(Idea).scalar_subquery()
