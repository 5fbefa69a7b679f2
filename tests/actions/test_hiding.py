"""Many ideas hidden by one deed: exactly those, with their votes, and exactly those again."""

import pytest
from sqlalchemy import bindparam, select, update

from feedback.actions import hiding
from feedback.actions.ideas import hide_idea
from feedback.domain.facts import Forbidden, IdeaGone
from feedback.domain.roles import Actor, Role
from feedback.store.ideas import Idea
from feedback.store.statements import Statement


def states(room):
    with room.read() as db:
        return {idea.body: (idea.state.value, idea.reason, idea.agree) for idea in db.scalars(select(Idea))}


def hide(room, *phones, reason="Spam", **more):
    place = room.conversation().id
    return room.do(hiding.hide_ideas_of, place, {phone.actor.participant_id for phone in phones}, reason=reason, **more)


def test_everything_of_these_phones_is_hidden_and_nothing_else(any_room):
    room = any_room
    anna, bot, other = room.phone("anna"), room.phone("bot"), room.phone("other")
    kept = anna.write("Kept")
    for number in range(3):
        bot.write(f"Bot {number}")
    room.do(hide_idea, other.write("Hidden before"), reason="Names a person")
    other.write("Other")
    bot.vote(kept)
    seq = room.conversation().seq
    done = hide(room, bot, other)
    assert (done.count, done.last - done.first) == (4, 3)
    assert (done.first, room.conversation().seq) == (seq + 1, seq + 4)
    hidden = ("hidden", "Spam", 0)
    assert states(room) == {
        "Kept": ("shown", "", 1),
        "Bot 0": hidden,
        "Bot 1": hidden,
        "Bot 2": hidden,
        "Other": hidden,
        "Hidden before": ("hidden", "Names a person", 0),
    }


def undone(room):
    """Hide all of one phone beside a room in which something was hidden before, then undo: all is as it was."""
    anna, bot = room.phone("anna"), room.phone("bot")
    room.do(hide_idea, bot.write("Hidden before"), reason="Spam")
    voted = bot.write("Voted for")
    anna.vote(voted)
    bot.vote(anna.write("Anna's"))
    before = states(room)
    done = hide(room, bot)
    wrong = [] if states(room)["Anna's"] == before["Anna's"] else ["somebody else's idea was hidden"]
    if states(room)["Voted for"][0] != "hidden":
        wrong.append("not all was hidden")
    count = room.do(hiding.restore_ideas, room.conversation().id, first=done.first, last=done.last)
    return wrong + [f"{count} came back: {states(room)}"] * ((count, states(room)) != (1, before))


def test_undone_all_is_as_before(any_room):
    assert undone(any_room) == []


def shows_all_that_is_hidden(monkeypatch):
    """Undo does not look at what was hidden together."""
    restore = hiding.restore_ideas
    monkeypatch.setattr(
        hiding, "restore_ideas", lambda *args, first, last, **more: restore(*args, first=0, last=2**31 - 1, **more)
    )


def hides_whatever_is_shown(monkeypatch):
    """Hiding takes everybody's ideas."""
    shown = select(Idea.id).where(Idea.conversation_id == bindparam("conversation"), Idea.state == "shown")
    monkeypatch.setattr(hiding.sql, "SHOWN_BY", Statement(lambda _: shown))


def drops_votes(monkeypatch):
    """A hidden idea loses its votes."""
    mark = update(Idea).where(Idea.id == bindparam("idea"))
    values = {name: bindparam(f"new_{name}") for name in ("state", "reason", "seq")}
    monkeypatch.setattr(hiding.sql, "MARK", Statement(lambda _: mark.values(agree=0, **values)))


@pytest.mark.parametrize("mutant", [shows_all_that_is_hidden, hides_whatever_is_shown, drops_votes])
def test_the_story_finds_what_is_not_undone(room, monkeypatch, mutant):
    mutant(monkeypatch)
    assert undone(room) != []


def test_restoring_by_reason_leaves_other_reasons(room):
    bot = room.phone("bot")
    room.do(hide_idea, bot.write("Rude"), reason="Rude")
    bot.write("Flood")
    hide(room, bot, reason="A flood")
    place = room.conversation().id
    assert room.do(hiding.restore_ideas, place, first=0, last=2**31 - 1, reason="A flood") == 1
    assert {body: state for body, (state, _, _) in states(room).items()} == {"Rude": "hidden", "Flood": "shown"}


def test_nothing_to_hide_or_restore_is_said(room):
    anna = room.phone("anna")
    with pytest.raises(IdeaGone):
        hide(room, anna)
    with pytest.raises(IdeaGone):
        room.do(hiding.restore_ideas, room.conversation().id, first=1, last=10)


def test_ideas_of_the_same_browser_elsewhere_stay(room):
    here, elsewhere = room.phone("bot"), room.phone("bot", place=1)
    here.write("Here")
    elsewhere.write("Elsewhere")
    hide(room, here, elsewhere)
    assert states(room)["Elsewhere"][0] == "shown"


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.STAGE, Role.RAPPORTEUR])
def test_only_who_runs_the_conversation_may(room, role):
    bot = room.phone("bot")
    bot.write("Flood")
    place = room.conversation().id
    with pytest.raises(Forbidden):
        hide(room, bot, actor=Actor(role, place, participant_id=1))
    with pytest.raises(Forbidden):
        hide(room, bot, actor=Actor(Role.FACILITATOR, place + 1))
    with pytest.raises(Forbidden):
        room.do(hiding.restore_ideas, place, first=0, last=9, actor=Actor(role, place))
