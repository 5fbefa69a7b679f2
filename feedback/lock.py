"""One server runs on an instance folder, and on SQLite it alone writes: the lock. And files for its own user only."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from feedback.settings import Settings


class HouseInUse(Exception):
    """Another process holds the house; the message says which, and the cure."""


def take_lock(settings: Settings) -> TextIO:
    """Hold the house's lock as long as the returned file is open; raises HouseInUse when another process does."""
    file = (settings.instance / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = file.read().strip() or "unknown process"
        file.close()
        raise HouseInUse(
            f"Another feedback server already runs on this data ({holder})."
            " Stop it first (Ctrl-C in its window), or give this one a folder of its own by FEEDBACK_INSTANCE."
        ) from None
    file.truncate(0)
    file.write(f"process {os.getpid()}")
    file.flush()
    return file


@contextmanager
def private_files() -> Iterator[None]:
    """Make files that only this user can read: the database holds what people wrote."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
