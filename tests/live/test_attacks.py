"""Attacks A1 to A10, mostly from one websocket, each beside a good neighbour; then the same where one guard is missing.

A story returns what it has to complain about: nothing for the real server, something for each mutant.
"""

import http.client
import json
import os
import re
import threading
import time

import pytest
from mutants import told_until_found
from witness import LIVELY, beside, dial_to, expect, is_mutant

from bench import attacks, wire
from feedback.live.guard import Breach, check

PATH = "/socket.io/?EIO=4&transport=websocket"
#: Malformed packets; 10,000 before a release.
PACKETS = int(os.environ.get("FEEDBACK_TEST_PACKETS", "1000"))
EVENTS = frozenset({"op", "blast"})


def frames_too_large(server, phone):
    """A1: frames of 1, 30 and 100 MB, one that never ends, fragments: each is cut within 64 KiB."""
    wrong = []
    with beside(server, phone, wrong) as before:
        for megabytes in (1, 30, 100):
            expect(wrong, attacks.huge_frame, {"1009", "cut"}, dial_to(server), megabytes)
        expect(wrong, attacks.unfinished_frame, {"1009"}, dial_to(server))
        expect(wrong, attacks.growing_fragments, {"1009", "cut"}, dial_to(server))
    read = server.figures()["counters"]["bytes_in"] - before["counters"]["bytes_in"]
    if read > 5 * 64 * 1024 + 20_000 + 100 * before["said"]:  # and what the neighbour said
        wrong.append(f"{read} bytes read")
    return wrong


def deflate(server, phone):
    """A2: no compression, whatever is offered, and a bomb that comes all the same ends its socket."""
    wrong = []
    with beside(server, phone, wrong):
        expect(wrong, attacks.deflate_bomb, {"1002", "1009", "cut"}, dial_to(server), 100)
    return wrong


def floods(server, phone):
    """A3: 50,000 events at once are cut within a hundred."""
    wrong = []
    with beside(server, phone, wrong) as before:
        expect(wrong, attacks.event_flood, {"1008", "cut"}, dial_to(server))
    handled = server.figures()["handled"]["op"] - before["handled"]["op"]
    if handled - before["said"] > 100:
        wrong.append(f"{handled} events handled, {before['said']} of the neighbour's among them")
    return wrong


def handlers(server, phone):
    """A4: forty sockets with all the ops they may say at once: no thread more."""
    wrong = []
    with beside(server, phone, wrong, rss=6_000):
        for _ in range(40):
            expect(wrong, attacks.op_flood, {"served"}, dial_to(server), 40)
        threads = server.figures()["threads"]
    if threads > 20:
        wrong.append(f"{threads} threads")
    return wrong


def binary(server, phone):
    """A5: the first binary frame ends its socket."""
    wrong = []
    with beside(server, phone, wrong):
        expect(wrong, attacks.binary_bomb, {"1003", "1009", "cut"}, dial_to(server))
        expect(wrong, attacks.binary_frame, {"1003"}, dial_to(server))
    return wrong


def never_reading(server, phone):
    """A6: fifty sockets that never read, at 200 messages a second: bounded, then cut; the neighbour misses nothing."""
    wrong, made, heard = [], [], []
    good = phone(server).enter(room="hall")
    listener = threading.Thread(target=lambda: heard.extend(good.events(lambda found: len(found) == 400, LIVELY)))
    with beside(server, phone, wrong, rss=10_240):
        for _ in range(50):
            dial_to(server, made)(receive_buffer=4096)
        listener.start()
        desk = phone(server).enter(room="desk")
        to = desk.call("blast", room="hall", count=400, size=2_000, pause=0.004)
        listener.join()
        try:
            server.until(lambda now: now["in_hall"] <= 1, seconds=1.0 if is_mutant(server) else LIVELY)
        except AssertionError:
            wrong.append("who never reads is still there")
    beats = [beat["to"] for name, beat in heard if name == "beat"]
    if beats != list(range(to - 399, to + 1)):
        wrong.append(f"the good one heard {len(beats)} of 400")
    for one in made:
        one.drop()
    return wrong


def malformed(server, phone):
    """A7: mutated packets: each bad socket is closed, a hundred bytes of log for each at most, one line a second."""
    wrong, before, began = [], len(server.log()), time.monotonic()
    dial, source = dial_to(server), attacks.packets(7, b"\x11\x22\x33\x44")
    with beside(server, phone, wrong, rss=16_000):
        for _ in range(PACKETS):
            packet = next(source)
            with dial() as one:
                one.raw(packet.data)
                ending = attacks.ended(one)
            if ending == "open" or (ending == "served" and packet.text is not None and is_bad(packet.text)):
                wrong.append(f"{ending} after {packet}")
            if is_mutant(server) and (wrong or time.monotonic() - began > 1):
                break
    return wrong + said_of(server.log()[before:], time.monotonic() - began)


def said_of(log, seconds):
    """Complain about a log that says too much about bad packets."""
    wrong = [f"{len(log)} bytes of log"] if len(log) > 100 * PACKETS else []
    lines = [re.sub(r" \(\d+ so far\)", "", line) for line in log.splitlines()]
    wrong += [f"{lines.count(line)} times: {line}" for line in set(lines) if lines.count(line) > seconds + 2]
    if any("naïve" in line or "01J8" in line for line in lines):
        wrong.append("what the client said is in the log")
    return wrong


def is_bad(text):
    try:
        check(text, EVENTS)
    except Breach:
        return True
    return False


def spoofed(server, phone):
    """A8: the library's own events are refused, and presence is exact."""
    wrong = []
    server.until(lambda now: now["sockets"] == 0)
    before = server.figures()["handled"]
    for attack in (attacks.spoofed_leaving, attacks.spoofed_coming):
        expect(wrong, attack, {"1008"}, dial_to(server))
    after = server.until(lambda now: now["sockets"] == 0)["handled"]
    come, gone = (after[name] - before[name] for name in ("connect", "disconnect"))
    if (come, gone) != (2, 2):
        wrong.append(f"{come} came and {gone} left, of two")
    return wrong


def foreign_pages(server, phone):
    """A9: nine rows of Origin, before the upgrade."""
    allowed = ("http://house.test", "https://tls.house.test")
    foreign = (
        "",
        "null",
        "https://evil.example",
        "http://house.test:8001",
        "https://house.test",
        "http://house.test.evil.example",
        "http://127.0.0.1",
    )
    statuses = {origin: phone(server, headers={"Origin": origin}).response.status_code for origin in allowed + foreign}
    return [
        f"{origin}: {status}" for origin, status in statuses.items() if status != (101 if origin in allowed else 403)
    ]


def stolen_sid(server, phone):
    """A10: whoever knows the id of somebody's socket can do nothing with it, and nobody is told another one's id."""
    wrong, victim, other = [], phone(server), phone(server)
    sid = json.loads(victim.next()[1:])["sid"]
    victim.say('40{"room":"hall"}')
    mine = json.loads(victim.next()[2:])["sid"]
    before = server.figures()["handled"]["op"]
    ways = [("GET", ""), ("GET", f"&sid={sid}"), ("POST", f"&sid={sid}"), ("POST", f"&sid={mine}")]
    for method, more in ways:
        link = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        link.request(method, f"/socket.io/?EIO=4&transport=polling{more}", '42["op",{"a":1}]')
        answer = link.getresponse()
        body = answer.read().decode()
        link.close()
        if answer.status != 400 or sid in body or mine in body:
            wrong.append(f"{method} {more[:5]}: {answer.status} {body[:30]}")
    upgrade = phone(server, path=f"{PATH}&sid={sid}").response.status_code
    if upgrade == 101:
        wrong.append("a second socket came in by the id of the first")
    other.enter(room="hall")
    phone(server).enter(room="desk").call("blast", count=1, size=10)
    heard = json.dumps(other.events(len, LIVELY))
    if sid in heard or mine in heard:
        wrong.append("somebody was told another one's id")
    if server.figures()["handled"]["op"] != before:
        wrong.append("an op was handled")
    if victim.call("op", a=1) != {"a": 1}:
        wrong.append("the victim is not served")
    return wrong


#: Which server each story is told of: with the product's limits, or with limits of a few seconds.
STORIES = {
    frames_too_large: "server",
    deflate: "server",
    floods: "server",
    handlers: "server",
    binary: "server",
    never_reading: "brisk",
    malformed: "server",
    spoofed: "server",
    foreign_pages: "server",
    stolen_sid: "server",
}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_no_client_hurts_the_others(story, request, phone):
    assert story(request.getfixturevalue(STORIES[story]), phone) == []


UNBOUNDED = {"unsent_frames": 10**9, "unsent_bytes": 10**12, "unsent_for": 1e6}
MUTANTS = [
    (frames_too_large, {"mutant": "no_frame_cap"}),
    (deflate, {"mutant": "deflate_accepted"}),
    (floods, {"mutant": "no_bucket"}),
    (handlers, {"mutant": "threads"}),
    (binary, {"mutant": "binary_allowed"}),
    (never_reading, {"mutant": "none", "limits": UNBOUNDED}),
    (malformed, {"mutant": "talkative"}),
    (malformed, {"mutant": "one_line_each"}),
    (malformed, {"mutant": "argues"}),
    (spoofed, {"mutant": "reserved_allowed"}),
    (foreign_pages, {"mutant": "any_origin"}),
    (stolen_sid, {"mutant": "sid_is_enough"}),
]


@pytest.mark.parametrize(("story", "settings"), MUTANTS, ids=lambda value: getattr(value, "__name__", None))
def test_the_story_fails_where_a_guard_is_missing(story, settings, weak, phone):
    assert told_until_found(lambda _: story(weak(**settings), phone)) != []


def test_a_closed_socket_says_why_in_numbers(server):
    with dial_to(server)() as one:
        one.say(b"x", wire.BINARY)
        assert one.ending() == "1003"
