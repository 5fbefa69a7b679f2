"""The room sorts: cards by JSON for phones, one at a time without a script, and the console's two buttons."""

import re
import secrets

import pytest

from feedback.actions.ideas import hide_idea
from feedback.actions.places import move_ideas
from feedback.actions.sorts import start_sorting, stop_sorting
from feedback.actions.themes import add_theme, merge_themes
from feedback.domain.ids import ulid
from feedback.domain.roles import Role
from feedback.store.sorts import sorts_of

SAME = {"X-Op": "1", "Origin": "http://localhost"}


@pytest.fixture
def asked(house):
    """A room that is asked to sort six ideas of the floor into three themes."""
    place = house.room.conversation().id
    for name in ("Hours <b>", "Places", "Money"):
        house.room.do(add_theme, place, name)
    anna = house.room.phone("anna")
    house.ideas = [anna.write(f"Idea {number} <script>") for number in range(5)]
    house.room.do(start_sorting, place)
    return house


def path_of(house):
    return f"/c/{house.room.conversation().code}"


def cards(house, browser, wanted=5):
    return browser.get(f"{path_of(house)}/cards?n={wanted}").get_json()["cards"]


def op(house, browser, **fields):
    op_id = ulid(1_790_000_000_000, secrets.randbits)
    body = {"ops": [{"op": op_id, **fields}]}
    return browser.client.post(f"{path_of(house)}/ops", json=body, headers=SAME).get_json()["acks"][0]


def said(house):
    with house.room.read() as db:
        return [(sort.idea, sort.theme) for sort in sorts_of(db, house.room.conversation().id)]


def test_cards_name_ideas_and_the_likeliest_themes_and_nobody(asked):
    ben = asked.browser()
    answer = ben.get(f"{path_of(asked)}/cards?n=3")
    assert answer.headers["Cache-Control"] == "no-store"
    found = answer.get_json()
    assert set(found) == {"cards"}
    assert len(found["cards"]) == 3
    for card in found["cards"]:
        assert set(card) == {"idea", "themes", "others"}
        assert card["idea"] in asked.ideas
        assert (card["themes"], card["others"]) == ([1, 2, 3], [])


def test_more_than_four_themes_are_behind_another_theme(asked):
    for name in ("Trams", "Schools"):
        asked.room.do(add_theme, asked.room.conversation().id, name)
    card = cards(asked, asked.browser(), 1)[0]
    assert (card["themes"], card["others"]) == ([1, 2, 3, 4], [5])


def test_a_card_is_not_dealt_twice_whatever_was_answered(asked):
    ben, seen = asked.browser(), []
    for rev in range(1, 6):
        card = cards(asked, ben, 1)[0]
        seen.append(card["idea"])
        theme = (2, None, None)[rev % 3]
        ack = op(asked, ben, k="sort", idea=card["idea"], theme=theme, skip=rev % 3 == 1, rev=rev)
        assert ack["status"] == "ok"
    assert sorted(seen) == sorted(asked.ideas)
    assert cards(asked, ben) == []


def test_own_ideas_are_asked_right_after_they_were_written_also_when_the_room_is_not(asked):
    asked.room.do(stop_sorting, asked.room.conversation().id)
    ben = asked.browser()
    assert cards(asked, ben) == []
    idea = ulid(1_790_000_000_000, secrets.randbits)
    prompt = asked.room.prompt().id
    assert op(asked, ben, k="idea", id=idea, prompt=prompt, text="Trams", lang="en")["status"] == "ok"
    assert [card["idea"] for card in cards(asked, ben)] == [idea]
    assert cards(asked, asked.browser()) == []


def test_what_a_person_placed_or_took_away_is_not_asked(asked):
    place = asked.room.conversation().id
    asked.room.do(move_ideas, place, [asked.ideas[0]], 1)
    asked.room.do(hide_idea, asked.ideas[1], reason="Twice")
    assert {card["idea"] for card in cards(asked, asked.browser())} == set(asked.ideas[2:])
    asked.room.do(merge_themes, place, 1, 2)
    asked.room.do(merge_themes, place, 1, 3)
    assert cards(asked, asked.browser()) == []  # one theme is nothing to choose from


def test_cards_are_read_no_faster_than_the_state(asked):
    ben = asked.browser()
    answers = [ben.get(f"{path_of(asked)}/cards").status_code for _ in range(12)]
    assert answers[0] == 200
    assert answers[-1] == 429


def test_the_page_shows_one_card_takes_the_answer_and_goes_on(asked):
    ben = asked.browser()
    page = ben.get(f"{path_of(asked)}/sort").text
    idea = re.search(r'name="idea" value="(\w{26})"', page)[1]
    assert idea in asked.ideas
    assert "Hours &lt;b&gt;" in page
    assert "Idea 1 <script>" not in page
    answer = ben.post(f"{path_of(asked)}/sort", idea=idea, answer="2", done="0")
    assert (answer.status_code, answer.location) == (303, f"{path_of(asked)}/sort?done=1")
    assert said(asked) == [(idea, 2)]
    nxt = ben.get(answer.location).text
    assert "1 sorted, thank you" in nxt
    assert f'value="{idea}"' not in nxt
    for answer in ("none", "skip"):
        other = re.search(r'name="idea" value="(\w{26})"', ben.get(f"{path_of(asked)}/sort").text)[1]
        ben.post(f"{path_of(asked)}/sort", idea=other, answer=answer)
    assert len(said(asked)) == 2


def test_the_page_says_why_an_answer_was_not_taken(asked):
    ben = asked.browser()
    idea = asked.ideas[0]
    page = ben.post(f"{path_of(asked)}/sort", idea=idea, answer="9")
    assert page.status_code == 409
    assert "This theme is no longer there." in page.text
    asked.room.do(stop_sorting, asked.room.conversation().id)
    page = ben.post(f"{path_of(asked)}/sort", idea=idea, answer="1")
    assert page.status_code == 409
    assert "The room is not sorting at the moment." in page.text
    assert "Nothing left to sort just now." in page.text


@pytest.mark.parametrize("answer", ["", "x", "-1", "1" * 10, "1.5"])
def test_the_page_takes_no_other_answers(asked, answer):
    assert asked.browser().post(f"{path_of(asked)}/sort", idea=asked.ideas[0], answer=answer).status_code == 400


def test_whoever_writes_without_a_script_is_asked_where_it_belongs(asked):
    ben = asked.browser()
    fresh = re.search(r'name="id" value="([0-9A-Z]{26})"', ben.get(path_of(asked)).text)[1]
    answer = ben.post(f"{path_of(asked)}/ideas", id=fresh, prompt=asked.room.prompt().id, text="Trams")
    assert answer.location == f"{path_of(asked)}/sort?saved=1"
    page = ben.get(answer.location).text
    assert "Where does your idea belong?" in page
    assert "Saved. Thank you." in page
    assert f'value="{fresh}"' in page


def test_the_console_asks_the_room_and_says_how_far_it_is(asked):
    console = asked.crew(Role.FACILITATOR)
    path = f"/console/{asked.room.conversation().code}"
    page = console.get(path).text
    assert "Stop sorting" in page
    assert "0% sorted, 5 ideas still unsure" in page
    answer = console.post(f"{path}/sorting/stop", follow=True)
    assert "What it has sorted counts on." in answer.text
    assert not asked.room.conversation().sorting
    assert "The room is asked to sort" in console.post(f"{path}/sorting/start", follow=True).text
    assert asked.room.conversation().sorting


def test_the_console_says_what_to_do_first(house):
    console = house.crew(Role.FACILITATOR)
    answer = console.post(f"/console/{house.room.conversation().code}/sorting/start", follow=True)
    assert answer.status_code == 409
    assert "Let themes be found first, or name at least 2 at the desk." in answer.text


@pytest.mark.parametrize("role", [Role.STAGE, Role.RAPPORTEUR])
def test_only_the_console_asks_the_room(asked, role):
    path = f"/console/{asked.room.conversation().code}/sorting/stop"
    assert asked.crew(role).post(path).status_code == 403
    assert asked.room.conversation().sorting
