"""The weather of `bench chaos` comes from its seed, and is as bad as was asked for."""

import pytest

from bench.weather import LONGEST, SHORTEST, forecast


def test_the_same_seed_is_the_same_weather():
    assert forecast(20, 60, 0.3, 5) == forecast(20, 60, 0.3, 5)
    assert forecast(20, 60, 0.3, 5) != forecast(20, 60, 0.3, 6)


@pytest.mark.parametrize("offline", [0.1, 0.3, 0.6])
def test_links_are_away_for_the_share_that_was_asked_for(offline):
    found = forecast(200, 600, offline, 1)
    away = sum(each.seconds for each in found.troubles) / (200 * 600)
    assert away == pytest.approx(offline, abs=0.04)
    assert all(0 < each.seconds <= LONGEST and each.at + each.seconds <= 600 for each in found.troubles)
    assert {each.kind for each in found.troubles} == {"cut", "dark", "half"}


def test_a_link_is_back_before_it_goes_again_and_short_runs_have_short_outages():
    found = forecast(50, 10, 0.3, 1)
    ends = dict.fromkeys(range(50), 0.0)
    for each in found.troubles:
        assert each.at >= ends[each.link]
        ends[each.link] = each.at + each.seconds
        assert each.seconds <= max(SHORTEST, 2.0)


def test_without_bad_weather_nothing_happens():
    assert forecast(10, 60, 0.0, 1).troubles == ()
