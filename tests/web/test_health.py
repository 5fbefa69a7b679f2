"""What those see who ask whether the server lives and works, without a server: words, statuses, the token."""

import dataclasses
import threading
from typing import Any

import pytest
from flask.testing import FlaskClient

from feedback.addresses import free_port
from feedback.app import create_app
from feedback.health import Health, Probe
from feedback.metrics import Histogram, Lag, _buckets
from feedback.settings import BadSetting, Settings, read_settings
from feedback.store.writer import Writer

TOKEN = "a-token-for-tests-only"


@pytest.fixture
def settings(tmp_path) -> Settings:
    return read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_METRICS_TOKEN": TOKEN})


def browser_of(settings: Settings, writer: Writer | None = None) -> FlaskClient:
    return create_app(settings, writer=writer).test_client()


def figures(browser: FlaskClient, **headers: str) -> Any:
    return browser.get("/metrics", headers=headers)


def test_alive_whatever_else_is_wrong(settings):
    answer = browser_of(settings).get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_ready_with_a_running_writer(settings, room):
    answer = browser_of(settings, room.gate.writer).get("/readyz")
    words = dict.fromkeys(("status", "database", "schema", "writer"), "ok") | {"redis": "unused"}
    assert (answer.status_code, answer.get_json()) == (200, words)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_not_ready_before_the_writer_runs(settings, room):
    answer = browser_of(settings).get("/readyz")
    assert (answer.status_code, answer.get_json()["writer"]) == (503, "stopped")


def test_not_ready_without_tables(settings):
    words = browser_of(settings).get("/readyz").get_json()
    assert (words["status"], words["database"], words["schema"]) == ("unready", "ok", "differs")


def test_not_ready_without_the_database_and_says_no_more_than_that(settings, room):
    url = f"postgresql+psycopg://nobody:secret@127.0.0.1:{free_port('127.0.0.1', 0, fixed=True)}/none"
    answer = browser_of(dataclasses.replace(settings, database_url=url), room.gate.writer).get("/readyz")
    words = {"status": "unready", "database": "away", "schema": "unknown", "writer": "ok", "redis": "unused"}
    assert (answer.status_code, answer.get_json()) == (503, words)


def test_without_redis_it_is_degraded_and_people_still_come(settings, room):
    away = f"redis://:secret@127.0.0.1:{free_port('127.0.0.1', 0, fixed=True)}/0"
    answer = browser_of(dataclasses.replace(settings, redis_url=away), room.gate.writer).get("/readyz")
    assert (answer.status_code, answer.get_json()["status"], answer.get_json()["redis"]) == (200, "degraded", "away")


@pytest.mark.redis
def test_redis_that_answers_is_ok(settings, room, redis_url):
    health = Health(dataclasses.replace(settings, redis_url=redis_url), room.gate.writer)
    assert health.parts()["redis"] == "ok"


def test_questions_are_asked_once_a_second_and_one_at_a_time():
    asked: list[str] = []
    threads: list[threading.Thread] = []
    may = threading.Event()

    def ask() -> str:
        asked.append("once")
        may.wait(10)
        return "ok"

    def give_up(question: Any) -> str | None:
        threads.append(threading.Thread(target=question))
        threads[-1].start()
        return None

    probe = Probe(ask)
    words = [probe.word(give_up) for _ in range(5)]
    probe._at -= 2  # two seconds pass, and the first question still waits
    assert [*words, probe.word(give_up)] == ["slow"] * 6
    assert asked == ["once"]
    may.set()
    threads[0].join()
    probe._at -= 2
    assert probe.word(lambda question: question()) == "ok"
    assert asked == ["once", "once"]


def test_figures_are_for_whoever_has_the_token(settings, room):
    browser = browser_of(settings, room.gate.writer)
    for said in (
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer é",
    ):
        refused = figures(browser, Authorization=said)
        assert (refused.status_code, refused.text) == (401, "forbidden\n")
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    answer = figures(browser, Authorization=f"Bearer {TOKEN}")
    assert (answer.status_code, answer.content_type) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert "feedback_writer_running 1.0" in answer.text
    assert TOKEN not in answer.text
    newer = figures(browser, Authorization=f"bearer {TOKEN}", Accept="application/openmetrics-text; version=1.0.0")
    assert newer.content_type.startswith("application/openmetrics-text")
    assert newer.text.endswith("# EOF\n")


def test_without_a_token_there_is_no_such_page(settings, room):
    browser = browser_of(dataclasses.replace(settings, metrics_token=None), room.gate.writer)
    assert figures(browser, Authorization="Bearer ").status_code == 404
    assert figures(browser, Authorization="Bearer None").status_code == 404


@pytest.mark.parametrize("token", ["short", "fifteen-signs-x", "with a\nline feed in it", "Straße" * 5])
def test_a_token_that_can_be_guessed_or_not_be_sent_is_refused(tmp_path, token):
    with pytest.raises(BadSetting, match="FEEDBACK_METRICS_TOKEN"):
        read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_METRICS_TOKEN": token})


def test_a_log_of_an_unknown_form_is_refused(tmp_path):
    with pytest.raises(BadSetting, match="FEEDBACK_LOG"):
        read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_LOG": "yaml"})


def test_histograms_count_a_value_on_its_bound_below_it():
    seen = Histogram((1, 2, 4))
    for value in (0.5, 1, 1.5, 4, 100):
        seen.add(value)
    assert (seen.counts, seen.total) == ([2, 1, 1, 1], 107)
    assert list(_buckets(seen.bounds, seen.counts)) == [("1.0", 2), ("2.0", 3), ("4.0", 4), ("+Inf", 5)]


def test_the_worst_lateness_is_forgotten_after_two_minutes():
    times = [0.0]
    lag = Lag(lambda: times[-1])
    lag.note(0.7)
    for seconds, worst in ((61.0, 0.7), (100.0, 0.7), (122.0, 0.1), (183.0, 0.1)):
        times.append(seconds)
        lag.note(0.1)
        assert lag.worst() == worst
    assert sum(lag.seconds.counts) == 5


def test_an_error_page_names_the_request_and_no_other_page_does(settings, room):
    app = create_app(settings, writer=room.gate.writer)
    app.add_url_rule("/broken", "broken", lambda: 1 / 0)
    browser = app.test_client()
    broken, again, missing = browser.get("/broken"), browser.get("/broken"), browser.get("/nowhere")
    code = broken.headers["X-Request-ID"]
    assert len(code) == 6
    assert f"Code for the person who looks after this server: {code}" in broken.text
    assert code not in again.text
    assert missing.headers["X-Request-ID"] not in missing.text
    said = browser.get("/broken", headers={"X-Request-ID": "<b>mine</b>"})
    assert "mine" not in said.text + said.headers["X-Request-ID"]
