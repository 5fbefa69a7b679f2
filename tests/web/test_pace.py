"""Who goes too fast, as pages and scripts of one browser meet it: slowed with a sentence, nothing lost."""

import secrets

import pytest

from feedback.domain.ids import ulid
from feedback.guesses import CODES_FROM_ONE_ADDRESS
from feedback.pace import IDEAS, JOINS, REQUESTS, Pace


def fresh() -> str:
    return ulid(1_790_000_000_000, secrets.randbits)


@pytest.fixture
def slept(house):
    """A house whose clock stands still; returns how long it was slept."""
    waits = []
    house.app.extensions["feedback.pace"] = Pace(clock=lambda: 1_000.0, sleep=waits.append)
    return waits


def test_a_form_that_comes_too_fast_shows_the_page_again_with_the_text(house, slept):
    browser, code = house.browser(), house.room.conversation().code
    fields = {"prompt": str(house.room.prompt().id)}
    browser.get(f"/c/{code}")
    for number in range(IDEAS.burst):
        assert browser.post(f"/c/{code}/ideas", id=fresh(), text=f"Idea {number}", **fields).status_code == 303
    refused = browser.post(f"/c/{code}/ideas", id=fresh(), text="My long thought", **fields)
    assert refused.status_code == 429
    assert "That was a lot in a short time. Nothing is lost: please try again in a moment." in refused.text
    assert "My long thought" in refused.text
    assert house.room.conversation().ideas_received == IDEAS.burst
    assert house.app.extensions["feedback.pace"].counters["slowed_ideas"] == 1


def test_one_browser_may_ask_for_so_many_pages_and_another_is_not_slowed(house, slept):
    browser, other, path = house.browser(), house.browser(), f"/c/{house.room.conversation().code}"
    browser.get(path)
    statuses = [browser.get(path).status_code for _ in range(int(REQUESTS.burst) + 2)]
    assert statuses == [200] * int(REQUESTS.burst) + [429] * 2
    refused = browser.get(path)
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    assert 'data-code="too_fast"' in refused.text
    assert other.get(path).status_code == 200


def test_scripts_are_told_in_numbers_when_to_come_again(house, slept):
    browser, path = house.browser(), f"/c/{house.room.conversation().code}"
    browser.get(path)
    answers = [browser.get(f"{path}/sync", headers={"X-Op": "1"}) for _ in range(12)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    told = answers[-1].get_json()
    assert told["code"] == "too_fast"
    assert int(answers[-1].headers["Retry-After"]) * 1_000 >= told["detail"]["after_ms"] > 0


def test_the_crew_reads_without_that_bound(house, slept):
    from feedback.domain.roles import Role

    facilitator, code = house.crew(Role.FACILITATOR), house.room.conversation().code
    assert {facilitator.get(f"/c/{code}/sync?view=crew").status_code for _ in range(15)} == {200}


def test_a_new_browser_from_a_crowded_address_waits_and_is_let_in(house, slept):
    pace = house.app.extensions["feedback.pace"]
    for _ in range(int(JOINS.burst)):
        pace.join("127.0.0.1")
    path = f"/c/{house.room.conversation().code}"
    browsers = [house.browser() for _ in range(3)]
    assert [browser.get(path).status_code for browser in browsers] == [200] * 3
    assert slept == pytest.approx([1 / 40, 2 / 40, 3 / 40])
    browsers[0].get(path)  # known by now
    assert len(slept) == 3
    assert house.room.conversation().joined == 3


def test_codes_guessed_by_the_form_are_counted_too(house):
    browser, bound = house.browser(), int(CODES_FROM_ONE_ADDRESS.split()[0])
    statuses = [browser.post("/join", code=f"ZZ{number:04d}").status_code for number in range(bound + 2)]
    assert statuses == [404] * bound + [429] * 2
    assert browser.post("/join", code=house.room.conversation().code).status_code == 303
