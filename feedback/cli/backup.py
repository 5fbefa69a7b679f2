"""Make a backup: a consistent copy, opened and checked, with its sum and its counts beside it."""

import json
import shutil
import sys
import time
import tomllib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feedback import backup_folder as shelf
from feedback.backups import note_failure, note_success
from feedback.lock import private_files
from feedback.settings import FREE_BYTES, ROOT, Settings
from feedback.store.accounts import Account
from feedback.store.base import Base
from feedback.store.copies import copy_into, damage_of, file_of, logs_of, reckon, revision_of
from feedback.store.dumps import ToolFailed, dump_into, listed
from feedback.store.engine import FAULTS, is_sqlite, mark_of, reader_engine, words_of


class NotMade(Exception):
    """There is no backup; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a written copy holds, and what is wrong with it."""

    accounts: list[Account]
    wrong: list[str]
    revision: str | None


def make_backup(settings: Settings, folder: Path | None, *, with_key: bool = False) -> int:
    """Make a backup in a folder (None = the one of the settings) and say what it holds; returns the exit code."""
    chosen = folder or settings.backup_dir
    if chosen is None:
        print("Name a folder, or set FEEDBACK_BACKUP_DIR.", file=sys.stderr)
        return 2
    try:
        path, copied = backup(settings, chosen.absolute(), with_key=with_key)
    except NotMade as reason:
        print(reason, file=sys.stderr)
        return 1
    print(holds(copied.accounts), file=sys.stderr)
    print(path)
    return 0


def backup(settings: Settings, folder: Path, *, with_key: bool = False) -> tuple[Path, Copied]:
    """Make a backup in a folder; returns where it is and what it holds. Raises NotMade; the reason is kept for others.

    The server may run: a backup only reads, and all that it reads is one transaction's state.
    """
    try:
        with private_files(), shelf.one_at_a_time(settings):
            return _backup(settings, folder, with_key=with_key)
    except (NotMade, ToolFailed) as reason:
        note_failure(settings, str(reason))
        raise NotMade(str(reason)) from None
    except (OSError, *FAULTS) as error:
        said = f"The backup cannot be made ({plain(error)}). Look at {folder}, its disk and its rights."
        note_failure(settings, said)
        raise NotMade(said) from None


def holds(accounts: list[Account]) -> str:
    """Say what conversations hold, a line for each."""
    return "\n".join(
        f"{each.code}  {each.ideas} ideas, {each.votes} votes, {each.participants} participants, commit {each.seq}"
        for each in accounts
    )


def _backup(settings: Settings, folder: Path, *, with_key: bool) -> tuple[Path, Copied]:
    begun = time.monotonic()
    if not folder.exists():
        folder.mkdir(mode=0o700)
    _check_room(settings, folder)
    house = shelf.key_print(settings.secret_key)
    shelf.sweep(folder, house)
    suffix = ".db" if is_sqlite(settings.database_url) else ".dump"
    with shelf.part_in(folder, house) as part:
        mark = mark_of(reader_engine(settings.database_url))
        copied = _copy(settings, part)
        if copied.wrong:
            raise _suspect(part, folder / (shelf.SUSPECT + suffix), copied)
        path = shelf.free_name(folder, suffix)
        # What it says of itself comes first: whatever bears a backup's name is whole and described.
        said = json.dumps(_said(settings, part, path, copied), indent=1)
        shelf.place_text(folder, house, shelf.side_of(path).name, said + "\n")
        shelf.place(part, path)
    if with_key:
        shelf.place_text(folder, house, shelf.key_name(house), settings.secret_key + "\n")
    shelf.keep_newest(folder, house, settings.backup_keep)
    note_success(settings, path, seconds=time.monotonic() - begun, mark=mark)
    return path, copied


def _check_room(settings: Settings, folder: Path) -> None:
    """Raise NotMade when the copy would not fit, or would leave the house itself too little."""
    needed = FREE_BYTES if folder.stat().st_dev == settings.instance.stat().st_dev else 0
    if is_sqlite(settings.database_url):
        source = file_of(settings.database_url)
        if not source.exists():
            raise NotMade(f"There is no database at {source} yet. It is made by the first start.")
        needed += sum(file.stat().st_size for file in (source, logs_of(source)[0]) if file.exists())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise NotMade(
            f"{folder} has {free >> 20} MB free, and {(needed >> 20) + 1} MB are needed."
            " Make room there, or keep backups on another disk: FEEDBACK_BACKUP_DIR"
        )


def _copy(settings: Settings, part: Path) -> Copied:
    """Write the copy, then open and check it."""
    if not is_sqlite(settings.database_url):
        accounts, complaints, revision = dump_into(settings.database_url, part)
        missing = set(Base.metadata.tables) - set(listed(part))
        return Copied(accounts, [*complaints, *(f"table {name} is missing" for name in sorted(missing))], revision)
    copy_into(file_of(settings.database_url), part)
    damage = damage_of(part)
    if damage:
        return Copied([], damage, None)
    revision = revision_of(part)
    if revision is None:
        return Copied([], ["there are no tables of ours in it"], None)
    return Copied(*reckon(part), revision)


def _suspect(part: Path, path: Path, copied: Copied) -> NotMade:
    """Keep a copy that does not add up under a name of its own; returns what to say."""
    shelf.place(part, path)
    return NotMade(
        f"The copy does not add up ({'; '.join(copied.wrong)}). It is kept as {path}, and no older backup was deleted."
        " Look at the database: python3 -m feedback doctor"
    )


def _said(settings: Settings, part: Path, path: Path, copied: Copied) -> dict[str, Any]:
    return {
        "format": shelf.FORMAT,
        "file": path.name,
        "bytes": part.stat().st_size,
        "sha256": shelf.sum_of(part),
        "made_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "key": shelf.key_print(settings.secret_key),
        "revision": copied.revision,
        "version": tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"],
        "conversations": [asdict(each) for each in copied.accounts],
    }


def plain(error: Exception) -> str:
    """Say in a few words what the machine or the database objected to."""
    if isinstance(error, OSError):
        return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
    return words_of(error)
