"""The list that the page shows without a script, as plain values."""

from datetime import UTC

import pytest

from feedback.web.phone_page import Asked, page_of, read_asked


def prompt(number, state="open", votes_each=None):
    return {
        "id": number,
        "number": number,
        "text": f"Prompt {number}",
        "state": state,
        "votes_each": votes_each,
        "voting": "support",
    }


def idea(number, **more):
    plain = {"id": f"I{number}", "n": number, "prompt": 1, "text": f"Idea {number}", "lang": "en", "agree": 0}
    return plain | {"disagree": 0, "pass": 0, "floor": False, "at": 1_790_000_000_000} | more


def room(ideas=(), prompts=None, on_stage=None, state="open"):
    return {
        "prompts": [prompt(1)] if prompts is None else list(prompts),
        "ideas": list(ideas),
        "stage": {"scene": "ranking", "prompt": on_stage, "idea": None},
        "conversation": {"state": state},
    }


def mine(ideas=(), votes=None, left=None):
    return {"ideas": list(ideas), "votes": votes or {}, "left": left or {}}


def page(room_now, mine_now=None, asked=None, shown=0):
    return page_of("/c/ABC234", room_now, mine_now or mine(), asked or Asked(), shown=shown, zone=UTC)


@pytest.mark.parametrize(
    ("values", "asked"),
    [
        ({}, Asked()),
        ({"sort": "top", "q": "depot", "page": "2", "prompt": "7"}, Asked(7, "top", "depot", 2)),
        ({"sort": "worst", "page": "-1", "prompt": "x"}, Asked()),
        ({"page": "9" * 30, "prompt": "9" * 30}, Asked()),
    ],
)
def test_addresses_are_read_with_defaults(values, asked):
    assert read_asked(values) == asked


@pytest.mark.parametrize(
    ("prompts", "on_stage", "asked", "shown"),
    [
        ((prompt(1), prompt(2)), None, None, 2),
        ((prompt(1), prompt(2)), 1, None, 1),
        ((prompt(1), prompt(2)), 1, 2, 2),
        ((prompt(1), prompt(2, "draft")), None, 2, 1),
        ((prompt(1, "closed"), prompt(2, "closed")), 1, None, 2),
    ],
)
def test_the_prompt_shown_is_asked_for_or_on_the_stage_or_the_newest_open(prompts, on_stage, asked, shown):
    assert page(room(prompts=prompts, on_stage=on_stage), asked=Asked(prompt=asked)).prompt["id"] == shown


def test_without_a_prompt_nothing_is_open():
    empty = page(room(prompts=(prompt(1, "draft"),)))
    assert (empty.prompt, empty.open, empty.rows, empty.left) == (None, False, (), None)


def test_a_closed_conversation_is_read_only():
    assert not page(room(state="closed")).open


def test_rows_know_what_is_mine_and_what_may_be_done():
    own = {
        "id": "I2",
        "text": "Idea 2",
        "state": "shown",
        "reason": "",
        "rev": 0,
        "seq": 5,
        "prompt": 1,
        "merged": False,
    }
    rows = page(room([idea(1, agree=3), idea(2)]), mine([own], {"I1": 1}), shown=5).rows
    assert [(row.idea["id"], row.mine, row.val, row.editable, row.state) for row in rows] == [
        ("I2", True, None, True, "screen"),
        ("I1", False, 1, False, ""),
    ]


def test_an_own_idea_with_votes_is_not_editable():
    own = {
        "id": "I1",
        "text": "Idea 1",
        "state": "shown",
        "reason": "",
        "rev": 0,
        "seq": 5,
        "prompt": 1,
        "merged": False,
    }
    row = page(room([idea(1, agree=1)]), mine([own])).rows[0]
    assert (row.editable, row.state) == (False, "saved")


def test_own_hidden_ideas_stand_first_with_their_reason():
    own = {
        "id": "I9",
        "text": "Gone",
        "state": "hidden",
        "reason": "Names a person",
        "rev": 0,
        "seq": 5,
        "prompt": 1,
        "merged": False,
    }
    rows = page(room([idea(1)]), mine([own])).rows
    assert [(row.idea["text"], row.state, row.reason) for row in rows] == [
        ("Gone", "hidden", "Names a person"),
        ("Idea 1", "", ""),
    ]


def test_links_keep_what_was_asked_and_start_a_changed_list_at_its_first_page():
    asked = Asked(sort="top", query="depot", page=2)
    shown = page(room([idea(number, text="depot") for number in range(1, 90)]), asked=asked)
    assert shown.link() == "/c/ABC234?sort=top&q=depot&page=2"
    assert shown.link(page=3) == "/c/ABC234?sort=top&q=depot&page=3"
    assert shown.link(sort="new") == "/c/ABC234?q=depot"
    assert shown.link(edit="I1") == "/c/ABC234?sort=top&q=depot&page=2&edit=I1"
    assert (shown.number, shown.pages, len(shown.rows)) == (2, 5, 20)


def test_a_page_beyond_the_last_is_the_last():
    assert page(room([idea(1)]), asked=Asked(page=99)).number == 1


def test_left_is_told_only_while_votes_count():
    limited = prompt(1, votes_each=3)
    assert page(room(prompts=(limited,)), mine(left={"1": 2})).left == 2
    assert page(room(prompts=(limited | {"state": "closed"},)), mine(left={"1": 2})).left is None
