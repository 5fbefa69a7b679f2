"""Prompts are drafted, opened, closed; the stage shows what the facilitator chooses."""

import pytest

from feedback.actions.ideas import hide_idea
from feedback.actions.prompts import add_prompt, close_prompt, edit_prompt, open_prompt, set_stage
from feedback.domain.facts import BadValue, EmptyText, Forbidden, IdeaGone, NotFound, TextTooLong, WrongMove
from feedback.domain.programme import PromptState, Scene
from feedback.domain.roles import Actor, Role
from feedback.store.programme import Prompt

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def prompt_of(room, prompt_id: int) -> Prompt:
    with room.read() as db:
        return db.get_one(Prompt, prompt_id)


def test_add_prompt_is_a_draft_with_the_next_number(any_room):
    place = any_room.conversation().id
    added = any_room.do(add_prompt, place, text="  And\nthen? ", votes_each=5)
    prompt = prompt_of(any_room, added)
    assert (prompt.number, prompt.text, prompt.state, prompt.votes_each) == (2, "And\nthen?", PromptState.DRAFT, 5)
    assert any_room.conversation().seq == 1


def test_prompt_is_opened_closed_and_opened_again(room):
    added = room.do(add_prompt, room.conversation().id, text="And then?", votes_each=None)
    with pytest.raises(WrongMove):
        room.do(close_prompt, added)
    for action, state in [(open_prompt, "open"), (close_prompt, "closed"), (open_prompt, "open")]:
        room.do(action, added)
        assert prompt_of(room, added).state == state
        with pytest.raises(WrongMove):
            room.do(action, added)


def test_edit_prompt_keeps_votes_that_stand_above_a_smaller_budget(room):
    anna, ben = room.phone("anna"), room.phone("ben")
    ideas = [anna.write(f"Idea {number}") for number in range(3)]
    for idea in ideas:
        ben.vote(idea)
    room.do(edit_prompt, room.prompt().id, text="Pick one", votes_each=1)
    assert (room.prompt().text, room.prompt().votes_each) == ("Pick one", 1)
    assert ben.vote(ideas[0], None)["left"] == 0
    assert ben.vote(ideas[1], None)["left"] == 0
    assert ben.vote(ideas[2], None)["left"] == 1


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ({"text": " ", "votes_each": None}, EmptyText),
        ({"text": "a" * 301, "votes_each": None}, TextTooLong),
        ({"text": "And?", "votes_each": 0}, BadValue),
        ({"text": "And?", "votes_each": 1001}, BadValue),
    ],
)
def test_add_and_edit_prompt_refuse(room, words, refusal):
    with pytest.raises(refusal):
        room.do(add_prompt, room.conversation().id, **words)
    with pytest.raises(refusal):
        room.do(edit_prompt, room.prompt().id, **words)
    assert room.conversation().seq == 0


def test_unknown_prompts_are_not_found(room):
    for action, words in [(edit_prompt, {"text": "And?", "votes_each": None}), (open_prompt, {}), (close_prompt, {})]:
        with pytest.raises(NotFound):
            room.do(action, 99, **words)


def test_set_stage_chooses_scene_prompt_and_idea(any_room):
    place, prompt = any_room.conversation().id, any_room.prompt().id
    idea = any_room.phone("anna").write("Open at night")
    any_room.do(set_stage, place, scene=Scene.SPOTLIGHT, prompt_id=prompt, idea_id=idea)
    shown = any_room.conversation()
    assert (shown.scene, shown.stage_prompt_id, shown.stage_idea_id) == (Scene.SPOTLIGHT, prompt, idea)
    any_room.do(set_stage, place, scene=Scene.THEMES)
    shown = any_room.conversation()
    assert (shown.scene, shown.stage_prompt_id, shown.stage_idea_id) == (Scene.THEMES, prompt, None)


def test_set_stage_refuses_ideas_and_prompts_that_are_not_here(room):
    place = room.conversation().id
    hidden = room.phone("anna").write("Mrs Miller")
    elsewhere = room.phone("ben", place=1).write("Elsewhere")
    room.do(hide_idea, hidden, reason="Names a person")
    for idea in (None, "", UNKNOWN, hidden, elsewhere):
        with pytest.raises(IdeaGone):
            room.do(set_stage, place, scene=Scene.SPOTLIGHT, idea_id=idea)
    for prompt in (99, room.prompt(1).id):
        with pytest.raises(NotFound):
            room.do(set_stage, place, scene=Scene.RANKING, prompt_id=prompt)
    with pytest.raises(NotFound):
        room.do(set_stage, 99, scene=Scene.JOIN)
    assert room.conversation().scene is Scene.RANKING


@pytest.mark.parametrize(
    ("role", "place"), [(Role.PARTICIPANT, 0), (Role.STAGE, 0), (Role.RAPPORTEUR, 0), (Role.FACILITATOR, 1)]
)
def test_prompts_and_stage_are_for_this_conversations_facilitator(room, role, place):
    here, prompt, actor = room.conversation().id, room.prompt().id, Actor(role, room.conversation(place).id)
    deeds = [
        (add_prompt, here, {"text": "And?", "votes_each": None}),
        (edit_prompt, prompt, {"text": "And?", "votes_each": None}),
        (open_prompt, prompt, {}),
        (close_prompt, prompt, {}),
        (set_stage, here, {"scene": Scene.JOIN}),
    ]
    for action, target, words in deeds:
        with pytest.raises(Forbidden):
            room.do(action, target, actor=actor, **words)
    room.do(set_stage, here, scene=Scene.JOIN, actor=Actor(Role.FACILITATOR, here))
