"""Opinions on the pages: the form of a prompt, three buttons without a script, the groups on console and desk."""

import re

from feedback.actions.opinions import set_opinions
from feedback.clustering.opinions import find_opinions
from feedback.domain.roles import Role
from feedback.store.opinions import opinion_input
from feedback.store.programme import prompts_of


def voting(house) -> list[tuple[str, int | None]]:
    with house.room.read() as db:
        return [(row.voting, row.votes_each) for row in prompts_of(db, house.room.conversation().id)]


def console_of(house):
    return house.crew(Role.FACILITATOR), f"/console/{house.room.conversation().code}"


def vote_in_two_camps(house, people: int, text: str = "Idea") -> None:
    house.room.ask_opinions()
    anna = house.room.phone("anna")
    ideas = [anna.write(f"{text} {number}") for number in range(8)]
    for number in range(people):
        phone = house.room.phone(f"person {number}")
        for place, idea in enumerate(ideas):
            phone.vote(idea, 1 if place % 4 == 0 or place % 2 == number % 2 else -1)
    data = opinion_input(house.room.engine, house.room.prompt().id)
    found = find_opinions(data.ballots, data.ideas, seq=data.seq)
    house.room.gate.write(house.room.conversation().id, set_opinions, house.room.prompt().id, found)


def test_a_prompt_may_ask_for_opinions_until_somebody_has_voted(house):
    browser, path = console_of(house)
    browser.post(f"{path}/prompts", text="Fair?", voting="opinion", votes_each="3", then="")
    assert voting(house) == [("support", None), ("opinion", None)]
    assert "agree, disagree or pass" in browser.get(path).text
    first = house.room.prompt()
    browser.post(f"{path}/prompts/{first.id}", text=first.text, voting="opinion", votes_each="")
    assert voting(house)[0] == ("opinion", None)
    anna, ben = house.room.phone("anna"), house.room.phone("ben")
    ben.vote(anna.write("Open at night"), -1)
    answer = browser.post(f"{path}/prompts/{first.id}", text=first.text, voting="support", votes_each="")
    assert answer.status_code == 409
    assert "For another way of voting, write a new prompt." in answer.text
    page = browser.get(path).text
    assert "People have voted, so it stays with agree, disagree or pass." in page
    browser.post(f"{path}/prompts/{first.id}", text="Other words?")
    assert voting(house)[0] == ("opinion", None)


def test_three_buttons_work_without_a_script_and_take_back(house):
    house.room.ask_opinions()
    idea = house.room.phone("anna").write("<b>Open</b> at night")
    browser, path = house.browser(), f"/c/{house.room.conversation().code}"
    page = browser.get(path).text
    assert re.findall(r'name="val" value="([^"]*)"[^>]*aria-pressed="([a-z]+)"', page) == [
        ("1", "false"),
        ("-1", "false"),
        ("0", "false"),
    ]
    assert "Support this idea" not in page
    browser.post(f"{path}/ideas/{idea}/vote", val="-1", back=path)
    page = browser.get(path).text
    assert re.findall(r'name="val" value="([^"]*)"[^>]*aria-pressed="([a-z]+)"', page) == [
        ("1", "false"),
        ("", "true"),
        ("0", "false"),
    ]
    browser.post(f"{path}/ideas/{idea}/vote", val="", back=path)
    assert 'aria-pressed="true"' not in browser.get(path).text


def test_sheet_and_order_of_ideas_say_what_the_prompt_asks_for(house):
    code = house.room.conversation().code
    house.room.phone("anna").write("Open at night")
    crew, phone = house.crew(Role.FACILITATOR), house.browser()

    def said():
        return crew.get(f"/stage/{code}/sheet").text, phone.get(f"/c/{code}").text

    sheet, page = said()
    assert ("Support the ideas of others." in sheet, "Agree or disagree" in sheet) == (True, False)
    assert ("Most supported" in page, "Most agreed on" in page) == (True, False)
    house.room.ask_opinions()
    sheet, page = said()
    assert "Agree or disagree with the ideas of others, or pass. The screen shows them live." in sheet
    assert "Support the ideas" not in sheet
    assert ("Most supported" in page, "Most agreed on" in page) == (False, True)


def test_groups_are_shown_to_the_crew_with_what_they_share_and_what_divides_them(house):
    vote_in_two_camps(house, 16, text="<i>Idea</i>")
    browser, path = console_of(house)
    for page in (browser.get(path).text, house.crew(Role.RAPPORTEUR).get(path.replace("console", "desk")).text):
        part = re.search(r'<section id="opinions".*?</section>', page, re.S).group()
        assert "16 people have voted enough to be counted." in part
        assert part.count("8 people") == 2
        assert "What all groups agree on" in part
        assert "What divides the groups" in part
        assert "&lt;i&gt;Idea&lt;/i&gt; 0" in part
        assert "<i>" not in part
    browser.post(f"{path}/stage", scene="opinions")
    assert "The stage shows who votes alike." in browser.get(path).text


def test_below_the_limit_the_crew_sees_what_is_missing_and_without_such_a_prompt_nothing(house):
    browser, path = console_of(house)
    assert "Who votes alike" not in browser.get(path).text
    assert 'value="opinions"' not in browser.get(path).text
    house.room.ask_opinions()
    assert "Groups show from 15 people with 7 votes." in browser.get(path).text
    vote_in_two_camps(house, 9)
    assert "Groups show from 15 people with 7 votes; so far 9." in browser.get(path).text
    assert 'value="opinions"' in browser.get(path).text
