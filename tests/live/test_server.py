"""The live side as phones, stage and crew meet it: frames, hearts, seats, and what revoking and clearing do."""

import base64
import json
import os
import re
import sqlite3
import time
from pathlib import Path
from urllib.parse import urlencode

import pytest
from neighbours import comes_true
from served import Browser, Line, Served
from websockets.exceptions import ConnectionClosed

from feedback import control
from feedback.domain.ids import ulid


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="module")
def links(served):
    return served.links()


def fresh() -> str:
    return ulid(int(time.time() * 1000), lambda bits: time.time_ns() % 2**bits)


def post(browser: Browser, path: str, **fields: str) -> int:
    token = re.search(rb'name="csrf_token" value="([^"]+)"', browser.fetch("GET", "/about")[1])
    body = urlencode({"csrf_token": token[1].decode(), **fields}).encode()
    return browser.fetch("POST", path, body, Content_Type="application/x-www-form-urlencoded")[0]


def crew(served: Served, secret: str) -> Browser:
    browser = Browser(served)
    assert post(browser, "/enter", secret=secret) == 303
    return browser


def phone(served: Served, code: str) -> tuple[Browser, Line]:
    browser = Browser(served)
    browser.fetch("GET", f"/c/{code}")
    return browser, Line(browser, code)


def prompt_of(served: Served, code: str) -> int:
    return Browser(served).get_json(f"/c/{code}/sync")["prompts"][0]["id"]


def idea_op(prompt: int, text: str) -> dict:
    return {"op": fresh(), "k": "idea", "id": fresh(), "prompt": prompt, "text": text, "lang": "en"}


def children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def test_what_finds_themes_steps_back_for_the_server(served):
    mine = os.getpriority(os.PRIO_PROCESS, served.process.pid)
    least = min(mine + 10, 19)

    def stepped_back() -> bool:
        return any(os.getpriority(os.PRIO_PROCESS, child) == least for child in children_of(served.process.pid))

    assert mine < 19
    assert comes_true(stepped_back, 180)


def test_votes_of_a_burst_reach_a_phone_in_few_frames_without_gap(served, links):
    code = links["conversations"][0]["code"]
    prompt = prompt_of(served, code)
    _, writer = phone(served, code)
    _, reader = phone(served, code)
    seq = reader.listen("heart")["to"]
    for n in range(20):
        assert writer.op(idea_op(prompt, f"Idea {n}"))["status"] == "ok"
    frames, seen = 0, {}
    while len(seen) < 20:
        beat = reader.listen("beat")
        assert beat["from"] == seq
        seq, frames = beat["to"], frames + 1
        seen |= {idea["id"]: idea for idea in beat["changes"].get("ideas", [])}
    assert frames < 20
    assert all("participant" not in idea for idea in seen.values())
    writer.close()
    reader.close()


def test_more_than_fits_into_a_frame_comes_beat_by_beat_and_far_more_as_the_whole_state(served, links):
    code = links["conversations"][2]["code"]
    browser, reader = phone(served, code)
    seq = reader.listen("heart")["to"]
    for count, told in ((300, {"beat"}), (600, {"sync"})):
        lines = [json.dumps({"id": f"{count} {n}", "text": f"{n} {'x' * 300}"}) for n in range(count)]
        file = {"name": "ideas.jsonl", "data": base64.b64encode("\n".join(lines).encode()).decode()}
        control.ask(served.instance / "control.sock", "import", {"code": code, "prompt": None, **file})
        newest, events = seq + count, []
        while seq < newest:
            while not reader.heard:
                reader._read(180)
            name, said = reader.heard.pop(0)
            if name != "heart":
                assert said.get("from", seq) == seq
                assert len(json.dumps(said, separators=(",", ":"))) < 32 * 1024
                seq = said["to"]
                events.append(name)
        assert set(events) == told
        assert (len(events) > 3) == (told == {"beat"})
    assert len(browser.get_json(f"/c/{code}/sync")["ideas"]) >= 900
    reader.close()


def test_votes_are_told_as_numbers(served, links):
    code = links["conversations"][0]["code"]
    prompt = prompt_of(served, code)
    _, anna = phone(served, code)
    _, ben = phone(served, code)
    idea = idea_op(prompt, "Words that need not come twice")
    number = anna.op(idea)["number"]
    assert ben.op({"op": fresh(), "k": "vote", "idea": idea["id"], "val": 1, "rev": 1})["status"] == "ok"
    words = 0
    while True:
        changes = anna.listen("beat")["changes"]
        agree = {one["n"]: one["agree"] for one in changes.get("ideas", ())}
        words += number in agree
        if (agree | {tally[0]: tally[1] for tally in changes.get("tallies", ())}).get(number) == 1:
            break
    assert words == 1
    for line in (anna, ben):
        line.close()


def test_a_phone_that_comes_back_is_brought_up_to_date_by_its_first_frame(served, links):
    code = links["conversations"][0]["code"]
    prompt = prompt_of(served, code)
    _, writer = phone(served, code)
    browser, reader = phone(served, code)
    writer.op(idea_op(prompt, "Before"))
    known = reader.listen("beat")["to"]
    reader.close()
    acks = [writer.op(idea_op(prompt, f"While somebody was away {n}")) for n in range(3)]
    newest = acks[-1]["seq"]
    beat = writer.listen("beat")
    while beat["to"] < newest:
        beat = writer.listen("beat")
    again = Line(browser, code, since=known)
    caught_up = again.listen("beat")
    assert (caught_up["from"], caught_up["to"] >= newest) == (known, True)
    assert {f"While somebody was away {n}" for n in range(3)} <= {
        idea["text"] for idea in caught_up["changes"]["ideas"]
    }
    unknown = Line(browser, code, since=10**9)
    assert unknown.listen("heart")["to"] >= newest
    assert not [event for event, _ in unknown.heard if event == "beat"]
    for line in (writer, again, unknown):
        line.close()


def test_shown_follows_what_a_stage_was_sent(served, links):
    place = links["conversations"][1]
    _, writer = phone(served, place["code"])
    prompt = prompt_of(served, place["code"])
    seq = writer.op(idea_op(prompt, "Nobody sees it yet"))["seq"]
    assert writer.listen("beat")["shown"] < seq
    stage = Line(crew(served, place["stage"]), place["code"], "stage")
    seq = writer.op(idea_op(prompt, "On the screen"))["seq"]
    assert stage.listen("beat")["to"] >= seq
    end = time.monotonic() + 180
    while writer.listen("heart", 180)["shown"] < seq:
        assert time.monotonic() < end
    writer.close()
    stage.close()


def test_here_counts_people_and_not_tabs(served, links):
    code = links["conversations"][2]["code"]
    browser, first = phone(served, code)
    second = Line(browser, code)
    assert second.listen("heart")["counts"]["here"] == 1
    first.close()
    second.close()


@pytest.mark.parametrize("view", ["stage", "crew"])
def test_a_phone_may_not_sit_with_the_crew(served, links, view):
    code = links["conversations"][0]["code"]
    browser, line = phone(served, code)
    line.close()
    with pytest.raises(PermissionError, match="forbidden"):
        Line(browser, code, view)


def test_a_stage_may_not_sit_with_the_crew_nor_write(served, links):
    place = links["conversations"][0]
    browser = crew(served, place["stage"])
    with pytest.raises(PermissionError, match="forbidden"):
        Line(browser, place["code"], "crew")
    stage = Line(browser, place["code"], "stage")
    ack = stage.op(idea_op(prompt_of(served, place["code"]), "The stage has no voice"))
    assert (ack["status"], ack["code"]) == ("rejected", "forbidden")
    assert browser.fetch("GET", f"/c/{place['code']}/sync?view=crew")[0] == 403
    assert browser.fetch("GET", f"/console/{place['code']}")[0] == 403
    assert browser.fetch("GET", f"/desk/{place['code']}")[0] == 403
    assert browser.fetch("GET", "/organiser")[0] in (303, 403)
    stage.close()


@pytest.mark.parametrize("role", ["facilitator", "rapporteur"])
def test_the_crew_acts_by_its_pages_and_not_by_its_socket(served, links, role):
    place = links["conversations"][0]
    line = Line(crew(served, place[role]), place["code"], "crew")
    ack = line.op(idea_op(prompt_of(served, place["code"]), "The crew writes nothing here"))
    assert (ack["status"], ack["code"]) == ("rejected", "forbidden")
    line.close()


def test_a_wrong_code_is_refused(served, links):
    browser, line = phone(served, links["conversations"][0]["code"])
    line.close()
    with pytest.raises(PermissionError, match="wrong_code"):
        Line(browser, "ZZZZZZ")


def test_a_browser_without_our_cookie_is_refused(served, links):
    stranger = Browser(served)
    stranger.cookies["feedback"] = "forged.cookie"
    with pytest.raises(PermissionError, match="forbidden"):
        Line(stranger, links["conversations"][0]["code"])


def test_a_fault_at_connecting_is_answered_and_passes(served, links):
    code = links["conversations"][2]["code"]
    browser, line = phone(served, code)
    line.close()
    with sqlite3.connect(served.instance / "feedback.db") as database:
        database.execute("ALTER TABLE participant RENAME TO away")
    with pytest.raises(PermissionError, match="busy"):
        Line(browser, code)
    with sqlite3.connect(served.instance / "feedback.db") as database:
        database.execute("ALTER TABLE away RENAME TO participant")
    Line(browser, code).close()


def test_revoked_stage_links_close_their_sockets(served, links):
    organiser = crew(served, links["organiser"])
    assert post(organiser, "/organiser/password", new="correct horse battery", again="correct horse battery") == 303
    place = links["conversations"][1]
    browser = crew(served, place["stage"])
    stage = Line(browser, place["code"], "stage")
    assert post(organiser, f"/organiser/conversations/{place['code']}/stage-links/revoke") == 303
    with pytest.raises(ConnectionClosed):
        stage.listen("no such event", 180)
    stage.close()
    with pytest.raises(PermissionError, match="forbidden"):
        Line(browser, place["code"], "stage")
    assert post(Browser(served), "/enter", secret=place["stage"]) in (404, 422)


def test_an_op_that_cannot_be_read_is_answered(served, links):
    _, line = phone(served, links["conversations"][0]["code"])
    op = fresh()
    expected = {"op": op, "status": "rejected", "code": "bad_request", "detail": {}}
    assert line.op({"op": op, "k": "shout"}) == expected
    line.close()


def test_stop_tells_the_screens_and_ends(tmp_path):
    with Served(tmp_path) as running:
        code = running.links()["conversations"][0]["code"]
        _, line = phone(running, code)
        line.listen("heart")
        assert running.stop() == 0  # that it takes three seconds at most is checked where nothing else runs
        assert line.listen("stop") == {}
        line.close()
