"""Ops are read strictly; every op has an answer, and the answer says whether to ask again."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.domain import facts
from feedback.domain.facts import BadRequest, BadValue, Refusal
from feedback.domain.ops import EditOp, IdeaOp, SortOp, VoteOp, WithdrawOp, ack_of, op_id, parse_op

OP = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
IDEA = "01BX5ZZKBKACTAV9WEVGEMMVRZ"
GOOD = {
    "idea": {"op": OP, "k": "idea", "id": IDEA, "prompt": 1, "text": "Open at night", "lang": "en"},
    "edit": {"op": OP, "k": "edit", "idea": IDEA, "text": "Open late", "rev": 2},
    "withdraw": {"op": OP, "k": "withdraw", "idea": IDEA, "rev": 3},
    "vote": {"op": OP, "k": "vote", "idea": IDEA, "val": 1, "rev": 4},
    "sort": {"op": OP, "k": "sort", "idea": IDEA, "theme": 3, "skip": False, "rev": 5},
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(OP),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["op", "k", "idea", "val", "rev", "theme", "skip"]), inner)
    ),
    max_leaves=8,
)


def test_parse_op_reads_the_five_kinds():
    assert [parse_op(data) for data in GOOD.values()] == [
        IdeaOp(OP, IDEA, 1, "Open at night", "en"),
        EditOp(OP, IDEA, "Open late", 2),
        WithdrawOp(OP, IDEA, 3),
        VoteOp(OP, IDEA, 1, 4),
        SortOp(OP, IDEA, 3, False, 5),
    ]


@pytest.mark.parametrize("val", [1, -1, 0, None])
def test_parse_op_reads_every_vote(val):
    assert parse_op(GOOD["vote"] | {"val": val}) == VoteOp(OP, IDEA, val, 4)


@pytest.mark.parametrize(("theme", "skip"), [(7, False), (None, False), (None, True)])
def test_parse_op_reads_every_sort(theme, skip):
    assert parse_op(GOOD["sort"] | {"theme": theme, "skip": skip}) == SortOp(OP, IDEA, theme, skip, 5)


@pytest.mark.parametrize("kind", GOOD)
def test_parse_op_refuses_missing_and_unknown_fields(kind):
    for field in GOOD[kind]:
        with pytest.raises(BadRequest):
            parse_op({name: value for name, value in GOOD[kind].items() if name != field})
    with pytest.raises(BadRequest):
        parse_op(GOOD[kind] | {"extra": 1})


@pytest.mark.parametrize("data", [None, 1, "op", [], {}, {"k": []}, {"k": "drop"}, {"k": None}, [GOOD["vote"]]])
def test_parse_op_refuses_what_is_no_op(data):
    with pytest.raises(BadRequest):
        parse_op(data)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("idea", "op", "1"),
        ("idea", "id", IDEA.lower()),
        ("idea", "id", 7),
        ("idea", "prompt", "1"),
        ("idea", "prompt", True),
        ("idea", "prompt", 0),
        ("idea", "prompt", 2**31),
        ("idea", "prompt", 1.0),
        ("idea", "text", None),
        ("idea", "lang", "en\nfr"),
        ("idea", "lang", ""),
        ("idea", "lang", "ελ"),
        ("idea", "lang", "a" * 13),
        ("edit", "text", 5),
        ("edit", "rev", 0),
        ("edit", "idea", IDEA + "\n"),
        ("withdraw", "rev", 2**31),
        ("withdraw", "rev", True),
        ("withdraw", "rev", 1.5),
        ("vote", "rev", "4"),
        ("vote", "rev", None),
        ("vote", "val", 2),
        ("vote", "val", True),
        ("vote", "val", "1"),
        ("vote", "val", 1.0),
        ("sort", "theme", 0),
        ("sort", "theme", "3"),
        ("sort", "theme", True),
        ("sort", "theme", 2**31),
        ("sort", "skip", True),  # with a theme
        ("sort", "skip", None),
        ("sort", "skip", 0),
        ("sort", "rev", 0),
    ],
)
def test_parse_op_refuses_values_out_of_range(kind, field, value):
    with pytest.raises(BadValue) as refused:
        parse_op(GOOD[kind] | {field: value})
    assert refused.value.detail == {"field": field}


@given(ANYTHING)
def test_parse_op_raises_nothing_but_refusals(data):
    with suppress(BadRequest, BadValue):
        parse_op(data)
    assert isinstance(op_id(data), str)


def test_op_id_names_an_op_that_cannot_be_read():
    assert op_id({"op": OP, "k": "drop"}) == OP
    assert op_id({"op": "DROP TABLE"}) == ""
    assert op_id("op") == ""


def every_refusal() -> list[type[Refusal]]:
    return [kind for kind in vars(facts).values() if isinstance(kind, type) and issubclass(kind, Refusal)]


@pytest.mark.parametrize("kind", every_refusal(), ids=lambda kind: kind.code)
def test_ack_of_is_terminal_or_retry_for_every_refusal(kind):
    ack = ack_of(OP, None, kind(left=0))
    assert ack["op"] == OP
    expected = {
        "busy": "retry",
        "too_fast": "retry",
        "superseded": "superseded",
        "budget": "budget",
        "closed": "closed",
        "gone": "gone",
    }
    assert ack["status"] == expected.get(kind.code, "rejected")
    if ack["status"] == "rejected":
        assert (ack["code"], ack["detail"]) == (kind.code, {"left": 0})


def test_ack_of_carries_the_result():
    assert ack_of(OP, {"seq": 7, "rev": 4, "val": 1, "left": 2}, None) == {
        "op": OP,
        "status": "ok",
        "seq": 7,
        "rev": 4,
        "val": 1,
        "left": 2,
    }
