"""Theme runs: one at a time, and whatever people decided before one or while it was computing stands."""

import pytest
from sqlalchemy import select

from feedback.actions.edits import redo_edit, undo_edit
from feedback.actions.ideas import hide_idea
from feedback.actions.places import bar_ideas, move_ideas, pin_ideas, unpin_ideas
from feedback.actions.runs import fail_theme_run, finish_theme_run, request_themes
from feedback.actions.themes import add_theme, describe_theme, lock_theme, merge_themes, rename_theme, split_theme
from feedback.domain.facts import NoIdeasYet, RunInFlight, ThemesRequested
from feedback.domain.themes import MergeProposal, Outlook, Placed, RegroupProposal, Theme, ThemeSet
from feedback.store.proposals import Proposal
from feedback.store.runs import run_input
from feedback.store.themes import ThemeRun, all_themes_of, last_run, outlooks_of


def all_proposals(db):
    """Every proposal that there ever was, the oldest first."""
    return list(db.scalars(select(Proposal).order_by(Proposal.id)))


def test_request_themes_is_one_run_at_a_time(desk):
    run = desk.do(request_themes)
    assert desk.room.facts[-1] == ThemesRequested(desk.place, run)
    with pytest.raises(RunInFlight):
        desk.do(request_themes)
    desk.room.gate.write(desk.place, fail_theme_run, run, problem="engine_failed" * 40)
    with desk.room.read() as db:
        failed = last_run(db, desk.place)
        assert (failed.state, len(failed.problem)) == ("failed", 200)
    assert desk.do(request_themes) != run


def test_request_themes_needs_ideas(room):
    with pytest.raises(NoIdeasYet):
        room.do(request_themes, room.conversation().id)


def test_finish_theme_run_stores_what_was_found(desk):
    run = desk.found_two()
    assert desk.names() == {1: ("Hours", False), 2: ("Places", False)}
    assert desk.where() == {desk.a: 1, desk.b: 1, desk.c: 2, desk.d: None}
    with desk.room.read() as db:
        done = db.get_one(ThemeRun, run)
        assert (done.state, done.themes_found) == ("done", 2)
    assert desk.screen()["leftovers"] == 1


def test_finish_and_fail_of_an_ended_or_unknown_run_change_nothing(desk):
    run = desk.found_two()
    before, seq = desk.screen(), desk.room.conversation().seq
    for number in (run, 99):
        desk.room.gate.write(
            desk.place, finish_theme_run, number, ThemeSet((Theme(7, "Late", ideas=(desk.a,)),), (), 8)
        )
        desk.room.gate.write(desk.place, fail_theme_run, number, problem="late")
    assert (desk.screen(), desk.room.conversation().seq) == (before, seq)


def test_finish_theme_run_passes_over_ideas_that_are_gone(desk):
    desk.found(Theme(1, "Hours", ideas=(desk.a, "01ARZ3NDEKTSV4RRFFQ69G5FAV")))
    assert desk.where() == {desk.a: 1}


def test_a_theme_that_somebody_described_stands_without_ideas_and_one_of_hidden_ideas_does_not(desk):
    desk.found_two()
    desk.do(describe_theme, 2, "Rooms, halls and depots")
    desk.room.do(hide_idea, desk.a, reason="Names a person")
    desk.room.do(hide_idea, desk.b, reason="Names a person")
    desk.found(Theme(3, "Everything", ideas=(desk.c, desk.d)))
    assert set(desk.names()) == {2, 3}
    assert desk.row(2).description == "Rooms, halls and depots"


def test_edits_survive_the_next_run(desk):
    desk.found_two()
    desk.do(rename_theme, 1, "Opening hours")
    desk.do(move_ideas, [desk.d], 2)
    desk.do(move_ideas, [desk.b], None)
    hours = Theme(1, "Machine name", ideas=(desk.b, desk.d))
    desk.found(hours, Theme(2, "Better places", ideas=(desk.a,)), leftovers=(desk.c,))
    assert desk.names() == {1: ("Opening hours", True), 2: ("Better places", False)}
    assert desk.where() == {desk.a: 2, desk.b: None, desk.c: None, desk.d: 2}


def test_merge_survives_a_run_that_still_knows_the_merged_theme(desk):
    desk.found_two()
    desk.do(merge_themes, 1, 2)
    assert desk.names() == {1: ("Hours", False)}
    desk.found(Theme(2, "Places again", ideas=(desk.d,)), Theme(1, "Hours", ideas=(desk.a, desk.b, desk.c)))
    assert set(desk.names()) == {1}
    assert desk.where() == dict.fromkeys((desk.a, desk.b, desk.c, desk.d), 1)


def test_theme_without_ideas_goes_unless_a_person_named_it(desk):
    desk.found_two()
    desk.do(rename_theme, 2, "Our places")
    desk.found(Theme(3, "Everything", ideas=(desk.a, desk.b, desk.c, desk.d)))
    assert desk.names() == {2: ("Our places", True), 3: ("Everything", False)}
    with desk.room.read() as db:
        assert set(all_themes_of(db, desk.place)) == {1, 2, 3}


def test_a_theme_named_beforehand_stands_and_reaches_the_next_run(desk):
    number = desk.do(add_theme, "  After\nhours ", " Whatever is open late ")
    assert desk.names() == {number: ("After hours", True)}
    run = desk.do(request_themes)
    given = run_input(desk.room.engine, run).previous.themes
    assert [(theme.name, theme.description, theme.named_by_person, theme.ideas) for theme in given] == [
        ("After hours", "Whatever is open late", True, ())
    ]
    found = ThemeSet((Theme(number, "Machine name", ideas=(desk.a,)),), (desk.b, desk.c, desk.d), number + 1)
    desk.room.gate.write(desk.place, finish_theme_run, run, found)
    assert (desk.names(), desk.where()[desk.a]) == ({number: ("After hours", True)}, number)


# What people do while a run is computing.


def test_names_places_and_pins_given_meanwhile_stand(desk):
    desk.found_two()
    run = desk.asked()
    desk.do(rename_theme, 1, "Opening hours")
    desk.do(move_ideas, [desk.d], 2)
    desk.do(pin_ideas, [desk.a])
    everything = Theme(1, "Everything", ideas=(desk.a, desk.b, desk.c, desk.d))
    desk.finish(run, everything)
    assert desk.names() == {1: ("Opening hours", True), 2: ("Places", False)}
    assert desk.where() == {desk.a: 1, desk.b: 1, desk.c: 1, desk.d: 2}


def test_what_was_taken_back_or_let_go_meanwhile_stays_where_it_was_put(desk):
    desk.found_two()
    desk.do(pin_ideas, [desk.a])
    desk.do(rename_theme, 2, "Our places")
    desk.do(move_ideas, [desk.d], 2)
    run = desk.asked()
    desk.do(undo_edit)
    desk.do(undo_edit)
    desk.do(unpin_ideas, [desk.a])
    # The run has read the pin, the name and the move.
    desk.finish(
        run,
        Theme(1, "Hours", ideas=(desk.b,)),
        Theme(2, "Our places", named_by_person=True, ideas=(desk.a, desk.c, desk.d)),
    )
    assert desk.names() == {1: ("Hours", False), 2: ("Places", False)}
    assert desk.where() == {desk.a: 1, desk.b: 1, desk.c: 2, desk.d: None}


def test_a_theme_locked_meanwhile_gives_and_takes_nothing(desk):
    desk.found_two()
    run = desk.asked()
    desk.do(lock_theme, 1)
    desk.finish(run, Theme(1, "Hours", ideas=(desk.b, desk.c)), Theme(2, "Places", ideas=(desk.a, desk.d)))
    assert desk.where() == {desk.a: 1, desk.b: 1, desk.c: 2, desk.d: 2}


def test_a_locked_theme_stands_though_a_run_forgets_it(desk):
    desk.found_two()
    desk.do(lock_theme, 2)
    desk.do(move_ideas, [desk.c], 1)
    desk.found(Theme(1, "Hours", ideas=(desk.a, desk.b, desk.c, desk.d)))
    assert set(desk.names()) == {1, 2}


def test_a_theme_barred_meanwhile_does_not_get_the_idea_back(desk):
    desk.found_two()
    run = desk.asked()
    desk.do(bar_ideas, [desk.a])
    hours = Theme(1, "Hours", ideas=(desk.a, desk.b))
    desk.finish(run, hours, Theme(2, "Places", ideas=(desk.c,)), leftovers=(desk.d,))
    assert desk.places()[desk.a] == Placed(None, barred=frozenset({1}))
    # The next run, which has not read the bar either, does not get it back there, and may place it elsewhere.
    desk.found(hours, Theme(2, "Places", ideas=(desk.c,)))
    assert desk.places()[desk.a] == Placed(None, barred=frozenset({1}))
    desk.found(Theme(1, "Hours", ideas=(desk.b,)), Theme(2, "Places", ideas=(desk.c, desk.a)))
    assert desk.places()[desk.a] == Placed(2, barred=frozenset({1}))


def test_a_split_and_a_theme_of_the_run_never_share_a_number(desk):
    desk.found_two()
    run = desk.asked()
    split = desk.do(split_theme, [desk.b], "Sundays")
    assert split == 3
    # The run knows nothing of it, and gives its own new theme the same number.
    desk.finish(
        run,
        Theme(1, "Hours", ideas=(desk.a, desk.b)),
        Theme(2, "Places", ideas=(desk.c,)),
        Theme(3, "Trams", ideas=(desk.d,)),
        outlooks={desk.d: Outlook(((3, 0.7), (1, 0.3)), 0.7)},
        merges=(MergeProposal(1, 3),),
    )
    assert desk.names() == {
        1: ("Hours", False),
        2: ("Places", False),
        3: ("Sundays", True),
        4: ("Trams", False),
    }
    assert desk.where() == {desk.a: 1, desk.b: 3, desk.c: 2, desk.d: 4}
    with desk.room.read() as db:
        assert outlooks_of(db, desk.place)[desk.d].prior == ((4, 0.7), (1, 0.3))
        assert '"other": 4' in all_proposals(db)[0].content


def test_a_split_that_the_run_has_read_keeps_its_number(desk):
    desk.found_two()
    run = desk.asked()
    desk.do(split_theme, [desk.b])
    desk.do(add_theme, "Trams")
    desk.finish(
        run,
        Theme(1, "Hours", ideas=(desk.a,)),
        Theme(2, "Places", ideas=(desk.c,)),
        Theme(3, "Sundays", ideas=(desk.b,)),
        Theme(4, "Trams", named_by_person=True, ideas=(desk.d,)),
    )
    assert desk.names()[3] == ("Sundays", False)
    assert desk.where() == {desk.a: 1, desk.b: 3, desk.c: 2, desk.d: 4}


def test_a_theme_taken_back_meanwhile_does_not_come_back(desk):
    desk.found_two()
    number = desk.do(add_theme, "By mistake")
    run = desk.asked()
    desk.do(undo_edit)
    mistake = Theme(number, "By mistake", named_by_person=True, ideas=(desk.d,))
    desk.finish(run, Theme(1, "Hours", ideas=(desk.a, desk.b)), Theme(2, "Places", ideas=(desk.c,)), mistake)
    assert set(desk.names()) == {1, 2}
    assert desk.where()[desk.d] is None
    desk.do(redo_edit)
    assert set(desk.names()) == {1, 2, number}


def test_a_merge_taken_back_meanwhile_leaves_both_as_they_were(desk):
    desk.found_two()
    before = desk.decided()
    desk.do(merge_themes, 1, 2)
    run = desk.asked()
    desk.do(undo_edit)
    desk.finish(run, Theme(1, "Hours", ideas=(desk.a, desk.b, desk.c)), leftovers=(desk.d,))
    assert desk.decided() == before


def test_a_run_proposes_and_does_not_ask_again_what_was_declined(desk):
    from feedback.actions.proposals import decline_proposal

    merge, regroup = MergeProposal(1, 2, 3), RegroupProposal(((desk.a, desk.c), (desk.b, desk.d)), 0.2)
    desk.found_two(merges=(merge,), regroup=regroup)
    with desk.room.read() as db:
        first, second = all_proposals(db)
        assert (first.kind, second.kind) == ("merge", "regroup")
    desk.do(decline_proposal, first.id)
    desk.found_two(merges=(MergeProposal(2, 1),), regroup=regroup)
    with desk.room.read() as db:
        states = [(row.kind, row.state) for row in all_proposals(db)]
    assert states == [("merge", "declined"), ("regroup", "open")]


def test_an_idea_that_stays_elsewhere_is_as_sure_as_the_run_thought_of_that_place(desk):
    desk.found_two()
    run = desk.asked()
    desk.do(move_ideas, [desk.d], 2)
    outlook = Outlook(((1, 0.8), (2, 0.2)), 0.9, ("tram",))
    desk.finish(run, Theme(1, "Hours", ideas=(desk.a, desk.b, desk.d)), outlooks={desk.d: outlook})
    with desk.room.read() as db:
        assert outlooks_of(db, desk.place)[desk.d] == Outlook(((1, 0.8), (2, 0.2)), 0.2, ())
