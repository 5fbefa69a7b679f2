"""A copy of a database in use is one commit's state; a copied file is not, and the same check finds that out."""

import os
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest

from feedback.store.copies import InUse, copy_into, damage_of, logs_of, reckon, revision_of, settle
from feedback.store.schema import newest


@pytest.fixture
def database(room) -> Path:
    return Path(room.engine.url.database)


@pytest.fixture
def target(tmp_path) -> Path:
    path = tmp_path / "copy.db"
    path.touch(mode=0o600)
    return path


def faults(path: Path) -> list[str]:
    """What every backup is checked for."""
    return damage_of(path) or reckon(path)[1]


def test_a_copy_holds_one_state_while_others_write(room, database, target):
    anna, ben = room.phone("anna"), room.phone("ben")
    ideas = [anna.write(f"Idea {number}") for number in range(20)]
    done = threading.Event()

    def vote() -> None:
        while not done.is_set():
            for idea in ideas:
                ben.vote(idea)

    voting = threading.Thread(target=vote)
    voting.start()
    try:
        for number in range(3):
            path = target.with_name(f"copy{number}.db")
            path.touch()
            copy_into(database, path)
            assert faults(path) == []
            assert revision_of(path) == newest()
    finally:
        done.set()
        voting.join()
    assert reckon(path)[0][0].seq > 20


def test_a_copied_file_lacks_what_is_in_the_log(room, database, target):
    room.phone("anna").write("Open at night")
    assert logs_of(database)[0].stat().st_size
    shutil.copyfile(database, target)
    assert damage_of(target) or revision_of(target) is None or not any(each.ideas for each in reckon(target)[0])


def test_a_file_copied_while_it_is_written_to_is_found_out(room, database, target):
    """The mutant: what `cp` does when a checkpoint comes between two of its reads."""
    anna, ben = room.phone("anna"), room.phone("ben")
    ideas = [anna.write("Night " * 60 + str(number)) for number in range(40)]
    room.engine.dispose()
    checkpoint(database)
    with database.open("rb") as source, target.open("wb") as copy:
        copy.write(source.read(database.stat().st_size // 2))
        for idea in ideas:
            ben.vote(idea)
        anna.write("Sunday")
        checkpoint(database)
        shutil.copyfileobj(source, copy)
    assert faults(target) != []
    copy_into(database, empty(target.with_name("right.db")))
    assert faults(target.with_name("right.db")) == []


def empty(path: Path) -> Path:
    path.touch()
    return path


def checkpoint(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    connection.close()


def test_a_name_that_is_not_there_does_not_become_a_database(tmp_path, target):
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        copy_into(tmp_path / "none.db", target)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.db"]


def test_damage_is_said_in_a_few_words(room, database, target):
    room.phone("anna").write("Open at night")
    copy_into(database, target)
    assert damage_of(target) == []
    with target.open("r+b") as file:
        file.seek(4096 * 2)
        file.write(os.urandom(4096 * 4))
    assert 1 <= len(damage_of(target)) <= 10
    target.write_bytes(b"no database")
    assert damage_of(target) == ["file is not a database"]
    assert revision_of(target) is None


def test_rows_that_point_nowhere_are_damage(room, database, target):
    room.phone("anna").write("Open at night")
    copy_into(database, target)
    with sqlite3.connect(target) as connection:
        connection.execute("DELETE FROM participant")
    connection.close()
    assert damage_of(target) == ["a row of idea points to a row of participant that is not there"]


def test_settle_brings_the_log_in_and_leaves_none(room, database, target):
    room.phone("anna").write("Open at night")
    for name, copy in zip((database, *logs_of(database)), (target, *logs_of(target)), strict=True):
        shutil.copyfile(name, copy)
    settle(target)
    assert not any(log.exists() for log in logs_of(target))
    assert reckon(target)[0][0].ideas == 1


def test_settle_says_when_another_program_has_the_file(room, database):
    room.phone("anna").write("Open at night")
    with pytest.raises(InUse):
        settle(database)
    assert reckon(database)  # and it is as it was
