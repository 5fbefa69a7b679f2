"""Where pages lead: never to an address that only takes forms, never to another house."""

import html
import re

import pytest

from feedback.domain.roles import Role

LANGUAGES = 'name="language" value="de"'


def backs(page):
    return {html.unescape(back) for back in re.findall(r'name="back" value="([^"]*)"', page)}


def addresses(page):
    """Every address of the page that is followed, or gone back to."""
    links = {html.unescape(link) for link in re.findall(r'<a [^>]*href="(/[^"#]*)', page)}
    return sorted(links | backs(page))


@pytest.fixture
def answers(house, desk):
    """Pages that answer forms: a link that is shown once, an idea and names that do not fit, what is refused."""
    rapporteur, path, ideas = desk
    organiser, facilitator, phone = house.crew(Role.ORGANISER), house.crew(Role.FACILITATOR), house.browser()
    code = house.room.conversation().code
    conversation = f"/organiser/conversations/{code}"
    told = {"id": ideas[0], "prompt": house.room.prompt().id, "text": "x" * 501}
    return [
        (organiser, organiser.post(f"{conversation}/links", role="rapporteur")),
        (organiser, organiser.post(f"{conversation}/title", title="")),
        (phone, phone.post(f"/c/{code}/ideas", **told)),
        (phone, phone.post("/join", code="WRONG9")),
        (rapporteur, rapporteur.post(f"{path}/themes/1/name?whole=1", name="")),
        (rapporteur, rapporteur.post(f"{path}/move", idea=ideas[0])),
        (rapporteur, rapporteur.post(f"{path}/undo", csrf_token="")),
        (facilitator, facilitator.post(f"/console/{code}/themes/1/description", description="x" * 501)),
        (facilitator, facilitator.post(f"/console/{code}/ideas/{ideas[0]}/hide")),
    ]


def test_every_link_of_a_page_that_answers_a_form_leads_to_a_page(answers):
    for browser, answer in answers:
        assert answer.status_code in (200, 400, 404, 422)
        for address in addresses(answer.text):
            assert browser.get(address).status_code in (200, 303), (answer.request.path, address)


def test_ok_leads_to_the_desk_as_it_is_shown(desk):
    browser, path, _ = desk
    answer = browser.post(f"{path}/themes/1/name?whole=1", name="")
    assert f'href="{path}?whole=1" data-close>OK' in answer.text


def test_no_page_that_answers_a_form_offers_what_would_lose_it(answers):
    for _, answer in answers:
        assert LANGUAGES not in answer.text, answer.request.path


def test_other_pages_offer_their_language_and_come_back_whole(house, desk):
    browser, path, _ = desk
    for address in (path, "/about", "/about?from=desk", f"/c/{house.room.conversation().code}?sort=new&prompt=1"):
        page = browser.get(address).text
        assert LANGUAGES in page
        assert address in backs(page)
