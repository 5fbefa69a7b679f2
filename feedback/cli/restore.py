"""Put a backup in the place of the database. Up to the last step the house has its old one, then the new one."""

import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from feedback import backup_folder as shelf
from feedback.cli.backup import holds, plain
from feedback.lock import HouseInUse, private_files, take_lock
from feedback.settings import Settings
from feedback.store import dumps
from feedback.store.accounts import Account, accounts_of, take_over
from feedback.store.claims import Claims, DatabaseTaken, OtherKey
from feedback.store.copies import InUse, damage_of, file_of, logs_of, reading, revision_of, settle
from feedback.store.engine import FAULTS, is_sqlite
from feedback.store.schema import is_known


class NotRestored(Exception):
    """The database is as it was; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back, what does not add up in it, and where the database before it is kept (None = there was none)."""

    accounts: list[Account]
    complaints: list[str]
    aside: Path | None


def restore_backup(settings: Settings, file: Path, *, with_key: bool) -> int:
    """Put a backup in the place of the database and say what came back; returns the exit code."""
    try:
        done = restore(settings, file.absolute(), with_key=with_key)
    except (NotRestored, HouseInUse) as reason:
        print(reason, file=sys.stderr)
        return 1
    print(holds(done.accounts))
    for complaint in done.complaints:
        print(f"This does not add up: {complaint}", file=sys.stderr)
    if done.aside is not None:
        print(f"The database before it is kept as {done.aside}", file=sys.stderr)
    _warn_of_key(settings, file, with_key=with_key)
    return 0


def restore(settings: Settings, file: Path, *, with_key: bool = False) -> Restored:
    """Check a backup and put it in the place of the database. Raises NotRestored, or HouseInUse while a server runs."""
    with private_files(), take_lock(settings):
        key = _key_beside(settings, file) if with_key else None
        try:
            _check_sum(file)
            done = _restore_file(settings, file) if is_sqlite(settings.database_url) else _restore_dump(settings, file)
        except dumps.ToolFailed as failed:
            raise NotRestored(f"{file} was not put back: {failed} The database is as it was.") from None
        except (OSError, *FAULTS) as error:
            raise NotRestored(f"{file} was not put back ({plain(error)}). The database is as it was.") from None
        if key is not None:
            _take_key(settings, key)
        return done


def _check_sum(file: Path) -> None:
    said = shelf.read_side(file)
    if said is None:
        print(f"{shelf.side_of(file).name} is not beside it, so its sum is not checked.", file=sys.stderr)
    elif said.get("sha256") != shelf.sum_of(file):
        raise NotRestored(f"{file} is not the file that was made: its sum is another one. Take another backup.")


def _restore_file(settings: Settings, file: Path) -> Restored:
    database = file_of(settings.database_url)
    for left in database.parent.glob(".restore-*.part*"):
        left.unlink(missing_ok=True)
    with _part(database) as part:
        _copy(file, part)
        _check_file(file, part)
        aside = _set_aside(database)
        seen = _seen(database, aside)
        accounts, complaints = take_over(f"sqlite:///{part}", seen)
        settle(part)
        _change_over(part, database)
    return Restored(accounts, complaints, aside)


def _check_file(file: Path, part: Path) -> None:
    """Raise NotRestored unless the copy is a sound database that this program understands."""
    damage = damage_of(part)
    if damage:
        raise NotRestored(f"{file} is damaged ({'; '.join(damage)}). Take another backup.")
    revision = revision_of(part)
    if revision is None:
        raise NotRestored(f"{file} is no database of this program.")
    _check_revision(file, revision)


def _check_revision(file: Path, revision: str | None) -> None:
    if not is_known(revision):
        raise NotRestored(f"{file} was made by a newer program (revision {revision}). Bring this one up to date first.")


def _seen(database: Path, aside: Path | None) -> dict[str, int] | None:
    """Return the newest commit number of each conversation that screens may have seen; None when nobody can say.

    The database is one file afterwards, and so is the copy aside, unless it is damaged: then that stays as it was.
    """
    if aside is None:
        return None
    try:
        settle(database)
        with reading(database) as connection:
            seen = {account.code: account.seq for account in accounts_of(connection)}
        settle(aside)
    except InUse:
        raise
    except FAULTS:
        # Which may be why somebody puts a backup back.
        return None
    return seen


def _copy(file: Path, part: Path) -> None:
    """Copy a backup, or a database with the log that belongs to it, into one file."""
    shutil.copyfile(file, part)
    log = logs_of(file)[0]
    if log.exists() and log.stat().st_size:
        shutil.copyfile(log, logs_of(part)[0])
    with suppress(*FAULTS):
        settle(part)


def _set_aside(database: Path) -> Path | None:
    """Keep a copy of the present database and of its log; returns where."""
    if not database.exists():
        return None
    aside = database.with_name(f"{database.stem}.before-restore-{_stamp()}{database.suffix}")
    log = logs_of(database)[0]
    if log.exists() and log.stat().st_size:
        _place_copy(log, logs_of(aside)[0])
    _place_copy(database, aside)
    return aside


def _change_over(part: Path, database: Path) -> None:
    # No log of the old one may be left when the new one takes its name: it would be replayed into it.
    for log in logs_of(database):
        log.unlink(missing_ok=True)
    shelf.place(part, database)


def _place_copy(file: Path, path: Path) -> None:
    with _part(path) as part:
        shutil.copyfile(file, part)
        shelf.place(part, path)


def _restore_dump(settings: Settings, file: Path) -> Restored:
    if not set(dumps.listed(file)):
        raise NotRestored(f"{file} holds no tables.")
    _check_revision(file, dumps.revision_of(file))
    with _alone(settings.database_url):
        seen, aside = _set_tables_aside(settings)
        dumps.load(settings.database_url, file)
        accounts, complaints = take_over(settings.database_url, seen)
    return Restored(accounts, complaints, aside)


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """Keep servers of other folders and hosts from this database, or raise NotRestored while there are any."""
    claims = Claims(url, print_of_key=0, shared=False)
    try:
        claims.hold()
        yield
    except (DatabaseTaken, OtherKey):
        raise NotRestored("A feedback server runs on this database, perhaps on another host. Stop it first.") from None
    finally:
        claims.drop()


def _set_tables_aside(settings: Settings) -> tuple[dict[str, int] | None, Path | None]:
    url = settings.database_url
    if not dumps.is_ours(url):
        return None, None
    aside = settings.instance / f"{dumps.name_of(url)}.before-restore-{_stamp()}.dump"
    with _part(aside) as part:
        accounts, _, _ = dumps.dump_into(url, part)
        shelf.place(part, aside)
    return {account.code: account.seq for account in accounts}, aside


def _key_beside(settings: Settings, file: Path) -> str:
    """Return the secret key that was kept with this backup."""
    kept = settings.instance / "secret_key"
    if not kept.exists() or kept.read_text(encoding="ascii").strip() != settings.secret_key:
        raise NotRestored("The secret key is set by FEEDBACK_SECRET_KEY: set the old one there, without --with-key.")
    said = shelf.read_side(file) or {}
    path = file.with_name(shelf.key_name(str(said.get("key"))))
    if not path.exists():
        raise NotRestored(f"{path} is not there: the backup was made without --with-key.")
    return path.read_text(encoding="ascii")


def _take_key(settings: Settings, key: str) -> None:
    kept = settings.instance / "secret_key"
    if kept.read_text(encoding="ascii").strip() != key.strip():
        _place_copy(kept, kept.with_name(f"secret_key.before-restore-{_stamp()}"))
        with _part(kept) as part:
            part.write_text(key, encoding="ascii")
            shelf.place(part, kept)


def _warn_of_key(settings: Settings, file: Path, *, with_key: bool) -> None:
    said = shelf.read_side(file)
    if said is not None and not with_key and said.get("key") != shelf.key_print(settings.secret_key):
        print(
            "It was made under another secret key: browsers and links of then are not known any more, unless that key"
            " is put back (--with-key, or FEEDBACK_SECRET_KEY).",
            file=sys.stderr,
        )


@contextmanager
def _part(path: Path) -> Iterator[Path]:
    """Make an empty file beside another one, to be written and moved to its name; gone if it was not."""
    part = path.with_name(f".restore-{secrets.token_hex(4)}.part")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        yield part
    finally:
        for left in (part, *logs_of(part)):
            left.unlink(missing_ok=True)


def _stamp() -> str:
    return re.sub(r"[-:]", "", datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")) + "Z"
