"""Ideas from the floor: good lines are taken, bad ones listed, twice the same file adds nothing."""

import secrets

import pytest
from sqlalchemy import select, text

from feedback.actions.imports import BadLine, ImportOutcome, import_rows
from feedback.actions.programme import close_conversation
from feedback.actions.prompts import add_prompt
from feedback.domain.facts import Forbidden, NotFound
from feedback.domain.ideas import IDEAS_IN_ALL, Source
from feedback.domain.roles import Actor, Role
from feedback.domain.rows import Row, read_rows
from feedback.store.ideas import Idea

FILE = "id;text;lang\n1;Öffnet nachts;de\n2; ;en\n3;Open on Sundays;\n4;bad\x07bell;en\n5;{long};en\n".replace(
    "{long}", "a" * 501
)


def taken(room, rows, place: int = 0, **words) -> ImportOutcome:
    return room.do(import_rows, room.conversation(place).id, rows, chance=secrets.randbits, place=place, **words)


def bodies(room, place: int = 0) -> list[tuple[str, str]]:
    with room.read() as db:
        here = select(Idea.body, Idea.lang).where(Idea.conversation_id == room.conversation(place).id)
        return [tuple(row) for row in db.execute(here.order_by(Idea.number))]


def test_import_takes_good_lines_lists_bad_ones_and_adds_nothing_the_second_time(any_room):
    rows = read_rows(FILE.encode(), "notes.csv").good
    bad = (BadLine(3, "empty"), BadLine(5, "control_characters"), BadLine(6, "too_long"))
    assert taken(any_room, rows, lang="fr") == ImportOutcome(2, 0, bad)
    assert taken(any_room, rows, lang="fr") == ImportOutcome(0, 2, bad)
    assert bodies(any_room) == [("Öffnet nachts", "de"), ("Open on Sundays", "fr")]
    with any_room.read() as db:
        ideas = list(db.scalars(select(Idea)))
        assert {(idea.source, idea.participant_id) for idea in ideas} == {(Source.FLOOR, None)}
    assert any_room.conversation().ideas_received == 2


def test_import_knows_an_idea_by_its_id_and_without_one_by_text_and_occurrence(room):
    rows = [Row(1, "Twice"), Row(2, "Twice"), Row(3, "Named", "7"), Row(4, "Other words, same id", "7")]
    assert taken(room, rows) == ImportOutcome(3, 1, ())
    assert taken(room, [*rows, Row(5, "Twice")]) == ImportOutcome(1, 4, ())
    assert taken(room, [Row(1, "Twice"), Row(2, "twice")]) == ImportOutcome(1, 1, ())
    assert [body for body, _ in bodies(room)] == ["Twice", "Twice", "Named", "Twice", "twice"]


def test_import_goes_into_each_conversation_by_itself(room):
    rows = [Row(1, "Open at night", "1")]
    assert taken(room, rows).taken == 1
    assert taken(room, rows, place=1).taken == 1
    assert bodies(room) == bodies(room, 1) == [("Open at night", "en")]


def test_import_goes_into_the_last_prompt_or_the_one_named_in_any_state(room):
    place = room.conversation().id
    draft = room.do(add_prompt, place, text="And then?", votes_each=None)
    room.do(close_conversation, place)
    taken(room, [Row(1, "Last")])
    taken(room, [Row(1, "By number")], prompt_number=1)
    taken(room, [Row(1, "By id")], prompt_id=room.prompt().id)
    with room.read() as db:
        prompts = [tuple(row) for row in db.execute(select(Idea.body, Idea.prompt_id).order_by(Idea.number))]
    first = room.prompt().id
    assert prompts == [("Last", draft), ("By number", first), ("By id", first)]
    for words in ({"prompt_number": 9}, {"prompt_id": room.prompt(1).id}):
        with pytest.raises(NotFound):
            taken(room, [Row(1, "Nowhere")], **words)


def test_import_replaces_a_language_that_is_none(any_room):
    odd = ["", "e\0n", "<b>", "a-very-long-tag", "ελ", "pt-BR"]
    taken(any_room, [Row(number, f"Idea {number}", lang=lang) for number, lang in enumerate(odd)], lang="de")
    assert [lang for _, lang in bodies(any_room)] == ["de"] * 5 + ["pt-BR"]


def test_import_stops_at_what_the_conversation_may_hold(room):
    with room.engine.begin() as db:
        db.execute(text(f"update conversation set ideas_received = {IDEAS_IN_ALL - 1}"))
    rows = [Row(1, "Fits"), Row(2, "Too many"), Row(3, "Fits")]
    assert taken(room, rows) == ImportOutcome(1, 0, (BadLine(2, "full"), BadLine(3, "full")))
    assert bodies(room) == [("Fits", "en")]


def test_imported_ideas_are_voted_for_like_all_others(room):
    taken(room, [Row(1, "Open at night")])
    with room.read() as db:
        idea = db.scalars(select(Idea.id)).one()
    room.phone("anna").vote(idea)
    with room.read() as db:
        assert db.get_one(Idea, idea).agree == 1


@pytest.mark.parametrize(
    ("role", "place"), [(Role.PARTICIPANT, 0), (Role.STAGE, 0), (Role.RAPPORTEUR, 0), (Role.FACILITATOR, 1)]
)
def test_import_is_for_this_conversations_facilitator(room, role, place):
    with pytest.raises(Forbidden):
        taken(room, [Row(1, "Open at night")], actor=Actor(role, room.conversation(place).id))
    assert taken(room, [Row(1, "Yes")], actor=Actor(Role.FACILITATOR, room.conversation().id)).taken == 1
