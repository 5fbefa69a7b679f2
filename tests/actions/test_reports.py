"""A freeze is one state, for ever; its ledger says where every idea received has gone."""

import secrets

import pytest
from sqlalchemy import text

from feedback.actions.crew import admit
from feedback.actions.ideas import hide_idea, restore_idea
from feedback.actions.imports import import_rows
from feedback.actions.places import move_ideas
from feedback.actions.programme import rename_conversation
from feedback.actions.prompts import edit_prompt
from feedback.actions.reports import freeze
from feedback.actions.runs import finish_theme_run, request_themes
from feedback.actions.themes import rename_theme
from feedback.domain.facts import EmptyText, Forbidden, NotFound
from feedback.domain.reports import Ledger, Method, Participation, Report, ReportPrompt, checksum_of, report_of
from feedback.domain.roles import Actor, Role
from feedback.domain.rows import Row
from feedback.domain.summaries import ideas_of, missing_from
from feedback.domain.themes import Theme, ThemeSet
from feedback.store.reports import Freeze, content_of, freeze_of, freezes_of


def frozen(room, **words) -> Report:
    freeze_id = room.do(freeze, room.conversation().id, **{"name": "Noon", "language": "en"} | words)
    with room.read() as db:
        row = db.get_one(Freeze, freeze_id)
        report = report_of(row.content)
        assert (row.checksum, row.seq, row.name) == (checksum_of(report), report.seq, report.name)
    return report


def hold(room) -> dict[str, str]:
    """A conversation with two authors, votes, one hidden, one withdrawn, one merged, one from the floor."""
    place, anna, ben = room.conversation().id, room.phone("anna"), room.phone("ben")
    room.phone("silent")
    room.phone("elsewhere", place=1).write("Elsewhere")
    ids = {name: anna.write(name) for name in ("night", "sunday", "miller", "regret", "twin")}
    ids["depot"] = ben.write("depot")
    room.do(import_rows, place, [Row(2, "card")], chance=secrets.randbits)
    for idea, val in [("night", 1), ("sunday", 1), ("sunday", None), ("twin", 1), ("miller", 1), ("regret", 1)]:
        ben.vote(ids[idea], val)
    anna.vote(ids["depot"])
    room.phone("cleo").vote(ids["depot"])
    room.do(hide_idea, ids["miller"], reason="Names a person")
    anna.op(k="withdraw", idea=ids["regret"], rev=anna.next_rev())
    # Merging ideas has no deed yet, but its place in the ledger is there.
    room.do(hide_idea, ids["twin"], reason="Twice")
    with room.engine.begin() as db:
        db.execute(
            text("update idea set merged_into = :into where id = :twin"), {"into": ids["night"], "twin": ids["twin"]}
        )
    run = room.do(request_themes, place)
    hours = Theme(1, "Hours", terms=("night",), ideas=(ids["night"], ids["sunday"]), representatives=(ids["sunday"],))
    places = Theme(2, "Places", ideas=(ids["depot"], ids["miller"]), representatives=(ids["miller"], ids["depot"]))
    room.gate.write(place, finish_theme_run, run, ThemeSet((hours, places), (ids["twin"],), 3))
    return ids


def test_freeze_holds_themes_votes_and_people_counted_right(any_room):
    ids = hold(any_room)
    place = any_room.conversation().id
    any_room.gate.write(None, admit, role=Role.RAPPORTEUR, conversation_id=place, bearer_hash="r" * 64, name="Rosa")
    any_room.do(rename_theme, place, 1, "Opening hours")
    any_room.do(move_ideas, place, [ids["sunday"]], 2)
    report = frozen(any_room, language="de")
    conversation, prompt = any_room.conversation(), any_room.prompt()
    assert (report.conference, report.strand, report.code) == ("Creative Conversations", "Inspire", conversation.code)
    assert (report.language, report.rapporteur, report.facilitator) == ("de", "Rosa", "")
    assert (report.seq, report.time_zone) == (conversation.seq, "Europe/Brussels")
    assert report.prompts == (ReportPrompt(1, prompt.text, None, 4),)
    assert [
        (theme.number, theme.name, theme.votes, [idea.text for idea in theme.ideas]) for theme in report.themes
    ] == [
        (2, "Places", 2, ["depot", "sunday"]),
        (1, "Opening hours", 1, ["night"]),
    ]
    assert report.themes[0].representatives == (ids["depot"],)
    assert [(idea.text, idea.source, idea.theme) for idea in report.leftovers] == [("card", "floor", None)]
    # Ben, Anna and Cleo voted; a vote taken back, or on a hidden idea, adds no standing vote to what is shown.
    assert report.participation == Participation(joined=4, wrote=2, voted=3, votes=3)
    assert report.method == Method("lexical 1", 0, 2, 2, 1)


def test_ledger_adds_up(any_room):
    hold(any_room)
    ledger = frozen(any_room).ledger
    assert ledger == Ledger(received=7, published=4, merged=1, hidden=(("Names a person", 1),), withdrawn=1)
    assert missing_from(ledger) == 0
    assert ledger.received == any_room.conversation().ideas_received


def test_every_published_idea_stands_in_the_report_once(room):
    ids = hold(room)
    report = frozen(room)
    assert [idea.text for idea in ideas_of(report)] == ["night", "sunday", "depot", "card"]
    assert len(ideas_of(report)) == report.ledger.published
    for gone in ("miller", "regret", "twin"):
        assert ids[gone] not in {idea.id for idea in ideas_of(report)}


def test_freeze_never_changes_afterwards(any_room):
    ids = hold(any_room)
    place = any_room.conversation().id
    first = any_room.do(freeze, place, name="Noon", language="en")
    with any_room.read() as db:
        before = (content_of(db, first), freeze_of(db, place, first).checksum)
    any_room.phone("late").vote(ids["night"])
    any_room.do(rename_conversation, place, title="Renamed")
    any_room.do(edit_prompt, any_room.prompt().id, text="Changed?", votes_each=2)
    any_room.do(restore_idea, ids["miller"])
    second = any_room.do(freeze, place, name="Evening", language="en")
    with any_room.read() as db:
        assert (content_of(db, first), freeze_of(db, place, first).checksum) == before
        assert [row.id for row in freezes_of(db, place)] == [second, first]
        later = report_of(content_of(db, second))
        assert freeze_of(db, any_room.conversation(1).id, first) is None
    assert (later.conversation, later.ledger.hidden, later.ledger.published) == ("Renamed", (), 5)


def test_freeze_of_an_empty_conversation_is_a_report_too(room):
    report = frozen(room)
    assert (report.themes, report.leftovers, report.ledger) == ((), (), Ledger(0, 0, 0, (), 0))
    assert report.participation == Participation(0, 0, 0, 0)


def test_freeze_refuses_no_name_no_conversation_and_other_roles(room):
    place = room.conversation().id
    with pytest.raises(EmptyText):
        room.do(freeze, place, name=" ", language="en")
    with pytest.raises(NotFound):
        room.do(freeze, 99, name="Noon", language="en")
    for actor in [Actor(role, place) for role in (Role.PARTICIPANT, Role.STAGE, Role.FACILITATOR)]:
        with pytest.raises(Forbidden):
            room.do(freeze, place, name="Noon", language="en", actor=actor)
    with pytest.raises(Forbidden):
        room.do(freeze, place, name="Noon", language="en", actor=Actor(Role.RAPPORTEUR, room.conversation(1).id))
    assert room.do(freeze, place, name="Noon", language="en", actor=Actor(Role.RAPPORTEUR, place)) == 1
