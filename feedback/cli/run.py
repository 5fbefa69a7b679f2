"""Run the house. Nothing heavy is imported before `serve` has made blocking calls cooperative."""

import dataclasses
import functools
import os
import sys

from feedback import logs
from feedback.addresses import Welcome
from feedback.cli.welcome import welcome
from feedback.settings import Settings

ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 -- only with --public, or when a person said yes


def run_house(settings: Settings, *, host: str | None, port: int | None, public: bool | None, processes: int) -> int:
    """Serve until Ctrl-C; returns the exit code, 2 when the house cannot be opened."""
    os.umask(0o077)  # what people wrote is for this user's eyes, whatever the folder allows
    open_to_all = _is_public(host, public)
    chosen = dataclasses.replace(
        settings,
        host=host or (ALL_ADDRESSES if open_to_all else settings.host),
        port=settings.port if port is None else port,
    )
    serve = _one if processes == 1 else functools.partial(_several, processes)
    return serve(chosen, public=open_to_all, port_is_fixed=port is not None)


def _one(settings: Settings, *, public: bool, port_is_fixed: bool) -> int:
    from feedback.serve import run  # noqa: I001, PLC0415 -- patches the process, so only here, and first
    from feedback.ready import CannotRun  # noqa: PLC0415 -- as above

    logs.start(settings.log)
    try:
        run(settings, public=public, port_is_fixed=port_is_fixed, say=_say)
    except CannotRun as reason:
        print(reason, file=sys.stderr)
        return 2
    return 0


def _several(processes: int, settings: Settings, *, public: bool, port_is_fixed: bool) -> int:
    from feedback.processes import CannotOpen, run  # noqa: PLC0415 -- loads gunicorn

    logs.start(settings.log)
    try:
        run(settings, processes, public=public, port_is_fixed=port_is_fixed, say=_say)
    except CannotOpen as reason:
        print(reason, file=sys.stderr)
        return 2
    return 0


def _say(told: Welcome) -> None:
    print(welcome(told), flush=True)
    (told.settings.instance / "address").write_text(told.base, encoding="ascii")


def _is_public(host: str | None, public: bool | None) -> bool:
    if public is not None or host is not None:
        return bool(public) or host in (ALL_ADDRESSES, "::")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    print(
        "May phones in this network join? Without it only this machine can. [y/N] ", end="", file=sys.stderr, flush=True
    )
    return sys.stdin.readline().strip().lower() in ("y", "yes", "j", "ja", "o", "oui")
