"""From the figures of rounds to what is printed: medians, ratios of the same round, and where and when it ran."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from bench.measure import machine
from feedback.settings import ROOT

Json = dict[str, Any]
#: Name in the JSON, the figure that is compared. Each is ours divided by theirs, round by round.
RATIOS = {
    "ratio_cpu": "server_cpu_us_per_update",
    "ratio_cpu_vote": "cpu_us_per_vote",
    "ratio_cpu_vote_with_updates": "cpu_us_per_vote_with_updates",
    "ratio_cpu_join": "cpu_ms_per_join",
}
#: A server that waited for its core for more than this share of a phase was not alone on it.
BUSY = 0.10
LINES = (
    ("server CPU per delivered update", "µs", "server_cpu_us_per_update", None),
    ("server CPU per vote, without updates", "µs", "cpu_us_per_vote", None),
    ("server CPU per vote, all", "µs", "cpu_us_per_vote_with_updates", None),
    ("server CPU per join", "ms", "cpu_ms_per_join", None),
    ("ack p50", "ms", "ack_ms", "p50"),
    ("ack p95", "ms", "ack_ms", "p95"),
    ("ack p99", "ms", "ack_ms", "p99"),
    ("update p50, from vote to phone", "ms", "update_ms", "p50"),
    ("update p95", "ms", "update_ms", "p95"),
    ("update p99", "ms", "update_ms", "p99"),
    ("join p95", "ms", "join_ms", "p95"),
    ("votes acked a second", "", "acked_per_second", None),
    ("updates a second and phone", "", "beats_per_second", None),
    ("received per phone and hour", "MB", "bytes_per_phone_hour", 1e6),
    ("the same while nobody votes", "MB", "bytes_per_phone_hour_idle", 1e6),
    ("memory per phone", "KiB", "rss_kib_per_phone", None),
    ("memory in all", "MB", "rss_mb", None),
    ("refused", "", "refused", None),
    ("lost", "", "lost", None),
)


def one_report(sides: dict[str, list[Json]], beside: str | None) -> Json:
    """Return the one object: our medians, theirs under `beside`, the ratios, each round, and where it ran."""
    ours, theirs = sides["ours"], sides.get(beside or "", [])
    report = _middle(ours) | {"beside": _middle(theirs) if theirs else None}
    for name, figure in RATIOS.items():
        pairs = [_ratio(one[figure], other[figure]) for one, other in zip(ours, theirs, strict=False)]
        report[name] = round(median(pairs), 3) if pairs else None
        report[f"{name}_rounds"] = pairs
    raw = [each["server_cpu_us_per_update"] for each in sides.get("raw", [])]
    report["raw_cpu_us_per_update"] = median(raw) if raw else None
    return report | {"rounds": {name: list(found) for name, found in sides.items()}} | where()


def where() -> Json:
    """Return machine, date, commit and load."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    try:
        commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:
        commit = ""
    return {
        "machine": machine(),
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "commit": commit or "unknown",
        "load_average": round(os.getloadavg()[0], 2),
    }


def growth(reports: Sequence[Json]) -> Json:
    """Tell how the cost of a beat grows with the room: what it costs in any case, and what each phone adds."""
    points = [(each["phones"], each["server_cpu_us_per_update"] * each["phones"]) for each in reports]
    costs = [each["server_cpu_us_per_update"] for each in reports]
    middle_x, middle_y = (sum(column) / len(points) for column in zip(*points, strict=True))
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0
    return {
        "us_per_beat": round(max(0.0, middle_y - slope * middle_x), 1),
        "us_per_phone_and_beat": round(slope, 2),
        "dearest_to_cheapest": round(max(costs) / max(min(costs), 1e-9), 2),
    }


def text_of(result: Json) -> str:
    """Return the result as people read it."""
    return _table(result) if "table" in result else _columns(result)


def _middle(rounds: Sequence[Json]) -> Json:
    """Return the median of each figure; what is no number is that of the first round."""
    found: Json = {}
    for name, first in rounds[0].items():
        values = [each[name] for each in rounds]
        if isinstance(first, dict):
            found[name] = _middle(values) if name != "counts" else first
        elif isinstance(first, int | float) and len(set(values)) > 1:
            middle = median(values)
            # What went wrong once did go wrong.
            found[name] = max(values) if name in ("refused", "lost", "generator_cpu_share") else round(middle, 3)
        else:
            found[name] = first
    return found


def _ratio(ours: float, theirs: float) -> float:
    return round(ours / theirs, 3) if theirs else 0.0


def _columns(report: Json) -> str:
    other = report["beside"]
    count = len(report["rounds"]["ours"])
    lines = [
        f"{report['phones']:,} phones, {report['votes_per_second']:g} votes a second, {report['ideas']} ideas; "
        + (f"medians of {count} rounds" if count > 1 else "one round"),
        "",
        _line("", "", "ours", "Node" if other else ""),
    ]
    for title, unit, name, part in LINES:
        values = [_value(side, name, part) for side in (report, other) if side]
        lines.append(_line(title, unit, *values))
    if report["raw_cpu_us_per_update"] is not None:
        lines.append(_line("plain writes alone, per update", "µs", f"{report['raw_cpu_us_per_update']:g}"))
    for name, figure in RATIOS.items():
        if pairs := report[f"{name}_rounds"]:
            title = next(title for title, _, key, _ in LINES if key == figure)
            lines.append(f"ours/Node, {title}: {report[name]:.2f} ({min(pairs):.2f} to {max(pairs):.2f})")
    return "\n".join([*lines, "", *_remarks([report])])


def _table(result: Json) -> str:
    head = ("phones", "µs/update", "Node", "µs/vote", "ms/join", "ack p99", "update p95", "join p95", "MB")
    lines = [" ".join(f"{word:>10}" for word in head)]
    for row in result["table"]:
        other = row["beside"]["server_cpu_us_per_update"] if row["beside"] else "-"
        cells = (
            *(row["phones"], row["server_cpu_us_per_update"], other, row["cpu_us_per_vote"], row["cpu_ms_per_join"]),
            *(row["ack_ms"]["p99"], row["update_ms"]["p95"], row["join_ms"]["p95"], row["rss_mb"]),
        )
        lines.append(" ".join(f"{cell:>10}" for cell in cells))
    told = (
        f"A beat costs {result['us_per_beat']:g} µs, and {result['us_per_phone_and_beat']:g} µs more for each phone; "
        f"the dearest update costs {result['dearest_to_cheapest']:g} times the cheapest."
    )
    return "\n".join([*lines, "", told, *_remarks(result["table"])])


def _remarks(reports: Sequence[Json]) -> list[str]:
    last = reports[-1]
    lines = [
        f"{last['date']}, {last['machine']}, load {last['load_average']:g}, commit {last['commit']}; "
        f"the load generator used {max(each['generator_cpu_share'] for each in reports):.0%} of its core at most."
    ]
    waited = max(max(each["server_wait_share"].values()) for each in reports)
    if waited > BUSY:
        lines.append(
            f"The server's threads waited for their core up to {waited:.0%} of the time: it was not theirs alone."
        )
    pace = max(each["pace"] for each in reports)
    if pace > 1:
        lines.append(f"Limits of pace were raised {pace} times: fewer phones played more people than real ones would.")
    return lines


def _value(side: Json, name: str, part: str | float | None) -> str:
    value = side[name][part] if isinstance(part, str) else side[name]
    return f"{value / part:.2f}" if isinstance(part, float) else f"{value:g}"


def _line(title: str, unit: str, *values: str) -> str:
    return f"{title:<38}{unit:<5}" + "".join(f"{value:>12}" for value in values)
