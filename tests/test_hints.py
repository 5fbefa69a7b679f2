"""Hints: what waits is gathered, what comes is believed only if one of our processes could have said it."""

import json

import pytest
import redis

from feedback import hints
from feedback.bus import channel_of, tell_once
from feedback.domain.facts import (
    AlignmentRequested,
    ConversationChanged,
    ConversationCleared,
    ConversationClosed,
    CrewRevoked,
    ThemesEdited,
    ThemesRequested,
)
from feedback.hints import LONGEST, WAITING, Bye, Here, Outgoing, Progress, Shown, WorkerAlive, message, read
from feedback.settings import read_settings

ALL = [
    ConversationChanged(3, 17, "idea"),
    ConversationCleared(3),
    CrewRevoked((4, 5)),
    ThemesRequested(3, 8),
    ThemesEdited(3),
    AlignmentRequested(),
    Here({3: 120, 5: 0}),
    Shown({3: 16}),
    Progress(3, 0.5, "grouping"),
    WorkerAlive(True),
    Bye(),
]


def sent(*hints) -> list[dict]:
    outgoing = Outgoing()
    for hint in hints:
        outgoing.put(hint)
    return outgoing.take()


def test_every_hint_is_read_as_it_was_written():
    assert read(message("a1", sent(*ALL))) == ("a1", ALL)


def test_a_fact_that_concerns_nobody_else_is_not_told():
    outgoing = Outgoing()
    assert not outgoing.put(ConversationClosed(3))
    assert outgoing.take() == []


def test_a_thousand_commits_are_one_hint_per_conversation():
    commits = [ConversationChanged(place, seq, "vote") for seq in range(1, 501) for place in (1, 2)]
    assert sent(*commits, ConversationChanged(1, 501, "idea"), ConversationChanged(1, 502, "vote")) == [
        {"kind": "seq", "conversation": 2, "seq": 500, "what": ["vote"]},
        {"kind": "seq", "conversation": 1, "seq": 502, "what": ["idea", "vote"]},
    ]


def test_what_could_not_be_sent_waits_and_gives_way_to_news():
    outgoing = Outgoing()
    for hint in (ConversationChanged(1, 5, "idea"), ConversationChanged(2, 9, "vote"), Here({1: 3}), CrewRevoked((7,))):
        outgoing.put(hint)
    unsent = outgoing.take()
    outgoing.put(ConversationChanged(1, 6, "vote"))
    outgoing.put(Here({1: 4}))
    outgoing.put_back(unsent)
    told = {hint["kind"] + str(hint.get("conversation", "")): hint for hint in outgoing.take()}
    assert told["seq1"] == {"kind": "seq", "conversation": 1, "seq": 6, "what": ["idea", "vote"]}
    assert told["here"]["counts"] == [[1, 4]]
    assert told.keys() == {"seq1", "seq2", "here", "revoked"}


def test_what_waits_is_bounded():
    kept = sent(*(ThemesRequested(1, run) for run in range(WAITING + 50)))
    assert [hint["run"] for hint in kept] == list(range(50, WAITING + 50))


GOOD = {"kind": "cleared", "conversation": 3}
JUNK = [
    b"bytes",
    None,
    7,
    "",
    "{",
    "[" * 10_000,
    "null",
    "[]",
    '"text"',
    json.dumps({"hints": [GOOD]}),
    json.dumps({"from": "", "hints": [GOOD]}),
    json.dumps({"from": "x" * 41, "hints": [GOOD]}),
    json.dumps({"from": "é", "hints": [GOOD]}),
    json.dumps({"from": "a1", "hints": GOOD}),
    json.dumps({"from": "a1", "hints": ["x" * LONGEST]}),
]
BAD = [
    {},
    [],
    {"kind": []},
    {"kind": "unknown"},
    {"kind": "seq", "conversation": 1, "seq": 2},
    {"kind": "seq", "conversation": True, "seq": 2, "what": ["vote"]},
    {"kind": "seq", "conversation": 1, "seq": 2**31, "what": ["vote"]},
    {"kind": "seq", "conversation": -1, "seq": 2, "what": ["vote"]},
    {"kind": "seq", "conversation": 1, "seq": 2.0, "what": ["vote"]},
    {"kind": "seq", "conversation": "1", "seq": 2, "what": ["vote"]},
    {"kind": "seq", "conversation": 1, "seq": 2, "what": [None]},
    {"kind": "seq", "conversation": 1, "seq": 2, "what": ["\u001b[31m"]},
    {"kind": "seq", "conversation": 1, "seq": 2, "what": {}},
    {"kind": "revoked", "crew": "all"},
    {"kind": "revoked", "crew": [None]},
    {"kind": "revoked"},
    {"kind": "here", "counts": {"1": 2}},
    {"kind": "here", "counts": [[1]]},
    {"kind": "here", "counts": [[1, 2, 3]]},
    {"kind": "here", "counts": [[1, -2]]},
    {"kind": "here", "counts": [[[], 2]]},
    {"kind": "shown", "seqs": 5},
    {"kind": "progress", "conversation": 1, "share": 2, "step": "done"},
    {"kind": "progress", "conversation": 1, "share": True, "step": "done"},
    {"kind": "progress", "conversation": 1, "share": "1", "step": "done"},
    {"kind": "progress", "conversation": 1, "share": 0.5, "step": 5},
    {"kind": "worker", "alive": 1},
    {"kind": "themes_asked", "conversation": 1, "run": None},
    {"kind": "themes_edited", "conversation": "1"},
]


NOT_A_NUMBER = '{"from":"a1","hints":[{"kind":"progress","conversation":1,"share":NaN,"step":"done"}]}'


def believed():
    """Return what is taken of messages and hints that no process of ours says, or is left out for their sake."""
    wrong = []
    for text, told in [
        *((junk, None) for junk in JUNK),
        *((json.dumps({"from": "a1", "hints": [hint, GOOD]}), ("a1", [ConversationCleared(3)])) for hint in BAD),
        (NOT_A_NUMBER, ("a1", [])),
    ]:
        try:
            found = read(text)
        except Exception as fault:  # noqa: BLE001 -- whatever it is, the bus would break
            found = fault
        if found != told:
            wrong.append(f"{str(text)[:80]}: {found}")
    return wrong


def test_what_no_process_of_ours_says_is_dropped_and_harms_no_good_hint():
    assert believed() == []


MUTANTS = {
    "any_number": ("_number", lambda value: value),
    "any_name": ("_is_name", lambda _value: True),
    "any_pairs": ("_numbers", dict),
    "any_length": ("LONGEST", 10**9),
    "any_progress": ("_progress", lambda words: [Progress(words["conversation"], words["share"], words["step"])]),
    "any_worker": ("_worker", lambda words: [WorkerAlive(words["alive"])]),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_story_finds_a_check_that_is_missing(mutant, monkeypatch):
    name, lenient = MUTANTS[mutant]
    monkeypatch.setattr(hints, name, lenient)
    for kind, reader in hints._READERS.items():
        if reader.__name__ == name:
            monkeypatch.setitem(hints._READERS, kind, lenient)
    assert believed() != []


@pytest.mark.redis
def test_a_command_tells_the_processes_of_its_own_house_alone(redis_url, tmp_path):
    env = {"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_SECRET_KEY": "k" * 40}
    here, there = (
        channel_of(read_settings(env | {"FEEDBACK_DATABASE_URL": f"postgresql+psycopg://127.0.0.1/{name}"}))
        for name in ("here", "there")
    )
    outgoing = Outgoing()
    outgoing.put(ConversationChanged(3, 17, "idea"))
    with redis.Redis.from_url(redis_url, decode_responses=True) as client, client.pubsub() as listening:
        listening.subscribe(here, there)
        assert [listening.get_message(timeout=30)["type"] for _ in range(2)] == ["subscribe"] * 2
        tell_once(redis_url, here, "command", outgoing)
        told = listening.get_message(timeout=30)
        assert (told["channel"], read(told["data"])) == (here, ("command", [ConversationChanged(3, 17, "idea")]))
        assert listening.get_message(timeout=0.1) is None
