"""What Prometheus is told. Everything is kept elsewhere as plain numbers and gathered here when somebody asks.

Labels take their values from lists in the code (views, statuses, reasons), never from people: no conversation, no id.
"""

import os
import platform
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from feedback.settings import ROOT
from feedback.store.gauges import Histogram
from feedback.store.writer import Writer

#: Seconds between two looks at how late the event loop is.
LOOK = 0.25
LAG_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
#: Keys of the process's one counter by their beginning: name, label and meaning of the metric.
COUNTED = {
    "ack_": ("feedback_socket_ops", "status", "Ops that came by socket, by the status of their ack."),
    "http_ack_": ("feedback_http_ops", "status", "Ops that came by HTTP, by the status of their ack."),
    "cut_": ("feedback_sockets_cut", "reason", "Sockets and upgrades that were cut off, by reason."),
    "refused_": ("feedback_connects_refused", "code", "Sockets that got no seat, by refusal code."),
    "slowed_": ("feedback_slowed", "kind", "Askers who were told to come again later, by what they asked for."),
}


class Lag:
    """How late the event loop comes to what is due: counted, and the worst of the last one to two minutes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = Histogram(LAG_SECONDS)
        self._clock = clock
        self._since = clock()
        self._worst = self._before = 0.0

    def watch(self, sleep: Callable[[float], None]) -> None:
        """Sleep, and note by how much that took too long; body of a greenlet."""
        while True:
            due = self._clock() + LOOK
            sleep(LOOK)
            self.note(max(0.0, self._clock() - due))

    def note(self, seconds: float) -> None:
        """Count one lateness."""
        self.seconds.add(seconds)
        if self._clock() - self._since > 60:
            self._before, self._worst, self._since = self._worst, 0.0, self._clock()
        self._worst = max(self._worst, seconds)

    def worst(self) -> float:
        """Return the worst lateness of the last one to two minutes, in seconds."""
        return max(self._worst, self._before)


@dataclass(slots=True)
class Sources:
    """Where the numbers are. The factory knows writer and counters; who runs more beside the app adds the rest."""

    writer: Writer
    counters: Mapping[str, int]
    #: Sockets that have a seat, by view; and all that are open, seated or not.
    seated: Callable[[], Mapping[str, int]] = dict
    open_sockets: Callable[[], int] = int
    #: What was sent to rooms, by event and view: broadcasts, frames, bytes.
    sent: Mapping[tuple[str, str], list[int]] = field(default_factory=dict)
    #: Theme runs by how they ended.
    runs: Mapping[str, int] = field(default_factory=Counter)
    #: When the last good backup ended (epoch seconds, None = never), how many were made, how many failed.
    backups: Callable[[], tuple[float | None, int, int]] | None = None
    lag: Lag = field(default_factory=Lag)


class Exposition:
    """The page for Prometheus: a registry of our own, so that nothing else in the process can add to it."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Figures(sources))
        ProcessCollector(registry=self._registry)

    def page(self, accept: str) -> tuple[bytes, str]:
        """Return the figures of now and their media type, in the format that the asker accepts."""
        encoder, kind = choose_encoder(accept)
        return encoder(self._registry), kind


class _Figures(Collector):
    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._about = {"version": _version(), "python": platform.python_version()}

    def collect(self) -> Iterator[Metric]:
        sources = self._sources
        yield InfoMetricFamily("feedback_build", "The program and the Python that runs it.", value=self._about)
        yield InfoMetricFamily("feedback_process", "The process that answers.", value={"pid": str(os.getpid())})
        yield _gauges("feedback_seated_sockets", "Screens with a seat, by view.", "view", sources.seated())
        yield GaugeMetricFamily("feedback_open_sockets", "All open sockets, seated or not.", sources.open_sockets())
        yield from _counted(sources.counters)
        yield from _sent(sources.sent)
        yield from _writer(sources.writer)
        yield _histogram("feedback_loop_lag_seconds", "How late the event loop was.", sources.lag.seconds)
        help_ = "The worst lateness of the event loop in the last one to two minutes."
        yield GaugeMetricFamily("feedback_loop_lag_worst_seconds", help_, sources.lag.worst())
        yield _counters("feedback_theme_runs", "Theme runs by how they ended.", "outcome", sources.runs)
        if sources.backups is not None:
            yield from _backups(*sources.backups())


def _counted(counters: Mapping[str, int]) -> Iterator[Metric]:
    left = dict(counters)
    received = CounterMetricFamily("feedback_received_bytes", "Bytes that came by websocket.")
    received.add_metric([], left.pop("bytes_in", 0))
    yield received
    for start, (name, label, help_) in COUNTED.items():
        found = {key: left.pop(key) for key in list(left) if key.startswith(start)}
        yield _counters(name, help_, label, {key.removeprefix(start): count for key, count in found.items()})
    # What another part of the program counts and this table does not know is shown all the same.
    yield _counters("feedback_events", "What else was counted, by its key.", "event", left)


def _sent(sent: Mapping[tuple[str, str], list[int]]) -> Iterator[Metric]:
    told = (
        ("feedback_broadcasts", "Frames built for a room, once for all who are in it, by event and view."),
        ("feedback_sent_frames", "Frames handed to sockets of rooms, by event and view; acks are not among them."),
        ("feedback_sent_bytes", "Bytes of those frames, by event and view."),
    )
    for place, (name, help_) in enumerate(told):
        family = CounterMetricFamily(name, help_, labels=("event", "view"))
        for labels, counts in sent.items():
            family.add_metric(labels, counts[place])
        yield family


def _writer(writer: Writer) -> Iterator[Metric]:
    gauges = writer.gauges
    yield _histogram("feedback_writer_batch_ops", "Ops in one transaction.", gauges.batch_ops)
    yield _histogram("feedback_writer_commit_seconds", "How long a commit took.", gauges.commit)
    yield _histogram("feedback_writer_wait_seconds", "From queued to committed, of each batch's first op.", gauges.wait)
    results = {"ok": gauges.ok, "refused": gauges.refused, "broken": gauges.broken}
    yield _counters("feedback_writer_ops", "Ops of phones and crew by result.", "result", results)
    for name, help_, count in (
        ("feedback_writer_failed_batches", "Transactions that could not be committed.", gauges.failed_batches),
        ("feedback_writer_turned_away", "Ops that found the queue full or closed.", writer.turned_away),
    ):
        yield CounterMetricFamily(name, help_, value=count)
    yield GaugeMetricFamily("feedback_writer_queued_ops", "Ops that wait for their batch.", writer.queued)
    help_ = "For how long the oldest op has waited."
    yield GaugeMetricFamily("feedback_writer_oldest_op_seconds", help_, gauges.waiting())
    yield GaugeMetricFamily("feedback_writer_running", "1 while the writer's thread runs.", int(gauges.running))


def _backups(last: float | None, made: int, failed: int) -> Iterator[Metric]:
    results = {"made": made, "failed": failed}
    yield _counters("feedback_backups", "Backups by result, since the data folder was made.", "result", results)
    if last is not None:
        yield GaugeMetricFamily("feedback_last_backup_timestamp_seconds", "When the last good backup ended.", last)


def _gauges(name: str, help_: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family


def _counters(name: str, help_: str, label: str, values: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, help_, labels=(label,))
    for key, value in sorted(values.items()):
        family.add_metric((key,), value)
    return family


def _histogram(name: str, help_: str, values: Histogram) -> Metric:
    # Copied at one moment: the writer's thread may go on counting while this one adds up.
    counts, total = list(values.counts), values.total
    return HistogramMetricFamily(name, help_, buckets=list(_buckets(values.bounds, counts)), sum_value=total)


def _buckets(bounds: Iterable[float], counts: list[int]) -> Iterator[tuple[str, float]]:
    so_far = 0
    for bound, count in zip((*bounds, float("inf")), counts, strict=True):
        so_far += count
        yield ("+Inf" if bound == float("inf") else str(float(bound))), so_far


def _version() -> str:
    try:
        about = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "unknown"
    return str(about["project"]["version"])
