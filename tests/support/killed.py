"""Kills `restore` at each of its steps in turn: `killed.py INSTANCE FILE MUTANT`, see tests/cli/test_restore.py.

A step is anything that changes a file. Each try runs in a fork of its own on a fresh copy of INSTANCE and is killed
right before its n-th step, until one comes to its end. Prints a line of JSON for each try: what was found afterwards.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from feedback.cli import restore as restoring
from feedback.settings import read_settings
from feedback.store.copies import damage_of, reckon

#: A step that no restore has, and one before which no mutant has gone wrong.
FAR, LATE = 10_000, 15
STEPS = ("os.rename", "os.remove", "shutil.copyfile")


def make_room_first(part: Path, database: Path) -> None:
    """The mutant: take the old database away before the new one comes."""
    database.unlink()
    change_over(part, database)


change_over = restoring._change_over
MUTANTS = {
    "": lambda: None,
    "make_room_first": lambda: setattr(restoring, "_change_over", make_room_first),
    # Nobody brings the log in, nobody takes it away.
    "leave_the_log": lambda: (
        setattr(restoring, "_seen", lambda *_: {}),
        setattr(restoring, "_change_over", restoring.shelf.place),
    ),
}


def attempt(instance: Path, file: Path, last: int) -> int:
    """Restore in a fork that dies before step `last`; returns the signal or 0."""
    child = os.fork()
    if child:
        return os.WTERMSIG(os.waitpid(child, 0)[1])
    steps = 0

    def count(event: str, args: tuple[Any, ...]) -> None:
        nonlocal steps
        if event in STEPS or (event == "sqlite3.connect" and "mode=rw" in str(args[0])):
            steps += 1
            if steps == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    restored(instance, file)
    os._exit(0)


def restored(instance: Path, file: Path) -> int | None:
    """Restore; returns how many ideas came back, None when it did not work."""
    try:
        return restoring.restore(read_settings({"FEEDBACK_INSTANCE": str(instance)}), file).accounts[0].ideas
    except restoring.NotRestored:
        return None


def found(instance: Path) -> dict[str, Any]:
    """Look at the database as the next start would: with its log."""
    database = instance / "feedback.db"
    with closing(sqlite3.connect(f"file:{database}?mode=rw", uri=True)) as db:
        ideas = [row[0] for row in db.execute("SELECT body FROM idea ORDER BY number")]
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return {"ideas": ideas, "wrong": damage_of(database) or reckon(database)[1]}


def look(instance: Path, file: Path, step: int, *, again: bool) -> tuple[bool, dict[str, Any]]:
    """Kill one try at this step; returns whether it came to its end before, and what was found then."""
    with tempfile.TemporaryDirectory(prefix="fb") as folder:
        house = Path(folder) / "house"
        shutil.copytree(instance, house)
        ended = attempt(house, file, step) == 0
        try:
            now = found(house)
        except sqlite3.Error as fault:
            now = {"ideas": None, "wrong": [str(fault)]}
        # A second try puts right whatever the first one left.
        return ended, now | {"again": restored(house, file) if again else 1}


def main() -> None:
    """Kill at one step after the other; of a mutant, look at its end first, and go on up to its fault."""
    instance, file, mutant = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    MUTANTS[mutant]()
    step = 0
    while True:
        step += 1
        ended, now = look(instance, file, FAR if mutant and step == 1 else step, again=not mutant and step % 3 == 0)
        print(json.dumps(now), flush=True)
        if (ended and not (mutant and step == 1)) or (mutant and now["wrong"]):
            return
        if mutant and step == 1:
            step = LATE


if __name__ == "__main__":
    main()
