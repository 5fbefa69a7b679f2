"""The organiser's pages: password, programme, links, clearing after a try-out."""

import html
import re

import pytest

from feedback.domain.roles import Role
from feedback.store.ideas import ideas_of
from feedback.store.programme import conference_of, conversation_by_code, conversations_of, strands_of

PASSWORD = "four old trams by night"


@pytest.fixture
def organiser(house):
    """The organiser's browser."""
    return house.crew(Role.ORGANISER)


def test_organiser_page_leads_strangers_to_the_login(house):
    answer = house.browser().get("/organiser")
    assert answer.status_code == 303
    assert answer.location == "/organiser/login"
    assert "No password has been set yet." in house.browser().get("/organiser/login").text


@pytest.mark.parametrize(
    "path", ["/organiser/conference", "/organiser/password", "/organiser/strands/new", "/organiser/strands/1"]
)
def test_organiser_pages_are_closed_to_the_rest_of_the_crew(house, path):
    assert house.crew(Role.FACILITATOR).get(path).status_code == 403
    assert house.browser().get(path).status_code == 403


def test_password_is_set_once_by_link_and_lets_in_from_any_device(house, organiser):
    short = organiser.post("/organiser/password", new="too short", again="too short")
    assert short.status_code == 422
    assert "Please take at least 12 characters." in short.text
    differ = organiser.post("/organiser/password", new=PASSWORD, again=PASSWORD + "!")
    assert "The two are not the same." in differ.text
    assert organiser.post("/organiser/password", new=PASSWORD, again=PASSWORD).location == "/organiser"
    other = house.browser()
    wrong = other.post("/organiser/login", password="not the one at all")
    assert wrong.status_code == 403
    assert "That password does not fit." in wrong.text
    assert other.post("/organiser/login", password=PASSWORD).location == "/organiser"
    assert other.get("/organiser").status_code == 200


def test_password_change_wants_the_present_one(house, organiser):
    organiser.post("/organiser/password", new=PASSWORD, again=PASSWORD)
    other = house.browser()
    other.post("/organiser/login", password=PASSWORD)
    new = "six blue ferries at noon"
    refused = other.post("/organiser/password", present="not the one at all", new=new, again=new)
    assert refused.status_code == 422
    assert "That password does not fit." in refused.text
    assert other.post("/organiser/password", present=PASSWORD, new=new, again=new).status_code == 303
    assert house.browser().post("/organiser/login", password=new).status_code == 303


def test_login_stops_guessing_after_ten_failures(house, organiser):
    organiser.post("/organiser/password", new=PASSWORD, again=PASSWORD)
    browser = house.browser()
    answers = [browser.post("/organiser/login", password=f"guess number {n}").status_code for n in range(11)]
    assert answers == [403] * 10 + [429]


def test_overview_lists_strands_conversations_and_doors(house, organiser):
    page = organiser.get("/organiser").text
    for name in ("Inspire", "Impact", "Involve"):
        assert name in page
    code = house.room.conversation().code
    for door in (f"/console/{code}", f"/desk/{code}", f"/stage/{code}"):
        assert f'href="{door}"' in page
        assert organiser.get(door).status_code == 200


def test_conference_is_changed(house, organiser):
    fields = {"title": "Cities in talk", "contact": "ask@example.org", "retention_days": "14"}
    assert organiser.post("/organiser/conference", **fields, time_zone="Europe/Lisbon").status_code == 303
    with house.room.read() as db:
        row = conference_of(db)
        assert (row.title, row.contact, row.retention_days) == ("Cities in talk", "ask@example.org", 14)
        assert row.time_zone == "Europe/Lisbon"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"title": ""}, "There is nothing written yet."),
        ({"retention_days": "0"}, "whole number from 1 to 3650"),
        ({"time_zone": "Europe/Nowhere"}, "No such time zone."),
    ],
)
def test_conference_that_does_not_fit_is_said(organiser, wrong, sentence):
    fields = {"title": "Cities", "contact": "", "retention_days": "14", "time_zone": "UTC"} | wrong
    answer = organiser.post("/organiser/conference", **fields)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_strand_is_created_and_edited(house, organiser):
    words = {"name": "Imagine", "tagline": "What if", "focus": "Dreams", "description": "All of them"}
    organiser.post("/organiser/strands/new", **words)
    with house.room.read() as db:
        row = strands_of(db)[3]
        assert (row.name, row.tagline, row.focus, row.description) == tuple(words.values())
    organiser.post(f"/organiser/strands/{row.id}", **(words | {"name": "Invent"}))
    with house.room.read() as db:
        assert strands_of(db)[3].name == "Invent"


def test_conversation_is_created_renamed_closed_and_opened_again(house, organiser):
    where = organiser.post("/organiser/strands/1/conversations", title="Second hour").location
    code = where.rsplit("/", 1)[1]
    organiser.post(f"{where}/title", title="Third hour")
    organiser.post(f"{where}/close")
    with house.room.read() as db:
        row = conversation_by_code(db, code)[0]
        assert (row.title, row.state.value) == ("Third hour", "closed")
    assert "The conversation is open again." in organiser.post(f"{where}/reopen", follow=True).text


def test_conversation_without_title_says_why_where_it_was_written(house, organiser):
    answer = organiser.post("/organiser/strands/2/conversations", title="")
    assert answer.status_code == 422
    assert 'id="new-in-2" open' in answer.text
    with house.room.read() as db:
        assert len(conversations_of(db)) == 3


def test_clear_says_what_is_lost_and_wants_the_code(house, organiser):
    idea = house.room.phone("anna").write("Only a try")
    house.room.phone("ben").vote(idea)
    conversation = house.room.conversation()
    path = f"/organiser/conversations/{conversation.code}/clear"
    page = organiser.get(path).text
    assert "1 idea, hidden and withdrawn ones too" in page
    assert "1 vote" in page
    refused = organiser.post(path, code="WRONG1")
    assert refused.status_code == 422
    assert "That is not this conversation&#39;s code. Nothing was cleared." in refused.text
    with house.room.read() as db:
        assert len(ideas_of(db, conversation.id)) == 1
    done = organiser.post(path, code=f"{conversation.code[:3]} {conversation.code[3:].lower()}", follow=True)
    assert "The conversation is empty again." in done.text
    with house.room.read() as db:
        assert ideas_of(db, conversation.id, shown_only=False) == []


def minted(answer):
    return html.unescape(re.search(r'id="made-address" readonly value="[^"#]+#([^"]+)"', answer.text)[1])


@pytest.mark.parametrize(("role", "place"), [("facilitator", "console"), ("rapporteur", "desk"), ("stage", "stage")])
def test_link_is_shown_once_and_opens_the_door(house, organiser, role, place):
    path = f"/organiser/conversations/{house.room.conversation().code}"
    secret = minted(organiser.post(f"{path}/links", role=role))
    assert secret not in organiser.get(path).text
    assert house.browser().post("/enter", secret=secret).location.startswith(f"/{place}/")


def test_link_for_organisers_is_not_made_here(house, organiser):
    path = f"/organiser/conversations/{house.room.conversation().code}"
    assert organiser.post(f"{path}/links", role="organiser").status_code == 422


def test_link_taken_back_closes_the_door(house, organiser):
    path = f"/organiser/conversations/{house.room.conversation().code}"
    secret = minted(organiser.post(f"{path}/links", role="facilitator"))
    facilitator = house.browser()
    console = facilitator.post("/enter", secret=secret, name="Anna").location
    page = organiser.get(path).text
    assert "Anna" in page
    revoke = re.search(r'action="([^"]+/revoke)"', page.split('class="bare links"')[1])[1]
    assert "The link is taken back." in organiser.post(revoke, follow=True).text
    assert facilitator.get(console).status_code == 403


def test_link_of_another_conversation_is_not_taken_back_here(house, organiser):
    house.link(Role.FACILITATOR, place=1)
    path = f"/organiser/conversations/{house.room.conversation().code}"
    with house.room.read() as db:
        from feedback.store.crew import links_of

        foreign = links_of(db)[0].id
    assert organiser.post(f"{path}/links/{foreign}/revoke").status_code == 404


def test_stage_links_are_taken_back_together(house, organiser):
    path = f"/organiser/conversations/{house.room.conversation().code}"
    secret = minted(organiser.post(f"{path}/links", role="stage"))
    organiser.post(f"{path}/stage-links/revoke")
    assert house.browser().post("/enter", secret=secret).status_code == 404
