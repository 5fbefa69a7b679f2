"""The console: what a facilitator presses changes the conversation, says so, and can be taken back."""

import io
import re

import pytest
from sqlalchemy import select

from feedback.domain.ideas import IDEAS_IN_ALL
from feedback.domain.roles import Role
from feedback.domain.themes import ENOUGH_FOR_THEMES
from feedback.store.ideas import Idea, ideas_of
from feedback.store.programme import Conversation, prompts_of
from feedback.store.themes import run_in_flight


@pytest.fixture
def console(house):
    """A facilitator's browser and the address of their console."""
    browser = house.crew(Role.FACILITATOR)
    return browser, f"/console/{house.room.conversation().code}"


def prompts(house):
    with house.room.read() as db:
        return [(row.text, row.state.value, row.votes_each) for row in prompts_of(db, house.room.conversation().id)]


def only_idea(house):
    with house.room.read() as db:
        return ideas_of(db, house.room.conversation().id, shown_only=False)[0]


def test_console_without_link_is_refused(house):
    answer = house.browser().get(f"/console/{house.room.conversation().code}")
    assert answer.status_code == 403
    assert "This page is for the crew" in answer.text


def test_console_of_another_conversation_is_refused(house, console):
    browser, _ = console
    assert browser.get(f"/console/{house.room.conversation(1).code}").status_code == 403


def test_console_shows_counts_prompt_code_and_next_step(house, console):
    browser, path = console
    page = browser.get(path).text
    code = house.room.conversation().code
    assert f"{code[:3]} {code[3:]}" in page
    assert "Nobody has joined yet." in page
    assert "Show the code on the stage" in page
    assert "No ideas yet. They appear here as people write them." in page


def test_next_step_follows_the_conversation(house, console):
    browser, path = console
    for number in range(ENOUGH_FOR_THEMES):
        page = browser.get(path).text
        assert "Find themes" not in page
        assert ("Themes form from 20 ideas on." in page) == (number > 0)
        house.room.phone(f"p{number}").write(f"Idea number {number}")
    page = browser.get(path).text
    assert "Themes form from" not in page
    assert re.search(r'id="next".*?Find themes', page, re.S)
    browser.post(f"{path}/themes")
    assert "The themes are being looked for. They appear by themselves." in browser.get(path).text


def test_add_prompt_as_a_draft_then_open_and_close_it(house, console):
    browser, path = console
    browser.post(f"{path}/prompts", text="What would you stop?", votes_each="3", then="")
    assert prompts(house)[1] == ("What would you stop?", "draft", 3)
    with house.room.read() as db:
        second = prompts_of(db, house.room.conversation().id)[1].id
    opened = browser.post(f"{path}/prompts/{second}/open", follow=True)
    assert "The prompt is open and on the stage: people can write and vote." in opened.text
    assert prompts(house)[1][1] == "open"
    closed = browser.post(f"{path}/prompts/{second}/close", follow=True)
    assert f'action="{path}/prompts/{second}/open"' in closed.text
    assert prompts(house)[1][1] == "closed"


def test_add_prompt_may_open_at_once_and_the_stage_turns_to_it(house, console):
    browser, path = console
    browser.post(f"{path}/prompts", text="What would you stop?", votes_each="", then="open")
    assert prompts(house)[1] == ("What would you stop?", "open", None)
    with house.room.read() as db:
        second = prompts_of(db, house.room.conversation().id)[1].id
    assert house.room.conversation().stage_prompt_id == second


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"text": "  ", "votes_each": ""}, "There is nothing written yet."),
        ({"text": "x" * 301, "votes_each": ""}, "301 characters; 300 fit"),
        ({"text": "Why?", "votes_each": "0"}, "whole number from 1 to 1000"),
        ({"text": "Why?", "votes_each": "many"}, "whole number from 1 to 1000"),
    ],
)
def test_add_prompt_that_does_not_fit_shows_why_and_keeps_the_words(house, console, fields, sentence):
    browser, path = console
    answer = browser.post(f"{path}/prompts", **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert fields["text"].strip() in answer.text
    assert len(prompts(house)) == 1


def test_edit_prompt_changes_words_and_budget(house, console):
    browser, path = console
    prompt = house.room.prompt()
    answer = browser.post(f"{path}/prompts/{prompt.id}", text="Another question?", votes_each="5", follow=True)
    assert "The prompt is saved." in answer.text
    assert prompts(house) == [("Another question?", "open", 5)]


def test_prompt_of_another_conversation_is_refused(house, console):
    browser, path = console
    other = house.room.prompt(1)
    assert browser.post(f"{path}/prompts/{other.id}/close").status_code == 403


def test_hide_wants_a_reason_then_hides_and_can_be_undone(house, console):
    browser, path = console
    idea = house.room.phone("anna").write("Open the depot at night")
    assert "Hide this idea?" in browser.get(f"{path}/ideas/{idea}/hide").text
    without = browser.post(f"{path}/ideas/{idea}/hide")
    assert without.status_code == 422
    assert "Please choose a reason, or write one" in without.text
    hidden = browser.post(f"{path}/ideas/{idea}/hide", reason="1", follow=True)
    assert "Reason: It says the same as another idea." in hidden.text
    assert f'action="{path}/ideas/{idea}/restore"' in hidden.text
    assert only_idea(house).reason == "It says the same as another idea."
    restored = browser.post(f"{path}/ideas/{idea}/restore", follow=True)
    assert "The idea is back on every screen, with its votes." in restored.text
    assert only_idea(house).state.value == "shown"


def test_hide_reason_is_stored_in_english_and_shown_in_the_reader_s_language(house, console):
    browser, path = console
    idea = house.room.phone("anna").write("Open the depot at night")
    browser.client.set_cookie("feedback_language", "de")
    browser.post(f"{path}/ideas/{idea}/hide", reason="0")
    assert only_idea(house).reason == "It does not answer the prompt."


def test_hide_takes_the_facilitator_s_own_words(house, console):
    browser, path = console
    idea = house.room.phone("anna").write("Open the depot at night")
    browser.post(f"{path}/ideas/{idea}/hide", own="Is about a person in this room")
    assert only_idea(house).reason == "Is about a person in this room"


def test_ideas_list_searches_without_case_and_accents_and_shows_more_on_request(house, console):
    browser, path = console
    anna = house.room.phone("anna")
    anna.write("Ein Café für alle")
    anna.write("Open the depot at night")
    page = browser.get(f"{path}?q=cafe").text
    assert "Ein Café für alle" in page.split('id="idea-list"')[1].split("</ol>")[0]
    assert "Open the depot" not in page.split('id="idea-list"')[1].split("</ol>")[0]
    assert "1 idea fits" in page
    assert "Show more ideas" in browser.get(f"{path}?show=1").text


def test_a_button_leaves_the_list_as_it_is_searched_and_repeats_nothing_else(house, console):
    browser, path = console
    house.room.phone("anna").write("Café at night")
    idea = only_idea(house).id
    asked = "q=caf%C3%A9&sort=top&show=150"
    for way in (f"ideas/{idea}/hide", f"ideas/{idea}/restore", "stage", "flood/room"):
        answer = browser.post(f"{path}/{way}?{asked}&next=//elsewhere.example", reason="0", scene="ranking")
        address, _, place = answer.headers["Location"].partition("#")
        assert (address.partition("?")[0], place != "") == (path, True)
        assert sorted(address.partition("?")[2].split("&")) == sorted(asked.split("&"))
    assert browser.post(f"{path}/stage", scene="ranking").headers["Location"] == f"{path}#stage"
    odd = browser.post(f"{path}/stage?q={'a' * 300}&sort=//elsewhere.example&show=99999", scene="ranking")
    assert odd.headers["Location"] == f"{path}?q={'a' * 200}&sort=new&show={IDEAS_IN_ALL}#stage"


def test_ideas_are_shown_as_text_never_as_markup(house, console):
    browser, path = console
    house.room.phone("anna").write("<img src=x onerror=alert(1)>")
    assert "&lt;img src=x onerror=alert(1)&gt;" in browser.get(path).text


def test_stage_shows_scene_prompt_and_spotlight(house, console):
    browser, path = console
    idea = house.room.phone("anna").write("Open the depot at night")
    browser.post(f"{path}/stage", scene="spotlight", idea=idea)
    with house.room.read() as db:
        row = db.scalars(select(Conversation).order_by(Conversation.id)).first()
        assert (row.scene.value, row.stage_idea_id) == ("spotlight", idea)
    browser.post(f"{path}/stage", scene="join", prompt=str(house.room.prompt().id))
    with house.room.read() as db:
        row = db.scalars(select(Conversation).order_by(Conversation.id)).first()
        assert (row.scene.value, row.stage_idea_id) == ("join", None)
    assert browser.post(f"{path}/stage", scene="fireworks").status_code == 422


def test_find_themes_starts_one_run(house, console):
    browser, path = console
    assert "There are no ideas yet to find themes in." in browser.post(f"{path}/themes").text
    house.room.phone("anna").write("Open the depot at night")
    assert "Looking for themes." in browser.post(f"{path}/themes", follow=True).text
    with house.room.read() as db:
        assert run_in_flight(db, house.room.conversation().id) is not None
    assert browser.post(f"{path}/themes").status_code == 409


def test_import_takes_good_rows_lists_bad_ones_and_adds_nothing_twice(house, console):
    browser, path = console
    table = b"id,text\na,Open the depot at night\nb,\nc,More benches\n"

    def send():
        return browser.post(f"{path}/import", file=(io.BytesIO(table), "notes.csv"), prompt=str(house.room.prompt().id))

    first = send().text
    assert "2 ideas brought in" in first
    assert "1 row could not be read" in first
    assert re.search(r">3</td><td>Its text is empty\.", first)
    assert "2 ideas were here already" in send().text
    with house.room.read() as db:
        assert {idea.body for idea in db.scalars(select(Idea))} == {"Open the depot at night", "More benches"}


def test_import_without_a_file_asks_for_one(console):
    browser, path = console
    answer = browser.post(f"{path}/import")
    assert answer.status_code == 422
    assert "Please choose a file first." in answer.text


def test_form_without_proof_of_origin_is_refused(console):
    browser, path = console
    assert browser.client.post(f"{path}/themes").status_code == 400


def test_console_names_and_describes_themes_beforehand(house):
    browser = house.crew(Role.FACILITATOR)
    path = f"/console/{house.room.conversation().code}"
    page = browser.post(f"{path}/themes/new", name="After hours", description="Late", follow=True).text
    assert "The theme “After hours” is there. The next run draws ideas to it." in page
    themes = page.split('id="themes"')[1].split("</section>")[0]
    assert "After hours" in themes
    page = browser.post(f"{path}/themes/1/description", description="What is open late", follow=True).text
    assert "The description is saved." in page
    assert "What is open late" in page
    wrong = browser.post(f"{path}/themes/new", name=" ", description="Kept")
    assert (wrong.status_code, 'value="Kept"' in wrong.text) == (422, True)
    assert browser.post(f"{path}/themes/1/description", description="a" * 501).status_code == 422
