"""What the verdict of `bench chaos` says when rows and answers differ; each line is one way to break a promise."""

import pytest

from bench.outbox import Book
from bench.verdict import Rows, complaints, replay_of

IDEA, OTHER = "01AAAAAAAAAAAAAAAAAAAAAAAA", "01BBBBBBBBBBBBBBBBBBBBBBBB"
WRITE = {"op": "w", "k": "idea", "id": IDEA, "prompt": 1, "text": "Night buses", "lang": "en"}
EDIT = {"op": "e", "k": "edit", "idea": IDEA, "text": "Night trains", "rev": 1}
VOTE = {"op": "v", "k": "vote", "idea": OTHER, "val": 1, "rev": 2}
AGAIN = {"op": "a", "k": "vote", "idea": OTHER, "val": -1, "rev": 3}


def book(*ops, told=None, replaced=()) -> Book:
    seqs = {"w": 10, "e": 11, "v": 12, "a": 13}
    answers = {op["op"]: {"status": "ok", "seq": seqs[op["op"]]} for op in ops if op["op"] not in replaced}
    return Book({op["op"]: op for op in ops}, answers | (told or {}), set(replaced))


def rows(*, idea=("7", "Night trains", "shown", 1, (0, 0, 0)), vote=(1, 2), tally=(1, 0, 0), changes=None) -> Rows:
    ideas = {OTHER: ("8", "Benches", "shown", 0, tally)} | ({IDEA: idea} if idea else {})
    votes = {(OTHER, "7"): [vote]} if vote else {}
    return Rows(ideas, votes, changes or {10: IDEA, 11: IDEA, 12: OTHER})


def test_nothing_is_said_when_all_is_as_told():
    assert complaints(rows(), {"7": book(WRITE, EDIT, VOTE)}, 9) == []


@pytest.mark.parametrize(
    ("found", "of", "said"),
    [
        (rows(idea=None), book(WRITE, EDIT, VOTE), "is lost"),
        (rows(idea=("9", "Night trains", "shown", 1, (0, 0, 0))), book(WRITE, EDIT, VOTE), "is lost"),
        (rows(idea=("7", "Night buses", "shown", 1, (0, 0, 0))), book(WRITE, EDIT, VOTE), "says 'Night buses'"),
        (rows(idea=("7", "Night buses", "shown", 0, (0, 0, 0))), book(WRITE, EDIT, VOTE), "stands at rev 0, told 1"),
        (rows(idea=("7", "Night trains", "withdrawn", 1, (0, 0, 0))), book(WRITE, EDIT, VOTE), "newest op is: edit"),
        (rows(vote=None, tally=(0, 0, 0)), book(WRITE, EDIT, VOTE), "has 0 votes"),
        (rows(vote=(-1, 2), tally=(0, 1, 0)), book(WRITE, EDIT, VOTE), "is -1 (rev 2), told 1 (rev 2)"),
        (rows(tally=(2, 0, 0)), book(WRITE, EDIT, VOTE), "counts (2, 0, 0)"),
        (rows(), book(WRITE, EDIT), "the vote of 7"),
        (rows(changes={10: IDEA, 11: IDEA, 12: OTHER, 13: OTHER}), book(WRITE, EDIT, VOTE), "told to nobody"),
        (rows(changes={10: IDEA, 11: IDEA}), book(WRITE, EDIT, VOTE), "commit 12 was told and is not there"),
        (rows(), Book({"w": WRITE}), "1 ops of participant 7 never got an answer"),
    ],
)
def test_each_difference_is_said(found, of, said):
    assert said in "\n".join(complaints(found, {"7": of}, 9))


def test_an_op_that_was_replaced_may_have_landed_or_not():
    mine = book(WRITE, EDIT, VOTE, AGAIN, replaced=["v"])
    stored = {"vote": (-1, 3), "tally": (0, 1, 0)}
    for changes in ({10: IDEA, 11: IDEA, 13: OTHER}, {10: IDEA, 11: IDEA, 12: OTHER, 13: OTHER}):
        assert complaints(rows(**stored, changes=changes), {"7": mine}, 9) == []


def test_an_op_that_comes_again_may_not_be_told_something_else():
    mine = book(WRITE, told={"w": {"status": "ok", "seq": 10}})
    assert replay_of(mine, WRITE, {"status": "ok"}) == ""
    assert "was told rejected" in replay_of(mine, WRITE, {"status": "rejected"})
