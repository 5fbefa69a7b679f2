"""Backups while the server runs: when the next one is due, and how the last ones went.

The command `backup` makes one. The running server starts that command, so that a slow or broken disk for backups holds
up nobody: what it does is a process of its own, and what it leaves here is one small file.
"""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sqlalchemy import Engine

from feedback.domain.facts import ConversationClosed, Fact
from feedback.settings import ROOT, Settings
from feedback.store.engine import mark_of

#: Seconds between two looks whether one is due, and at least from the start of one backup to the next.
TICK, GAP = 1.0, 5.0
#: Seconds after which the command that makes one is ended.
_PATIENCE = 45 * 60.0
_log = logging.getLogger("feedback.backups")


@dataclass(frozen=True, slots=True)
class Status:
    """How the backups of this house went; instants in epoch milliseconds, None = never, or not since the last good one.

    `mark` is what `mark_of` gave before the last good one; `reason` says in English why the last bad one failed.
    """

    made: int = 0
    failed: int = 0
    succeeded_at: int | None = None
    failed_at: int | None = None
    path: str = ""
    bytes: int = 0
    seconds: float = 0.0
    mark: str = ""
    reason: str = ""

    @property
    def fails(self) -> bool:
        """Whether the last try was in vain."""
        return self.failed_at is not None


def read_status(settings: Settings) -> Status:
    """Return how the last backups went; every process of the house reads the same small file."""
    try:
        return Status(**json.loads(_status_file(settings).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Status()


def note_success(settings: Settings, made: Path, *, seconds: float, mark: str) -> None:
    """Keep that a backup was made, in how many seconds."""
    before = read_status(settings)
    size = made.stat().st_size
    _write_status(
        settings,
        Status(before.made + 1, before.failed, _now(), None, str(made), size, round(seconds, 3), mark),
    )


def note_failure(settings: Settings, reason: str) -> None:
    """Keep why a backup was not made; when the last good one was stays known."""
    before = read_status(settings)
    _write_status(settings, replace(before, failed=before.failed + 1, failed_at=_now(), reason=reason))


class Backups:
    """The running server's side: starts the command `backup` when one is due.

    Of several processes only the one that `leads` looks at the time; each sees to the conversations that it closed.
    """

    def __init__(self, settings: Settings, engine: Engine, *, leads: Callable[[], bool] = lambda: True) -> None:
        self._settings = settings
        self._engine = engine
        self._child: subprocess.Popen[str] | None = None
        self._closed = False
        self._tried = time.monotonic()
        self._ready = self._tried
        self._leads = leads
        self._period = settings.backup_minutes * 60

    def hear(self, facts: Sequence[Fact]) -> None:
        """Note that a conversation was closed. Never blocks."""
        self._closed = self._closed or any(isinstance(fact, ConversationClosed) for fact in facts)

    def watch(self) -> None:
        """Make backups when they are due, until the process ends; body of a greenlet. Nothing it meets ends it."""
        while True:
            time.sleep(TICK)
            try:
                if self.is_due(time.monotonic()):
                    self.make()
            except Exception:  # noqa: BLE001 -- whatever it is, the next look is another one
                _log.exception("a look at the backups broke")

    def is_due(self, now: float) -> bool:
        """Tell whether a backup is due at this moment of the monotonic clock."""
        if self._closed:
            return now >= self._ready
        if now < self._tried + self._period or not self._leads():
            return False
        last = read_status(self._settings)
        if Path(last.path).parent != self._settings.backup_dir:
            return True
        if last.succeeded_at is not None and 0 <= _now() - last.succeeded_at < 800 * self._period:
            return False
        due = last.fails or last.mark != mark_of(self._engine)
        if not due:
            self._tried = now
        return due

    def make(self) -> bool:
        """Make a backup now, by a command of its own; tells whether it was made. What went wrong is logged and kept."""
        self._tried, self._closed = time.monotonic(), False
        self._ready = self._tried + GAP
        reason = self._run()
        if reason is None:
            return True
        _log.warning("no backup was made: %s", reason)
        return False

    def stop(self) -> None:
        """End a backup under way: what it began is cleared away by the next one."""
        if self._child is not None and self._child.poll() is None:
            self._child.kill()

    def _run(self) -> str | None:
        """Run the command to its end; returns why there is no backup, None when there is one."""
        failed = read_status(self._settings).failed
        reason = self._ended()
        if reason is not None and read_status(self._settings).failed == failed:
            # It had no time to keep the reason itself.
            note_failure(self._settings, reason)
        return reason

    def _ended(self) -> str | None:
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "feedback.cli", "backup", str(self._settings.backup_dir)],
                cwd=ROOT,
                env=os.environ
                | {
                    "FEEDBACK_INSTANCE": str(self._settings.instance),
                    "FEEDBACK_DATABASE_URL": self._settings.database_url,
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            return str(error.strerror)
        try:
            _, said = self._child.communicate(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return f"it took longer than {_PATIENCE / 60:.0f} minutes"
        if self._child.returncode == 0:
            return None
        return said.strip() or f"code {self._child.returncode}"


def _status_file(settings: Settings) -> Path:
    return settings.instance / "backups.json"


def _write_status(settings: Settings, status: Status) -> None:
    path = _status_file(settings)
    part = path.with_name(f"{path.name}.{os.getpid()}")
    # On a full disk it stays as it was; the log says what happened.
    with suppress(OSError):
        part.write_text(json.dumps(asdict(status)), encoding="utf-8")
        part.chmod(0o600)
        part.replace(path)
    with suppress(OSError):
        part.unlink(missing_ok=True)


def _now() -> int:
    return round(time.time() * 1000)
