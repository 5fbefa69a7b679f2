"""Examine this installation: what is wrong, and the cure."""

import importlib.util
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from feedback import descriptors
from feedback.addresses import free_port, lan_addresses
from feedback.backups import read_status
from feedback.domain.embedders import EmbedderKind
from feedback.lock import HouseInUse
from feedback.offers import has_library, model_folder
from feedback.place import claims_of, hold, is_shared
from feedback.settings import FREE_BYTES, MODEL, ROOT, Settings
from feedback.store.engine import FAULTS, check, is_sqlite, writer_engine


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: fine (no cure) or not."""

    what: str
    cure: str = ""


def examine(settings: Settings) -> int:
    """Print what was found; returns 0 when all is well, 1 when something needs a cure."""
    findings = [
        finding
        for look in (
            _database,
            _other_servers,
            _redis,
            _disk,
            _backups,
            _backup_folder,
            _environment,
            _front_end,
            _files,
            _metrics,
            _embedders,
            _network,
            _port,
        )
        for finding in look(settings)
    ]
    for finding in findings:
        print(f"{'fine ' if not finding.cure else 'CURE '} {finding.what}")
        if finding.cure:
            print(f"      {finding.cure}")
    return 1 if any(finding.cure for finding in findings) else 0


def _database(settings: Settings) -> Iterator[Finding]:
    kind = "SQLite" if is_sqlite(settings.database_url) else "PostgreSQL"
    try:
        check(writer_engine(settings.database_url))
    except Exception as fault:  # noqa: BLE001 -- whatever it is, it is what the reader wants to know
        cure = "Check FEEDBACK_DATABASE_URL, that the database runs, and that this user may write to the folder."
        yield Finding(f"{kind} does not answer ({type(fault).__name__}).", cure)
        return
    yield Finding(f"{kind} answers and keeps what it commits.")


def _other_servers(settings: Settings) -> Iterator[Finding]:
    claims = claims_of(settings)
    if claims is None or (not is_shared(settings) and _server_runs(settings)):
        return
    try:
        hold(claims)
    except HouseInUse as reason:
        what, _, cure = str(reason).partition(". ")
        yield Finding(f"{what}.", cure)
    except FAULTS:
        return  # it does not answer, as was said
    else:
        yield Finding("This server may work on the database.")
    finally:
        claims.drop()


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url is None:
        return
    from redis import RedisError  # noqa: PLC0415 -- slow import

    from feedback.bus import connect  # noqa: PLC0415 -- as above

    try:
        with connect(settings.redis_url) as client:
            client.ping()
    except (RedisError, ValueError) as fault:
        cure = "Check FEEDBACK_REDIS_URL and that Redis runs. Until it does, no themes are found."
        yield Finding(f"Redis does not answer ({type(fault).__name__}).", cure)
    else:
        yield Finding("Redis answers.")


def _disk(settings: Settings) -> Iterator[Finding]:
    free = shutil.disk_usage(settings.instance).free
    if not os.access(settings.instance, os.W_OK):
        yield Finding(f"{settings.instance} cannot be written.", "Give this user the folder, or set FEEDBACK_INSTANCE.")
    elif free < FREE_BYTES:
        yield Finding(
            f"Only {free >> 20} MB are free.", "Make room: at least 500 MB keep the database and exports safe."
        )
    else:
        yield Finding(f"{free >> 20} MB are free for data.")


def _backups(settings: Settings) -> Iterator[Finding]:
    status = read_status(settings)
    made = (
        f"last one {datetime.fromtimestamp(status.succeeded_at / 1000, UTC).astimezone():%Y-%m-%d %H:%M}, {status.path}"
        if status.succeeded_at is not None
        else "none yet"
    )
    if status.fails:
        yield Finding(f"Backups fail ({made}).", status.reason)
    elif settings.backup_dir is None and status.succeeded_at is None:
        yield Finding("No backups are made by themselves; FEEDBACK_BACKUP_DIR names a folder for them.")
    else:
        yield Finding(f"Backups: {made}.")


def _backup_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.backup_dir
    if folder is None:
        return
    place = next(place for place in (folder, *folder.parents) if place.exists())
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        yield Finding("Backups can be written to their folder.")
    else:
        yield Finding(
            "Backups cannot be written to their folder.",
            f"Give this user the folder {folder}, or name another one by FEEDBACK_BACKUP_DIR.",
        )


def _environment(_settings: Settings) -> Iterator[Finding]:
    for name in ("geventwebsocket", "eventlet"):
        if importlib.util.find_spec(name):
            yield Finding(f"{name} is installed; it changes how sockets work.", f"Remove it: pip uninstall {name}")
            return
    yield Finding("The Python environment holds nothing that disturbs the server.")


def _front_end(_settings: Settings) -> Iterator[Finding]:
    built: Path = ROOT / "feedback" / "static" / "build" / "manifest.json"
    if built.exists():
        yield Finding("The pages' scripts and styles are built.")
    else:
        yield Finding("The pages' scripts and styles are not built.", "Run: python3 -m feedback setup")


def _files(settings: Settings) -> Iterator[Finding]:
    may, wanted = descriptors.allowed(), descriptors.wanted(settings)
    if may >= wanted:
        yield Finding(f"There may be enough open files for {settings.sockets} phones.")
    else:
        yield Finding(
            f"Only {may} files may be open; {settings.sockets} phones need {wanted}.",
            f"Raise the limit (ulimit -Hn {wanted}, or LimitNOFILE= in the systemd unit), or lower FEEDBACK_SOCKETS.",
        )


def _metrics(settings: Settings) -> Iterator[Finding]:
    if settings.metrics_token is None:
        yield Finding("There are no figures for Prometheus; FEEDBACK_METRICS_TOKEN would switch them on.")
    else:
        yield Finding("Figures for Prometheus are at /metrics, for whoever has the token.")


def _embedders(settings: Settings) -> Iterator[Finding]:
    folder, offer = model_folder(settings.embedders.model), settings.embedders
    if folder is not None and has_library():
        yield Finding(f"The model {offer.model} can compare ideas, if the organiser chooses so.")
    elif offer.model != MODEL:
        yield Finding(
            f"There is no model at {offer.model}, or nothing to load it with.",
            "Name a folder or a package by FEEDBACK_EMBEDDER_MODEL, and run: python3 -m feedback setup --embed",
        )
    if offer.url is None:
        return
    from feedback.clustering.embedders import EmbedderFailed  # noqa: PLC0415 -- slow import
    from feedback.embedding import make_embedder  # noqa: PLC0415 -- as above

    try:
        found = make_embedder(EmbedderKind.HTTP, offer)
        size = found.encode(["feedback"]).shape[1] if found else 0
    except EmbedderFailed as failure:
        yield Finding(
            f"The embedding endpoint at {offer.host} cannot be used ({failure.code}).",
            "Check FEEDBACK_EMBEDDER_URL, FEEDBACK_EMBEDDER_NAME and FEEDBACK_EMBEDDER_KEY. Until then words alone do.",
        )
    else:
        yield Finding(f"The embedding endpoint at {offer.host} gives vectors of {size} numbers.")


def _network(_settings: Settings) -> Iterator[Finding]:
    found = lan_addresses()
    if not found:
        yield Finding(
            "This machine is in no network: phones cannot reach it.",
            "Join the Wi-Fi that the phones use, or open a hotspot on this machine.",
        )
    elif len(found) > 1:
        listed = ", ".join(found)
        yield Finding(
            f"This machine has several addresses: {listed}.",
            "Phones must use the one of their Wi-Fi. If the printed one does not open, try the others,"
            " and name the right one by FEEDBACK_ORIGINS.",
        )
    else:
        yield Finding(f"Phones in this network reach this machine at {found[0]}.")
    yield Finding(
        "If phones load nothing although the address is right, the Wi-Fi keeps its guests apart (guest or client"
        " isolation): use a network without it, a hotspot, or a server on the internet."
    )


def _port(settings: Settings) -> Iterator[Finding]:
    if _server_runs(settings):
        yield Finding("A feedback server runs on this data.")
        return
    try:
        free_port(settings.host, settings.port, fixed=True)
    except OSError:
        yield Finding(
            f"Port {settings.port} is used by another program.",
            "The start takes the next free port and says so; or choose one: python3 -m feedback run --port 9000",
        )
        return
    yield Finding(f"Port {settings.port} is free.")


def _server_runs(settings: Settings) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(settings.control_socket))
        except OSError:
            return False
    return True
