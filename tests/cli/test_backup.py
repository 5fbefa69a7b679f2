"""A backup is a checked file that says what it is; old ones go, and nothing that others put there."""

import json
import os
import secrets
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from feedback.actions.programme import found_conference, rename_conversation
from feedback.backup_folder import one_at_a_time, read_side, side_of, sum_of
from feedback.backups import read_status
from feedback.cli.backup import NotMade, backup, make_backup
from feedback.cli.house import own_house
from feedback.cli.restore import restore_backup
from feedback.domain.roles import HOUSE
from feedback.settings import ROOT, Settings
from feedback.store.accounts import complaints_of
from feedback.store.claims import Claims
from feedback.store.copies import damage_of, reckon
from feedback.store.engine import reader_engine
from feedback.store.schema import newest

NAME = r"feedback-\d{8}T\d{6}\.\d{3}Z\.db"


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "backups"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_command_prints_where_it_is_and_what_it_holds(founded, folder):
    command = [sys.executable, "-m", "feedback.cli", "backup"]
    env = os.environ | {"FEEDBACK_INSTANCE": str(founded.instance)}
    ran = subprocess.run([*command, str(folder)], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    (path,) = folder.glob("*.db")
    assert ran.stdout == f"{path}\n"
    assert ran.stderr.startswith("322222  0 ideas, 0 votes, 0 participants, commit 0\n")


def test_without_a_folder_one_is_asked_for(founded, folder, capsys):
    assert make_backup(founded, None) == 2
    assert capsys.readouterr().err == "Name a folder, or set FEEDBACK_BACKUP_DIR.\n"
    assert make_backup(replace(founded, backup_dir=folder), None) == 0
    assert capsys.readouterr().out.startswith(str(folder))


def test_a_backup_says_what_it_is_and_only_its_user_can_read_it(founded, folder):
    before = os.umask(0o022)
    try:
        path, copied = backup(founded, folder)
    finally:
        os.umask(before)
    said = read_side(path)
    assert said | {"made_at": "", "key": "", "conversations": []} == {
        "format": "feedback backup 1",
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": sum_of(path),
        "made_at": "",
        "key": "",
        "revision": newest(),
        "version": "0.1.0",
        "conversations": [],
    }
    assert [each["code"] for each in said["conversations"]] == [each.code for each in copied.accounts]
    assert (damage_of(path), reckon(path)) == ([], (copied.accounts, []))
    assert [stat.S_IMODE(file.stat().st_mode) for file in (folder, path, side_of(path))] == [0o700, 0o600, 0o600]
    assert names(folder) == [path.name, side_of(path).name]
    assert founded.secret_key not in side_of(path).read_text()
    status = read_status(founded)
    assert (status.made, status.failed, status.path, status.fails) == (1, 0, str(path), False)


def test_the_newest_stay_and_what_others_put_there_stays(founded, folder):
    folder.mkdir()
    mine = ["notes.txt", "feedback-20200101T000000.000Z.db", "feedback-20200101T000000.001Z.db.json"]
    for name in mine:
        (folder / name).write_text("mine")
    elsewhere = replace(founded, secret_key="another house")
    others, _ = backup(elsewhere, folder)
    made = [backup(replace(founded, backup_keep=2), folder)[0] for _ in range(4)]
    left = {others, *made[2:]}
    assert names(folder) == sorted([*mine, *(file.name for path in left for file in (path, side_of(path)))])


def test_what_a_killed_one_left_half_done_is_cleared_away(founded, folder):
    path, _ = backup(founded, folder)
    key = read_side(path)["key"]
    (folder / f".feedback-{key}-0000.part").write_text("half")
    (folder / ".feedback-another-0000.part").write_text("of another house, perhaps being written")
    backup(founded, folder)
    assert [name for name in names(folder) if name.startswith(".")] == [".feedback-another-0000.part"]


def test_a_copy_that_does_not_add_up_is_kept_apart_and_pushes_nothing_out(founded, folder):
    strict = replace(founded, backup_keep=1)
    good, _ = backup(strict, folder)
    with sqlite3.connect(founded.instance / "feedback.db") as db:
        db.execute("UPDATE conversation SET joined = 5 WHERE code = '322222'")
    db.close()
    for _ in range(2):
        with pytest.raises(NotMade, match="5 joined, 0 participants"):
            backup(strict, folder)
    assert names(folder) == [good.name, side_of(good).name, "feedback-suspect.db"]
    assert reckon(folder / "feedback-suspect.db")[1] == ["conversation 322222: 5 joined, 0 participants"]
    status = read_status(founded)
    assert (status.made, status.failed, status.fails) == (1, 2, True)
    assert "does not add up" in status.reason
    assert status.succeeded_at is not None


def test_without_room_a_backup_stays_away_from_the_disk_of_the_house(founded, folder, monkeypatch, capsys):
    nearly_full = shutil._ntuple_diskusage(10**12, 10**12, 400 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: nearly_full)
    assert make_backup(founded, folder) == 1
    assert "has 400 MB free, and 501 MB are needed" in capsys.readouterr().err
    assert names(folder) == []
    assert read_status(founded).fails


def test_a_place_that_cannot_be_written_is_said(founded, folder, capsys):
    folder.write_text("a file")
    assert make_backup(founded, folder) == 1
    assert capsys.readouterr().err.startswith("The backup cannot be made (Not a directory")
    assert make_backup(founded, folder.parent / "no" / "such" / "place") == 1
    assert "No such file or directory" in capsys.readouterr().err


def test_a_house_that_was_never_opened_has_nothing_to_keep(settings, folder, capsys):
    assert make_backup(settings, folder) == 1
    assert "There is no database at" in capsys.readouterr().err
    assert not (settings.instance / "feedback.db").exists()


def test_the_key_is_kept_on_request_only(founded, folder):
    backup(founded, folder)
    assert list(folder.glob("feedback-key-*")) == []
    path, _ = backup(founded, folder, with_key=True)
    (kept,) = folder.glob("feedback-key-*")
    assert kept.name == f"feedback-key-{read_side(path)['key']}"
    assert kept.read_text().strip() == founded.secret_key
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_two_at_once_come_one_after_the_other(founded, folder):
    other = threading.Thread(target=backup, args=(founded, folder))
    with one_at_a_time(founded):
        other.start()
        other.join(0.2)
        assert other.is_alive()
        assert not folder.exists()
    other.join(60)
    assert len(list(folder.glob("*.db"))) == 1


# PostgreSQL.


@pytest.fixture
def house(founded, empty_postgres) -> Settings:
    """A founded conference on PostgreSQL."""
    settings = replace(founded, database_url=empty_postgres)
    with own_house(settings) as house:
        house.gate.write(None, found_conference, time_zone="UTC", chance=secrets.randbits)
        house.gate.write(1, rename_conversation, HOUSE, 1, title="As it was")
    return settings


@pytest.fixture
def scratch(empty_postgres) -> Iterator[str]:
    """Another database on the same PostgreSQL, empty."""
    address, _, name = empty_postgres.replace("+psycopg", "").rpartition("/")
    with psycopg.connect(f"{address}/{name}", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}_scratch" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}_scratch"')
        yield f"{empty_postgres}_scratch"
        reader_engine(f"{empty_postgres}_scratch").dispose()
        admin.execute(f'DROP DATABASE "{name}_scratch" WITH (FORCE)')


def titles(url: str) -> list[str]:
    with psycopg.connect(url.replace("+psycopg", "")) as db:
        return [row[0] for row in db.execute("SELECT title FROM conversation ORDER BY id")]


@pytest.mark.postgres
def test_postgres_is_dumped_checked_and_put_back(house, folder, scratch, tmp_path, capsys):
    path, copied = backup(house, folder)
    assert path.suffix == ".dump"
    assert read_side(path)["revision"] == newest()
    elsewhere = replace(house, database_url=scratch, instance=tmp_path)
    (tmp_path / "secret_key").write_text(house.secret_key)
    assert restore_backup(elsewhere, path, with_key=False) == 0
    assert titles(scratch)[0] == "As it was"
    with own_house(house) as opened:
        opened.gate.write(1, rename_conversation, HOUSE, 1, title="Since then")
    assert restore_backup(house, path, with_key=False) == 0
    assert titles(house.database_url)[0] == "As it was"
    (aside,) = house.instance.glob("*.before-restore-*.dump")
    assert restore_backup(elsewhere, aside, with_key=False) == 0
    assert titles(scratch)[0] == "Since then"
    with reader_engine(house.database_url).connect() as db:
        assert complaints_of(db) == []
    assert copied.accounts[0].seq == 1
    assert list(house.instance.glob(".*")) == []


@pytest.mark.postgres
def test_servers_of_other_hosts_keep_their_database(house, folder, capsys):
    path, _ = backup(house, folder)
    with own_house(house) as opened:
        opened.gate.write(1, rename_conversation, HOUSE, 1, title="Since then")
    server = Claims(house.database_url, print_of_key=1, shared=True)
    server.hold()
    assert restore_backup(house, path, with_key=False) == 1
    assert "perhaps on another host. Stop it first." in capsys.readouterr().err
    server.drop()
    assert titles(house.database_url)[0] == "Since then"


@pytest.mark.postgres
def test_a_dump_that_is_none_changes_nothing(house, folder, capsys):
    folder.mkdir()
    (folder / "letter.dump").write_text("a letter")
    assert restore_backup(house, folder / "letter.dump", with_key=False) == 1
    assert "pg_restore did not succeed" in capsys.readouterr().err
    assert titles(house.database_url)[0] == "As it was"


def test_without_the_tools_of_postgres_the_cure_is_said(founded, folder, monkeypatch, capsys):
    elsewhere = replace(founded, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert make_backup(elsewhere, folder) == 1
    assert "The backup cannot be made" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(folder))
    (folder / "some.dump").write_text("")
    assert restore_backup(elsewhere, folder / "some.dump", with_key=False) == 1
    assert "pg_restore is not installed. It comes with PostgreSQL's client programs" in capsys.readouterr().err


def test_what_a_backup_says_of_itself_is_plain_json(founded, folder):
    path, _ = backup(founded, folder)
    assert json.loads(side_of(path).read_text())["conversations"][0] == {
        "code": "322222",
        "seq": 0,
        "ideas": 0,
        "votes": 0,
        "participants": 0,
    }
