"""The projected page and the sheet: who may open them, what they show, and where the QR code leads."""

import json
import re

import pytest

from feedback.domain.roles import Role
from feedback.web.join import qr_of, spoken


@pytest.fixture
def stage(house):
    """A browser that came in by a crew link, and the stage's address."""
    return house.crew(Role.FACILITATOR), f"/stage/{house.room.conversation().code}"


def boot_of(page):
    return json.loads(re.search(r'<script type="application/json" id="boot">(.*?)</script>', page, re.S)[1])


def test_stage_needs_a_link(house, stage):
    _, path = stage
    assert house.browser().get(path).status_code == 403
    assert house.browser().get(f"{path}/sheet").status_code == 403


def test_stage_link_opens_its_own_conversation_only(house):
    conversation, other = house.room.conversation(0), house.room.conversation(1)
    browser = house.browser()
    browser.post("/enter", secret=house.app.extensions["feedback.identity"].stage_secret(conversation.id, 1))
    assert browser.get(f"/stage/{conversation.code}").status_code == 200
    assert browser.get(f"/stage/{other.code}").status_code == 403


def test_stage_shows_prompt_code_and_address(house, stage):
    browser, path = stage
    page = browser.get(path).text
    assert house.room.prompt().text in page
    assert "".join(re.findall(r"<span>(\w)</span>", page)) == house.room.conversation().code
    assert boot_of(page)["view"] == "stage"
    assert boot_of(page)["join"].endswith(f"/c/{house.room.conversation().code}")


def test_the_join_address_is_the_houses_not_the_visitors(house, stage):
    browser, path = stage
    house.app.config["FEEDBACK_JOIN_ADDRESS"] = "http://192.0.2.7:8000"
    assert boot_of(browser.get(path).text)["address"] == "192.0.2.7:8000"


def test_the_sheet_holds_the_three_steps(house, stage):
    browser, path = stage
    page = browser.get(f"{path}/sheet").text
    assert page.count('class="step"') == 3
    assert house.room.conversation().title in page


def test_qr_codes_are_drawings_without_style(house):
    answer = house.browser().get(f"/c/{house.room.conversation().code}/qr.svg")
    assert answer.mimetype == "image/svg+xml"
    assert answer.text.startswith("<svg")
    assert 'xmlns="http://www.w3.org/2000/svg"' in answer.text
    assert "style" not in str(qr_of("http://192.0.2.7:8000/c/ABC234"))


@pytest.mark.parametrize(
    ("address", "said"),
    [("http://192.0.2.7:8000/c/ABC234", "192.0.2.7:8000"), ("https://ideas.example/c/ABC234", "ideas.example")],
)
def test_addresses_are_spoken_without_scheme_and_path(address, said):
    assert spoken(address) == said
