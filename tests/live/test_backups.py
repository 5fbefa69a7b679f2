"""Backups while people write and vote: each one opens, holds all that was told before it, adds up, and comes back."""

import os
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
from crew import Crew, command
from promises import Client, Rows, Told, phones, until, work
from served import Browser, Line, Served

from feedback.backups import read_status
from feedback.cli.backup import backup
from feedback.cli.restore import restore
from feedback.domain.ids import ulid
from feedback.settings import Settings, read_settings
from feedback.store.copies import damage_of, reckon

#: How many backups are made under load; the long form, before a release: FEEDBACK_TEST_BACKUPS=100.
BACKUPS = int(os.environ.get("FEEDBACK_TEST_BACKUPS", "5"))


def settings_of(folder: Path) -> Settings:
    folder.mkdir(exist_ok=True)
    return read_settings({"FEEDBACK_INSTANCE": str(folder)})


def one_backup(settings: Settings, folder: Path, clients: list[Client]) -> list[str]:
    """Make a backup under load; returns what is missing or does not add up in it, and after it was put back."""
    told = [Told.to(client) for client in clients]
    path, copied = backup(settings, folder / "backups")
    rows = Rows.of(path)
    found = damage_of(path) + reckon(path)[1] + rows.drift()
    found += [complaint for each in told for complaint in each.missing(rows, last=False)]
    back = restore(settings_of(folder / "elsewhere"), path)
    held, came = (
        [(each.code, each.ideas, each.votes) for each in accounts] for accounts in (copied.accounts, back.accounts)
    )
    return found + back.complaints + ([f"{came} came back of {held}"] if held != came else [])


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    with Served(
        folder, env={"FEEDBACK_BACKUP_DIR": str(folder / "by itself"), "FEEDBACK_BACKUP_MINUTES": "600"}
    ) as running:
        yield running


def test_backups_under_load_are_whole_and_come_back(served, tmp_path):
    found = []
    with phones(served) as clients:
        work(clients, 0.3)
        begun, before = time.monotonic(), sum(client.acked for client in clients)
        for _ in range(BACKUPS):
            found += one_backup(settings_of(served.instance), tmp_path, clients)
        rate = (sum(client.acked for client in clients) - before) / (time.monotonic() - begun)
    print(f"{BACKUPS} backups at {rate:.0f} ops/s")
    assert found == []
    assert len(list((tmp_path / "backups").glob("feedback-*.db"))) == min(BACKUPS, 48)


def test_a_backup_is_made_at_a_close_and_brings_the_room_back(served):
    settings = replace(settings_of(served.instance), backup_dir=served.instance / "by itself")
    links = served.links()
    organiser = Crew(served, links["organiser"])
    assert organiser.post("/organiser/password", new="correct horse battery", again="correct horse battery") == 303
    place, other = links["conversations"][:2]
    phone = Browser(served)
    phone.fetch("GET", f"/c/{other['code']}")
    line = Line(phone, other["code"])
    write(line, other["code"], phone, "Kept")
    assert organiser.post(f"/organiser/conversations/{place['code']}/close") == 303
    until(lambda: Path(read_status(settings).path).parent == settings.backup_dir)
    (path,) = settings.backup_dir.glob("feedback-*.db")
    assert read_status(settings).path == str(path)
    assert reckon(path)[1] == []
    assert b"Last backup: " in organiser.fetch("GET", "/organiser")[1]
    seen = write(line, other["code"], phone, "Since then")
    line.close()
    refused = command(served, "restore", str(path))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Stop it first" in refused.stderr
    assert served.stop() == 0
    done = command(served, "restore", str(path))
    assert (done.returncode, f"{other['code']}  1 ideas, 0 votes, 1 participants" in done.stdout) == (0, True)
    served.start()
    # The screen that has seen more is not left with it.
    room = phone.get_json(f"/c/{other['code']}/sync?since={seen}")
    assert (room["snapshot"], [idea["text"] for idea in room["ideas"]]) == (True, ["Kept"])
    assert room["seq"] > seen
    write(Line(phone, other["code"]), other["code"], phone, "Going on")


def write(line: Line, code: str, phone: Browser, text: str) -> int:
    """Write an idea; returns its commit number."""
    prompt = phone.get_json(f"/c/{code}/sync")["prompts"][0]["id"]
    name = ulid(int(time.time() * 1000), random.getrandbits)
    ack = line.op({"op": name, "k": "idea", "id": name, "prompt": prompt, "text": text, "lang": "en"})
    assert ack["status"] == "ok"
    return ack["seq"]
