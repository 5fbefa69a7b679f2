"""Two servers on one PostgreSQL, told of each other's commits by Redis; both are killed while people write and vote.

Nothing that was acked is lost, and every view comes to the same state. The mutants at the end break a promise on
purpose; the same story must then fail.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mutants import told_until_found
from neighbours import MUTANT, Several, Watcher, comes_true, complaints, houses, rows_of, seq_of
from private import PrivatePostgres, PrivateRedis
from promises import Client, phones, until
from served import Browser, Line

from feedback.domain.ids import ulid

#: The long form, before a release: FEEDBACK_TEST_OUTAGES=10 kills each of the two so often, for 10 s each.
OUTAGES = int(os.environ.get("FEEDBACK_TEST_OUTAGES", "1"))
AWAY = 10.0 if OUTAGES > 1 else 2.5
#: Seconds after which whoever has not come to the same state never will.
CONVERGE = 90.0


@pytest.fixture(scope="module")
def cluster():
    postgres, cache = PrivatePostgres(), PrivateRedis()
    try:
        postgres.start()
        cache.start()
        yield postgres, cache
    finally:
        postgres.remove()
        cache.remove()


def redis_away(_postgres: PrivatePostgres, cache: PrivateRedis) -> None:
    cache.stop()
    time.sleep(AWAY)
    cache.start()


def redis_gone(_postgres: PrivatePostgres, cache: PrivateRedis) -> None:
    """From here on each process has to ask the database."""
    cache.stop()


def postgres_away(postgres: PrivatePostgres, _cache: PrivateRedis) -> None:
    postgres.stop()  # as a crash: nothing is said to anybody, what was under way is undone
    time.sleep(AWAY / 2)
    postgres.start()


def write_one(served: Several, code: str) -> None:
    """Somebody writes an idea, which is acked."""
    browser = Browser(served)
    browser.fetch("GET", f"/c/{code}")
    prompt = browser.get_json(f"/c/{code}/sync")["prompts"][0]["id"]
    line = Line(browser, code)
    idea = ulid(int(time.time() * 1000), lambda bits: time.time_ns() % 2**bits)
    told = line.op({"op": idea, "k": "idea", "id": idea, "prompt": prompt, "text": "The last word", "lang": "en"})
    assert told is not None
    assert told["status"] == "ok", told
    line.close()


def story(folder: Path, cluster, outages, mutant: str = "none", converge: float = CONVERGE) -> list[str]:
    """Two servers under load, the outages, a last word on one of them; returns everything that is wrong."""
    postgres, cache = cluster
    if cache.process is None:
        cache.start()
    database = "story"
    servers = houses(folder, postgres.fresh(database), cache, command=(MUTANT, mutant, "run"))
    try:
        code = servers[0].links()["conversations"][0]["code"]
        watchers = [Watcher(server, code) for server in servers]
        clients = load(servers, lambda: [(outage(postgres, cache), time.sleep(0.5)) for outage in outages])
        write_one(servers[0], code)
        found = complaints(rows_of(postgres, database), clients)
        found += views(servers, watchers, code, seq_of(postgres, database), converge)
        for watcher in watchers:
            watcher.close()
        return found
    finally:
        for server in servers:
            server.close()


def load(servers: list[Several], meanwhile: Callable[[], object]) -> list[Client]:
    """Let phones of both servers vote on each other's ideas meanwhile; returns them with what they know."""
    with phones(servers[0], 6) as some, phones(servers[1], 6) as others:
        for client in others:
            client.shared = some[0].shared
        clients = [*some, *others]
        began = [client.acked for client in clients]
        until(lambda: all(client.acked > before for client, before in zip(clients, began, strict=True)))
        meanwhile()
    return clients


def views(servers: list[Several], watchers: list[Watcher], code: str, final: int, seconds: float) -> list[str]:
    """List what the screens of the servers do not show of the state at last."""
    found = []
    if not comes_true(lambda: all(watcher.newest >= final for watcher in watchers), seconds):
        found.append(f"commit {final} is not known: {[watcher.newest for watcher in watchers]}")
    one, other = (Browser(server).get_json(f"/c/{code}/sync")["ideas"] for server in servers)
    if one != other:
        found.append("the two servers show different ideas")
    if any(watcher.closed for watcher in watchers):
        found.append("somebody was thrown out")
    return found


def test_nothing_is_lost_while_redis_and_postgresql_are_away(cluster, tmp_path):
    outages = [*[redis_away, postgres_away] * OUTAGES, redis_gone]
    assert story(tmp_path, cluster, outages) == []


def test_the_story_fails_where_acks_come_early_and_nobody_asks_the_database(cluster, tmp_path):
    outages = [postgres_away, redis_gone]
    signs = [("told", "is lost"), ("is not known",)]

    def missed(found):
        return [either for either in signs if not any(sign in complaint for sign in either for complaint in found)]

    def play(number):
        return story(tmp_path / str(number), cluster, outages, "ack_before_commit+forgetful", converge=3.0)

    found = told_until_found(play, lambda found: not missed(found))
    assert missed(found) == [], found
