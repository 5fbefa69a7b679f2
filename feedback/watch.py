"""What a running server adds for those who watch it: sockets and jobs, how late its loop is, its broken greenlets."""

import logging
import sys
from collections.abc import Callable
from typing import Any

import gevent
from flask import Flask

from feedback import descriptors, logs
from feedback.app import extension
from feedback.backups import read_status
from feedback.health import PATIENCE, Ask, Health
from feedback.jobs import ThemeJobs
from feedback.live.server import Live
from feedback.settings import Settings

_log = logging.getLogger("feedback.serve")


def watch(app: Flask, live: Live, jobs: ThemeJobs) -> None:
    """Make the server's state visible to /readyz, to /metrics if there is such a page, and to the log."""
    settings: Settings = app.config["FEEDBACK_SETTINGS"]
    health: Health = extension(app, "health")
    health.apart = in_a_thread
    exposition = extension(app, "metrics")
    if exposition is not None:
        sources = exposition.sources
        sources.seated, sources.open_sockets = live.seated, live.open_sockets
        sources.sent, sources.runs = live.sent, jobs.outcomes
        sources.backups = lambda: _backups(settings)
        gevent.spawn(sources.lag.watch, gevent.sleep)
    log_broken_greenlets()
    may, wanted = descriptors.raise_limit(settings), descriptors.wanted(settings)
    if may < wanted:
        _log.warning("this process may open %d files; %d sockets need %d (ulimit -n)", may, settings.sockets, wanted)


def in_a_thread(ask: Ask) -> str | None:
    """Ask in a native thread, so that nothing else waits; None when there is no answer in time."""
    with gevent.Timeout(PATIENCE, False):
        answer: str = gevent.get_hub().threadpool.apply(ask)
        return answer
    return None


def log_broken_greenlets() -> None:
    """Have the hub log what ends a greenlet: by itself it prints the message and, of a request, the addresses."""
    hub = gevent.get_hub()
    hub.exception_stream = None
    handle: Callable[..., None] = hub.handle_error

    def log_and_handle(context: Any, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            kind, error, trace = sys.exc_info()
        if kind is not None and not issubclass(kind, hub.NOT_ERROR):
            told = error if isinstance(error, BaseException) else kind()
            logs.report("a greenlet broke", told if told.__traceback__ else told.with_traceback(trace))
        handle(context, kind, error, trace)

    hub.handle_error = log_and_handle


def _backups(settings: Settings) -> tuple[float | None, int, int]:
    status = read_status(settings)
    return (status.succeeded_at / 1000 if status.succeeded_at is not None else None), status.made, status.failed
