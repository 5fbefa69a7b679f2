"""The participant's pages without a script: join, write, edit, withdraw, vote, sort, search; refusals lose nothing."""

import re

import pytest

from feedback.actions.ideas import hide_idea
from feedback.actions.merging import merge_ideas
from feedback.actions.programme import close_conversation
from feedback.actions.prompts import add_prompt, close_prompt, edit_prompt, open_prompt
from feedback.domain.facts import WrongCode
from feedback.domain.roles import Actor, Role
from feedback.store.ideas import ideas_of


@pytest.fixture
def phone(house):
    """A browser that has opened the first conversation."""
    browser = house.browser()
    browser.get(path_of(house))
    return browser


def path_of(house, place=0):
    return f"/c/{house.room.conversation(place).code}"


def ideas(house):
    with house.room.read() as db:
        return [
            (idea.body, idea.agree, idea.state.value)
            for idea in ideas_of(db, house.room.conversation().id, shown_only=False)
        ]


def fresh_id(page):
    return re.search(r'name="id" value="([0-9A-Z]{26})"', page)[1]


def write(house, browser, text, **more):
    path = path_of(house)
    fields = {"id": fresh_id(browser.get(path).text), "prompt": house.room.prompt().id, "text": text} | more
    return browser.post(f"{path}/ideas", **fields)


def texts_in(page):
    return re.findall(r'<p class="idea-text words"[^>]*>(.*?)</p>', page, re.S)


def idea_ids(page):
    return re.findall(r'id="idea-([0-9A-Z]{26})"', page)


def test_home_shows_strands_conversations_and_the_code_field(house):
    page = house.browser().get("/").text
    for strand in ("Inspire", "Impact", "Involve"):
        assert f'<h3 class="strand-name">{strand}</h3>' in page
    assert page.count('class="door"') == 3
    assert 'name="code"' in page
    assert "autofocus" in page


def test_home_leaves_closed_conversations_out(house):
    house.room.do(close_conversation, house.room.conversation().id)
    page = house.browser().get("/").text
    assert page.count('class="door"') == 2
    assert "No conversation is open here at the moment." in page


@pytest.mark.parametrize("shape", ["{}", " {} ", "{}-"])
def test_join_leads_to_the_conversation_however_the_code_is_typed(house, shape):
    code = house.room.conversation().code
    typed = shape.format(f"{code[:3]} {code[3:]}".lower())
    answer = house.browser().post("/join", code=typed)
    assert (answer.status_code, answer.location) == (303, f"/c/{code}")


def test_join_with_a_wrong_code_shows_the_form_again(house):
    answer = house.browser().post("/join", code="ZZZZZZ")
    assert answer.status_code == WrongCode.status
    assert 'value="ZZZZZZ"' in answer.text
    assert "No conversation has this code." in answer.text


def test_a_code_in_small_letters_is_put_right(house):
    code = house.room.conversation().code
    answer = house.browser().get(f"/c/{code.lower()}?sort=top")
    assert (answer.status_code, answer.location) == (303, f"/c/{code}?sort=top")


def test_opening_a_conversation_joins_once(house, phone):
    phone.get(path_of(house))
    house.browser().get(path_of(house))
    assert house.room.conversation().joined == 2


def test_the_page_says_what_is_kept(house, phone):
    page = phone.get(path_of(house)).text
    assert "kept without a name, for 30 days after the end" in page
    assert 'href="/about"' in page
    assert "Whom to ask" in phone.get("/about").text


def test_an_idea_is_written_and_shown_as_mine(house, phone):
    answer = write(house, phone, "Open the depot at night")
    assert answer.status_code == 303
    assert re.search(r"#idea-[0-9A-Z]{26}$", answer.location)
    page = phone.get(answer.location).text
    assert texts_in(page) == ["Open the depot at night"]
    assert "mine" in page
    assert "Saved" in page
    assert ideas(house) == [("Open the depot at night", 0, "shown")]


def test_the_same_form_sent_twice_stores_one_idea(house, phone):
    path = path_of(house)
    fields = {"id": fresh_id(phone.get(path).text), "prompt": house.room.prompt().id, "text": "Once"}
    assert [phone.post(f"{path}/ideas", **fields).status_code for _ in range(2)] == [303, 303]
    assert len(ideas(house)) == 1


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        ("x" * 501, 422, "That is 501 characters; 500 fit."),
        (" \n ", 422, "There is nothing written yet."),
        ("a\x07b", 422, "characters that cannot be shown"),
    ],
)
def test_a_refused_idea_stays_in_the_box(house, phone, text, status, sentence):
    answer = write(house, phone, text)
    assert answer.status_code == status
    assert sentence in answer.text
    assert text.strip() in answer.text
    assert ideas(house) == []


def test_a_closed_prompt_keeps_the_text(house, phone):
    page_id = fresh_id(phone.get(path_of(house)).text)
    house.room.do(close_prompt, house.room.prompt().id)
    answer = phone.post(f"{path_of(house)}/ideas", id=page_id, prompt=house.room.prompt().id, text="Too late")
    assert answer.status_code == 409
    assert "This prompt has closed. Your text is still here" in answer.text
    assert ">\nToo late</textarea>" in answer.text


def test_a_closed_prompt_offers_no_box(house, phone):
    house.room.do(close_prompt, house.room.prompt().id)
    page = phone.get(path_of(house)).text
    assert "This prompt has closed. You can still read its ideas." in page
    assert re.search(r'<form id="write"[^>]* hidden>', page)


def test_a_form_without_its_fields_is_refused(house, phone):
    assert phone.post(f"{path_of(house)}/ideas", text="Nothing else").status_code == 400


def test_a_form_without_proof_of_origin_shows_the_text(house, phone):
    answer = phone.client.post(f"{path_of(house)}/ideas", data={"text": "From nowhere"})
    assert answer.status_code == 400
    assert "From nowhere" in answer.text


def test_a_vote_is_given_and_taken_back(house, phone):
    idea = house.room.phone("author").write("Vote for me")
    for val, agree in (("1", 1), ("1", 1), ("", 0)):
        answer = phone.post(f"{path_of(house)}/ideas/{idea}/vote", val=val, back=f"{path_of(house)}?sort=top")
        assert (answer.status_code, answer.location) == (303, f"{path_of(house)}?sort=top#idea-{idea}")
        assert ideas(house)[0][1] == agree


def test_a_vote_for_an_own_idea_is_refused_beside_it(house, phone):
    write(house, phone, "My own")
    idea = idea_ids(phone.get(path_of(house)).text)[0]
    answer = phone.post(f"{path_of(house)}/ideas/{idea}/vote", val="1")
    assert answer.status_code == 409
    assert "You wrote this idea" in answer.text


def test_the_budget_is_shown_and_kept(house, phone):
    prompt = house.room.prompt()
    house.room.do(edit_prompt, prompt.id, text=prompt.text, votes_each=1)
    first, second = (house.room.phone("author").write(text) for text in ("One", "Two"))
    assert "1 of 1 votes left" in phone.get(path_of(house)).text
    phone.post(f"{path_of(house)}/ideas/{first}/vote", val="1")
    answer = phone.post(f"{path_of(house)}/ideas/{second}/vote", val="1")
    assert answer.status_code == 409
    assert "All your votes on this prompt are used." in answer.text
    assert "0 of 1 votes left" in answer.text


def test_back_never_leads_elsewhere(house, phone):
    idea = house.room.phone("author").write("Vote for me")
    answer = phone.post(f"{path_of(house)}/ideas/{idea}/vote", val="1", back="https://elsewhere.example/?sort=top")
    assert answer.location == f"{path_of(house)}#idea-{idea}"


def test_an_own_idea_is_edited(house, phone):
    write(house, phone, "Teh depot")
    idea = idea_ids(phone.get(path_of(house)).text)[0]
    assert ">\nTeh depot</textarea>" in phone.get(f"{path_of(house)}?edit={idea}").text
    assert phone.post(f"{path_of(house)}/ideas/{idea}/edit", text="The depot").status_code == 303
    assert ideas(house)[0][0] == "The depot"


def test_an_edit_after_a_vote_is_refused_and_keeps_the_words(house, phone):
    write(house, phone, "First words")
    idea = idea_ids(phone.get(path_of(house)).text)[0]
    house.room.phone("other").vote(idea)
    answer = phone.post(f"{path_of(house)}/ideas/{idea}/edit", text="Other words")
    assert answer.status_code == 409
    assert "Somebody has voted for this idea, so its words stay." in answer.text
    assert ">\nOther words</textarea>" in answer.text
    assert f'href="/c/{house.room.conversation().code}?edit={idea}' not in phone.get(path_of(house)).text


def test_an_own_idea_is_withdrawn_after_a_question(house, phone):
    write(house, phone, "Take it back")
    idea = idea_ids(phone.get(path_of(house)).text)[0]
    assert "Withdraw this idea?" in phone.get(f"{path_of(house)}?withdraw={idea}").text
    assert phone.post(f"{path_of(house)}/ideas/{idea}/withdraw").status_code == 303
    assert ideas(house) == [("Take it back", 0, "withdrawn")]
    assert texts_in(phone.get(path_of(house)).text) == []


def test_an_own_idea_that_was_merged_says_so_and_is_withdrawn_too(house, phone):
    write(house, phone, "Take it back")
    idea = idea_ids(phone.get(path_of(house)).text)[0]
    other = house.room.phone("ben").write("Take that back")
    rapporteur = Actor(Role.RAPPORTEUR, house.room.conversation().id)
    house.room.do(merge_ideas, house.room.conversation().id, other, idea, actor=rapporteur)
    page = phone.get(path_of(house)).text
    assert "It says nearly the same as another idea" in page
    assert f"?withdraw={idea}#idea-{idea}" in page
    assert f"?edit={idea}" not in page
    assert phone.post(f"{path_of(house)}/ideas/{idea}/withdraw").status_code == 303
    assert ideas(house) == [("Take it back", 0, "withdrawn"), ("Take that back", 0, "shown")]
    house.room.do(hide_idea, other, reason="Spam")
    assert "?withdraw=" not in phone.get(path_of(house)).text


def test_an_idea_of_somebody_else_is_neither_edited_nor_withdrawn(house, phone):
    idea = house.room.phone("author").write("Not yours")
    for deed in ("edit", "withdraw"):
        assert phone.post(f"{path_of(house)}/ideas/{idea}/{deed}", text="Mine now").status_code == 403
    assert ideas(house) == [("Not yours", 0, "shown")]


def test_a_hidden_own_idea_says_why(house, phone):
    write(house, phone, "Hidden words")
    idea = idea_ids(phone.get(path_of(house)).text)[0]
    house.room.do(hide_idea, idea, reason="Names a person")
    page = phone.get(path_of(house)).text
    assert "Not shown because: Names a person" in page
    assert texts_in(house.browser().get(path_of(house)).text) == []


def test_lists_are_sorted_searched_and_paged(house, phone):
    author = house.room.phone("author")
    written = [author.write(f"Idea {number:02}" if number else "Une résidence") for number in range(45)]
    house.room.phone("voter").vote(written[3])
    assert texts_in(phone.get(path_of(house)).text)[0] == "Idea 44"
    assert len(texts_in(phone.get(path_of(house)).text)) == 20
    assert len(texts_in(phone.get(f"{path_of(house)}?page=3").text)) == 5
    assert texts_in(phone.get(f"{path_of(house)}?sort=top").text)[0] == "Idea 03"
    assert texts_in(phone.get(f"{path_of(house)}?q=RESIDENCE").text) == ["Une résidence"]
    assert texts_in(phone.get(f"{path_of(house)}?sort=mine").text) == []
    assert "You have not written an idea here yet." in phone.get(f"{path_of(house)}?sort=mine").text
    assert "No idea holds these words." in phone.get(f"{path_of(house)}?q=zebra").text


def test_several_prompts_have_tabs_and_drafts_stay_secret(house, phone):
    place = house.room.conversation().id
    second = house.room.do(add_prompt, place, text="And the second question?", votes_each=None)
    house.room.do(add_prompt, place, text="A secret draft", votes_each=None)
    house.room.do(open_prompt, second)
    page = phone.get(path_of(house)).text
    assert "And the second question?" in page
    assert page.count("?prompt=") >= 2
    assert "A secret draft" not in page
    assert house.room.prompt().text in phone.get(f"{path_of(house)}?prompt={house.room.prompt().id}").text


def test_ideas_are_text_whatever_they_hold(house, phone):
    write(house, phone, '<script>alert(1)</script> & "quotes"')
    page = phone.get(path_of(house)).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quotes&#34;" in page


def test_pages_carry_no_inline_style_and_no_inline_script(house, phone):
    write(house, phone, "Something")
    for path in ("/", "/about", path_of(house)):
        page = phone.get(path).text
        assert not re.search(r"<[^>]+\sstyle=", page)
        assert not re.search(r"<[^>]+\son\w+=", page)
        assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", page))


def test_the_page_speaks_the_browsers_language_and_remembers_a_choice(house, phone):
    assert '<html lang="de" dir="ltr"' in phone.get("/", headers={"Accept-Language": "de-AT"}).text
    phone.post("/language", language="fr", back="/")
    assert '<html lang="fr"' in phone.get("/", headers={"Accept-Language": "de"}).text
