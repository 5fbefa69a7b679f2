"""Set up the conference: its strands and conversations; let participants in."""

from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import delete, func, select, update

from feedback.actions.alignments import forget_conversation
from feedback.domain.facts import BadValue, CodeMismatch, ConversationCleared, ConversationClosed, NotFound, WrongCode
from feedback.domain.ids import new_code, tidy_code
from feedback.domain.programme import CONFERENCE_TITLE, STRANDS, ConversationState, PromptState, Scene, StrandPlan
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.texts import NAME_LIMIT, TITLE_LIMIT, canonical, one_line
from feedback.store import ops as sql
from feedback.store.ideas import Idea, Vote
from feedback.store.opinions import OpinionMap
from feedback.store.programme import (
    Change,
    Conference,
    Conversation,
    Participant,
    Prompt,
    Strand,
    conference_of,
    conversation_by_code,
    conversations_of,
)
from feedback.store.proposals import Proposal
from feedback.store.reports import Freeze
from feedback.store.sorts import Sorter, SortRow
from feedback.store.themes import Placement, ThemeEdit, ThemeRow, ThemeRun
from feedback.store.vectors import forget_unused_vectors
from feedback.store.writer import Tx

Chance = Callable[[int], int]


def found_conference(tx: Tx, *, time_zone: str, chance: Chance) -> None:
    """Create the conference with its three strands and one open conversation in each, unless there is one."""
    if tx.db.scalars(select(Conference.id)).first() is not None:
        return
    conference = Conference(title=CONFERENCE_TITLE, contact="", time_zone=time_zone, created_at=tx.now)
    tx.db.add(conference)
    tx.db.flush()
    for position, plan in enumerate(STRANDS, start=1):
        _found_strand(tx, conference.id, position, plan, chance)


def _found_strand(tx: Tx, conference_id: int, position: int, plan: StrandPlan, chance: Chance) -> None:
    strand = Strand(
        conference_id=conference_id,
        position=position,
        key=plan.key,
        mark=plan.mark,
        name=plan.name,
        tagline=plan.tagline,
        focus=plan.focus,
        description=plan.description,
    )
    tx.db.add(strand)
    tx.db.flush()
    conversation = _new_conversation(tx, strand, title=plan.tagline, chance=chance)
    tx.db.add(
        Prompt(
            conversation_id=conversation.id,
            number=1,
            text=plan.prompt,
            state=PromptState.OPEN,
            votes_each=None,
            created_at=tx.now,
        )
    )


def rename_conference(tx: Tx, actor: Actor, *, title: str, contact: str, retention_days: int, time_zone: str) -> None:
    """Change the conference's title, whom to ask, how many days things are kept, and its time zone."""
    require(actor, Deed.SET_UP, None)
    conference = tx.db.scalars(select(Conference).order_by(Conference.id)).one()
    if not 1 <= retention_days <= 3650:
        raise BadValue(field="retention_days")
    conference.title = one_line(title)
    conference.contact = one_line(contact) if contact.strip() else ""
    conference.retention_days = retention_days
    conference.time_zone = _zone(time_zone)


def add_strand(tx: Tx, actor: Actor, *, name: str, tagline: str, focus: str, description: str) -> int:
    """Announce another strand at the end; returns its id."""
    require(actor, Deed.SET_UP, None)
    conference_id = tx.db.scalars(select(Conference.id)).one()
    position = (tx.db.scalar(select(func.max(Strand.position))) or 0) + 1
    strand = Strand(
        conference_id=conference_id,
        position=position,
        key="other",
        mark=one_line(name).upper()[:1],
        name="",
        tagline="",
        focus="",
        description="",
    )
    _fill_strand(strand, name=name, tagline=tagline, focus=focus, description=description)
    tx.db.add(strand)
    tx.db.flush()
    return strand.id


def edit_strand(tx: Tx, actor: Actor, strand_id: int, *, name: str, tagline: str, focus: str, description: str) -> None:
    """Change a strand's words; its colour and mark stay."""
    require(actor, Deed.SET_UP, None)
    strand = tx.db.get(Strand, strand_id)
    if strand is None:
        raise NotFound
    _fill_strand(strand, name=name, tagline=tagline, focus=focus, description=description)
    for conversation_id in tx.db.scalars(select(Conversation.id).where(Conversation.strand_id == strand_id)):
        tx.touch(conversation_id, "title")


def add_conversation(tx: Tx, actor: Actor, strand_id: int, *, title: str, chance: Chance) -> int:
    """Open another conversation in a strand, with a fresh code; returns its id."""
    require(actor, Deed.SET_UP, None)
    strand = tx.db.get(Strand, strand_id)
    if strand is None:
        raise NotFound
    return _new_conversation(tx, strand, title=one_line(title), chance=chance).id


def rename_conversation(tx: Tx, actor: Actor, conversation_id: int, *, title: str) -> None:
    """Change a conversation's title."""
    conversation = _conversation(tx, actor, conversation_id)
    conversation.title = one_line(title)
    tx.touch(conversation_id, "title")


def close_conversation(tx: Tx, actor: Actor, conversation_id: int) -> None:
    """Close a conversation: it can be read, and takes nothing more."""
    conversation = _conversation(tx, actor, conversation_id)
    conversation.state = ConversationState.CLOSED
    conversation.closed_at = tx.now
    tx.touch(conversation_id, "title")
    tx.facts.append(ConversationClosed(conversation_id))


def reopen_conversation(tx: Tx, actor: Actor, conversation_id: int) -> None:
    """Open a closed conversation again."""
    conversation = _conversation(tx, actor, conversation_id)
    conversation.state = ConversationState.OPEN
    conversation.closed_at = None
    tx.touch(conversation_id, "title")


def clear_conversation(tx: Tx, actor: Actor, conversation_id: int, *, code: str) -> None:
    """Delete every idea, vote, theme, freeze and participant after a try-out; the code must be typed to confirm."""
    conversation = _conversation(tx, actor, conversation_id)
    if tidy_code(code) != conversation.code:
        raise CodeMismatch
    ideas = select(Idea.id).where(Idea.conversation_id == conversation_id)
    tx.db.execute(delete(Vote).where(Vote.idea_id.in_(ideas)))
    tx.db.execute(delete(SortRow).where(SortRow.idea_id.in_(ideas)))
    people = select(Participant.id).where(Participant.conversation_id == conversation_id)
    tx.db.execute(delete(Sorter).where(Sorter.participant_id.in_(people)))
    tx.db.execute(update(Idea).where(Idea.conversation_id == conversation_id).values(merged_into=None))
    for table in (Placement, Proposal, ThemeEdit, ThemeRun, ThemeRow, OpinionMap, Freeze, Idea, Participant, Change):
        tx.db.execute(delete(table).where(table.conversation_id == conversation_id))
    forget_unused_vectors(tx.db)
    forget_conversation(tx, conversation_id)
    conversation.joined = 0
    conversation.ideas_received = 0
    conversation.scene = Scene.RANKING
    conversation.sorting = False
    conversation.stage_idea_id = None
    tx.touch(conversation_id, "cleared")
    tx.facts.append(ConversationCleared(conversation_id))


def join_conversation(tx: Tx, conversation_id: int, *, token_hash: str) -> int:
    """Let somebody in by their browser's token; returns their participant id, the same one every time."""
    added = tx.change(sql.ADD_PARTICIPANT, conversation=conversation_id, token_hash=token_hash)
    if added:
        tx.change(sql.COUNT_JOINED, conversation=conversation_id)
    row = tx.row(sql.FIND_PARTICIPANT, conversation=conversation_id, token_hash=token_hash)
    if row is None:
        raise NotFound
    participant_id: int = row[0]
    return participant_id


def _new_conversation(tx: Tx, strand: Strand, *, title: str, chance: Chance) -> Conversation:
    taken = set(tx.db.scalars(select(Conversation.code)))
    code = new_code(chance)
    while code in taken:
        code = new_code(chance)
    last = tx.db.scalar(select(func.max(Conversation.position)).where(Conversation.strand_id == strand.id)) or 0
    conversation = Conversation(strand_id=strand.id, position=last + 1, title=title, code=code, created_at=tx.now)
    tx.db.add(conversation)
    tx.db.flush()
    return conversation


def _conversation(tx: Tx, actor: Actor, conversation_id: int) -> Conversation:
    require(actor, Deed.SET_UP, None)
    conversation = tx.db.get(Conversation, conversation_id)
    if conversation is None:
        raise NotFound
    return conversation


def _fill_strand(strand: Strand, *, name: str, tagline: str, focus: str, description: str) -> None:
    strand.name = one_line(name, limit=NAME_LIMIT)
    strand.tagline = one_line(tagline, limit=TITLE_LIMIT)
    strand.focus = one_line(focus, limit=500)
    strand.description = canonical(description, limit=2_000)


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name.strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadValue(field="time_zone") from None


@dataclass(frozen=True, slots=True)
class Place:
    """An open conversation as the start announces it."""

    id: int
    strand: str
    title: str
    code: str
    stage_version: int


def conversation_listing(tx: Tx) -> tuple[list[Place], bool]:
    """List the open conversations, and tell whether the organiser still needs a password."""
    places = [
        Place(conversation.id, strand.name, conversation.title, conversation.code, conversation.stage_version)
        for conversation, strand in conversations_of(tx.db, only_open=True)
    ]
    conference = conference_of(tx.db)
    return places, conference is None or conference.password_hash is None


def find_by_code(tx: Tx, code: str) -> int:
    """Return the id of the conversation with this code; raises WrongCode."""
    found = conversation_by_code(tx.db, tidy_code(code))
    if found is None:
        raise WrongCode
    return found[0].id
