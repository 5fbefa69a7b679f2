"""What was written and chosen is still there when a form is refused, for browsers without a script as for others."""

import html
import re
from pathlib import Path

import pytest
from flask_wtf import FlaskForm
from wtforms import HiddenField, StringField, TextAreaField

from feedback.domain.roles import Role
from feedback.web import forms, phone_forms
from feedback.web.kept import WRITTEN

LONG = "a" * 501
SCRIPT = {"Accept": "text/html"}  # as current.ts asks


def field(page, name):
    """The value of a field, by its id."""
    return html.unescape(re.search(rf'<input id="{name}"[^>]*? value="([^"]*)"', page)[1])


def open_folds(page):
    return re.findall(r'<details [^>]*?id="([^"]+)" open>', page)


def ticks(page):
    return re.findall(r'name="idea" value="([^"@]+)@\d*" form="selection" checked>', page)


def expired(browser, path, **fields):
    """The answer to a form whose proof of origin does not fit this browser."""
    answer = browser.client.post(path, data={"csrf_token": "of-another-visit", **fields})
    assert (answer.status_code, 'data-code="form_expired"' in answer.text) == (400, True)
    return html.unescape(answer.text)


def kept(page):
    found = re.search(r'<textarea id="kept"[^>]*>\s*(.*?)</textarea>', page, re.DOTALL)
    return found[1] if found else None


@pytest.mark.parametrize(
    ("way", "name", "status", "said"),
    [
        ("name", "a" * 121, 422, "121 characters"),
        ("name", " ", 422, "There is nothing written yet."),
        ("name", "Depot, bar", 409, "Theme 1 is called that already."),
        ("description", LONG, 422, "501 characters"),
    ],
)
def test_words_for_a_theme_that_do_not_fit_stay_in_their_field(desk, way, name, status, said):
    browser, path, _ = desk
    answer = browser.post(f"{path}/themes/2/{way}", **{way: name})
    assert (answer.status_code, said in answer.text) == (status, True)
    asked = "name" if way == "name" else "about"
    assert field(answer.text, f"{asked}-2") == name
    assert field(answer.text, f"{asked}-1") == ("depot, bar" if way == "name" else "")
    assert open_folds(answer.text) == ["tools-2"]


def test_a_description_that_is_too_long_stays_in_its_field_at_the_console(house, desk):
    path = f"/console/{house.room.conversation().code}"
    answer = house.crew(Role.FACILITATOR).post(f"{path}/themes/2/description", description=LONG)
    assert (answer.status_code, field(answer.text, "about-2"), field(answer.text, "about-1")) == (422, LONG, "")
    assert open_folds(answer.text) == ["describe-2"]


@pytest.mark.parametrize(
    ("to", "name", "status", "place"),
    [("choose", "", 422, "choose"), ("new", "a" * 121, 422, "new"), ("new", "Depot, bar", 409, "new")],
)
def test_ideas_that_could_not_move_stay_chosen_with_the_name_for_their_theme(desk, to, name, status, place):
    browser, path, ideas = desk
    chosen = [f"{ideas[0]}@1", f"{ideas[4]}@"]
    page = browser.post(f"{path}/move", idea=chosen, to=to, name=name)
    assert (page.status_code, ticks(page.text), field(page.text, "split-name")) == (status, [ideas[0], ideas[4]], name)
    places = page.text.partition('<select id="to"')[2].partition("</select>")[0]
    assert re.findall(r'<option value="(\w*)"[^>]* selected', places) == [place]


def test_a_page_that_was_asked_for_shows_what_is_stored(desk):
    browser, path, _ = desk
    page = browser.get(f"{path}?name=other&to=new").text
    assert (field(page, "name-1"), field(page, "split-name"), ticks(page), open_folds(page)) == (
        "depot, bar",
        "",
        [],
        [],
    )


def test_the_script_gets_what_is_stored_because_its_page_holds_what_was_written(desk):
    browser, path, ideas = desk
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(path).text)[1]
    for way, fields in (("themes/1/name", {"name": " "}), ("move", {"idea": f"{ideas[0]}@1", "name": "Night"})):
        answer = browser.client.post(f"{path}/{way}", data={"csrf_token": token, **fields}, headers=SCRIPT)
        page = answer.text
        assert answer.status_code == 422
        assert (field(page, "name-1"), field(page, "split-name"), ticks(page)) == ("depot, bar", "", [])
        assert open_folds(page) == []


def test_the_script_asks_as_the_server_knows_it():
    script = (Path(forms.__file__).parents[1] / "frontend" / "lib" / "current.ts").read_text(encoding="utf-8")
    assert f'const ASKING: RequestInit = {{ headers: {{ Accept: "{SCRIPT["Accept"]}" }}' in script


def test_what_was_written_into_a_form_of_another_visit_can_be_copied(house, desk):
    browser, path, ideas = desk
    page = expired(
        browser, f"{path}/themes/new", name="After hours", description="Whatever is open late", idea=ideas[0]
    )
    assert kept(page) == "After hours\n\nWhatever is open late"
    organiser, facilitator = house.crew(Role.ORGANISER), house.crew(Role.FACILITATOR)
    hide = f"/console/{house.room.conversation().code}/ideas/{ideas[0]}/hide"
    assert kept(expired(facilitator, hide, reason="", own="It is an advert")) == "It is an advert"
    words = {"name": "Inspire", "tagline": "", "focus": "Why", "description": "What\nit is about"}
    assert kept(expired(organiser, "/organiser/strands/1", **words)) == "Inspire\n\nWhy\n\nWhat\nit is about"


def test_no_secret_is_shown_again_and_nothing_is_called_kept_that_is_not(house):
    for path, fields in (
        ("/organiser/login", {"password": "correct horse battery"}),
        ("/organiser/password", {"present": "correct horse", "new": "correct horse", "again": "correct horse"}),
        ("/enter", {"secret": "correct horse"}),
    ):
        page = expired(house.browser(), path, **fields)
        assert kept(page) is None
        assert "still here" not in page
        assert "horse" not in page
        assert "of-another-visit" not in page


def test_every_field_in_which_people_write_is_kept():
    passed_over = {
        *("secret", "embedder", "answer", "val"),  # a secret, and what buttons say
        *("code", "time_zone"),  # a few characters, to be read off the screen or chosen from a list
    }
    found = {
        name
        for module in (forms, phone_forms)
        for form in vars(module).values()
        if isinstance(form, type) and issubclass(form, FlaskForm)
        for name, unbound in vars(form).items()
        if getattr(unbound, "field_class", HiddenField) in (StringField, TextAreaField)
    }
    assert found - passed_over == set(WRITTEN)
