"""`doctor`: every finding is fine or comes with its cure."""

import dataclasses
import socket
from contextlib import closing

import pytest
from click.testing import CliRunner
from endpoint import Endpoint

from feedback.addresses import free_port
from feedback.cli.__main__ import main
from feedback.cli.doctor import examine
from feedback.place import claims_of
from feedback.settings import EmbedderSettings


def findings(text: str) -> list[tuple[str, str]]:
    """Pair each finding with its cure, "" when it is fine."""
    lines = text.splitlines()
    found = []
    for at, line in enumerate(lines):
        if line.startswith(("fine ", "CURE ")):
            cured = line.startswith("CURE ")
            found.append((line[5:].strip(), lines[at + 1].strip() if cured else ""))
    return found


def examined(settings, capsys) -> tuple[int, list[tuple[str, str]]]:
    code = examine(settings)
    return code, findings(capsys.readouterr().out)


def test_doctor_finds_the_database_disk_and_network_fine_or_cures_them(founded, capsys):
    port = free_port("127.0.0.1", 0, fixed=True)
    code, found = examined(dataclasses.replace(founded, port=port), capsys)
    said = dict(found)
    assert said["SQLite answers and keeps what it commits."] == ""
    assert said[f"Port {port} is free."] == ""
    assert any("MB are free" in what for what in said)
    assert any("guest or client" in what for what in said)
    assert code == (1 if any(said.values()) else 0)


def test_doctor_says_when_the_database_does_not_answer(settings, capsys):
    gone = dataclasses.replace(settings, database_url="sqlite:////nowhere/at/all/feedback.db")
    code, found = examined(gone, capsys)
    assert code == 1
    what, cure = next(pair for pair in found if "does not answer" in pair[0])
    assert what.startswith("SQLite")
    assert "FEEDBACK_DATABASE_URL" in cure


def test_doctor_says_when_postgresql_does_not_answer(settings, capsys):
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port('127.0.0.1', 0, fixed=True)}/none"
    code, found = examined(dataclasses.replace(settings, database_url=url), capsys)
    assert code == 1
    assert any(what.startswith("PostgreSQL does not answer") for what, _ in found)


def test_doctor_names_a_busy_port_and_its_cure(settings, capsys):
    with closing(socket.socket()) as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        code, found = examined(dataclasses.replace(settings, port=port), capsys)
    assert code == 1
    assert "--port" in dict(found)[f"Port {port} is used by another program."]


def test_doctor_sees_the_running_server_on_this_data(served, capsys):
    _, found = examined(served, capsys)
    assert ("A feedback server runs on this data.", "") in found


def test_help_lists_all_commands():
    said = CliRunner().invoke(main, ["--help"])
    assert said.exit_code == 0
    for command in ("doctor", "import", "links", "report", "run", "setup", "test", "themes"):
        assert f"\n  {command} " in said.output


def test_doctor_says_when_redis_does_not_answer(settings, capsys):
    gone = dataclasses.replace(settings, redis_url=f"redis://127.0.0.1:{free_port('127.0.0.1', 0, fixed=True)}/0")
    code, found = examined(gone, capsys)
    assert code == 1
    assert "FEEDBACK_REDIS_URL" in next(cure for what, cure in found if what.startswith("Redis does not answer"))


@pytest.mark.postgres
def test_doctor_names_a_server_that_would_not_hear_this_one(settings, postgres_url, redis_url, capsys):
    shared = dataclasses.replace(settings, database_url=postgres_url, redis_url=redis_url)
    other = claims_of(dataclasses.replace(shared, secret_key="another key, as of another host"))
    assert other is not None
    other.hold()
    try:
        told = [dict(examined(each, capsys)[1]) for each in (shared, dataclasses.replace(shared, redis_url=None))]
    finally:
        other.drop()
    assert "FEEDBACK_SECRET_KEY" in next(cure for what, cure in told[0].items() if "another secret key" in what)
    assert "FEEDBACK_REDIS_URL" in next(cure for what, cure in told[1].items() if "Another feedback server" in what)
    _, found = examined(shared, capsys)
    assert {("This server may work on the database.", ""), ("Redis answers.", "")} <= set(found)


def test_doctor_asks_the_embedding_endpoint_for_a_vector(settings, capsys):
    with Endpoint() as endpoint:
        offer = EmbedderSettings("no-such-package", endpoint.url, "letters", "a-secret-key")
        with_endpoint = dataclasses.replace(settings, embedders=offer)
        _, found = examined(with_endpoint, capsys)
        said = dict(found)
        assert said["The embedding endpoint at 127.0.0.1 gives vectors of 96 numbers."] == ""
        assert endpoint.texts == ["feedback"]
        assert "FEEDBACK_EMBEDDER_MODEL" in said["There is no model at no-such-package, or nothing to load it with."]
        endpoint.mode = "401"
        code, found = examined(with_endpoint, capsys)
        assert code == 1
        assert "FEEDBACK_EMBEDDER_KEY" in dict(found)["The embedding endpoint at 127.0.0.1 cannot be used (refused)."]
        assert "a-secret-key" not in str(found)
