"""What one phone, one browser and one address may ask of the whole server: slowed or turned away politely, never lost.

A story returns what it has to complain about: nothing for the real server, something for each mutant.
"""

import json
import random
import secrets
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from people import crew
from served import Browser, Line, Served
from websockets.exceptions import ConnectionClosed
from witness import LIVELY

from bench import wire
from bench.hostile import Hostile
from feedback.domain.ids import ulid
from feedback.identity import COOKIE

PHONES = 24
#: Seconds for what comes at once, unless the machine is busy.
PATIENCE = 20
HERE = Path(__file__).parent


def fresh() -> str:
    return ulid(int(time.time() * 1000), secrets.randbits)


class Room:
    """A server with its first conversation; phones, and the crew."""

    def __init__(self, served):
        self.served, self.links = served, served.links()["conversations"][0]
        self.code = self.links["code"]
        self.prompt = Browser(served).get_json(f"/c/{self.code}/sync")["prompts"][0]["id"]

    def phone(self):
        browser = Browser(self.served)
        browser.fetch("GET", f"/c/{self.code}")
        return browser

    def line(self, browser, view="phone"):
        return Line(browser, self.code, view)

    def ops(self, browser, *ops):
        body = json.dumps({"ops": ops}).encode()
        headers = {"X_Op": "1", "Content_Type": "application/json"}
        status, answer = browser.fetch("POST", f"/c/{self.code}/ops", body, **headers)
        assert status == 200, answer
        return json.loads(answer)["acks"]

    def idea(self, text="More shade"):
        return {"op": fresh(), "k": "idea", "id": fresh(), "prompt": self.prompt, "text": text, "lang": "en"}

    def vote(self, idea, rev, val=1):
        return {"op": fresh(), "k": "vote", "idea": idea, "val": val, "rev": rev}


class Bucket:
    """What may pass at once, and what comes back while a slow machine asks: the bounds of what has passed since."""

    def __init__(self, at_once, per_second):
        self.at_once, self.per_second, self.begun = at_once, per_second, time.monotonic()

    def complain(self, what, passed, refused):
        """Return the complaint: as many as may must have passed, and no more, and somebody was refused."""
        most = self.at_once + self.per_second * (time.monotonic() - self.begun) + 1
        if self.at_once <= passed <= most and refused:
            return []
        return [f"{what}: {passed} passed, of {self.at_once} to {most:.0f}, {refused} were refused"]


def running(folder, *, mutant="", **env):
    """Return a server at the product's own pace, not yet started."""
    command = (str(HERE / "weak_server.py"), mutant, "run") if mutant else ("-m", "feedback.cli", "run")
    return Served(folder, env={"FEEDBACK_PACE": "1", **env}, command=command)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), FEEDBACK_SOCKETS=str(PHONES)) as served:
        yield Room(served)


# The stories


def paced_phone(room):
    """Votes: 40 at once by both doors together, then `retry`, and saved at the moment told; ideas: 5."""
    phone, wrong = room.phone(), []
    first = room.idea()
    room.ops(room.phone(), first)
    votes = [room.vote(first["id"], rev) for rev in range(1, 91)]
    bucket = Bucket(40, 2)
    line = room.line(phone)
    acks = [line.op(vote) for vote in votes[:15]]
    for begin in range(15, 90, 15):
        acks += room.ops(phone, *votes[begin : begin + 15])
    told = [ack["status"] for ack in acks]
    wrong += bucket.complain("votes", told.count("ok"), told.count("retry"))
    late = [(vote, ack) for vote, ack in zip(votes, acks, strict=True) if ack["status"] == "retry"]
    if late:
        time.sleep(late[-1][1]["after_ms"] / 1_000)
        if (again := line.op(late[-1][0])["status"]) != "ok":
            wrong.append(f"at the moment told: {again}")
    bucket = Bucket(5, 0.1)
    ideas = [ack["status"] for ack in room.ops(phone, *[room.idea(f"Idea {n}") for n in range(8)])]
    wrong += bucket.complain("ideas", ideas.count("ok"), ideas.count("retry"))
    line.close()
    return wrong


def paced_reads(room):
    """`sync` and `mine`: ten at once, then 429 with the time to come back; other phones are not slowed."""
    phone, other, wrong = room.phone(), room.phone(), []
    bucket, passed, (status, answer) = Bucket(10, 1), -1, (200, b"")
    while status == 200 and passed < 60:
        passed += 1
        status, answer = phone.fetch("GET", f"/c/{room.code}/{('sync', 'mine')[passed % 2]}", X_Op="1")
    wrong += bucket.complain("reads", passed, status == 429)
    if not wrong:
        said = json.loads(answer)
        if said["code"] != "too_fast" or not 0 < said["detail"]["after_ms"] < 10_000:
            wrong.append(f"told {said}")
    if other.fetch("GET", f"/c/{room.code}/sync")[0] != 200:
        wrong.append("another phone is slowed")
    return wrong


def paced_strangers(room):
    """Websockets without a cookie: 300 at once, then 503 with Retry-After; a phone that is known comes in."""
    wrong, bucket, told = [], Bucket(300, 30), []
    # Many knock before the first is answered: one after the other they may be as slow as places come back.
    while all(status == 101 for status, _ in told) and len(told) < 1_500:
        told += knock(room.served.port, 100)
    statuses = [status for status, _ in told]
    wrong += bucket.complain("strangers", statuses.count(101), statuses.count(503))
    waits = [headers.get("retry-after") for status, headers in told if status == 503]
    if not wrong and not all(wait and 1 <= int(wait) <= 15 for wait in waits):
        wrong.append(f"Retry-After {waits}")
    try:
        room.line(room.phone()).close()
    except (PermissionError, OSError) as fault:
        wrong.append(f"a phone that is known: {fault}")
    return wrong


def knock(port, count):
    """Let so many strangers ask for a socket at once; return status and headers of each answer."""
    told = []
    with ExitStack() as held:
        asking = []
        for _ in range(count):
            asking.append(held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)))
            asking[-1].sendall(wire.upgrade(f"127.0.0.1:{port}", ""))
        for one in asking:
            data = b""
            while (head := wire.head_of(data)) is None and (more := one.recv(65_536)):
                data += more
            told.append(head[:2] if head else (0, {}))
    return told


def full_room(room):
    """N9: sockets beyond the bound are told so within a second; the crew comes in, and its page, and forms work."""
    wrong, lines, refused = [], [], []
    phones = [room.phone() for _ in range((PHONES + 60) // 4)]
    for phone in phones * 4:
        asked = time.monotonic()
        try:
            lines.append(room.line(phone))
        except PermissionError as refusal:
            refused.append(str(refusal))
        if (waited := time.monotonic() - asked) > LIVELY:
            wrong.append(f"an answer took {waited:.1f} s")
    if (len(lines), refused) != (PHONES, ["room_full"] * 60):
        wrong.append(f"{len(lines)} came in, {len(refused)} were refused: {set(refused)}")
    wrong += crew_comes_in(room)
    outside = room.phone()
    if room.ops(outside, room.idea("By HTTP"))[0]["status"] != "ok":
        wrong.append("a phone without a socket cannot write")
    for line in lines:
        line.close()
    if not wrong:
        wrong += comes_in_soon(room, outside)
    return wrong


def crew_comes_in(room):
    """The facilitator's page and the sockets of crew and stage, while no phone gets one any more."""
    links, wrong = room.served.links()["conversations"][0], []
    facilitator, stage = crew(room.served, links["facilitator"]), crew(room.served, links["stage"])
    asked = time.monotonic()
    if facilitator.fetch("GET", f"/console/{room.code}")[0] != 200 or time.monotonic() - asked > LIVELY:
        wrong.append("the console did not come in time")
    for browser, view in ((facilitator, "crew"), (stage, "stage")):
        try:
            room.line(browser, view).close()
        except PermissionError as refusal:
            wrong.append(f"{view}: {refusal}")
    return wrong


def comes_in_soon(room, phone):
    """A place that was left is given to somebody else."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            room.line(phone).close()
        except PermissionError:
            time.sleep(0.1)
        else:
            return []
    return ["a place that was left is not given to another one"]


def many_tabs(room):
    """Four sockets of one browser; the fifth sends the oldest away, and says why."""
    phone, wrong = room.phone(), []
    tabs = [room.line(phone) for _ in range(5)]
    try:
        if (said := tabs[0].listen("stop", PATIENCE)) != {"code": "many_tabs"}:
            wrong.append(f"told {said}")
        tabs[0].listen("nothing more", PATIENCE)
    except TimeoutError:
        wrong.append("the oldest is still open")
    except ConnectionClosed as end:
        if end.rcvd is None or end.rcvd.code != 1008:
            wrong.append(f"closed with {end.rcvd}")
    for tab in tabs[1:]:
        if tab.op(room.vote(fresh(), 1)) is None:
            wrong.append("one of the four is not served")
    for tab in tabs:
        tab.close()
    return wrong


CLIENTS = 100


def shuffled(room):
    """N5: a hundred clients whose votes arrive in any order: the highest revision stands, in every cell."""
    with sqlite3.connect(room.served.instance / "feedback.db") as db:
        db.execute("UPDATE prompt SET voting = 'opinion'")
    ideas = [room.idea(f"Idea {n}") for n in range(2)]
    author = room.phone()
    room.ops(author, *ideas)

    def client(seed):
        chance, phone = random.Random(seed), room.phone()
        votes = [room.vote(ideas[rev % 2]["id"], rev, chance.choice((1, -1, 0, None))) for rev in range(1, 21)]
        mine = int(phone.get_json(f"/c/{room.code}/mine")["participant"])
        acks = room.ops(phone, *chance.sample(votes, len(votes)))
        assert {ack["status"] for ack in acks} <= {"ok", "superseded"}
        return {(vote["idea"], mine): (vote["val"], vote["rev"]) for vote in votes}

    with ThreadPoolExecutor(8) as pool:
        told = {cell: last for cells in pool.map(client, range(CLIENTS)) for cell, last in cells.items()}
    with sqlite3.connect(room.served.instance / "feedback.db") as db:
        cells = {
            (idea, who): (val, rev)
            for idea, who, val, rev in db.execute("SELECT idea_id, participant_id, val, rev FROM vote")
        }
    return [f"{cell}: {cells.get(cell)}, not {last}" for cell, last in told.items() if cells.get(cell) != last]


STORIES = {
    "unpaced": (paced_phone, paced_reads, paced_strangers),
    "uncrowded": (full_room, many_tabs),
    "last_one_wins": (shuffled,),
}


@pytest.mark.parametrize("story", [story for stories in STORIES.values() for story in stories])
def test_the_limits_hold(story, room):
    assert story(room) == []


def test_each_story_fails_where_its_limit_is_missing(tmp_path):
    # None of these limits stands in for another one, so that one server can do without all of them.
    with running(tmp_path, mutant="+".join(STORIES), FEEDBACK_SOCKETS=str(PHONES)) as served:
        stories = [story for stories in STORIES.values() for story in stories]
        assert [story.__name__ for story in stories if story(Room(served)) == []] == []


# Origin, for every role


ORIGINS = [
    ("http://127.0.0.1:{port}", True),
    ("http://localhost:{port}", True),
    ("", False),
    ("null", False),
    ("https://evil.example", False),
    ("http://127.0.0.1:1", False),
    ("https://127.0.0.1:{port}", False),
    ("http://127.0.0.1:{port}.evil.example", False),
    ("http://127.0.0.1", False),
]


@pytest.mark.parametrize("view", ["phone", "stage", "crew"])
def test_a_page_of_another_site_opens_no_socket_with_anybodys_cookie(room, view):
    secret = {"stage": "stage", "crew": "facilitator"}.get(view)
    browser = crew(room.served, room.served.links()["conversations"][0][secret]) if secret else room.phone()
    cookie, port = f"{COOKIE}={browser.token()}", room.served.port
    for origin, may in ORIGINS:
        said = origin.format(port=port)
        with Hostile(port, cookie=cookie, origin=said) as one:
            assert one.status == (101 if may else 403), said
            assert not may or one.enter(json.dumps({"code": room.code, "view": view, "since": 0}))
