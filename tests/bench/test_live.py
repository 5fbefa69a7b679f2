"""The benchmark of a room in its smallest form: it measures ours and the twin, and tells no figure it cannot prove."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from mutants import told_until_found

from bench import rounds, twin
from bench.checks import doubts
from bench.live import _report, _round
from bench.rounds import Plan, cores, run_round
from bench.served import CannotMeasure, Server, new_house
from feedback.settings import ROOT

HERE = Path(__file__).parent
SMALL = Plan(phones=40, votes_per_second=60, seconds=1, join_within=0.5, ideas=20, grace=60.0)
KEYS = {
    "phones",
    "votes_per_second",
    "server_cpu_us_per_update",
    "ack_ms",
    "update_ms",
    "join_ms",
    "bytes_per_phone_hour",
    "rss_kib_per_phone",
    "refused",
    "lost",
}


@pytest.fixture(autouse=True)
def on_any_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Believe a load generator that was busy: it says how slow this machine is, and not what these tests ask."""
    monkeypatch.setattr(rounds, "doubts", partial(doubts, own_share=100.0))


pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="the load generator needs a core of its own")


def said_by(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "feedback.cli", "bench", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_a_small_room_is_measured_and_every_check_holds() -> None:
    report = _report(SMALL, None, 1, raw=False)
    assert {*KEYS, "beside", "ratio_cpu"} <= report.keys()
    assert (report["phones"], report["refused"], report["lost"], report["beside"]) == (40, 0, 0, None)
    assert report["counts"]["votes"]["acked"] == 60
    assert report["counts"]["fan_out"]["acked"] == 4
    assert 0 < report["ack_ms"]["p50"] <= report["ack_ms"]["p95"] <= report["ack_ms"]["p99"]
    assert min(report[name]["p95"] for name in ("update_ms", "join_ms")) > 0
    assert min(report[name] for name in ("server_cpu_us_per_update", "cpu_us_per_vote", "bytes_per_phone_hour")) > 0
    json.dumps(report)


def test_the_twin_in_node_keeps_the_same_promises_and_is_measured_alike() -> None:
    try:
        twin.ready()
    except CannotMeasure as reason:
        pytest.skip(str(reason))
    figures = _round("node", SMALL)
    assert figures.keys() >= KEYS
    assert figures["counts"]["votes"]["acked"] == 60
    assert (figures["refused"], figures["lost"]) == (0, 0)


def lied_to(grace: float) -> str:
    """Measure a server that forgets and withholds, and waits so long for what it withholds; returns why in vain."""
    core, _ = cores()
    with new_house(5, {}) as house:
        command = [sys.executable, str(HERE / "lying_server.py"), "forgets,withholds", "run", "--private"]
        lying = Server(command, house.folder, {"FEEDBACK_INSTANCE": str(house.folder), "PYTHONPATH": str(ROOT)}, core)
        with pytest.raises(CannotMeasure) as refused:
            run_round(replace(SMALL, grace=grace), house, lying, lambda _line: None)
    assert lying.port
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", lying.port)).close()
    assert not house.folder.exists()
    return str(refused.value)


def test_a_server_that_forgets_and_withholds_gets_no_figures() -> None:
    # On a slow machine not even what it does not withhold comes within a second; after many, phones have asked for it.
    told = told_until_found(lambda number: lied_to(float(number)), lambda told: "phones stand at" in told)
    assert "acked votes are not in the database" in told
    assert "are not the sum of their votes" in told
    assert "phones stand at" in told


def test_too_few_descriptors_are_said_before_anything_starts() -> None:
    done = said_by("live", "--phones", "50000", "--seconds", "1")
    if done.returncode == 0:
        pytest.skip("this machine allows as many")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "ulimit -n 100200" in done.stderr


def test_the_command_hands_its_arguments_on() -> None:
    assert "--votes-per-second" in said_by("live", "--help").stdout
    wrong = said_by("live", "--table", "100,many")
    assert wrong.returncode == 2
    assert "separated by commas" in wrong.stderr
