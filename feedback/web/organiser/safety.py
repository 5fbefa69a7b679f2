"""What the organiser is told of backups and of the disk: whether what was said is safe."""

from dataclasses import dataclass

from flask import current_app
from flask_babel import gettext, ngettext

from feedback.backups import Status, read_status
from feedback.settings import Settings
from feedback.web.crew import day_and_clock_of, presence


@dataclass(frozen=True, slots=True)
class Word:
    """One sentence, and whether it is a warning."""

    sentence: str
    warns: bool = False


def safety_words() -> list[Word]:
    """Say how the backups stand, where there are any, and whether the disk is nearly full."""
    settings: Settings = current_app.config["FEEDBACK_SETTINGS"]
    status = read_status(settings)
    words = [Word(_disk(), warns=True)] if presence().disk_low else []
    if status.fails:
        words.append(Word(_failing(status), warns=True))
    elif status.succeeded_at is not None:
        words.append(Word(gettext("Last backup: %(time)s", time=day_and_clock_of(status.succeeded_at))))
    elif settings.backup_dir is not None:
        words.append(Word(_awaited(settings.backup_minutes)))
    return words


def _disk() -> str:
    return str(gettext("The server's disk is nearly full. Please tell the person who runs it."))


def _failing(status: Status) -> str:
    told = gettext("Backups fail. The person who runs the server finds the reason in its log.")
    if status.succeeded_at is None:
        return str(told)
    return f"{told} {gettext('Last backup: %(time)s', time=day_and_clock_of(status.succeeded_at))}"


def _awaited(minutes: int) -> str:
    return str(
        ngettext(
            "No backup yet. The first one follows within %(num)s minute of the first change.",
            "No backup yet. The first one follows within %(num)s minutes of the first change.",
            minutes,
        )
    )
