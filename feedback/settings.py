"""What can be set from outside, read once from the environment; everything has a default that works."""

import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

#: The kernel takes 107 bytes for the path of a socket (103 on macOS), and `control.sock` is part of it.
PATH_LIMIT = 90


class BadSetting(ValueError):
    """A setting cannot be used; the message names it and says what would do."""


ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """How this installation runs. `documented` in docs/operate.md, each by its environment variable."""

    #: FEEDBACK_INSTANCE: folder of the database, the secret key and the sockets.
    instance: Path
    #: FEEDBACK_SECRET_KEY, else made once and kept in the instance folder.
    secret_key: str
    #: FEEDBACK_DATABASE_URL, SQLite in the instance folder by default.
    database_url: str
    #: FEEDBACK_REDIS_URL: where theme runs wait, when workers run on other machines.
    redis_url: str | None = None
    #: FEEDBACK_HOST and FEEDBACK_PORT: where to listen.
    host: str = "127.0.0.1"
    port: int = 8000
    #: FEEDBACK_ORIGINS: further addresses, separated by blanks, under which browsers reach this server.
    origins: tuple[str, ...] = ()
    #: FEEDBACK_TRUSTED_PROXIES: how many reverse proxies stand in front (their X-Forwarded-* are believed).
    trusted_proxies: int = 0

    @property
    def control_socket(self) -> Path:
        """Where the command line reaches a running server."""
        return self.instance / "control.sock"


def read_settings(env: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; makes the instance folder and the secret key when they are missing."""
    instance = Path(env.get("FEEDBACK_INSTANCE") or ROOT / "instance").absolute()
    if len(os.fsencode(instance)) > PATH_LIMIT:
        raise BadSetting(f"FEEDBACK_INSTANCE is too long a path: at most {PATH_LIMIT} characters name a socket in it.")
    instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Settings(
        instance=instance,
        secret_key=env.get("FEEDBACK_SECRET_KEY") or _kept_key(instance / "secret_key"),
        database_url=env.get("FEEDBACK_DATABASE_URL") or f"sqlite:///{instance / 'feedback.db'}",
        redis_url=env.get("FEEDBACK_REDIS_URL") or None,
        host=env.get("FEEDBACK_HOST", "127.0.0.1"),
        port=_number(env, "FEEDBACK_PORT", 8000, most=65_535),
        origins=tuple(env.get("FEEDBACK_ORIGINS", "").split()),
        trusted_proxies=_number(env, "FEEDBACK_TRUSTED_PROXIES", 0, most=10),
    )


def _number(env: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdecimal() or int(value) > most:
        raise BadSetting(f"{name} is {value!r}; it must be a whole number from 0 to {most}.")
    return int(value)


def _kept_key(path: Path) -> str:
    if not path.exists():
        # Written beside and then linked: of two first starts at once both get the same, whole key.
        with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(file.name, path)
    key = path.read_text(encoding="ascii").strip()
    if not key:
        raise BadSetting(f"{path} is empty. Delete it: the next start makes a new key, and people join anew.")
    return key
