"""What people decide about themes stands, run after run; what they regret is undone in order."""

import pytest
from sqlalchemy import select

from feedback.actions.runs import fail_theme_run, finish_theme_run, request_themes
from feedback.actions.themes import Undone, add_theme, merge_themes, move_ideas, rename_theme, undo_edit
from feedback.domain.facts import (
    EmptyText,
    Forbidden,
    IdeaGone,
    NoIdeasYet,
    NotFound,
    NothingToUndo,
    RunInFlight,
    TextTooLong,
    ThemesRequested,
)
from feedback.domain.roles import Actor, Role
from feedback.domain.themes import Placed, Theme, ThemeSet
from feedback.store.runs import run_input
from feedback.store.screens import state_of
from feedback.store.themes import ThemeEdit, ThemeRun, all_themes_of, edits_of, last_run, places_of, themes_of


@pytest.fixture
def desk(any_room):
    return Desk(any_room)


class Desk:
    """A conversation with four ideas (a to d) and a rapporteur."""

    def __init__(self, room) -> None:
        self.room, self.place = room, room.conversation().id
        phone = room.phone("anna")
        self.a, self.b, self.c, self.d = (phone.write(text) for text in ("Night", "Sunday", "Depot", "Tram"))
        self.actor = Actor(Role.RAPPORTEUR, self.place)

    def found(self, *themes: Theme, leftovers: tuple[str, ...] = ()) -> int:
        """Let a run find these themes."""
        run = self.room.do(request_themes, self.place)
        next_id = max((theme.id for theme in themes), default=0) + 1
        self.room.gate.write(self.place, finish_theme_run, run, ThemeSet(themes, leftovers, next_id))
        return run

    def found_two(self) -> int:
        """Let a run find Hours (a, b) and Places (c), with d left over."""
        hours = Theme(1, "Hours", terms=("night",), ideas=(self.a, self.b), representatives=(self.a,))
        return self.found(hours, Theme(2, "Places", ideas=(self.c,), representatives=(self.c,)), leftovers=(self.d,))

    def do(self, action, *args):
        return self.room.do(action, self.place, *args, actor=self.actor)

    def names(self) -> dict[int, tuple[str, bool]]:
        with self.room.read() as db:
            return {row.number: (row.name, row.named_by_person) for row in themes_of(db, self.place)}

    def where(self) -> dict[str, int | None]:
        with self.room.read() as db:
            return {idea: place.theme for idea, place in places_of(db, self.place).items()}

    def screen(self) -> dict:
        with self.room.engine.connect() as db:
            state = state_of(db, self.place, crew=True)
        return {"themes": state["themes"], "leftovers": state["leftovers"]}


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


def test_a_theme_named_by_mistake_is_undone_and_its_number_stays_taken(desk):
    first = desk.do(add_theme, "Wrong")
    assert desk.do(undo_edit) == Undone("add", {"theme": first, "name": "Wrong"})
    assert desk.names() == {}
    assert desk.do(add_theme, "Right") == first + 1


def test_undo_takes_edits_back_in_order_to_the_state_before(desk):
    desk.found_two()
    screens = [desk.screen()]
    edits = [
        (rename_theme, (1, "Opening hours"), {"theme": 1, "name": "Opening hours"}),
        (move_ideas, ([desk.d, desk.a], 2), {"theme": 2, "ideas": [desk.d, desk.a]}),
        (merge_themes, (1, 2), {"into": 1, "other": 2}),
        (rename_theme, (1, "All"), {"theme": 1, "name": "All"}),
        (move_ideas, ([desk.c], None), {"theme": None, "ideas": [desk.c]}),
    ]
    for action, args, _ in edits:
        desk.do(action, *args)
        screens.append(desk.screen())
    with desk.room.read() as db:
        assert edits_of(db, desk.place) == 5
    for action, _, done in reversed(edits):
        assert desk.screen() == screens.pop()
        kind = action.__name__.split("_")[0]
        assert desk.do(undo_edit) == Undone(kind, done)
    assert desk.screen() == screens.pop()
    with pytest.raises(NothingToUndo):
        desk.do(undo_edit)
    with desk.room.read() as db:
        assert edits_of(db, desk.place) == 0
        assert all(not place.pinned for place in places_of(db, desk.place).values())


def test_undo_brings_a_theme_back_that_a_later_run_dissolved(desk):
    desk.found_two()
    desk.do(move_ideas, [desk.c], 1)
    desk.found(Theme(1, "Hours", ideas=(desk.a, desk.b, desk.d)))
    assert set(desk.names()) == {1}
    desk.do(undo_edit)
    assert set(desk.names()) == {1, 2}
    with desk.room.read() as db:
        assert places_of(db, desk.place)[desk.c] == Placed(2, pinned=False)


def test_edits_refuse_what_is_not_there(desk):
    desk.found_two()
    elsewhere = desk.room.phone("ben", place=1).write("Elsewhere")
    refused = [
        (rename_theme, (9, "x"), NotFound),
        (rename_theme, (1, " "), EmptyText),
        (rename_theme, (1, "a" * 121), TextTooLong),
        (move_ideas, ([desk.a], 9), NotFound),
        (move_ideas, ([], 1), IdeaGone),
        (move_ideas, ([desk.a, elsewhere], 1), IdeaGone),
        (merge_themes, (1, 9), NotFound),
        (merge_themes, (9, 1), NotFound),
        (merge_themes, (1, 1), NotFound),
    ]
    before = desk.screen()
    for action, args, refusal in refused:
        with pytest.raises(refusal):
            desk.do(action, *args)
    assert desk.screen() == before
    with pytest.raises(NotFound):
        desk.room.do(rename_theme, 99, 1, "x")


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.STAGE, Role.FACILITATOR])
def test_theme_edits_are_the_rapporteurs(room, role):
    desk = Desk(room)
    desk.found_two()
    desk.actor = Actor(role, desk.place)
    for action, args in [
        (rename_theme, (1, "x")),
        (move_ideas, ([desk.a], 2)),
        (merge_themes, (1, 2)),
        (undo_edit, ()),
    ]:
        with pytest.raises(Forbidden):
            desk.do(action, *args)
    if role is Role.FACILITATOR:
        desk.do(request_themes)
    else:
        with pytest.raises(Forbidden):
            desk.do(request_themes)
    desk.actor = Actor(Role.RAPPORTEUR, room.conversation(1).id)
    with pytest.raises(Forbidden):
        desk.do(rename_theme, 1, "x")


def test_every_edit_takes_a_commit_number_and_is_kept_with_its_inverse(room):
    desk = Desk(room)
    desk.found_two()
    seq = room.conversation().seq
    desk.do(rename_theme, 1, "Opening hours")
    desk.do(undo_edit)
    assert room.conversation().seq == seq + 2
    with room.read() as db:
        edit = db.scalars(select(ThemeEdit)).one()
        assert (edit.kind, edit.undone_at is not None) == ("rename", True)
