"""The second door for phones: ops by HTTP, the state since a commit number, what is mine."""

import gzip
import json
import secrets

import pytest

from feedback.domain.ids import ulid
from feedback.domain.roles import Role

SAME = {"X-Op": "1", "Origin": "http://localhost"}


def fresh() -> str:
    return ulid(1_790_000_000_000, secrets.randbits)


def idea(house, text="Open the depot at night"):
    return {"op": fresh(), "k": "idea", "id": fresh(), "prompt": house.room.prompt().id, "text": text, "lang": "en"}


def send(house, browser, *ops, headers=SAME):
    return browser.client.post(f"/c/{house.room.conversation().code}/ops", json={"ops": list(ops)}, headers=headers)


def test_ops_are_applied_in_order_and_each_gets_its_ack(house):
    anna = house.browser()
    first, empty = idea(house), idea(house, "  ")
    edit = {"op": fresh(), "k": "edit", "idea": first["id"], "text": "Open it by day", "rev": 1}
    acks = send(house, anna, first, empty, edit, {"k": "shout"}).get_json()["acks"]
    assert [ack["status"] for ack in acks] == ["ok", "rejected", "ok", "rejected"]
    assert [ack.get("code") for ack in acks] == [None, "empty", None, "bad_request"]
    assert [ack["op"] for ack in acks[:3]] == [first["op"], empty["op"], edit["op"]]


def test_ops_sent_again_change_nothing(house):
    anna, first = house.browser(), idea(house)
    again = [send(house, anna, first).get_json()["acks"][0] for _ in range(3)]
    assert again[0] == again[1] == again[2]
    state = anna.get(f"/c/{house.room.conversation().code}/sync").get_json()
    assert len(state["ideas"]) == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (SAME, 200),
        ({"X-Op": "1"}, 200),
        ({"Origin": "http://localhost"}, 403),
        ({"X-Op": "1", "Origin": "https://evil.example"}, 403),
        ({"X-Op": "1", "Origin": "null"}, 403),
        ({"X-Op": "1", "Origin": "http://localhost:81"}, 403),
        ({"X-Op": "1", "Origin": "https://evil.example", "X-Forwarded-Host": "evil.example"}, 403),
        ({"X-Op": "1", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"X-Op": "1", "Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_ops_are_taken_from_our_own_pages_only(house, headers, status):
    answer = send(house, house.browser(), idea(house), headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert house.room.conversation().ideas_received == 0


@pytest.mark.parametrize("body", [b"", b"nope", b"[]", b'{"ops": []}', b'{"ops": 3}'])
def test_ops_refuse_a_body_that_is_none(house, body):
    code = house.room.conversation().code
    answer = house.browser().client.post(f"/c/{code}/ops", data=body, headers=SAME, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "bad_request"


def test_ops_refuse_more_than_twenty_at_once(house):
    answer = send(house, house.browser(), *[idea(house) for _ in range(21)])
    assert answer.status_code == 400


def test_sync_answers_a_delta_then_the_whole_state_when_asked_from_far(house):
    anna = house.browser()
    code = house.room.conversation().code
    first = send(house, anna, idea(house, "One")).get_json()["acks"][0]["seq"]
    second = idea(house, "Two")
    send(house, anna, second)
    delta = anna.get(f"/c/{code}/sync?since={first}").get_json()
    assert (delta["from"], delta["to"]) == (first, first + 1)
    assert [one["id"] for one in delta["changes"]["ideas"]] == [second["id"]]
    whole = anna.get(f"/c/{code}/sync").get_json()
    assert whole["snapshot"]
    assert [one["text"] for one in whole["ideas"]] == ["One", "Two"]
    assert anna.get(f"/c/{code}/sync?since=999").get_json()["snapshot"]


def test_sync_shares_its_bytes_and_answers_304(house):
    anna = house.browser()
    code = house.room.conversation().code
    packed = anna.get(f"/c/{code}/sync", headers={"Accept-Encoding": "gzip"})
    assert json.loads(gzip.decompress(packed.data))["snapshot"]
    again = anna.get(f"/c/{code}/sync", headers={"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    send(house, anna, idea(house))
    assert anna.get(f"/c/{code}/sync", headers={"If-None-Match": packed.headers["ETag"]}).status_code == 200


def test_sync_shows_hidden_ideas_to_the_crew_alone(house):
    anna, facilitator, stage = house.browser(), house.crew(Role.FACILITATOR), house.browser()
    code = house.room.conversation().code
    rude = idea(house, "Rude words")
    send(house, anna, rude)
    facilitator.post(f"/console/{code}/ideas/{rude['id']}/hide", reason="", own="Not an idea")
    assert anna.get(f"/c/{code}/sync").get_json()["ideas"] == []
    (hidden,) = facilitator.get(f"/c/{code}/sync?view=crew").get_json()["ideas"]
    assert hidden["hidden"]
    for stranger in (anna, stage):
        assert stranger.get(f"/c/{code}/sync?view=crew").status_code == 403


def test_mine_holds_what_only_i_may_see(house):
    anna, ben = house.browser(), house.browser()
    code = house.room.conversation().code
    first = idea(house)
    send(house, anna, first)
    send(house, ben, {"op": fresh(), "k": "vote", "idea": first["id"], "val": 1, "rev": 4})
    mine = ben.get(f"/c/{code}/mine").get_json()
    assert mine["votes"] == {first["id"]: 1}
    assert mine["max_rev"] == 4
    assert mine["ideas"] == []
    assert anna.get(f"/c/{code}/mine").get_json()["ideas"][0]["id"] == first["id"]


def test_the_same_browser_stays_the_same_person(house):
    anna = house.browser()
    code = house.room.conversation().code
    first = anna.get(f"/c/{code}/mine").get_json()["participant"]
    anna.get(f"/c/{code}")
    assert anna.get(f"/c/{code}/mine").get_json()["participant"] == first
    assert house.room.conversation().joined == 1
