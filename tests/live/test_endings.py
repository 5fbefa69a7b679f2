"""A11, N2, N4: connections that say nothing, go silent, or come and vanish: nothing of them stays.

A story returns what it has to complain about: nothing for the real server, something for each mutant.
"""

import os
import socket
import time
from contextlib import suppress

import pytest
from mutants import told_until_found
from witness import LIVELY, is_mutant

from bench import attacks
from bench.hostile import Hostile

#: Sockets that come and go; 5,000 before a release.
CHURN = int(os.environ.get("FEEDBACK_TEST_CHURN", "500"))
IDLE = 500


def idle_tcp(server, phone):
    """A11: 500 connections that say nothing, or a byte now and then, are gone; whoever comes meanwhile is served."""
    base, count = server.until(lambda now: now["sockets"] == 0)["fds"], 100 if is_mutant(server) else IDLE
    links = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(count)]
    dribbling, halting = links[::10], links[1::2]
    for link in dribbling:
        link.sendall(b"POST /text HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    for link in halting:
        link.sendall(b"GET / HTT")
    asked = time.monotonic()
    newcomer = phone(server).enter()
    wrong = [] if (waited := time.monotonic() - asked) < LIVELY else [f"joining took {waited:.1f} s"]
    until = time.monotonic() + (2.5 if is_mutant(server) else 60)
    while (left := server.figures()["fds"] - base) > 5 and time.monotonic() < until:
        for link in dribbling:
            with suppress(OSError):
                link.send(b"x")  # so that the body is never silent
        time.sleep(0.2)
    if left > 5:
        wrong.append(f"{left} descriptors are still open")
    if newcomer.call("op", a=1) != {"a": 1}:
        wrong.append("the newcomer is not served")
    newcomer.drop()
    for link in links:
        link.close()
    return wrong


def silent_sockets(server, phone):
    """N2: 200 sockets that say nothing any more are taken for gone, and nothing of them stays."""
    wrong = []
    base = server.until(lambda now: now["sockets"] == 0)
    silent = []
    count = 20 if is_mutant(server) else 200
    for _ in range(count):
        one = Hostile(server.port, host="house.test")
        one.say("40")
        silent.append(one)
    try:
        server.until(lambda now: now["handled"]["connect"] >= base["handled"]["connect"] + count)
        patience = 2.5 if is_mutant(server) else 60
        after = server.until(
            lambda now: now["sockets"] == now["environs"] == now["rooms"] == 0 and now["fds"] <= base["fds"] + 5,
            seconds=patience,
        )
    except AssertionError:
        after = server.figures()
        wrong.append(f"after the ping timeout: {after}")
    if after["threads"] > base["threads"] + 5:
        wrong.append(f"left behind: {after}")
    for one in silent:
        one.drop()
    return wrong


def churn(server, phone):
    """N4: sockets that come and vanish leave nothing."""
    server.until(lambda now: now["sockets"] == 0)
    base = server.figures(greenlets=True)
    for number in range(CHURN if not is_mutant(server) else 20):
        one = Hostile(server.port, host="house.test")
        if number % 3:
            one.say("40" + f'{{"room":"r{number}"}}')
        if number % 5 == 0:
            one.next(0.05)
        one.drop(reset=number % 2 == 0)
    try:
        after = server.until(
            lambda now: (
                now["sockets"] == now["environs"] == now["rooms"] == 0
                and now["fds"] <= base["fds"] * 1.1 + 5
                and now["greenlets"] <= base["greenlets"] * 1.1 + 5
            ),
            # Below the 20 s after which the library would have let go of them, too.
            seconds=1.5 if is_mutant(server) else 15,
            greenlets=True,
        )
    except AssertionError:
        return [f"not back to where it was ({base}): {server.figures()}"]
    if after["rss_kib"] > base["rss_kib"] * 1.1 + 4_096:
        return [f"memory: {base['rss_kib']} to {after['rss_kib']} KiB"]
    return []


QUICK = {"headers_within": 1.0, "body_silence": 1.0, "body_within": 1.5}
#: Which server each story is told of: limits of a few seconds, pings every second, or the product's.
STORIES = {idle_tcp: "brisk", silent_sockets: "pinging", churn: "server"}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_nothing_of_them_stays(story, request, phone):
    assert story(request.getfixturevalue(STORIES[story]), phone) == []


MUTANTS = [
    (idle_tcp, {"mutant": "none", "limits": QUICK | {"headers_within": 1e6}}),
    (idle_tcp, {"mutant": "none", "limits": QUICK | {"body_within": 1e6}}),
    (silent_sockets, {"mutant": "none", "ping_interval": 1, "ping_timeout": 1e6}),
    (churn, {"mutant": "leaks"}),
    (churn, {"mutant": "stock_pings"}),
]


@pytest.mark.parametrize(("story", "settings"), MUTANTS, ids=lambda value: getattr(value, "__name__", None))
def test_the_story_fails_where_a_guard_is_missing(story, settings, weak, phone):
    assert told_until_found(lambda _: story(weak(**settings), phone)) != []


def test_a_client_that_takes_nothing_of_an_answer_is_let_go(weak):
    server = weak(limits={"answer_taken": 3.0})
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.connect(("127.0.0.1", server.port))
        link.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        base = server.figures()["fds"]
        server.until(lambda now: now["fds"] < base)
    assert "Traceback" not in server.log()


def test_an_upgrade_with_a_body_is_held_to_the_time_of_bodies(brisk):
    asked = (
        b"POST /text HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 1000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", brisk.port), timeout=0.2) as link:
        link.sendall(asked)
        until = time.monotonic() + 30
        answer = b""
        while time.monotonic() < until and not answer:
            with suppress(OSError):  # it may have hung up just now; what it said is still there
                link.send(b"x")
            with suppress(TimeoutError):
                answer = link.recv(100)
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_what_is_sent_for_its_own_sake_is_not_read_to_the_end(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as link:
        link.sendall(b"POST /figures HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000000\r\n\r\n")
        sent = 0
        with suppress(OSError):
            while sent < 100_000_000:
                link.sendall(attacks.ZEROS)
                sent += len(attacks.ZEROS)
    assert sent < 40_000_000  # what is not read stays in the kernel
