"""Rooms: one frame for all, and what happens to a phone that does not keep up."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor


def of(count):
    """So many events have come."""
    return lambda found: len(found) == count


def up_to(last):
    """The last one has come."""
    return lambda found: bool(found) and found[-1][1]["to"] == last


def test_broadcast_reaches_everybody_in_the_room_and_nobody_else(server, phone) -> None:
    inside = [phone(server).enter(room="here") for _ in range(3)]
    outside = phone(server).enter(room="there")
    desk = phone(server).enter(room="desk")
    before = desk.call("blast", room="nobody", count=0, size=0)
    assert desk.call("blast", room="here", count=2, size=20) == before + 2
    for one in inside:
        assert [(name, beat["to"] - beat["from"]) for name, beat in one.events(of(2))] == [("beat", 1)] * 2
    assert outside.rest() == []


def test_sockets_in_follows_coming_and_going(server, phone) -> None:
    server.until(lambda now: now["in_hall"] == now["environs"] == 0)
    phones = [phone(server).enter() for _ in range(5)]
    assert server.figures()["in_hall"] == 5
    phones[0].say("41")
    phones[1].drop()
    assert server.until(lambda now: now["in_hall"] == 3)
    for one in phones:
        one.drop()
    server.until(lambda now: now["in_hall"] == now["sockets"] == now["environs"] == now["rooms"] == 0)


def test_large_absolute_frame_is_sent_whole(server, phone) -> None:
    one = phone(server).enter(room="large")
    phone(server).enter(room="desk").call("blast", room="large", count=1, size=40_000, key="ranking")
    ((name, frame),) = one.events(of(1))
    assert (name, len(frame["fill"])) == ("beat", 20_000)


def test_slow_reader_loses_deltas_gets_one_hint_and_no_broken_frame(server, phone) -> None:
    good = phone(server).enter(room="slow1")
    slow = phone(server, receive_buffer=4096).enter(room="slow1")
    desk = phone(server).enter(room="desk")
    with ThreadPoolExecutor(1) as beside:
        heard = beside.submit(good.events, of(400))
        to = desk.call("blast", room="slow1", count=400, size=2000, pause=0.002)
    assert [beat["to"] for _, beat in heard.result()] == list(range(to - 399, to + 1))
    events = slow.events(lambda found: found[-1:] == [["sync", {"to": to}]])  # asserts that every frame is whole
    beats = [beat["to"] for name, beat in events if name == "beat"]
    assert beats == list(range(to - 399, to - 399 + len(beats)))
    assert 0 < len(beats) < 400
    assert [data for name, data in events if name == "sync"] == [{"to": to}]
    assert desk.call("blast", 1, room="slow1", count=1, size=20) == to + 1
    assert [data["to"] for _, data in slow.events(of(1))] == [to + 1]


def test_slow_reader_ends_with_the_last_absolute_frame(server, phone) -> None:
    slow = phone(server, receive_buffer=4096).enter(room="slow2")
    desk = phone(server).enter(room="desk")
    seen: list[int] = []
    for number in range(3):
        last = desk.call("blast", number, room="slow2", count=150, size=2000, pause=0.001, key="ranking")
        seen += [data["to"] for _, data in slow.events(up_to(last))]
        assert seen[-1] == last
    assert seen == sorted(set(seen))
    assert len(seen) < 450


def test_frames_larger_than_the_kernel_takes_reach_a_slow_reader_whole(server, phone) -> None:
    slow = phone(server, receive_buffer=4096).enter(room="slow3")
    desk = phone(server).enter(room="desk")
    to = desk.call("blast", room="slow3", count=4, size=60_000, pause=0.01, keys=True)
    assert [data["to"] for _, data in slow.events(of(4))] == list(range(to - 3, to + 1))


def test_frame_that_is_partly_sent_is_not_replaced(server, phone) -> None:
    slow = phone(server, receive_buffer=4096).enter(room="slow4")
    desk = phone(server).enter(room="desk")
    seen: list[int] = []
    for number in range(20):
        last = desk.call("blast", number, room="slow4", count=3, size=60_000, key="ranking")
        seen.append(json.loads((slow.next() or "")[2:])[1]["to"])  # one frame only, so it stays behind
    if seen[-1] != last:
        seen += [data["to"] for _, data in slow.events(up_to(last))]
    assert seen[-1] == last
    assert seen == sorted(set(seen))


def test_never_reading_phone_is_cut_by_number_of_frames_or_by_bytes(weak, phone) -> None:
    patient = weak(limits={"unsent_for": 1e6})  # the age of what is unsent would cut it, too
    for number, (count, size) in enumerate([(3500, 20), (20, 40_000)], 1):
        stuck = phone(patient, receive_buffer=4096).enter(room="stuck")
        desk = phone(patient).enter(room="desk")
        desk.call("blast", room="stuck", count=count, size=size, keys=True)
        assert patient.until(lambda now: now["sockets"] <= 1)["counters"]["cut_slow"] == number
        assert len(stuck.events(lambda _: False)) < count
        desk.drop()
        patient.until(lambda now: now["sockets"] == 0)
