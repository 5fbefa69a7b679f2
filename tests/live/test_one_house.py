"""The server as it is started: alone on its data, open to pages of its own addresses and of those it was told."""

import http.client
import secrets
import socket
import threading
import time

import pytest
from crew import command
from promises import until
from served import Browser, Line, Served

from feedback.domain.ids import ulid

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    origins = f"http://room.example:{port} https://talk.example/"
    house = Served(tmp_path_factory.mktemp("house"), env={"FEEDBACK_ORIGINS": origins}, port=port)
    with house as running:
        yield running


@pytest.fixture(scope="module")
def place(served):
    return served.links()["conversations"][0]


def test_a_second_server_on_the_same_data_does_not_start_and_says_the_cure(served, place):
    second = command(served, "run", "--port", "0")
    assert second.returncode == 2
    assert second.stdout == ""
    assert f"Another feedback server already runs on this data (process {served.process.pid})." in second.stderr
    assert "Stop it first (Ctrl-C in its window), or give this one a folder of its own" in second.stderr
    assert "Traceback" not in second.stderr
    assert Browser(served).fetch("GET", f"/c/{place['code']}")[0] == 200


def test_an_import_while_people_vote_goes_through_the_server(served, place, tmp_path):
    notes = tmp_path / "notes.csv"
    notes.write_text("text\n" + "".join(f"Paper note {number}\n" for number in range(300)), encoding="utf-8")
    done, acks = threading.Event(), []
    browser = Browser(served)
    browser.fetch("GET", f"/c/{place['code']}")
    prompt = browser.get_json(f"/c/{place['code']}/sync")["prompts"][0]["id"]
    line, rev = Line(browser, place["code"]), 0
    idea = ulid(int(time.time() * 1000), secrets.randbits)
    author = Browser(served)
    author.fetch("GET", f"/c/{place['code']}")
    writing = Line(author, place["code"])
    assert writing.op({"op": idea, "k": "idea", "id": idea, "prompt": prompt, "text": "Vote", "lang": "en"})
    writing.close()

    def vote() -> None:
        nonlocal rev
        while not done.is_set():
            rev += 1
            acks.append(line.op({"op": idea, "k": "vote", "idea": idea, "val": rev % 2 or None, "rev": rev}))
            time.sleep(0.15)  # a person, not a flood

    voter = threading.Thread(target=vote)
    voter.start()
    first, again = (command(served, "import", place["code"], str(notes)) for _ in range(2))
    until(lambda: len(acks) > 3)
    done.set()
    voter.join()
    line.close()
    assert (first.stdout, again.stdout) == (
        "taken 300, already here 0, not taken 0\n",
        "taken 0, already here 300, not taken 0\n",
    )
    assert {ack["status"] for ack in acks} == {"ok"}
    told = first.stderr + again.stderr + (served.instance / "errors.log").read_text(encoding="utf-8")
    assert "locked" not in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("origin", "more", "status"),
    [
        ("http://127.0.0.1:{port}", {}, 101),
        ("http://localhost:{port}", {}, 101),
        ("http://room.example:{port}", {}, 101),
        ("https://talk.example", {}, 101),
        ("http://talk.example", {}, 403),
        ("https://talk.example.evil.example", {}, 403),
        ("http://127.0.0.1:{other}", {}, 403),
        ("null", {}, 403),
        ("https://evil.example", {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}, 403),
        ("https://evil.example", {"Host": "evil.example"}, 403),
    ],
)
def test_only_pages_of_the_house_may_open_sockets(served, origin, more, status):
    known = origin.format(port=served.port, other=served.port + 1)
    assert upgrade_status(served, {"Origin": known} | more) == status


def upgrade_status(served: Served, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    try:
        connection.request("GET", "/socket.io/?EIO=4&transport=websocket", headers=UPGRADE | headers)
        return connection.getresponse().status
    finally:
        connection.close()
