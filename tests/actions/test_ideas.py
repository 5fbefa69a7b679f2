"""Ideas: written once, edited until somebody votes, withdrawn at any time; hidden with a reason and restored."""

import pytest
from sqlalchemy import select, text

from feedback.actions.ideas import hide_idea, restore_idea
from feedback.actions.imports import import_rows
from feedback.actions.ops import apply_op
from feedback.actions.programme import close_conversation
from feedback.actions.prompts import add_prompt, close_prompt, open_prompt
from feedback.domain.facts import (
    AlreadyVotedOn,
    Conflict,
    ControlCharacters,
    ConversationFull,
    EmptyText,
    Forbidden,
    IdeaGone,
    NotFound,
    NotYours,
    PromptClosed,
    Superseded,
    TextTooLong,
)
from feedback.domain.ideas import IDEAS_EACH, IDEAS_IN_ALL, IdeaState, Source
from feedback.domain.ids import ulid
from feedback.domain.ops import IdeaOp
from feedback.domain.roles import Actor, Role
from feedback.domain.rows import Row
from feedback.store.ideas import Idea

NAME = ulid(1, lambda _: 1)


def sent(phone, text: str, idea: str = NAME) -> dict:
    return phone.op(k="idea", id=idea, prompt=phone.room.prompt().id, text=text, lang="en")


def stored(room, idea: str = NAME) -> Idea:
    with room.read() as db:
        return db.get_one(Idea, idea)


def crew(room, role: Role, place: int = 0) -> Actor:
    return Actor(role, room.conversation(place).id)


def test_submit_idea_stores_what_was_written(any_room):
    anna = any_room.phone("anna")
    ack = sent(anna, "  Open the depot\r\nat night  ")
    assert ack == {"seq": 1, "number": 1}
    idea = stored(any_room)
    assert (idea.body, idea.state, idea.source, idea.lang) == (
        "Open the depot\nat night",
        IdeaState.SHOWN,
        Source.PHONE,
        "en",
    )
    assert (idea.participant_id, idea.number, idea.rev, idea.seq) == (anna.actor.participant_id, 1, 0, 1)
    assert any_room.conversation().ideas_received == 1


def test_submit_idea_again_is_ok_and_stored_once_also_after_an_edit_and_closing(any_room):
    anna = any_room.phone("anna")
    ack = sent(anna, "Open at night")
    assert sent(anna, "Open at night") == ack
    anna.op(k="edit", idea=NAME, text="Open late", rev=1)
    any_room.do(close_prompt, any_room.prompt().id)
    assert sent(anna, "Open at night")["number"] == 1
    assert any_room.conversation().ideas_received == 1
    assert stored(any_room).body == "Open late"


def test_submit_idea_refuses_the_same_id_for_another_text_person_or_conversation(room):
    sent(room.phone("anna"), "Open at night")
    with pytest.raises(Conflict):
        sent(room.phone("anna"), "Open on Sundays")
    with pytest.raises(Conflict):
        sent(room.phone("ben"), "Open at night")
    elsewhere = room.phone("anna", place=1)
    with pytest.raises(Conflict):
        elsewhere.op(k="idea", id=NAME, prompt=room.prompt(1).id, text="Open at night", lang="en")
    assert stored(room).body == "Open at night"


@pytest.mark.parametrize(
    ("written", "refusal"), [(" \n ", EmptyText), ("a" * 501, TextTooLong), ("a\x07b", ControlCharacters)]
)
def test_submit_idea_refuses_what_cannot_be_kept(room, written, refusal):
    with pytest.raises(refusal):
        sent(room.phone("anna"), written)
    assert room.conversation().ideas_received == 0
    assert room.conversation().seq == 0


def test_submit_idea_refuses_prompts_that_are_not_open_or_not_here(room):
    anna, place = room.phone("anna"), room.conversation().id
    draft = room.do(add_prompt, place, text="And then?", votes_each=None)
    for prompt, refusal in [(draft, PromptClosed), (99, NotFound), (room.prompt(1).id, NotFound)]:
        with pytest.raises(refusal):
            anna.op(k="idea", id=NAME, prompt=prompt, text="Open at night", lang="en")
    room.do(close_conversation, place)
    with pytest.raises(PromptClosed):
        sent(anna, "Open at night")


def test_submit_idea_has_a_bound_for_each_and_for_all(room):
    anna = room.phone("anna")
    for number in range(IDEAS_EACH):
        anna.write(f"Idea {number}")
    with pytest.raises(ConversationFull) as refused:
        sent(anna, "One more")
    assert refused.value.detail == {"limit": IDEAS_EACH}
    with room.engine.begin() as db:
        db.execute(text(f"update conversation set ideas_received = {IDEAS_IN_ALL}"))
    with pytest.raises(ConversationFull) as refused:
        sent(room.phone("ben"), "One more")
    assert refused.value.detail == {"limit": IDEAS_IN_ALL}


@pytest.mark.parametrize("role", [Role.STAGE, Role.FACILITATOR, Role.RAPPORTEUR, Role.ORGANISER])
def test_only_participants_write(room, role):
    op = IdeaOp(NAME, NAME, room.prompt().id, "Open at night", "en")
    with pytest.raises(Forbidden):
        room.do(apply_op, op, actor=crew(room, role))


def test_edit_idea_changes_the_words_and_a_replay_is_ok(any_room):
    anna = any_room.phone("anna")
    sent(anna, "Open at night")
    ack = anna.op(k="edit", idea=NAME, text="Open late", rev=3)
    assert ack == {"seq": 2, "rev": 3}
    assert anna.op(k="edit", idea=NAME, text="Open late", rev=3) == ack
    with pytest.raises(Superseded) as refused:
        anna.op(k="edit", idea=NAME, text="Open very late", rev=3)
    assert refused.value.detail == {"rev": 3}
    with pytest.raises(Superseded):
        anna.op(k="edit", idea=NAME, text="Open late", rev=2)
    assert stored(any_room).body == "Open late"


def test_edit_idea_ends_with_the_first_vote_of_somebody_else(room):
    room.ask_opinions()
    anna, ben = room.phone("anna"), room.phone("ben")
    sent(anna, "Open at night")
    for val in (1, -1, 0):
        ben.vote(NAME, val)
        with pytest.raises(AlreadyVotedOn):
            anna.op(k="edit", idea=NAME, text="Close at night", rev=1)
    ben.vote(NAME, None)
    anna.op(k="edit", idea=NAME, text="Open late", rev=1)
    assert stored(room).body == "Open late"


def test_edit_idea_refuses_others_unknown_hidden_closed_and_empty(room):
    anna, ben = room.phone("anna"), room.phone("ben")
    sent(anna, "Open at night")
    with pytest.raises(NotYours):
        ben.op(k="edit", idea=NAME, text="Mine now", rev=1)
    with pytest.raises(IdeaGone):
        anna.op(k="edit", idea=ulid(9, lambda _: 9), text="Open late", rev=1)
    with pytest.raises(IdeaGone):
        room.phone("anna", place=1).op(k="edit", idea=NAME, text="Open late", rev=1)
    with pytest.raises(EmptyText):
        anna.op(k="edit", idea=NAME, text=" ", rev=1)
    room.do(close_prompt, room.prompt().id)
    with pytest.raises(PromptClosed):
        anna.op(k="edit", idea=NAME, text="Open late", rev=1)
    room.do(hide_idea, NAME, reason="Twice")
    with pytest.raises(IdeaGone):
        anna.op(k="edit", idea=NAME, text="Open late", rev=1)


def test_withdraw_idea_takes_it_off_and_keeps_its_votes(any_room):
    anna, ben = any_room.phone("anna"), any_room.phone("ben")
    sent(anna, "Open at night")
    ben.vote(NAME)
    any_room.do(close_prompt, any_room.prompt().id)
    ack = anna.op(k="withdraw", idea=NAME, rev=2)
    assert ack == {"seq": 4, "rev": 2}
    assert anna.op(k="withdraw", idea=NAME, rev=2) == ack
    assert anna.op(k="withdraw", idea=NAME, rev=9) == ack
    any_room.do(open_prompt, any_room.prompt().id)
    with pytest.raises(IdeaGone):
        ben.vote(NAME)
    idea = stored(any_room)
    assert (idea.state, idea.agree) == (IdeaState.WITHDRAWN, 1)


def test_withdraw_idea_refuses_others_the_floor_older_states_and_hidden_ones(room):
    anna, ben = room.phone("anna"), room.phone("ben")
    sent(anna, "Open at night")
    with pytest.raises(NotYours):
        ben.op(k="withdraw", idea=NAME, rev=1)
    room.do(import_rows, room.conversation().id, [Row(2, "From a card")], chance=lambda _: 5)
    with room.read() as db:
        floor = db.scalars(select(Idea.id).where(Idea.source == Source.FLOOR)).one()
    with pytest.raises(NotYours):
        anna.op(k="withdraw", idea=floor, rev=1)
    anna.op(k="edit", idea=NAME, text="Open late", rev=5)
    with pytest.raises(Superseded):
        anna.op(k="withdraw", idea=NAME, rev=5)
    room.do(hide_idea, NAME, reason="Twice")
    with pytest.raises(IdeaGone):
        anna.op(k="withdraw", idea=NAME, rev=6)


def test_hide_and_restore_keep_text_and_votes(any_room):
    anna, ben = any_room.phone("anna"), any_room.phone("ben")
    sent(anna, "Open at night")
    ben.vote(NAME)
    facilitator = crew(any_room, Role.FACILITATOR)
    any_room.do(hide_idea, NAME, reason=" Names a \n person ", actor=facilitator)
    hidden = stored(any_room)
    assert (hidden.state, hidden.reason, hidden.seq) == (IdeaState.HIDDEN, "Names a person", 3)
    with pytest.raises(IdeaGone):
        ben.vote(NAME, -1)
    any_room.do(restore_idea, NAME, actor=facilitator)
    shown = stored(any_room)
    assert (shown.state, shown.reason, shown.agree, shown.seq) == (IdeaState.SHOWN, "", 1, 4)


def test_hide_idea_needs_a_reason_and_an_idea_that_is_shown(room):
    sent(room.phone("anna"), "Open at night")
    with pytest.raises(EmptyText):
        room.do(hide_idea, NAME, reason=" ")
    with pytest.raises(TextTooLong):
        room.do(hide_idea, NAME, reason="a" * 121)
    with pytest.raises(IdeaGone):
        room.do(hide_idea, ulid(9, lambda _: 9), reason="Twice")
    with pytest.raises(IdeaGone):
        room.do(restore_idea, NAME)
    room.do(hide_idea, NAME, reason="Twice")
    with pytest.raises(IdeaGone):
        room.do(hide_idea, NAME, reason="Twice")
    assert stored(room).reason == "Twice"


@pytest.mark.parametrize(
    ("role", "place"), [(Role.PARTICIPANT, 0), (Role.STAGE, 0), (Role.RAPPORTEUR, 0), (Role.FACILITATOR, 1)]
)
def test_hide_and_restore_are_for_this_conversations_facilitator(room, role, place):
    sent(room.phone("anna"), "Open at night")
    with pytest.raises(Forbidden):
        room.do(hide_idea, NAME, reason="Twice", actor=crew(room, role, place))
    room.do(hide_idea, NAME, reason="Twice")
    with pytest.raises(Forbidden):
        room.do(restore_idea, NAME, actor=crew(room, role, place))
