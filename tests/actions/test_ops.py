"""The one way in for phones: every kind of op reaches its action, and every outcome has its ack."""

import pytest

from feedback.actions.ops import apply_op
from feedback.actions.prompts import close_prompt, edit_prompt
from feedback.domain.facts import Refusal
from feedback.domain.ids import ulid
from feedback.domain.ops import ack_of, op_id, parse_op

OP, IDEA = ulid(1, lambda _: 1), ulid(2, lambda _: 2)


def ack(phone, **fields) -> dict:
    """Answer as the doors do: from what came over the wire to the ack."""
    data = {"op": OP, **fields}
    try:
        op = parse_op(data)
        result = phone.room.gate.write(phone.actor.conversation_id, apply_op, phone.actor, op)
    except Refusal as refusal:
        return ack_of(op_id(data), None, refusal)
    return ack_of(op_id(data), result, None)


def test_a_phone_writes_edits_votes_and_withdraws(any_room):
    anna, ben = any_room.phone("anna"), any_room.phone("ben")
    any_room.do(edit_prompt, any_room.prompt().id, text="Pick two", votes_each=2)
    written = {"k": "idea", "id": IDEA, "prompt": any_room.prompt().id, "text": "Open at night", "lang": "en"}
    assert ack(anna, **written) == {"op": OP, "status": "ok", "seq": 2, "number": 1}
    assert ack(anna, k="edit", idea=IDEA, text="Open late", rev=1) == {"op": OP, "status": "ok", "seq": 3, "rev": 1}
    voted = {"op": OP, "status": "ok", "seq": 4, "val": 1, "rev": 5, "left": 1}
    assert ack(ben, k="vote", idea=IDEA, val=1, rev=5) == voted
    assert ack(anna, k="withdraw", idea=IDEA, rev=2) == {"op": OP, "status": "ok", "seq": 5, "rev": 2}


def test_every_refusal_of_a_vote_has_its_own_ack(room):
    anna, ben = room.phone("anna"), room.phone("ben")
    one, two = anna.write("Open at night"), anna.write("Open on Sundays")
    room.do(edit_prompt, room.prompt().id, text="Pick one", votes_each=1)
    assert ack(ben, k="vote", idea=one, val=1, rev=3)["status"] == "ok"
    assert ack(ben, k="vote", idea=two, val=1, rev=4) == {"op": OP, "status": "budget", "left": 0}
    assert ack(ben, k="vote", idea=one, val=-1, rev=2) == {"op": OP, "status": "superseded", "rev": 3, "val": 1}
    assert ack(ben, k="vote", idea=IDEA, val=1, rev=4) == {"op": OP, "status": "gone"}
    own = {"op": OP, "status": "rejected", "code": "own_idea", "detail": {}}
    assert ack(anna, k="vote", idea=one, val=1, rev=1) == own
    room.do(close_prompt, room.prompt().id)
    assert ack(ben, k="vote", idea=one, val=None, rev=4) == {"op": OP, "status": "closed"}


@pytest.mark.parametrize(
    ("fields", "code", "detail"),
    [
        ({"k": "idea", "id": IDEA, "prompt": 1, "text": "", "lang": "en"}, "empty", {}),
        (
            {"k": "idea", "id": IDEA, "prompt": 1, "text": "a" * 501, "lang": "en"},
            "too_long",
            {"length": 501, "limit": 500},
        ),
        ({"k": "idea", "id": IDEA, "prompt": 1, "text": "a\0", "lang": "en"}, "control_characters", {}),
        ({"k": "idea", "id": IDEA, "prompt": 99, "text": "a", "lang": "en"}, "not_found", {}),
        ({"k": "vote", "idea": IDEA, "val": 5, "rev": 1}, "bad_value", {"field": "val"}),
        ({"k": "cheat"}, "bad_request", {}),
    ],
)
def test_what_cannot_be_taken_is_rejected_with_its_reason(room, fields, code, detail):
    assert ack(room.phone("anna"), **fields) == {"op": OP, "status": "rejected", "code": code, "detail": detail}


def test_largest_revision_is_stored_by_both_databases(any_room):
    anna, ben = any_room.phone("anna"), any_room.phone("ben")
    idea = anna.write("Open at night")
    assert ack(ben, k="vote", idea=idea, val=1, rev=2**31 - 1)["status"] == "ok"
    assert ack(ben, k="vote", idea=idea, val=1, rev=2**31)["code"] == "bad_value"
