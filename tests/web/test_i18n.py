"""Which language a page speaks, and that it speaks it everywhere: header, cookie, direction, reasons, scripts."""

import html
import json
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from feedback.actions.ideas import hide_idea
from feedback.actions.prompts import add_prompt
from feedback.domain.roles import Role
from feedback.web import i18n
from feedback.web.forms import REASONS

LOCALE = Path(i18n.__file__).resolve().parent.parent / "locale"
FRENCH, GERMAN = {"Accept-Language": "fr"}, {"Accept-Language": "de"}


@pytest.mark.parametrize(
    ("wanted", "spoken"),
    [
        ("fr", "fr"),
        ("de-AT", "de"),
        ("gsw", "de"),
        ("fr-CA", "fr"),
        ("fr-CA;q=0.4, de;q=0.9", "de"),
        ("pt-BR, en;q=0.5", "en"),
        ("pt-BR, en;q=0.5, de;q=0.3", "en"),
        ("cy, de;q=0.7", "de"),
        ("cy", "en"),
        ("br, oc;q=0.5", "fr"),
        ("ja", "en"),
        ("*", "en"),
        ("x-klingon, ;;;", "en"),
        ("", "en"),
    ],
)
def test_language_is_the_closest_that_the_browser_asks_for(house, wanted, spoken):
    page = house.browser().get("/", headers={"Accept-Language": wanted}).text
    assert f'<html lang="{spoken}" dir="ltr"' in page


def test_a_choice_wins_over_the_browser(house):
    browser = house.browser()
    answer = browser.post("/language", language="de", back="/about")
    assert (answer.status_code, answer.location) == (303, "/about")
    assert '<html lang="de"' in browser.get("/about", headers=FRENCH).text


def test_a_choice_of_no_language_changes_nothing(house):
    browser = house.browser()
    browser.post("/language", language="tlh", back="/")
    assert '<html lang="fr"' in browser.get("/", headers=FRENCH).text


@pytest.mark.parametrize(
    "back",
    [
        *("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example", ""),
        *(
            "/\t/elsewhere.example",
            "/\n/elsewhere.example",
            "\t//elsewhere.example",
            "/.\\\\elsewhere.example",
            "/\x00",
            "/\x85",
        ),
    ],
)
def test_a_choice_leads_to_no_other_site(house, back):
    assert house.browser().post("/language", language="fr", back=back).location == "/"


@pytest.fixture
def addresses(house):
    """Every page, with somebody who may open it."""
    prompt = house.room.do(add_prompt, house.room.conversation().id, text="Was fehlt hier?", votes_each=3)
    assert prompt
    code = house.room.conversation().code
    somebody, organiser = house.browser(), house.crew(Role.ORGANISER)
    return [
        *((somebody, path) for path in ("/", "/about", f"/c/{code}", "/enter", "/organiser/login", "/nothing/here")),
        (somebody, f"/desk/{code}"),
        *(
            (house.crew(Role.FACILITATOR), path)
            for path in (f"/console/{code}", f"/stage/{code}", f"/stage/{code}/sheet")
        ),
        (house.crew(Role.RAPPORTEUR), f"/desk/{code}"),
        *((organiser, f"/organiser{path}") for path in ("", "/conference", "/strands/new", "/password")),
        *((organiser, f"/organiser/conversations/{code}{path}") for path in ("", "/clear")),
    ]


@pytest.mark.parametrize("language", ["fr", "de"])
def test_every_page_speaks_one_language(addresses, language):
    english = sentences_that_differ(language)
    for browser, path in addresses:
        answer = browser.get(path, headers={"Accept-Language": language}, follow_redirects=True)
        assert answer.status_code in (200, 403, 404), path
        page = answer.text
        assert re.search(rf'<html lang="{language}" dir="ltr"', page), path
        shown = html.unescape(re.sub(r"<script.*?</script>|<[^>]*>", "\n", page, flags=re.S))
        aloud = [html.unescape(value) for value in re.findall(r'(?:aria-label|placeholder|alt|title)="([^"]*)"', page)]
        lines = {line.strip() for line in shown.split("\n")} | set(aloud)
        assert not lines & english, path


def sentences_that_differ(language):
    """English sentences that have other words in this language."""
    with (LOCALE / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        singular = [message for message in read_po(file) if message.id and isinstance(message.id, str)]
    return {message.id for message in singular if message.id != message.string}


def test_a_refusal_is_said_in_the_visitors_language(house):
    page = html.unescape(house.browser().post("/join", code="ZZZZZZ", follow=False).text)
    assert "No conversation has this code." in page
    browser = house.browser()
    browser.post("/language", language="fr")
    assert "Aucune conversation ne porte ce code." in html.unescape(browser.post("/join", code="ZZZZZZ").text)


def test_pages_carry_the_words_of_their_script(house):
    code = house.room.conversation().code
    boot = boot_of(house.browser().get(f"/c/{code}", headers=FRENCH).text)
    assert boot["lang"] == "fr"
    assert boot["words"]["Send idea"] == "Envoyer l’idée"
    assert boot["words"]["%(n)s idea"] == ["%(n)s idée", "%(n)s idées"]
    assert boot["refusals"]["nothing_to_undo"] == "Il n’y a rien à annuler."
    assert "%(limit)s" in boot["refusals"]["too_long"]


def boot_of(page):
    return json.loads(re.search(r'<script type="application/json" id="boot">(.*?)</script>', page, re.S)[1])


def test_an_author_reads_a_usual_reason_in_the_own_language(house):
    browser, code = house.browser(), house.room.conversation().code
    page = browser.get(f"/c/{code}").text
    idea = re.search(r'name="id" value="([0-9A-Z]{26})"', page)[1]
    browser.post(f"/c/{code}/ideas", id=idea, prompt=house.room.prompt().id, text="Open at night")
    with house.app.test_request_context():
        usual = str(REASONS[0])
    house.room.do(hide_idea, idea, reason=usual)
    browser.post("/language", language="fr")
    said = "Elle ne répond pas à la question."
    assert said in browser.get(f"/c/{code}").text
    assert [each["reason"] for each in browser.get(f"/c/{code}/mine").json["ideas"]] == [said]


def test_an_author_reads_the_facilitators_own_words_as_they_are(house):
    browser, code = house.browser(), house.room.conversation().code
    page = browser.get(f"/c/{code}").text
    idea = re.search(r'name="id" value="([0-9A-Z]{26})"', page)[1]
    browser.post(f"/c/{code}/ideas", id=idea, prompt=house.room.prompt().id, text="Open at night")
    house.room.do(hide_idea, idea, reason="100 % said %(already)s")
    assert browser.get(f"/c/{code}/mine", headers=FRENCH).json["ideas"][0]["reason"] == "100 % said %(already)s"
