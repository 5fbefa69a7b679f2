"""Refusals as people and scripts meet them: a sentence in their language, a stable code, nothing lost."""

import pytest

from feedback.addresses import free_port
from feedback.app import create_app
from feedback.guesses import CODES_FROM_ONE_ADDRESS
from feedback.settings import read_settings
from feedback.web import ops


@pytest.mark.parametrize(
    ("language", "sentence"), [("en", "There is no page at this address."), ("fr", "adresse"), ("de", "Adresse")]
)
def test_a_page_that_does_not_exist_is_said_in_the_readers_language(house, language, sentence):
    answer = house.browser().get("/nowhere", headers={"Accept-Language": language})
    assert answer.status_code == 404
    assert sentence in answer.text
    assert f'<html lang="{language}"' in answer.text
    assert 'data-code="not_found"' in answer.text


def test_a_wrong_code_gets_a_page_with_a_form_to_try_again(house):
    answer = house.browser().get("/c/WRONG9")
    assert answer.status_code == 404
    assert 'data-code="wrong_code"' in answer.text
    assert 'name="code"' in answer.text


def test_guessing_codes_is_slowed_and_right_codes_still_pass(house):
    browser, bound = house.browser(), int(CODES_FROM_ONE_ADDRESS.split()[0])
    answers = [browser.get(f"/c/{place:06d}") for place in range(bound + 5)]
    assert [answer.status_code for answer in answers].count(404) == bound
    assert answers[-1].status_code == 429
    assert 'data-code="too_many"' in answers[-1].text
    assert browser.get(f"/c/{house.room.conversation().code}").status_code == 200


def test_a_form_without_its_proof_keeps_the_text(house):
    code = house.room.conversation().code
    answer = house.browser().client.post(f"/c/{code}/ideas", data={"text": "My long thought"})
    assert answer.status_code == 400
    assert 'data-code="form_expired"' in answer.text
    assert "My long thought" in answer.text


def test_a_body_that_is_too_large_is_refused(house):
    code = house.room.conversation().code
    answer = house.browser().client.post(f"/c/{code}/ideas", data={"text": "x" * (3 * 1024 * 1024)})
    assert answer.status_code == 413
    assert 'data-code="too_large"' in answer.text


def test_scripts_get_the_code_as_json(house):
    answer = house.browser().get("/c/WRONG9/sync", headers={"Accept": "application/json"})
    assert answer.get_json()["code"] == "wrong_code"
    assert answer.get_json()["sentence"]


def test_a_fault_of_ours_is_told_without_its_insides(house, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("inner words")

    monkeypatch.setattr(ops, "doorway_here", broken)
    answer = house.browser().get(f"/c/{house.room.conversation().code}/sync")
    assert answer.status_code == 500
    assert 'data-code="server_error"' in answer.text
    assert "inner words" not in answer.text


def test_every_answer_carries_the_headers_that_keep_pages_inert(house):
    answer = house.browser().get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_pages_hold_no_inline_script_or_style(house):
    code = house.room.conversation().code
    for path in ("/", "/about", f"/c/{code}", "/enter", "/organiser/login"):
        page = house.browser().get(path).text
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page
        for tag in page.split("<script")[1:]:
            assert "src=" in tag.split(">")[0] or "application/json" in tag.split(">")[0]


def test_the_cookie_is_ours_alone(house):
    answer = house.browser().get(f"/c/{house.room.conversation().code}")
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("feedback="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_refusal_is_said_also_while_the_database_is_away(tmp_path):
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port('127.0.0.1', 0, fixed=True)}/none"
    app = create_app(read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_DATABASE_URL": url}))
    answer = app.test_client().get("/", headers={"Accept-Language": "de"})
    assert answer.status_code == 503
    assert '<html lang="de">' in answer.text
    assert 'data-code="busy"' in answer.text
    assert "127.0.0.1" not in answer.text
