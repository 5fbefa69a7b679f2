"""Values that no page of ours sends: they are refused in words, and none is a fault of ours."""

import pytest

from feedback.domain.roles import Role
from feedback.pace import Pace
from feedback.web.numbers import LAST

HUGE = "9" * 30
ODD = (
    *("", "-1", "1.0", "²", "٣", "x", str(LAST), str(LAST + 1), str(2**63), HUGE, f"-{HUGE}", "9" * 5_000),
    *("http://[", "/\t/evil.example", "/\\evil.example", "\x00", "@@", "%"),
)
#: Addresses with what their pages send; each field in turn gets each odd value. {idea}: of the desk's first idea.
PHONE = {
    "/join": {"code": "ABCDEF"},
    "/language": {"language": "de", "back": "/about"},
    "/c/{code}/ideas": {"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "prompt": "1", "text": "More trams"},
    "/c/{code}/ideas/{idea}/edit": {"text": "Other words", "back": "/c/{code}"},
    "/c/{code}/ideas/{idea}/vote": {"val": "1", "back": "/c/{code}"},
    "/c/{code}/ideas/{idea}/withdraw": {"back": "/c/{code}"},
    "/c/{code}/sort": {"idea": "{idea}", "answer": "skip", "done": "1"},
}
CREW = {
    "/console/{code}/stage": {"scene": "join", "prompt": "1", "idea": "{idea}"},
    "/console/{code}/prompts": {"text": "Why?", "votes_each": "3", "voting": "support", "then": ""},
    "/console/{code}/ideas/{idea}/hide": {"reason": "9", "own": "", "all": ""},
    "/console/{code}/import": {"prompt": "1"},
    "/desk/{code}/themes/1/merge": {"into": "9"},
    "/desk/{code}/move": {"idea": "{idea}@1", "to": "9", "name": ""},
    "/desk/{code}/pin": {"idea": "{idea}"},
    "/desk/{code}/bar": {"idea": "{idea}@1"},
    "/desk/{code}/alike/choose": {"idea": "{idea}"},
    "/desk/{code}/alike/same": {"idea": "{idea}", "keep": "{idea}"},
    "/organiser/conversations/{code}/links": {"role": "x"},
    "/organiser/across/join": {"ones": "1.1", "others": "2.1"},
    "/organiser/conference": {"retention_days": "30", "time_zone": "UTC"},
}
ASKED = {
    "/c/{code}": ("prompt", "sort", "edit", "show"),
    "/c/{code}/sort": ("done",),
    "/c/{code}/cards": ("n",),
    "/c/{code}/sync": ("since",),
    "/console/{code}": ("q", "show"),
    "/desk/{code}": ("later", "passed", "whole"),
    "/desk/{code}/alike/same": ("idea",),
}


@pytest.fixture
def fill(house, desk):
    house.app.extensions["feedback.pace"] = Pace(10_000)  # whoever is slowed down is not heard at all

    def fill(template):
        return template.replace("{code}", house.room.conversation().code).replace("{idea}", desk[2][0])

    return fill


def proof(browser):
    return browser.get("/enter").text.split('name="csrf_token" value="')[1].split('"')[0]


@pytest.mark.parametrize("table", [PHONE, CREW])
def test_no_odd_value_in_a_form_is_a_fault_of_ours(house, fill, table):
    browser, faults = house.crew(Role.ORGANISER), []
    token = proof(browser)
    for address, fields in table.items():
        sent = {name: fill(value) for name, value in fields.items()} | {"csrf_token": token}
        for name in fields:
            for odd in ODD:
                answer = browser.client.post(fill(address), data=sent | {name: odd})
                if answer.status_code >= 500:
                    faults.append((address, name, odd[:40]))
                assert not answer.headers.get("Location", "/").startswith(("//", "/\\", "http"))
    assert faults == []


def test_no_odd_value_in_an_address_is_a_fault_of_ours(house, fill):
    browser, faults = house.crew(Role.ORGANISER), []
    token = proof(browser)
    for address, names in ASKED.items():
        for name in names:
            for odd in ODD:
                if browser.get(fill(address), query_string={name: odd}).status_code >= 500:
                    faults.append((address, name, odd[:40]))
    for name in ("first", "last"):
        for odd in ODD:
            restored = f"/console/{house.room.conversation().code}/ideas/restore"
            answer = browser.client.post(restored, query_string={name: odd}, data={"csrf_token": token})
            if answer.status_code >= 500:
                faults.append((restored, name, odd[:40]))
    assert faults == []


@pytest.mark.parametrize("origin", ["http://[", "http://", "null", "//[::1", "", "\x7f"])
def test_an_origin_that_is_no_address_is_a_foreign_one(house, origin):
    path = f"/c/{house.room.conversation().code}/ops"
    answer = house.browser().client.post(path, json={"ops": [{}]}, headers={"X-Op": "1", "Origin": origin})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "foreign_origin")


def test_a_body_that_is_nested_without_end_is_refused(house):
    path = f"/c/{house.room.conversation().code}/ops"
    headers = {"X-Op": "1", "Content-Type": "application/json"}
    for body in ("[" * 100_000, '{"ops":[' + '{"a":' * 50_000, '{"ops": [{"op": 9e999}]}'):
        answer = house.browser().client.post(path, data=body, headers=headers)
        assert answer.status_code in (200, 400), body[:9]
