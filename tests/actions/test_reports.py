"""A freeze is one state, for ever; its ledger says where every idea received has gone."""

import secrets
from dataclasses import replace

import pytest
from sqlalchemy import text

from feedback.actions.crew import admit
from feedback.actions.ideas import hide_idea, restore_idea
from feedback.actions.imports import import_rows
from feedback.actions.merging import merge_ideas
from feedback.actions.opinions import set_opinions
from feedback.actions.places import move_ideas
from feedback.actions.programme import rename_conversation
from feedback.actions.prompts import add_prompt, edit_prompt
from feedback.actions.reports import freeze
from feedback.actions.runs import fail_theme_run, finish_theme_run, request_themes
from feedback.actions.sorts import start_sorting
from feedback.actions.themes import describe_theme, rename_theme
from feedback.domain.facts import EmptyText, Forbidden, NotFound
from feedback.domain.opinions import Counts, OpinionGroup, OpinionMap, Typical
from feedback.domain.programme import Voting
from feedback.domain.reports import (
    Ledger,
    Method,
    OpinionIdea,
    Participation,
    Report,
    ReportGroup,
    ReportOpinions,
    ReportPrompt,
    Sorting,
    canonical_json,
    checksum_of,
    report_of,
)
from feedback.domain.roles import Actor, Role
from feedback.domain.rows import Row
from feedback.domain.summaries import ideas_of, missing_from
from feedback.domain.themes import Outlook, Theme, ThemeSet
from feedback.store.reports import Freeze, content_of, freeze_of, freezes_of
from feedback.store.screens import sorting_of


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
    room.do(merge_ideas, place, ids["night"], ids["twin"])
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
    # The card came after the run: nobody has placed it.
    assert report.method == Method("lexical 2", 0, 2, 3, 1, 0, 2, "lexical")


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


def test_freeze_holds_what_the_crew_says_of_a_theme(room):
    hold(room)
    hours, places = sorted(frozen(room).themes, key=lambda theme: theme.number)
    room.do(describe_theme, room.conversation().id, hours.number, "What happens late")
    described = replace(hours, description="What happens late")
    assert sorted(frozen(room).themes, key=lambda theme: theme.number) == [described, places]


def test_freeze_says_how_firm_themes_are_and_who_put_the_ideas_there(any_room):
    place, anna, ben, cleo = any_room.conversation().id, *map(any_room.phone, ("anna", "ben", "cleo"))
    a, b, c, d, e = (anna.write(text) for text in ("Night", "Sunday", "Depot", "Tram", "Gone"))
    themes = (
        Theme(1, "Hours", ideas=(a, b), firmness=0.5),
        Theme(2, "Places", ideas=(c, e), firmness=0.49),
        Theme(3, "Trams", ideas=(d,)),
    )
    unsure = {idea: Outlook(((1, 0.5), (2, 0.3), (None, 0.2)), 0.5) for idea in (a, b, c, e)}
    found = ThemeSet(themes, (), 4, outlooks={**unsure, d: Outlook(((3, 0.99),), 0.99)})
    any_room.gate.write(place, finish_theme_run, any_room.do(request_themes, place), found)
    any_room.do(start_sorting, place)
    for phone, idea, theme in [(ben, a, 1), (cleo, a, 1), (ben, b, None), (cleo, c, 2), (ben, e, 2)]:
        phone.op(k="sort", idea=idea, theme=theme, skip=False, rev=phone.next_rev())
    anna.op(k="sort", idea=d, theme=None, skip=True, rev=anna.next_rev())
    any_room.do(move_ideas, place, [c], 1)
    any_room.do(hide_idea, e, reason="Twice")
    report = frozen(any_room)
    assert {theme.name: theme.firm for theme in report.themes} == {"Hours": True, "Trams": None}
    # Whoever passes over says nothing, and a sort of an idea that is hidden is none of what is published.
    assert (report.sorting.people, report.sorting.sorts) == (2, 4)
    with any_room.engine.connect() as db:
        told = sorting_of(db, place)
    assert report.sorting == Sorting(2, 4, 4 - told["unsure"], told["unsure"])
    assert told["unsure"] in (1, 2)
    by = report.method
    assert (by.ideas_placed_by_people, by.ideas_placed_by_room, by.ideas_placed_by_machine) == (1, 2, 1)


@pytest.mark.parametrize(
    ("embedder", "engine"),
    [("lexical", "lexical 2"), ("local:MiniLM:0123abcd", "meaning 2"), ("http:nomic:latest:0123abcd", "meaning 2")],
)
def test_freeze_says_what_measured_the_run_that_found_the_themes(any_room, embedder, engine):
    place, idea = any_room.conversation().id, any_room.phone("anna").write("Night")
    found = ThemeSet((Theme(1, "Hours", ideas=(idea,)),), (), 2, embedder=embedder)
    any_room.gate.write(place, finish_theme_run, any_room.do(request_themes, place), found)
    # Neither a run that failed nor one under way has found what stands there.
    any_room.gate.write(place, fail_theme_run, any_room.do(request_themes, place), problem="engine_failed")
    any_room.do(request_themes, place)
    made = frozen(any_room).method
    assert (made.engine, made.embedder, made.themes_found) == (engine, embedder, 1)


def test_a_run_of_before_tells_no_embedder_and_the_first_engine(any_room):
    place, idea = any_room.conversation().id, any_room.phone("anna").write("Night")
    found = ThemeSet((Theme(1, "Hours", ideas=(idea,)),), (), 2)
    any_room.gate.write(place, finish_theme_run, any_room.do(request_themes, place), found)
    with any_room.engine.begin() as db:
        db.execute(text("update theme_run set embedder = null"))
    report = frozen(any_room)
    assert (report.method.engine, report.method.embedder) == ("lexical 1", None)
    assert "embedder" not in canonical_json(report)


def test_without_themes_nothing_is_said_of_sorts(room):
    room.phone("anna").write("night")
    report = frozen(room)
    assert (report.sorting, report.opinions) == (None, ())
    assert report.method == Method("", 0, 0, 0, 0)
    assert "sorting" not in canonical_json(report)


def test_freeze_holds_opinion_groups_without_ideas_that_are_gone_and_without_ballots(any_room):
    any_room.ask_opinions()
    anna, place, prompt = any_room.phone("anna"), any_room.conversation().id, any_room.prompt().id
    ideas = [anna.write(text) for text in ("night", "sunday", "depot")]
    any_room.do(add_prompt, place, text="A draft asks nobody", votes_each=None, voting=Voting.OPINION)
    assert frozen(any_room).opinions == (ReportOpinions(1, None, 0, 15, 3, (), (), ()),)
    all_agree, two_said = Counts(9, 0, 1), Counts(1, 1, 0)
    groups = (
        OpinionGroup("A", 10, 0, 0, 1, dict(zip(ideas, (all_agree, Counts(8, 1, 1), all_agree), strict=True))),
        OpinionGroup("B", 6, 1, 0, 1, dict(zip(ideas, (two_said, Counts(1, 5, 0), all_agree), strict=True))),
    )
    groups = (replace(groups[0], typical=(Typical(ideas[1], 1, 2.0),)), groups[1])
    seq = any_room.conversation().seq
    found = OpinionMap(seq, 3, 16, 3, groups, (ideas[2], ideas[0]), (ideas[1], ideas[2]))
    any_room.gate.write(place, set_opinions, prompt, found)
    any_room.do(hide_idea, ideas[2], reason="Twice")
    sunday = OpinionIdea(2, ((80, 10, 10), (17, 83, 0)))
    told = (ReportGroup("A", 10, (sunday,), ()), ReportGroup("B", 6, (), ()))
    night = OpinionIdea(1, ((90, 0, 10), None))
    assert frozen(any_room).opinions == (ReportOpinions(1, seq, 16, 15, 3, told, (night,), (sunday,)),)


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
