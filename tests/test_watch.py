"""What those see who watch a running server: its log, without a word of the people, its readiness and its figures."""

import json
import re
import secrets
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from served import Browser, Line, Served
from websockets.exceptions import ConnectionClosed

from feedback import descriptors
from feedback.domain.ids import ulid

FAULTY = str(Path(__file__).with_name("support") / "faulty_server.py")
TOKEN = "a-token-for-tests-only"
#: Whatever somebody writes begins with one of these; none may be in the log.
CANARY, TELLTALES = "Kanarienvogel", ("anarienvogel", "KANARIENVOGEL")
FAULTS = ("page", "greenlet", "timer", "thread", "native", "warning", "library", "beat")
#: More than most machines let a process open.
SOCKETS = 100_000
#: Seconds after which it never will; and those that a mutant, which does not, is given.
FOR_EVER, QUICK = 60.0, 3.0
RAW = re.compile(r"[^\x20-\x7e]")


@dataclass
class Watched:
    """A running server and the code of a conversation in it."""

    served: Served
    code: str = ""

    def start(self) -> "Watched":
        self.served.start()
        self.code = self.served.links()["conversations"][0]["code"]
        return self

    def log(self) -> str:
        return (self.served.instance / "errors.log").read_text(encoding="utf-8", errors="replace")

    def idea(self, text: str) -> dict[str, Any]:
        fresh = ulid(time.time_ns() // 1_000_000, secrets.randbits)
        prompt = Browser(self.served).get_json(f"/c/{self.code}/sync")["prompts"][0]["id"]
        return {"op": fresh, "k": "idea", "id": fresh, "prompt": prompt, "text": text, "lang": "en"}

    def phone(self) -> tuple[Browser, Line]:
        browser = Browser(self.served)
        browser.fetch("GET", f"/c/{self.code}")
        return browser, Line(browser, self.code)

    def figures(self) -> dict[tuple[str, str], float]:
        status, page = Browser(self.served).fetch("GET", "/metrics", Authorization=f"Bearer {TOKEN}")
        assert status == 200
        return {
            (sample.name, ",".join(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(page.decode())
            for sample in family.samples
        }

    def ready(self) -> tuple[int, dict[str, str]]:
        status, body = Browser(self.served).fetch("GET", "/readyz")
        return status, json.loads(body)


def watched(folder: Path, mutant: str = "none", form: str = "json") -> Watched:
    env = {"FEEDBACK_LOG": form, "FEEDBACK_METRICS_TOKEN": TOKEN, "FEEDBACK_SOCKETS": str(SOCKETS)}
    return Watched(Served(folder, env, (FAULTY, mutant, "run")))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """One server for all stories that do not break it."""
    house = watched(tmp_path_factory.mktemp("watched"))
    with closing(house.start().served):
        yield house


def molest(house: Watched) -> str:
    """Say canaries at every door, and break the server with them in hand; returns the code of an error page."""
    shout(house.served.port)
    browser, line = house.phone()
    for frame in (
        f'42["{CANARY}",{{}}]',
        CANARY,
        f'42["op",{{"{CANARY}":"\\u001b"}}',
        f"4\x1b{CANARY}\n",
        CANARY.encode(),
    ):
        bad = house.phone()[1]
        bad.socket.send(frame)
        bad.close()
    for op in ({"op": CANARY, "k": CANARY}, house.idea(f"{CANARY} " * 100), house.idea(f"BREAK {CANARY}")):
        line.op(op)
    body = json.dumps({"ops": [house.idea(f"BREAK {CANARY.upper()} \x1b[31m"), {"k": CANARY}]}).encode()
    browser.fetch(
        "POST", f"/c/{house.code}/ops", body, Content_Type="application/json", X_Op="1", Origin=house.served.base
    )
    line.op(house.idea(f"A good idea of {CANARY}"))
    for kind in FAULTS:
        status, page = browser.fetch("GET", f"/fault/{kind}/{CANARY}")
    line.op(house.idea(f"Another one of {CANARY}, which makes a beat break"))
    status, page = browser.fetch("GET", f"/fault/page/{CANARY}")
    assert status == 500
    assert until(lambda: "a beat broke" in house.log())
    line.close()
    found = re.search(r"looks after this server: ([0-9a-f]{6})", page.decode())
    assert found is not None
    return found[1]


def shout(port: int) -> None:
    """Write what no browser writes."""
    heads = [
        f"GET /c/\x1b[31m{CANARY} HTTP/1.1\r\n",
        f"{CANARY}\x07 / HTTP/1.1\r\nHost: {CANARY}\r\n",
        f"GET /{CANARY} HTTP/9.9\r\n",
        f"POST / HTTP/1.1\r\nContent-Length: {CANARY}\r\n",
        f"POST /language HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}\r\n",
        f"GET /socket.io/?EIO=4&transport=websocket&{CANARY} HTTP/1.1\r\nHost: x\r\nOrigin: http://{CANARY}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n",
        f"GET /c/%0A%1B%5B31m{CANARY} HTTP/1.1\r\nHost: x\r\nX-Request-ID: {CANARY}\r\nCookie: feedback={CANARY}\r\n",
    ]
    for head in heads:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
            raw.sendall(head.encode("latin-1") + b"\r\n")
            raw.recv(4096)


def complaints(house: Watched) -> list[str]:
    """List what is in the log and must not be."""
    found = []
    for line in house.log().splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            found.append(f"not JSON: {line[:60]}")
            continue
        if not {"time", "level", "logger", "event"} <= told.keys():
            found.append(f"fields are missing: {line}")
        if RAW.search(line) or len(line) > 4_000:
            found.append(f"not one plain line: {line!r}")
    return found + [f"a canary: {said}" for said in TELLTALES if said in house.log()]


def use(house: Watched) -> dict[str, float]:
    """Take part in many ways; returns by how much the figures have grown."""
    before = house.figures()
    (browser, line), (_, other) = house.phone(), house.phone()
    assert house.figures()["feedback_seated_sockets", "phone"] == 2
    for op in (house.idea("one"), house.idea("two"), house.idea("three"), {"k": "nothing"}):
        line.op(op)
    other.listen("beat")
    headers = {"Content_Type": "application/json", "X_Op": "1", "Origin": house.served.base}
    browser.fetch("POST", f"/c/{house.code}/ops", json.dumps({"ops": [house.idea("four")]}).encode(), **headers)
    with pytest.raises(PermissionError):
        Line(browser, "WRONG2")
    other.socket.send("nonsense")
    with pytest.raises(ConnectionClosed):
        other.listen("nothing")
    line.close()
    until(lambda: not house.figures()["feedback_seated_sockets", "phone"])
    after = house.figures()
    return {" ".join(key): after[key] - before.get(key, 0) for key in after}


def test_figures_count_what_was_done(running: Watched) -> None:
    grown = use(running)
    assert grown["feedback_seated_sockets phone"] == 0
    assert (grown["feedback_socket_ops_total ok"], grown["feedback_socket_ops_total rejected"]) == (3, 1)
    assert grown["feedback_http_ops_total ok"] == 1
    assert grown["feedback_sockets_cut_total malformed"] == 1
    assert grown["feedback_connects_refused_total wrong_code"] == 1
    assert grown["feedback_received_bytes_total "] > 200
    # What is told of ops: the joins of three phones go through the writer, too.
    written = grown["feedback_writer_ops_total ok"]
    assert written >= 4
    assert grown["feedback_writer_batch_ops_sum "] == written
    assert grown["feedback_writer_commit_seconds_count "] == grown["feedback_writer_batch_ops_count "] > 0
    assert grown["feedback_writer_wait_seconds_bucket +Inf"] == grown["feedback_writer_batch_ops_count "]
    beats, frames = grown["feedback_broadcasts_total beat,phone"], grown["feedback_sent_frames_total beat,phone"]
    assert frames >= beats >= 1
    assert grown["feedback_sent_bytes_total beat,phone"] > 50 * frames
    assert "feedback_loop_lag_seconds_count " in grown  # measured four times a second, whatever was done


def test_figures_name_nobody_and_no_conversation(running: Watched) -> None:
    use(running)
    figures = running.figures()
    names = {name for name, _ in figures}
    assert {name for name in names if not name.startswith(("feedback_", "process_"))} == set()
    assert {"process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"} <= names
    assert len(figures) < 250
    labels = {label for _, values in figures for label in values.split(",") if not label[:1].isdigit()}
    assert {label for label in labels if not re.fullmatch(r"[a-z_]*|\+Inf", label)} == set()


def test_every_figure_is_in_the_operators_page(running: Watched) -> None:
    _, answer = Browser(running.served).fetch("GET", "/metrics", Authorization=f"Bearer {TOKEN}")
    shown = set(re.findall(r"^# TYPE (feedback_\w+) ", answer.decode(), re.MULTILINE))
    page = (Path(__file__).parents[1] / "docs" / "operate.md").read_text(encoding="utf-8")
    table = page.partition("### Figures")[2].partition("\n###")[0]
    told = {name for cell in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(.+?)`", cell)}
    assert shown - told == set()
    assert told - shown == {"feedback_last_backup_timestamp_seconds"}  # none was made here


def test_ready_until_writer_database_or_schema_is_not(running: Watched) -> None:
    fine = dict.fromkeys(("status", "database", "schema", "writer"), "ok") | {"redis": "unused"}
    assert until(lambda: running.ready() == (200, fine)), running.ready()
    line, freeze = running.phone()[1], running.served.instance / "freeze"
    freeze.touch()
    frozen = threading.Thread(target=line.op, args=(running.idea("FREEZE"), FOR_EVER))
    frozen.start()
    turns(running, 503, "writer", "stuck")
    freeze.unlink()
    frozen.join()
    line.close()
    turns(running, 200, "writer", "ok")
    with closing(sqlite3.connect(running.served.instance / "feedback.db", isolation_level=None)) as database:
        (revision,) = database.execute("SELECT version_num FROM alembic_version").fetchone()
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        turns(running, 503, "schema", "differs")
        database.execute("UPDATE alembic_version SET version_num = ?", [revision])
    turns(running, 200, "schema", "ok")


def until(claim: Callable[[], bool], seconds: float = FOR_EVER) -> bool:
    """Wait until something holds; tells whether it does."""
    end = time.monotonic() + seconds
    while not (held := claim()) and time.monotonic() < end:
        time.sleep(0.05)
    return held


def turns(house: Watched, status: int, part: str, word: str) -> None:
    """Ask until the answer has this status, and this word for a part."""
    found: list[tuple[int, dict[str, str]]] = []

    def holds() -> bool:
        found.append(house.ready())
        return (found[-1][0], found[-1][1][part]) == (status, word)

    assert until(holds), found[-1]


def hung(house: Watched, seconds: float) -> tuple[bool, list[tuple[int, dict[str, str]]]]:
    """Have the database hang; tell whether anybody else is answered meanwhile, and what is said of the database."""
    said: list[tuple[int, dict[str, str]]] = []
    answered: list[int] = []
    hang = house.served.instance / "hang"
    hang.touch()
    time.sleep(0.3)  # so that no answer is kept any more
    asking = threading.Thread(target=lambda: said.append(house.ready()))
    other = threading.Thread(target=lambda: answered.append(Browser(house.served).fetch("GET", "/healthz")[0]))
    asking.start()
    time.sleep(0.2)  # until it has asked the database
    other.start()
    served = until(lambda: answered == [200] and said != [], seconds)
    hang.unlink()
    asking.join()
    other.join()
    return served, said


def test_a_database_that_hangs_is_said_and_holds_up_nobody(running: Watched) -> None:
    served, said = hung(running, FOR_EVER)
    assert served
    assert [(status, words["status"], words["database"]) for status, words in said] == [(503, "unready", "slow")]
    turns(running, 200, "database", "ok")


def test_log_holds_every_fault_and_no_word_of_anybody(running: Watched) -> None:
    code = molest(running)
    faults = {"a request broke: fault", "a greenlet broke", "a thread broke", "a beat broke"}
    faults |= {"cannot read %r from %s", "(ValueError)", "something broke where nobody waits"}
    assert until(lambda: all(fault in running.log() for fault in faults))
    assert complaints(running) == []
    lines = [json.loads(line) for line in running.log().splitlines()]
    told = {line["event"] for line in lines}
    assert faults <= told
    few = [event for event in told if re.match(r"this process may open \d+ files; 100000 sockets need 300000", event)]
    assert len(few) == (descriptors.allowed() < 3 * SOCKETS)
    broken = [line for line in lines if line["event"].startswith("an op on conversation")]
    assert {(line["error"], line["reason"], line["causes"][0]) for line in broken} == {("RuntimeError", "", "KeyError")}
    # The code on the page leads to the line; of what came by HTTP the writer's thread knows the request, too.
    assert [line["error"] for line in lines if line.get("request") == code] == ["ValueError"]
    assert any("request" in line for line in broken)


def test_the_stories_fail_on_mutants(tmp_path: Path) -> None:
    house = watched(tmp_path, "prints_ops,stock_greenlets,waits_in_the_loop,forgets_http")
    with closing(house.start().served):
        assert use(house).get("feedback_http_ops_total ok") != 1
        assert not hung(house, 1.0)[0]
        molest(house)
        # A canary in the line that prints what somebody wrote; and greenlets that end without the log.
        assert until(lambda: all(what in " ".join(complaints(house)) for what in ("a canary", "not JSON")))
