"""Several server processes behind one port: one house, whichever process a phone has come to."""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from http.client import HTTPException
from pathlib import Path

import pytest
from neighbours import Several, Watcher, comes_true, complaints, port_of, rows_of, seq_of
from people import crew, fresh, post
from private import PrivatePostgres, PrivateRedis
from promises import phones, work
from served import ROOT, Browser, Line
from websockets.exceptions import ConnectionClosed

from feedback import addresses, processes
from feedback.cli.opening import opened
from feedback.settings import read_settings

HOUSE = "house"
#: Seconds after which a lost hint is made good.
HEART = 5.0
SEVERAL = ("-m", "feedback.cli", "run", "--processes", "2")


@pytest.fixture(scope="module")
def postgres():
    cluster = PrivatePostgres()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.remove()


@pytest.fixture(scope="module")
def cache():
    private = PrivateRedis()
    try:
        private.start()
        yield private
    finally:
        private.remove()


@pytest.fixture(scope="module")
def served(postgres, cache, tmp_path_factory):
    env = {"FEEDBACK_DATABASE_URL": postgres.fresh(HOUSE), "FEEDBACK_REDIS_URL": cache.url}
    with Several(tmp_path_factory.mktemp("house"), env, SEVERAL) as running:
        assert comes_true(lambda: running.leader() is not None, 180)
        yield running


@pytest.fixture(scope="module")
def links(served):
    return served.links()["conversations"]


def start(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "feedback.cli", *words],
        cwd=ROOT,
        env=os.environ | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def one_on_each(served: Several, code: str, view: str = "phone", browser: Browser | None = None) -> list[Line]:
    """Open sockets until each process has one; returns one of each, in the order of the processes."""
    found: dict[int, Line] = {}
    for _ in range(200):
        asker = browser or Browser(served)
        if browser is None:
            asker.fetch("GET", f"/c/{code}")
        line = Line(asker, code, view)
        holder = served.holder_of(port_of(line))
        if holder in found:
            line.close()
        else:
            found[holder] = line
        if len(found) == 2:
            return [found[pid] for pid in sorted(found)]
    raise AssertionError("all sockets came to one process")


def idea_op(prompt: int, text: str) -> dict[str, object]:
    idea = fresh()
    return {"op": idea, "k": "idea", "id": idea, "prompt": prompt, "text": text, "lang": "en"}


def prompt_of(served: Several, code: str) -> int:
    return int(Browser(served).get_json(f"/c/{code}/sync")["prompts"][0]["id"])


def test_several_processes_want_postgresql_and_redis(tmp_path):
    refused = start("run", "--processes", "2", "--port", "0", FEEDBACK_INSTANCE=str(tmp_path))
    assert refused.returncode == 2
    assert "FEEDBACK_DATABASE_URL" in refused.stderr
    assert "--processes" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.stdout == ""
    env = {"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1/none"}
    assert "set FEEDBACK_REDIS_URL" in opened(read_settings(env))["refused"]
    away = env | {"FEEDBACK_REDIS_URL": "redis://127.0.0.1:1/0"}
    assert "The database cannot be used" in opened(read_settings(away))["refused"]


def exchange(lines: list[Line], prompt: int) -> float:
    """Say something to each of two processes in turn; returns how many seconds it took until the other one had it."""
    began = time.monotonic()
    for number, (teller, listener) in enumerate(3 * [(0, 1)] + 3 * [(1, 0)]):
        op = idea_op(prompt, f"Said to {teller}, number {number}")
        told = lines[teller].op(op)
        assert told is not None
        assert told["status"] == "ok"
        seen: set[str] = set()
        while op["id"] not in seen:
            seen |= {idea["id"] for idea in lines[listener].listen("beat")["changes"].get("ideas", [])}
    return time.monotonic() - began


def test_what_is_said_to_one_process_shows_on_all(served, links):
    code = links[0]["code"]
    prompt = prompt_of(served, code)
    lines = one_on_each(served, code)
    # Without hints a process that has just looked into the database, as for two of three, waits for its next look.
    # The machine may be slow for a while, and then it is tried again.
    assert any(exchange(lines, prompt) < 4 * HEART for _ in range(3))
    for line in lines:
        line.close()


def test_whoever_is_here_is_counted_on_all_processes(served, links):
    code = links[1]["code"]
    lines = one_on_each(served, code)
    watchers = [Watcher(served, code) for _ in range(3)]
    prompt = prompt_of(served, code)
    for line, left in zip(lines, (5, 4), strict=True):
        time.sleep(0.6)  # the processes tell each other
        line.op(idea_op(prompt, "Something for the next frame to tell"))
        assert comes_true(lambda left=left: all(watcher.here == left for watcher in watchers), 180), left
        line.close()
    for watcher in watchers:
        watcher.close()


def test_a_role_that_is_taken_back_ends_on_all_processes(served, links):
    code = links[1]["code"]
    facilitator = crew(served, links[1]["facilitator"])
    lines = one_on_each(served, code, "crew", facilitator)
    assert post(facilitator, "/leave")[0] == 303
    for line in lines:
        with pytest.raises(ConnectionClosed, match="1008"):
            line.listen("no such event")


def test_tallies_equal_the_votes_however_many_processes_count(served, links, postgres):
    code = links[2]["code"]
    prompt = prompt_of(served, code)
    with postgres.connect(HOUSE) as db:
        db.execute("UPDATE prompt SET voting = 'opinion' WHERE id = %s", [prompt])
    author = one_on_each(served, code)[0]
    ideas = [str(op["id"]) for op in (idea_op(prompt, f"Idea {number}") for number in range(20)) if author.op(op)]
    acks: list[str] = []

    def vote(seed: int) -> None:
        chance, browser = random.Random(seed), Browser(served)
        browser.fetch("GET", f"/c/{code}")
        lines = [Line(browser, code) for _ in range(3)]  # three tabs, of one process or of two
        for rev in range(1, 61):
            op = {"op": fresh(), "k": "vote", "idea": chance.choice(ideas), "val": chance.choice((1, -1, 0, None))}
            told = chance.choice(lines).op(op | {"rev": rev})
            acks.append(told["status"] if told else "none")
        for line in lines:
            line.close()

    voters = [threading.Thread(target=vote, args=(seed,)) for seed in range(8)]
    for voter in voters:
        voter.start()
    for voter in voters:
        voter.join()
    author.close()
    assert set(acks) == {"ok"}
    rows = rows_of(postgres, HOUSE)
    assert rows.drift() == []
    assert sum(len(cell) for cell in rows.cells.values()) == len(rows.cells)
    with postgres.connect(HOUSE) as db:
        tallies = "agree, disagree, passes", "val = 1", "val = -1", "val = 0"
        counted = db.execute(f"SELECT id, {tallies[0]} FROM idea WHERE id = ANY(%s) ORDER BY id", [ideas]).fetchall()
        sums = ", ".join(f"count(*) FILTER (WHERE {what})" for what in tallies[1:])
        summed = db.execute(
            f"SELECT idea.id, {sums} FROM idea LEFT JOIN vote ON vote.idea_id = idea.id WHERE idea.id = ANY(%s)"
            " GROUP BY idea.id ORDER BY idea.id",
            [ideas],
        ).fetchall()
        seqs = [row[0] for row in db.execute("SELECT seq FROM change WHERE conversation_id = 3 ORDER BY seq")]
    assert counted == summed
    assert seqs == list(range(1, len(seqs) + 1))


def shares(served: Several, clients: int) -> list[int]:
    """Have so many clients of one address ask; return how many came to each process."""
    with ExitStack() as held:
        asking = []
        for _ in range(clients):
            client = held.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=180))
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            asking.append(client)
        assert all(client.recv(4096).startswith(b"HTTP/1.1 200") for client in asking)
        split = served.split({client.getsockname()[1] for client in asking})
    return sorted(split[pid] for pid in served.workers())


def lopsided(split: list[int]) -> list[str]:
    """Complain of processes with less than 35 % of two processes' clients, and of one that has none."""
    return [f"{share} of {sum(split)} came to one process" for share in split if share < 0.35 * sum(split)]


def test_five_hundred_clients_of_one_address_are_shared_out(served):
    split = shares(served, 500)
    assert (len(split), sum(split)) == (2, 500)
    assert lopsided(split) == []
    print(f"shared out: {split}")


def waiting(listeners: list[socket.socket], clients: int) -> list[int]:
    """Let so many clients of one address connect; return how many wait for each listener."""
    port, split = listeners[0].getsockname()[1], []
    with ExitStack() as held:
        for _ in range(clients):
            held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=180))
        for listener in map(held.enter_context, listeners):
            listener.setblocking(False)
            split.append(0)
            with suppress(BlockingIOError):
                while True:
                    held.enter_context(listener.accept()[0])
                    split[-1] += 1
    return split


def test_the_kernel_shares_clients_out_and_the_story_finds_where_it_does_not():
    port = addresses.free_port("127.0.0.1", 0, fixed=True)
    assert lopsided(waiting(processes._listeners("127.0.0.1", port, 2), 500)) == []
    # Only one of the two is on the port; and one queue for both, of which whoever wakes up first takes all.
    own = [processes._listener("127.0.0.1", port, shared_out=False), processes._listener("127.0.0.1", 0)]
    assert lopsided(waiting(own, 500)) != []
    one = processes._listener("127.0.0.1", port)
    assert lopsided(waiting([one, one.dup()], 500)) != []


def test_a_slow_statement_holds_up_only_whoever_asked(served, links, postgres):
    code = links[0]["code"]
    line = one_on_each(served, code)[0]
    slow = []
    with postgres.connect(HOUSE) as admin:
        admin.autocommit = False
        admin.execute("LOCK TABLE strand IN ACCESS EXCLUSIVE MODE")  # the door of the conference reads it
        waiting = [threading.Thread(target=lambda: slow.append(Browser(served).fetch("GET", "/")[0])) for _ in range(4)]
        for thread in waiting:
            thread.start()
        held = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        assert comes_true(lambda: admin.execute(held).fetchone()[0] >= 4, 180)
        for _ in range(8):
            assert Browser(served).fetch("GET", "/healthz")[0] == 200
        assert slow == []
        admin.rollback()
    for thread in waiting:
        thread.join()
    assert slow == [200] * 4
    line.close()


def test_another_server_joins_only_if_it_hears_and_knows_the_same_people(served, links, postgres, cache, tmp_path):
    key = (served.instance / "secret_key").read_text()
    url = postgres.url(HOUSE)
    common = {"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_DATABASE_URL": url, "FEEDBACK_SECRET_KEY": key}
    deaf = start("run", "--port", "0", **common)
    assert deaf.returncode == 2
    assert "set FEEDBACK_REDIS_URL for both" in deaf.stderr
    stranger = start(
        "run", "--port", "0", **common | {"FEEDBACK_REDIS_URL": cache.url, "FEEDBACK_SECRET_KEY": "x" * 40}
    )
    assert stranger.returncode == 2
    assert "the same FEEDBACK_SECRET_KEY" in stranger.stderr
    notes = tmp_path / "notes.csv"
    notes.write_text("text\nFrom the floor\n", encoding="utf-8")
    code = links[0]["code"]
    watchers = [Watcher(served, code) for _ in range(4)]
    before = seq_of(postgres, HOUSE)
    done = start("import", code, str(notes), **common | {"FEEDBACK_REDIS_URL": cache.url})
    assert done.stdout == "taken 1, already here 0, not taken 0\n", done.stderr
    assert comes_true(lambda: all(watcher.newest > before for watcher in watchers), 180)
    for watcher in watchers:
        watcher.close()


def test_themes_are_found_although_the_process_that_leads_is_killed(served, links):
    code = links[2]["code"]
    facilitator = crew(served, links[2]["facilitator"])
    leader = served.leader()
    assert leader is not None
    os.kill(leader, signal.SIGSTOP)  # what it was asked, it has not done when it dies
    try:
        asked = []
        thread = threading.Thread(target=lambda: asked.append(ask_for_themes(facilitator, code)))
        thread.start()
        time.sleep(0.5)
    finally:
        os.kill(leader, signal.SIGKILL)
    thread.join()
    assert comes_true(lambda: served.leader() not in (None, leader), 180)
    assert comes_true(lambda: Browser(served).get_json(f"/c/{code}/sync")["themes"] != [], 300)
    assert len(served.workers()) == 2


def ask_for_themes(facilitator: Browser, code: str) -> bool:
    """Press the button until somebody takes it: the process that was asked may have been killed."""
    for _ in range(200):
        try:
            if post(facilitator, f"/console/{code}/themes")[0] in (303, 409):
                return True
        except (OSError, HTTPException):
            pass
        time.sleep(0.3)
    return False


def test_nothing_is_lost_by_a_killed_process_by_replacing_all_and_by_the_end(served, links, postgres):
    with phones(served, 8) as clients:
        work(clients, 1.0)
        victim = served.workers()[0]
        os.kill(victim, signal.SIGKILL)
        assert comes_true(lambda: victim not in served.workers() and len(served.workers()) == 2, 180)
        before = set(served.workers())
        served.process.send_signal(signal.SIGHUP)  # all are replaced, one by one
        assert comes_true(lambda: not before & set(served.workers()) and len(served.workers()) == 2, 180)
        work(clients, 1.0)
        began = time.monotonic()
        assert served.stop(signal.SIGTERM) == 0
        took = time.monotonic() - began
        served.start()
    errors = (served.instance / "errors.log").read_text(encoding="utf-8")
    assert complaints(rows_of(postgres, HOUSE), clients) == []
    assert "Traceback" not in errors, errors
    print(f"ended within {took:.2f} s")


def test_processes_end_when_the_one_that_made_them_is_killed(served):
    workers = served.workers()
    served.kill()
    assert comes_true(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 180)
