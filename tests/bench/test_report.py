"""From rounds to one report: medians, ratios of the same round, the growth over sizes, and sentences for people."""

from typing import Any

from bench.measure import quantiles
from bench.report import growth, one_report, text_of
from bench.rounds import Plan


def figures(us: float, *, refused: int = 0) -> dict[str, Any]:
    waits = {"p50": us, "p95": us, "p99": us, "max": us}
    names = (
        "bytes_per_phone_hour bytes_per_phone_hour_idle rss_kib_per_phone rss_mb cpu_us_per_vote "
        "cpu_us_per_vote_with_updates cpu_ms_per_join acked_per_second beats_per_second lost"
    )
    return {
        **dict.fromkeys(names.split(), us),
        "phones": 1000,
        "votes_per_second": 200.0,
        "ideas": 50,
        "server_cpu_us_per_update": us,
        "ack_ms": waits,
        "update_ms": waits,
        "join_ms": waits,
        "refused": refused,
        "generator_cpu_share": us / 100,
        "server_wait_share": {"votes": 0.01 * us},
        "pace": 1,
        "counts": {},
    }


def test_ratios_are_of_the_same_round_and_everything_else_is_a_median() -> None:
    sides = {
        "ours": [figures(10), figures(12), figures(30, refused=2)],
        "node": [figures(20), figures(30), figures(40)],
    }
    report = one_report(sides | {"raw": [{"server_cpu_us_per_update": 7.0}]}, "node")
    assert report["server_cpu_us_per_update"] == 12
    assert report["beside"]["ack_ms"]["p99"] == 30
    assert report["ratio_cpu_rounds"] == [0.5, 0.4, 0.75]
    assert report["ratio_cpu"] == 0.5
    assert report["refused"] == 2  # of all rounds the worst, not the middle
    assert report["raw_cpu_us_per_update"] == 7
    assert {"machine", "date", "commit", "load_average"} <= report.keys()
    told = text_of(report)
    assert "medians of 3 rounds" in told
    assert "0.50 (0.40 to 0.75)" in told
    assert "waited for their core up to 12% of the time" in told


def test_alone_there_is_nobody_beside() -> None:
    report = one_report({"ours": [figures(10)]}, None)
    assert (report["beside"], report["ratio_cpu"], report["raw_cpu_us_per_update"]) == (None, None, None)
    assert "Node" not in text_of(report)


def test_growth_tells_apart_what_a_beat_costs_and_what_a_phone_adds() -> None:
    rows = [one_report({"ours": [figures(15 + 2000 / n) | {"phones": n}]}, None) for n in (100, 1000, 5000)]
    found = growth(rows)
    assert found == {"us_per_beat": 2000.0, "us_per_phone_and_beat": 15.0, "dearest_to_cheapest": 2.27}
    assert "2000 µs, and 15 µs more for each phone" in text_of({"table": rows, **found})


def test_waits_are_summed_up_in_milliseconds() -> None:
    assert quantiles([]) == {"p50": 0.0, "p95": 0.0, "p99": 0.0, "max": 0.0}
    assert quantiles([number / 1000 for number in range(1, 101)]) == {
        "p50": 51.0,
        "p95": 96.0,
        "p99": 100.0,
        "max": 100.0,
    }


def test_limits_of_pace_are_raised_only_where_few_phones_play_many_people() -> None:
    assert Plan(1000, 200, 20, 10).settings() == {}
    assert Plan(2000, 200, 20, 10).settings() == {}
    assert Plan(1000, 3000, 20, 10).settings() == {"FEEDBACK_PACE": "2"}
    assert Plan(5000, 200, 20, 10).settings() == {"FEEDBACK_PACE": "2"}
    assert Plan(10_000, 200, 20, 250).settings() == {"FEEDBACK_SOCKETS": "20000"}
