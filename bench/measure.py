"""Reads what a process has cost, and summarises many waits in three figures."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path


def cpu_of(pids: Iterable[int]) -> int:
    """Return the nanoseconds that all threads of these processes have run, ended threads included.

    Linux gives every process a clock of its CPU time (clock_getcpuclockid); the scheduler keeps it to the nanosecond.
    """
    return sum(time.clock_gettime_ns((~pid << 3) | 2) for pid in pids)


def wait_of(pids: Iterable[int]) -> int:
    """Return the nanoseconds that these processes' living threads were ready to run and others had their core."""
    waits = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            try:
                waits += int((task / "schedstat").read_text().split()[1])
            except (OSError, IndexError):
                continue  # it has just ended, or this kernel does not count
    return waits


def rss_of(pids: Iterable[int]) -> int:
    """Return the resident memory of these processes in KiB."""
    return sum(_status(pid, "VmRSS") for pid in pids)


def forget_peak() -> None:
    """Let the peak of this process's memory begin anew; where the kernel refuses, it stays that of its whole life."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb() -> int:
    """Return the most resident memory that this process has had, in MB, since its peak was last forgotten."""
    return round(_status(os.getpid(), "VmHWM") / 1024)


def tree_of(root: int, *, workers: bool = False) -> list[int]:
    """Return a server's processes: its own and its children's; with `workers` also the one that finds themes."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has just ended
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid and (workers or not _is_worker(child))]
    return found


def _is_worker(pid: int) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return True
    return b"feedback.cli" in words and b"worker" in words


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


def quantiles(waits: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and max of seconds, in milliseconds; zeros for none."""
    ranked = sorted(waits)
    if not ranked:
        return {"p50": 0.0, "p95": 0.0, "p99": 0.0, "max": 0.0}
    last = len(ranked) - 1
    picked = {f"p{part}": ranked[min(last, len(ranked) * part // 100)] for part in (50, 95, 99)}
    return {name: round(wait * 1000, 1) for name, wait in (picked | {"max": ranked[-1]}).items()}


def machine() -> str:
    """Name the processor, and say how many cores of it there are."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{model}, {os.cpu_count()} cores, Linux {os.uname().release.partition('-')[0]}"
