"""The guard: what it lets through, and that each breach ends its own socket and nothing else."""

from __future__ import annotations

import json
import logging
import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from feedback.live.guard import Breach, Limits, Watch, check
from feedback.pace import Bucket

EVENTS = frozenset({"op", "blast"})

GOOD = [
    "3",
    "1",
    "41",
    "40",
    '40{"code":"ABC234","view":"phone","since":12}',
    '42["op",{}]',
    '42["op",{"op":"01J","k":"idea","text":"naïve ❤️ \\ud83d\\ude00 - a dash","rev":1}]',
    '420["op",{"val":-1}]',
    '42123456789["op",{"val":null,"share":0.5,"list":[[1]]}]',
]

# What a hand finds in an hour: text, the reason it is counted under. All but the last group close with 1008.
BAD = {
    "malformed": [
        "",
        "4",
        "42",
        "42[",
        "42[nope",
        "42{}",
        '42"op"',
        '42["op"]',
        '42["op",{},{}]',
        '42["op",[]]',
        '42["op",null]',
        "42[1,{}]",
        '42[["op"],{}]',
        '42["op",{}]]',
        '42["op",{}] x',
        ' 42["op",{}]',
        '42 ["op",{}]',
        '42-1["op",{}]',
        '42١["op",{}]',
        '421234567890["op",{}]',
        '421-["op",{"_placeholder":true,"num":0}]',
        '42["op",{"val":NaN}]',
        '42["op",{"val":Infinity}]',
        '42["op",{"val":-Infinity}]',
        '42["op",{"val":1e999}]',
        '42["op",{"val":9007199254740993}]',
        '42["op",{"val":' + "9" * 5000 + "}]",
        '42["op",{"val":1,"val":2}]',
        '42["op",{"a":{"b":{"c":{}}}}]',
        '42["op",' + '{"a":' * 2000 + "1" + "}" * 2000 + "]",
        "42" + "[" * 8000,
        '42["op",{"text":"a\nb"}]',
        '42["op",{"text":"\\u12"}]',
        "40[]",
        '40"ABC234"',
        "40{",
        "401",
        "43[]",
        '430[{"status":"ok"}]',
        '44{"message":"no"}',
        "47[]",
        "2",
        "2probe",
        "3probe",
        "5",
        "6",
        "0{}",
        "411",
        "1x",
        "x",
        "é",
        "٤٢[]",
        "GET / HTTP/1.1",
    ],
    "unknown_event": ['42["vote",{}]', '42["message",{}]', '42["*",{}]', '42["",{}]', '42["OP",{}]'],
    "reserved_event": ['42["connect",{}]', '42["disconnect",{}]', '425["disconnect",{}]', '42["connect_error",{}]'],
    "unknown_namespace": [
        "40/admin,",
        '40/admin,{"a":1}',
        "40/",
        '42/admin,["op",{}]',
        '42/,["op",{}]',
        "41/x,",
        "40/?a=1,",
        "45/admin,1-[]",
    ],
    "binary": ["bAAAA", '451-["op",{"_placeholder":true,"num":0}]', '4510000-["op",{}]', "461-[]"],
}
CASES = [(text, reason) for reason, texts in BAD.items() for text in texts]
CODES = {"binary": 1003}


@pytest.mark.parametrize("text", GOOD)
def test_check_lets_a_phones_messages_through(text: str) -> None:
    check(text, EVENTS)


def test_check_takes_an_event_apart() -> None:
    assert check('4217["op",{"val":-1}]', EVENTS) == ("op", {"val": -1}, "17")
    assert check('42["op",{}]', EVENTS) == ("op", {}, "")
    assert check("40", EVENTS) is None


@pytest.mark.parametrize(("text", "reason"), CASES, ids=[f"{reason}-{text[:24]}" for text, reason in CASES])
def test_check_refuses(text: str, reason: str) -> None:
    with pytest.raises(Breach) as breach:
        check(text, EVENTS)
    assert (breach.value.code, breach.value.reason) == (CODES.get(reason, 1008), reason)


@given(st.text() | st.builds("42{}".format, st.text()) | st.builds('42["op",{}]'.format, st.text()))
def test_check_knows_only_yes_and_breach(text: str) -> None:
    try:
        check(text, EVENTS)
    except Breach:
        return
    assert text in ("3", "1", "41", "40") or json.loads(text[2:].lstrip(string.digits))


def test_bucket_gives_its_burst_then_its_rate() -> None:
    limits = Limits(rate=10, burst=60)
    bucket = Bucket(limits, 0.0)
    assert sum(bucket.take(limits, 0.0) for _ in range(100)) == 60
    assert sum(bucket.take(limits, 1.0) for _ in range(100)) == 10
    assert sum(bucket.take(limits, 1000.0) for _ in range(100)) == 60


def test_watch_counts_all_and_says_one_line_a_second(caplog: pytest.LogCaptureFixture) -> None:
    counters: Counter[str] = Counter()
    now = iter([100.0 + number / 100 for number in range(250)])
    watch = Watch(counters, clock=lambda: next(now))
    with caplog.at_level(logging.WARNING, logger="feedback.live"):
        for _ in range(250):
            watch.note("flood")
    assert counters == {"cut_flood": 250}
    assert [record.getMessage() for record in caplog.records] == [
        "refused on the wire: flood (1 so far)",
        "refused on the wire: flood (101 so far)",
        "refused on the wire: flood (201 so far)",
    ]


def test_each_bad_message_closes_its_socket_and_the_server_lives(server, phone) -> None:
    before = server.figures()
    log_before = len(server.log())
    witness = phone(server).enter()
    for number, (text, reason) in enumerate(CASES):
        bad = phone(server).enter()
        bad.say(text)
        assert bad.ending() == CODES.get(reason, 1008), text
        bad.drop()
        if number % 10 == 0:
            assert witness.call("op", number, still="here") == {"still": "here"}
    after = server.figures()
    cuts = {reason: after["counters"][f"cut_{reason}"] - before["counters"][f"cut_{reason}"] for reason in BAD}
    assert cuts == {reason: len(texts) for reason, texts in BAD.items()}
    assert after["handled"]["op"] - before["handled"]["op"] == (len(CASES) + 9) // 10
    assert (len(server.log()) - log_before) / len(CASES) < 100
    assert "Traceback" not in server.log()
    assert "nope" not in server.log()


def test_pings_and_fragments_count_as_frames_too(server, phone) -> None:
    for frame in (Frame(Opcode.PING, b""), Frame(Opcode.CONT, b"", fin=False)):
        flooder = phone(server).enter()
        first = Frame(Opcode.TEXT, b"", fin=False)
        flooder.raw(b"".join(each.serialize(mask=True) for each in [first, *[frame] * 99]))  # all at once
        assert flooder.ending() == 1008


def test_binary_frame_closes_with_1003(server, phone) -> None:
    bad = phone(server).enter()
    bad.frame(Frame(Opcode.BINARY, b"\x00"))
    assert bad.ending() == 1003


def test_text_that_is_not_utf8_closes_with_1007(server, phone) -> None:
    bad = phone(server).enter()
    bad.frame(Frame(Opcode.TEXT, b'42["op",{"text":"\xff"}]'))
    assert bad.ending() == 1007
