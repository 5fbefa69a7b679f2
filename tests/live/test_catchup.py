"""What others commit is learned from the database; hints say when to look, and no hint is believed."""

import pytest

from feedback.actions.crew import admit, leave
from feedback.actions.programme import clear_conversation
from feedback.domain.roles import Actor, Role
from feedback.live.catchup import CatchUp
from feedback.live.pulse import Pulse
from feedback.live.seats import Seat


class Desk:
    """One process's pulse and seats, beside a room in which others write."""

    def __init__(self, room) -> None:
        self.room, self.place = room, room.conversation().id
        self.pulse, self.seats, self.closed = Pulse(), {}, []
        self.catch_up = CatchUp(room.engine, self.pulse, self.seats, self.close)
        self.pulse.watch(self.place, 0)
        self.anna = room.phone("anna")

    def close(self, chosen) -> None:
        self.closed += [sid for sid, seat in self.seats.items() if chosen(seat)]

    def due(self) -> list[tuple[int, int]]:
        return [(beat.since, beat.upto) for beat in self.pulse.due(0) if beat.view == "phone"]


@pytest.fixture
def desk(room):
    return Desk(room)


def test_a_hint_brings_what_the_database_holds_and_costs_nothing_when_it_is_old(desk):
    desk.anna.write("An idea")
    desk.catch_up.look()
    assert desk.due() == []  # nobody has said anything
    desk.catch_up.note(desk.place, 1)
    desk.catch_up.look()
    assert desk.due() == [(0, 1)]
    desk.catch_up._engine = None  # would break if it were asked
    desk.catch_up.note(desk.place, 1)
    desk.catch_up.look()


def wrong_hints(desk):
    """Hints of commits that are not there, of other conversations, of none: only what the database holds is told."""
    wrong = []
    desk.anna.write("An idea")
    for place, seq in ((desk.place, 2**31 - 1), (desk.place + 1, 5), (999, 1)):
        desk.catch_up.note(place, seq)
    desk.catch_up.look()
    if (due := desk.due()) != [(0, 1)]:
        wrong.append(f"screens are told {due}")
    if desk.catch_up.newest(999) != 0:
        wrong.append("a conversation that nobody watches is followed")
    desk.anna.write("Another one")
    desk.catch_up.note(desk.place, 2)
    desk.catch_up.look()
    return wrong if desk.catch_up.newest(desk.place) == 2 else [*wrong, "a true hint is not followed any more"]


def lost_hints(desk):
    """What no hint told is found by the look at everything."""
    desk.anna.write("An idea")
    desk.catch_up.look_at_all()
    return [] if desk.due() == [(0, 1)] else ["the screens are told nothing, or something else"]


@pytest.mark.parametrize("story", [wrong_hints, lost_hints])
def test_no_hint_is_believed_and_a_lost_one_is_made_good(desk, story):
    assert story(desk) == []


def believes(desk):
    """What a hint says is so."""
    desk.catch_up.note = lambda place, seq: desk.pulse.mark(place, seq)


def follows_everybody(desk):
    """A hint makes a conversation watched."""
    note = desk.catch_up.note

    def watch(place, seq):
        desk.pulse.watch(place, seq)
        note(place, seq)

    desk.catch_up.note = watch


def forgets(desk):
    """What no hint told stays unknown."""
    desk.catch_up.look_at_all = lambda: None


@pytest.mark.parametrize(
    ("story", "mutant"), [(wrong_hints, believes), (wrong_hints, follows_everybody), (lost_hints, forgets)]
)
def test_the_stories_fail_on_mutants(desk, story, mutant):
    mutant(desk)
    assert story(desk) != []


def test_a_hint_is_kept_while_the_database_is_away(desk):
    desk.anna.write("An idea")
    desk.catch_up.note(desk.place, 1)
    engine, desk.catch_up._engine = desk.catch_up._engine, None
    with pytest.raises(AttributeError):
        desk.catch_up.look()
    desk.catch_up._engine = engine
    desk.catch_up.look()
    assert desk.due() == [(0, 1)]


def test_whoever_may_not_stay_is_found_without_a_hint(desk):
    room, other = desk.room, desk.room.conversation(1).id
    grants = [
        room.gate.write(None, admit, role=Role.FACILITATOR, conversation_id=desk.place, bearer_hash=letter * 64)
        for letter in "ab"
    ]
    for name, grant in zip("ab", grants, strict=True):
        desk.seats[name] = Seat(desk.place, "crew", Actor(Role.FACILITATOR, desk.place, crew_id=grant.crew_id))
    desk.seats["phone"] = Seat(other, "phone", desk.anna.actor)
    desk.catch_up.look_at_all()
    assert desk.closed == []
    room.gate.write(None, leave, bearer_hash="a" * 64)
    desk.catch_up.look_at_all()
    assert desk.closed == ["a"]
    del desk.seats["a"], desk.seats["b"]
    desk.pulse.watch(other, 0)
    room.do(clear_conversation, other, code=room.conversation(1).code, place=1)
    desk.catch_up.look_at_all()
    assert desk.closed == ["a", "phone"]
