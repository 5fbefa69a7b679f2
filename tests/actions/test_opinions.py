"""What was found is kept and shown; nobody is named in it; prompts that ask for opinions have their own votes."""

import json

import pytest
from sqlalchemy import text

from feedback.actions.ideas import hide_idea
from feedback.actions.opinions import set_opinions
from feedback.actions.programme import clear_conversation
from feedback.actions.prompts import add_prompt, edit_prompt, set_stage
from feedback.clustering.opinions import find_opinions
from feedback.domain.facts import VotingFixed
from feedback.domain.programme import Scene, Voting
from feedback.store.opinions import opinion_input, opinions_of, outdated_prompts
from feedback.store.programme import Prompt
from feedback.store.screens import delta_of, state_of


def furnished(room, people: int = 16) -> list[str]:
    """Let two camps vote on eight ideas of the first prompt."""
    room.ask_opinions()
    anna = room.phone("anna")
    ideas = [anna.write(f"Idea {number}") for number in range(8)]
    for number in range(people):
        phone = room.phone(f"person {number}")
        for place, idea in enumerate(ideas):
            phone.vote(idea, 1 if place % 4 == 0 or place % 2 == number % 2 else -1)
    return ideas


def find(room) -> None:
    data = opinion_input(room.engine, room.prompt().id)
    found = find_opinions(data.ballots, data.ideas, seq=data.seq, previous=data.previous)
    room.gate.write(room.conversation().id, set_opinions, room.prompt().id, found)


def shown(room) -> list[dict]:
    with room.engine.connect() as db:
        return state_of(db, room.conversation().id, crew=False)["opinions"]


def test_groups_come_to_all_screens_with_ideas_by_number(any_room):
    ideas = furnished(any_room)
    assert shown(any_room) == []
    assert outdated_prompts(any_room.engine) == [(any_room.prompt().id, any_room.conversation().id)]
    before = any_room.conversation().seq
    find(any_room)
    assert outdated_prompts(any_room.engine) == []
    (told,) = shown(any_room)
    assert (told["prompt"], told["voters"], told["enough"], told["votes_needed"]) == (any_room.prompt().id, 16, 15, 7)
    assert [(each["letter"], each["size"]) for each in told["groups"]] == [("A", 8), ("B", 8)]
    assert {line["n"] for line in told["consensus"]} == {1, 5}
    assert json.loads(json.dumps(told["consensus"][0]["shares"])) == [[100, 0, 0], [100, 0, 0]]
    after = any_room.conversation().seq
    with any_room.engine.connect() as db:
        assert delta_of(db, any_room.conversation().id, before, after, crew=False)["opinions"] == [told]
    any_room.do(hide_idea, ideas[0], reason="Twice")
    assert {line["n"] for line in shown(any_room)[0]["consensus"]} == {5}


def test_no_participant_is_in_what_is_kept(any_room):
    furnished(any_room)
    find(any_room)
    with any_room.read() as db:
        kept = json.loads(db.execute(text("SELECT content FROM opinion_map")).scalar_one())
        people = {str(row[0]) for row in db.execute(text("SELECT id FROM participant"))}
    assert set(kept) == {
        "seq", "ideas", "voters", "votes_needed", "groups", "consensus", "divisive", "axes", "wanted", "times"
    }  # fmt: skip
    for group in kept["groups"]:
        assert set(group) == {"letter", "size", "x", "y", "spread", "counts", "typical"}
        assert all(len(counts) == 3 and not people & {idea} for idea, counts in group["counts"].items())


def test_screens_are_told_only_what_looks_different(room):
    furnished(room)
    find(room)
    seq = room.conversation().seq
    find(room)
    assert room.conversation().seq == seq
    with room.read() as db:
        assert opinions_of(db, room.prompt().id).times == 2


def test_an_older_result_and_one_for_a_prompt_that_asks_no_more_are_dropped(room):
    furnished(room)
    data = opinion_input(room.engine, room.prompt().id)
    old = find_opinions(data.ballots, data.ideas, seq=1)
    find(room)
    room.gate.write(room.conversation().id, set_opinions, room.prompt().id, old)
    with room.read() as db:
        assert opinions_of(db, room.prompt().id).seq == data.seq
    room.gate.write(room.conversation().id, set_opinions, 99, old)
    room.do(clear_conversation, room.conversation().id, code=room.conversation().code)
    assert shown(room) == []


def test_a_prompt_is_written_and_edited_with_what_a_vote_can_say(any_room):
    place = any_room.conversation().id
    added = any_room.do(add_prompt, place, text="Fair?", votes_each=3, voting=Voting.OPINION)
    with any_room.read() as db:
        prompt = db.get_one(Prompt, added)
        assert (prompt.voting, prompt.votes_each) == ("opinion", None)
    any_room.do(edit_prompt, added, text="Fair?", votes_each=3, voting=Voting.SUPPORT)
    any_room.do(edit_prompt, added, text="Fair now?", votes_each=3)
    with any_room.read() as db:
        prompt = db.get_one(Prompt, added)
        assert (prompt.voting, prompt.votes_each) == ("support", 3)


def test_what_a_vote_can_say_stays_after_the_first_vote_also_when_it_was_taken_back(room):
    anna, ben = room.phone("anna"), room.phone("ben")
    idea = anna.write("Open at night")
    ben.vote(idea)
    ben.vote(idea, None)
    with pytest.raises(VotingFixed):
        room.ask_opinions()
    room.do(edit_prompt, room.prompt().id, text="Other words", votes_each=2, voting=Voting.SUPPORT)
    assert (room.prompt().text, room.prompt().votes_each) == ("Other words", 2)


def test_the_stage_shows_groups(any_room):
    place = any_room.conversation().id
    any_room.do(set_stage, place, scene=Scene.OPINIONS)
    assert any_room.conversation().scene is Scene.OPINIONS
