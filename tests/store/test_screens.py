"""Whatever happens, a screen that follows the deltas shows what a fresh screen shows."""

import json
import random
from typing import Any

import pytest
from checks import doubled_votes, drifted_counters
from sqlalchemy import text
from walks import Walk

from feedback.actions import ops
from feedback.actions.ideas import hide_idea, restore_idea
from feedback.actions.places import move_ideas
from feedback.actions.programme import clear_conversation, rename_conversation
from feedback.actions.prompts import edit_prompt, set_stage
from feedback.actions.runs import finish_theme_run, request_themes
from feedback.domain.programme import Scene
from feedback.domain.themes import Theme, ThemeSet
from feedback.store import screens
from feedback.store.doorway import mine_of
from feedback.store.screens import DELTA_LIMIT, counts_of, delta_of, seq_of, state_of


def applied(state: dict[str, Any], upto: int, changes: dict[str, Any]) -> dict[str, Any]:
    """What a screen does with a frame: replace what came whole, put ideas in by id, count votes, take what went."""
    changes = json.loads(json.dumps(changes))
    ideas = {idea["id"]: idea for idea in state["ideas"]} | {idea["id"]: idea for idea in changes.pop("ideas", [])}
    tallies = {number: tally for number, *tally in changes.pop("tallies", [])}
    for idea in ideas.values():
        if idea["n"] in tallies:
            ideas[idea["id"]] = idea | dict(zip(("agree", "disagree", "pass"), tallies[idea["n"]], strict=True))
    for gone in changes.pop("gone", []):
        ideas.pop(gone, None)
    assert set(changes) <= set(state)
    return {**state, **changes, "seq": upto, "ideas": sorted(ideas.values(), key=lambda idea: idea["n"])}


def fresh(room, *, crew: bool) -> dict[str, Any]:
    with room.engine.connect() as db:
        return json.loads(json.dumps(state_of(db, room.conversation().id, crew=crew)))


def delta(room, since: int, upto: int, *, crew: bool = False) -> dict[str, Any] | None:
    with room.engine.connect() as db:
        return delta_of(db, room.conversation().id, since, upto, crew=crew)


def parted(room, chance: random.Random, state: dict[str, Any], upto: int, *, crew: bool) -> dict[str, Any]:
    """What a screen shows that gets a delta in up to three parts."""
    cuts = sorted(chance.choices(range(state["seq"], upto + 1), k=2))
    for cut in (*cuts, upto):
        changes = delta(room, state["seq"], cut, crew=crew)
        assert changes is not None
        state = applied(state, cut, changes)
    return state


def follow(room, seed: int) -> bool:
    """Let things happen; tell whether deltas from any moment on, in any parts, lead to the state of now."""
    walk, true = Walk(room, seed), True
    views = {crew: [fresh(room, crew=crew)] for crew in (False, True)}
    for _ in range(9):
        for _ in range(walk.chance.randrange(1, 9)):
            walk.step()
        for crew, states in views.items():
            now = fresh(room, crew=crew)
            followed = (states[-1], walk.chance.choice(states))
            true = true and all(parted(room, walk.chance, state, now["seq"], crew=crew) == now for state in followed)
            states.append(now)
    assert walk.refused < 60
    return true


@pytest.mark.parametrize("seed", [1, 2])
def test_state_and_deltas_equal_a_fresh_state(any_room, seed):
    assert follow(any_room, seed)
    with any_room.read() as db:
        assert drifted_counters(db) == {}
        assert doubled_votes(db) == 0


def test_an_edit_that_is_logged_as_a_vote_is_found_out(room, monkeypatch):
    edit = ops.edit_idea

    def mislogged(tx, actor, op):
        touch = tx.touch
        tx.touch = lambda place, _kind, ref: touch(place, "vote", ref)
        return edit(tx, actor, op)

    monkeypatch.setattr(ops, "edit_idea", mislogged)
    # In one of a few walks somebody edits at the right moment.
    assert not all(follow(room, seed) for seed in range(1, 9))


def test_votes_travel_as_numbers_and_words_only_when_they_change(room):
    room.ask_opinions()
    anna, ben = room.phone("anna"), room.phone("ben")
    first, second = anna.write("Open at night"), anna.write("Open on Sundays")
    since = seq(room)
    ben.vote(second, -1)
    voted = seq(room)
    ben.vote(first)
    changes = delta(room, since, seq(room))
    assert (set(changes), sorted(changes["tallies"])) == ({"counts", "tallies"}, [(1, 1, 0, 0), (2, 0, 1, 0)])
    room.do(hide_idea, second, reason="Twice")
    changes = delta(room, since, seq(room))
    counts = {"joined": 2, "ideas": 1, "votes": 1}
    assert changes == {"counts": counts, "tallies": [(1, 1, 0, 0)], "gone": [second]}
    # A vote before the hiding: the room may not see that idea any more, the crew may.
    assert delta(room, since, voted) == {"counts": counts, "gone": [second]}
    assert delta(room, since, voted, crew=True)["tallies"] == [(2, 0, 1, 0)]
    room.do(restore_idea, second)
    changes = delta(room, since, seq(room))
    assert ([idea["disagree"] for idea in changes["ideas"]], changes["tallies"]) == ([1], [(1, 1, 0, 0)])


def test_delta_asks_for_the_whole_state_when_too_many_ideas_or_tallies_changed(room, monkeypatch):
    anna, ben = room.phone("anna"), room.phone("ben")
    ideas = [anna.write(f"Idea {number}") for number in range(3)]
    written = seq(room)
    for idea in ideas:
        ben.vote(idea)
    monkeypatch.setattr(screens, "IDEAS_LIMIT", 2)
    monkeypatch.setattr(screens, "TALLIES_LIMIT", 3)
    assert delta(room, 0, written) is None
    assert len(delta(room, written, seq(room))["tallies"]) == 3
    monkeypatch.setattr(screens, "TALLIES_LIMIT", 2)
    assert delta(room, written, seq(room)) is None


def test_phones_never_get_hidden_ideas_reasons_or_people(room):
    anna = room.phone("anna")
    idea, kept = anna.write("Mrs Miller of number 12 is a nuisance"), anna.write("Open at night")
    room.do(hide_idea, idea, reason="Names a person")
    phone, crew = json.dumps(fresh(room, crew=False)), json.dumps(fresh(room, crew=True))
    assert kept in phone
    assert "Names a person" not in phone
    assert "Miller" not in phone
    assert "Names a person" in crew
    for view in (phone, crew):
        assert "participant" not in view
        assert "token" not in view
    assert delta(room, 0, 3) == {
        "counts": {"joined": 1, "ideas": 1, "votes": 0},
        "ideas": [fresh(room, crew=False)["ideas"][0]],
        "gone": [idea],
    }


def test_themes_on_screen_follow_votes_and_hidden_ideas(room):
    anna, ben = room.phone("anna"), room.phone("ben")
    first, second = anna.write("Open at night"), anna.write("Open on Sundays")
    run = room.do(request_themes, room.conversation().id)
    found = ThemeSet((Theme(1, "Hours", ideas=(first, second), representatives=(first, second)),), (), 2)
    room.gate.write(room.conversation().id, finish_theme_run, run, found)
    since = seq(room)
    ben.vote(first)
    room.do(hide_idea, second, reason="Twice")
    theme = delta(room, since, seq(room))["themes"][0]
    assert (theme["ideas_count"], theme["votes"], theme["representatives"]) == (1, 1, [first])
    room.do(move_ideas, room.conversation().id, [first], None)
    state = fresh(room, crew=False)
    assert state["themes"][0]["representatives"] == []
    assert state["leftovers"] == 1


def seq(room) -> int:
    with room.engine.connect() as db:
        return seq_of(db, room.conversation().id)


def test_delta_is_only_about_what_changed(room):
    room.do(rename_conversation, room.conversation().id, title="Places")
    assert set(delta(room, 0, 1)) == {"counts", "stage", "conversation"}
    room.do(edit_prompt, room.prompt().id, text="What else?", votes_each=3)
    assert set(delta(room, 1, 2)) == {"counts", "prompts"}
    room.do(set_stage, room.conversation().id, scene=Scene.JOIN)
    assert set(delta(room, 2, 3)) == {"counts", "stage", "conversation"}
    room.phone("anna").write("Open at night")
    assert set(delta(room, 3, 4)) == {"counts", "ideas"}
    assert set(delta(room, 4, 4)) == {"counts"}


def test_delta_asks_for_the_whole_state_when_it_reaches_too_far_back_or_has_a_gap(room):
    phone = room.phone("anna")
    for number in range(4):
        phone.write(f"Idea {number}")
    assert delta(room, 0, 4) is not None
    assert delta(room, 0, DELTA_LIMIT + 1) is None
    with room.engine.begin() as db:
        db.execute(text("delete from change where seq = 2"))
    assert delta(room, 0, 4) is None
    assert delta(room, 2, 4) is not None


def test_delta_across_a_clearing_asks_for_the_whole_state(room):
    room.phone("anna").write("Open at night")
    room.do(clear_conversation, room.conversation().id, code=room.conversation().code)
    assert delta(room, 1, 2) is None
    assert delta(room, 0, 2) is None
    state = fresh(room, crew=False)
    assert (state["ideas"], state["counts"]) == ([], {"joined": 0, "ideas": 0, "votes": 0})


def test_mine_is_what_only_this_participant_may_see(any_room):
    any_room.do(edit_prompt, any_room.prompt().id, text="Pick two", votes_each=2)
    anna, ben = any_room.phone("anna"), any_room.phone("ben")
    ideas = [anna.write(f"Idea {number}") for number in range(4)]
    ben.vote(ideas[0])
    ben.vote(ideas[1])
    ben.vote(ideas[1], None)
    ben.vote(ideas[3])
    own = ben.write("By Ben")
    any_room.do(hide_idea, own, reason="Twice")
    anna.op(k="withdraw", idea=ideas[3], rev=anna.next_rev())
    place, prompt = any_room.conversation().id, str(any_room.prompt().id)
    with any_room.engine.connect() as db:
        mine = mine_of(db, place, ben.actor.participant_id)
    assert mine["votes"] == {ideas[0]: 1, ideas[3]: 1}
    assert mine["max_rev"] == 4
    assert mine["left"] == {prompt: 1}
    assert [(idea["id"], idea["state"], idea["reason"]) for idea in mine["ideas"]] == [(own, "hidden", "Twice")]


def test_counts_count_shown_ideas_and_supporting_votes(room):
    anna, ben = room.phone("anna"), room.phone("ben")
    shown, gone = anna.write("Open at night"), anna.write("Open on Sundays")
    ben.vote(shown)
    ben.vote(gone)
    anna.op(k="withdraw", idea=gone, rev=anna.next_rev())
    with room.engine.connect() as db:
        assert counts_of(db, room.conversation().id) == {"joined": 2, "ideas": 1, "votes": 1}
        assert counts_of(db, room.conversation(1).id) == {"joined": 0, "ideas": 0, "votes": 0}
