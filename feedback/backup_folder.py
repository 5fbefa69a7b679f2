"""A folder of backups: their names, what each one says of itself, how one gets its place, which ones go."""

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feedback.settings import Settings

FORMAT = "feedback backup 1"
#: The name of the copy whose counts do not add up: it may be the best there is, but pushes no good one out.
SUSPECT = "feedback-suspect"
_OURS = re.compile(r"feedback-\d{8}T\d{6}\.\d{3}Z\.(?:db|dump)\.json")


def key_print(secret_key: str) -> str:
    """Return the mark by which a backup is known to belong to this secret key; it does not lead to the key."""
    return hmac.new(secret_key.encode(), b"feedback.backups", hashlib.sha256).hexdigest()[:16]


def key_name(house: str) -> str:
    """Return the name of the file that holds the secret key of these backups, where somebody asked for it."""
    return f"feedback-key-{house}"


def sum_of(path: Path) -> str:
    """Return a file's SHA-256 sum in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def side_of(path: Path) -> Path:
    """Return where a backup says what it is."""
    return path.with_name(path.name + ".json")


def read_side(path: Path) -> dict[str, Any] | None:
    """Return what a backup says of itself; None when there is no such file, or it is not ours."""
    try:
        found = json.loads(side_of(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("format") == FORMAT else None


def free_name(folder: Path, suffix: str) -> Path:
    """Return a name in the folder, by the time in UTC, that nothing has yet, whatever the clock did."""
    at = _now()
    while True:
        told = datetime.fromtimestamp(at / 1000, UTC)
        path = folder / f"feedback-{told:%Y%m%dT%H%M%S}.{at % 1000:03d}Z{suffix}"
        if not path.exists() and not side_of(path).exists():
            return path
        at += 1


def sweep(folder: Path, house: str) -> None:
    """Clear away what killed commands of this house left half done; `one_at_a_time` sees to it that nobody writes."""
    for left in folder.glob(f".feedback-{house}-*"):
        left.unlink(missing_ok=True)


@contextmanager
def part_in(folder: Path, house: str) -> Iterator[Path]:
    """Make an empty file that only this user reads, to be written and moved to its place; gone if it was not."""
    path = folder / f".feedback-{house}-{secrets.token_hex(4)}.part"
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield path
    finally:
        for left in folder.glob(path.name + "*"):
            left.unlink(missing_ok=True)


def place(part: Path, path: Path) -> None:
    """Move a written file to its name, once all of it is on the disk."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # Not every network disk knows how to do this for a folder.
        with suppress(OSError):
            os.fsync(folder)
    finally:
        os.close(folder)


def place_text(folder: Path, house: str, name: str, text: str) -> None:
    """Write a small file under its name, whole or not at all."""
    with part_in(folder, house) as part:
        part.write_text(text, encoding="utf-8")
        place(part, folder / name)


def keep_newest(folder: Path, house: str, keep: int) -> list[Path]:
    """Delete the oldest backups of this house beyond `keep`; returns them. What it did not make it leaves alone."""
    mine = sorted(path for path in map(_backup_of, folder.glob("feedback-*.json")) if path and _is_ours(path, house))
    gone = mine[: max(0, len(mine) - keep)]
    for path in gone:
        path.unlink(missing_ok=True)
        side_of(path).unlink(missing_ok=True)
    return gone


@contextmanager
def one_at_a_time(settings: Settings) -> Iterator[None]:
    """Wait until no other command makes a backup of this house."""
    with (settings.instance / "backup.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _backup_of(side: Path) -> Path | None:
    return side.with_name(side.name.removesuffix(".json")) if _OURS.fullmatch(side.name) else None


def _is_ours(path: Path, house: str) -> bool:
    said = read_side(path)
    if said is None or said.get("key") != house or said.get("file") != path.name:
        return False
    return not path.exists() or path.stat().st_size == said.get("bytes")


def _now() -> int:
    return round(time.time() * 1000)
