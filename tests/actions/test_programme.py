"""The conference: founded once, set up by the organiser alone, cleared completely and only here."""

import secrets

import pytest
from sqlalchemy import func, select, text

from feedback.actions.crew import set_password
from feedback.actions.imports import import_rows
from feedback.actions.programme import (
    add_conversation,
    add_strand,
    clear_conversation,
    close_conversation,
    conversation_listing,
    edit_strand,
    find_by_code,
    found_conference,
    join_conversation,
    rename_conference,
    rename_conversation,
    reopen_conversation,
)
from feedback.actions.prompts import set_stage
from feedback.actions.reports import freeze
from feedback.actions.runs import finish_theme_run, request_themes
from feedback.actions.themes import rename_theme
from feedback.domain.facts import (
    BadValue,
    CodeMismatch,
    ConversationCleared,
    EmptyText,
    Forbidden,
    NotFound,
    TextTooLong,
    WrongCode,
)
from feedback.domain.programme import ConversationState, PromptState, Scene
from feedback.domain.roles import Actor, Role
from feedback.domain.rows import Row
from feedback.domain.themes import Theme, ThemeSet
from feedback.store.base import Base
from feedback.store.programme import Conference, Conversation, Participant, Strand, conference_of, strands_of

STRAND = {"name": "Imagine", "tagline": "Cities to come", "focus": "What if", "description": "More words."}
CONFERENCE = {"title": "Places", "contact": "", "retention_days": 30, "time_zone": "UTC"}


def rows_of(room, conversation_id: int) -> dict[str, int]:
    """Count the rows that hang on a conversation, by table."""
    counts = {}
    with room.read() as db:
        for table in Base.metadata.sorted_tables:
            if "conversation_id" in table.columns:
                here = select(func.count()).select_from(table).where(table.c.conversation_id == conversation_id)
                counts[table.name] = db.scalar(here)
        votes = "select count(*) from vote join idea on idea.id = vote.idea_id where conversation_id = :place"
        counts["vote"] = db.scalar(text(votes), {"place": conversation_id})
    return counts


def fill(room, place: int) -> None:
    """Let a whole conversation happen."""
    anna, ben = room.phone("anna", place), room.phone("ben", place)
    idea = anna.write("Open at night")
    ben.vote(idea)
    at = room.conversation(place).id
    room.do(import_rows, at, [Row(2, "From a card")], chance=secrets.randbits, place=place)
    run = room.do(request_themes, at, place=place)
    room.gate.write(at, finish_theme_run, run, ThemeSet((Theme(1, "Hours", ideas=(idea,)),), (), 2))
    room.do(rename_theme, at, 1, "Opening hours", place=place)
    room.do(set_stage, at, scene=Scene.SPOTLIGHT, idea_id=idea, place=place)
    room.do(freeze, at, name="Noon", language="en", place=place)


def test_found_conference_announces_three_strands_with_an_open_conversation_each(any_room):
    any_room.gate.write(None, found_conference, time_zone="UTC", chance=secrets.randbits)
    with any_room.read() as db:
        assert [strand.name for strand in strands_of(db)] == ["Inspire", "Impact", "Involve"]
        assert db.scalar(select(func.count()).select_from(Conference)) == 1
        assert conference_of(db).time_zone == "Europe/Brussels"
        assert len(set(db.scalars(select(Conversation.code)))) == 3
    for place in range(3):
        assert any_room.conversation(place).state is ConversationState.OPEN
        assert any_room.prompt(place).state is PromptState.OPEN


def test_join_conversation_is_the_same_person_every_time(any_room):
    place = any_room.conversation().id
    first = any_room.gate.write(place, join_conversation, place, token_hash="a" * 64)
    assert any_room.gate.write(place, join_conversation, place, token_hash="a" * 64) == first
    other = any_room.conversation(1).id
    assert any_room.gate.write(other, join_conversation, other, token_hash="a" * 64) != first
    assert (any_room.conversation().joined, any_room.conversation(1).joined) == (1, 1)
    with any_room.read() as db:
        assert db.scalar(select(func.count()).select_from(Participant)) == 2


def test_rename_conference_keeps_what_participants_are_told(room):
    room.do(
        rename_conference, title=" Creative  places ", contact="Ask Ada", retention_days=7, time_zone="Europe/Paris"
    )
    with room.read() as db:
        found = conference_of(db)
        kept = (found.title, found.contact, found.retention_days, found.time_zone)
    assert kept == ("Creative places", "Ask Ada", 7, "Europe/Paris")


@pytest.mark.parametrize(
    ("difference", "refusal"),
    [
        ({"retention_days": 0}, BadValue),
        ({"retention_days": 3651}, BadValue),
        ({"time_zone": "Mars/Olympus"}, BadValue),
        ({"time_zone": "../etc/passwd"}, BadValue),
        ({"time_zone": ""}, BadValue),
        ({"title": " "}, EmptyText),
        ({"title": "a" * 121}, TextTooLong),
    ],
)
def test_rename_conference_refuses(room, difference, refusal):
    with pytest.raises(refusal):
        room.do(rename_conference, **CONFERENCE | difference)


def test_add_and_edit_strand(room):
    strand = room.do(add_strand, **STRAND | {"name": "ßpecial"})
    with room.read() as db:
        added = db.get_one(Strand, strand)
        assert (added.position, added.key, added.mark, added.name) == (4, "other", "S", "ßpecial")
    with room.read() as db:
        first = strands_of(db)[0].id
    room.do(edit_strand, first, **STRAND)
    with room.read() as db:
        edited = db.get_one(Strand, first)
        assert (edited.name, edited.mark, edited.key) == ("Imagine", "I", "inspire")
    assert room.conversation().seq == 1
    with pytest.raises(NotFound):
        room.do(edit_strand, 99, **STRAND)
    with pytest.raises(TextTooLong):
        room.do(add_strand, **STRAND | {"name": "a" * 41})
    with pytest.raises(EmptyText):
        room.do(edit_strand, first, **STRAND | {"focus": ""})


def test_add_conversation_has_a_code_of_its_own(room):
    with room.read() as db:
        strand = strands_of(db)[0].id
    known = room.conversation().code
    letters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
    bits = sum(letters.index(letter) * 31**place for place, letter in enumerate(known))
    draws = iter([bits, bits, 12345])
    added = room.do(add_conversation, strand, title="Afternoon", chance=lambda _: next(draws))
    with room.read() as db:
        row = db.get_one(Conversation, added)
        assert (row.title, row.position, row.state, row.seq) == ("Afternoon", 2, ConversationState.OPEN, 0)
        assert row.code != known
    with pytest.raises(NotFound):
        room.do(add_conversation, 99, title="Afternoon", chance=secrets.randbits)
    with pytest.raises(EmptyText):
        room.do(add_conversation, strand, title="", chance=secrets.randbits)


def test_rename_close_and_reopen_conversation(room):
    place = room.conversation().id
    room.do(rename_conversation, place, title="Places")
    room.do(close_conversation, place)
    closed = room.conversation()
    assert (closed.title, closed.state, closed.seq) == ("Places", ConversationState.CLOSED, 2)
    assert closed.closed_at is not None
    room.do(reopen_conversation, place)
    assert (room.conversation().state, room.conversation().closed_at) == (ConversationState.OPEN, None)
    for action, words in [(rename_conversation, {"title": "x"}), (close_conversation, {}), (reopen_conversation, {})]:
        with pytest.raises(NotFound):
            room.do(action, 99, **words)


def test_clear_conversation_leaves_nothing_and_the_others_untouched(any_room):
    fill(any_room, 0)
    fill(any_room, 1)
    here, there = any_room.conversation(0).id, any_room.conversation(1).id
    before = rows_of(any_room, there)
    seq = any_room.conversation().seq
    assert (
        min(rows_of(any_room, here)[name] for name in ("idea", "vote", "theme", "placement", "freeze", "theme_edit"))
        > 0
    )
    any_room.do(clear_conversation, here, code=f" {any_room.conversation().code.lower()} ")
    left = {name: count for name, count in rows_of(any_room, here).items() if count}
    assert left == {"prompt": 1, "change": 1}
    assert rows_of(any_room, there) == before
    cleared = any_room.conversation()
    assert (cleared.joined, cleared.ideas_received, cleared.seq) == (0, 0, seq + 1)
    assert (cleared.scene, cleared.stage_idea_id) == (Scene.RANKING, None)
    assert any_room.facts[-1] == ConversationCleared(here)
    fill(any_room, 0)
    assert any_room.conversation().ideas_received == 2


def test_clear_conversation_needs_its_code(room):
    room.phone("anna").write("Open at night")
    for code in ("", "AAAAAA", room.conversation(1).code):
        with pytest.raises(CodeMismatch):
            room.do(clear_conversation, room.conversation().id, code=code)
    assert room.conversation().ideas_received == 1
    with pytest.raises(NotFound):
        room.do(clear_conversation, 99, code="AAAAAA")


def test_setting_up_is_for_the_organiser_alone(room):
    place = room.conversation().id
    with room.read() as db:
        strand = strands_of(db)[0].id
    deeds = [
        (rename_conference, (), CONFERENCE),
        (add_strand, (), STRAND),
        (edit_strand, (strand,), STRAND),
        (add_conversation, (strand,), {"title": "x", "chance": secrets.randbits}),
        (rename_conversation, (place,), {"title": "x"}),
        (close_conversation, (place,), {}),
        (reopen_conversation, (place,), {}),
        (clear_conversation, (place,), {"code": room.conversation().code}),
    ]
    for role in (Role.PARTICIPANT, Role.STAGE, Role.FACILITATOR, Role.RAPPORTEUR):
        for action, args, words in deeds:
            with pytest.raises(Forbidden):
                room.do(action, *args, actor=Actor(role, place), **words)
    assert room.conversation().seq == 0


def test_conversation_listing_and_find_by_code(room):
    places, needs_password = room.gate.write(None, conversation_listing)
    assert [place.strand for place in places] == ["Inspire", "Impact", "Involve"]
    assert needs_password
    room.do(set_password, password_hash="hash")
    room.do(close_conversation, room.conversation(2).id, place=2)
    places, needs_password = room.gate.write(None, conversation_listing)
    assert len(places) == 2
    assert not needs_password
    code = room.conversation(2).code
    typed = f"{code[:3].lower()}-{code[3:]}"
    assert room.gate.write(None, find_by_code, typed) == room.conversation(2).id
    with pytest.raises(WrongCode):
        room.gate.write(None, find_by_code, "AAAAA1")
