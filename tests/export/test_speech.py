from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from feedback.export.speech import is_right_to_left, language_of, speech_of, zone_of


def test_zone_that_nobody_knows_is_utc():
    for name in ("", "Nowhere/At_all", "../../etc/passwd", "Europe", "a\x00b", "x" * 300):
        assert zone_of(name) is UTC
    assert zone_of("Europe/Vienna") == ZoneInfo("Europe/Vienna")


@pytest.mark.parametrize(
    ("language", "date", "number"),
    [
        ("en", "22 November 2026", "31,204"),
        ("de", "22. November 2026", "31.204"),
        ("fr", "22 novembre 2026", "31\u202f204"),
        ("xx-unknown", "22 November 2026", "31,204"),
        ("", "22 November 2026", "31,204"),
    ],
)
def test_speech_says_dates_and_numbers_as_the_language_does(make, language, date, number):
    speech = speech_of(make([], language=language))
    assert (speech.date(1_795_356_180_000), speech.number(31_204)) == (date, number)


def test_clock_shows_the_time_of_the_conference_not_of_the_machine(make):
    assert speech_of(make([])).clock(1_795_356_180_000) == "15:03 (Europe/Vienna)"
    assert speech_of(make([], time_zone="Asia/Tokyo")).clock(1_795_356_180_000) == "23:03 (Asia/Tokyo)"
    assert speech_of(make([], time_zone="?")).clock(1_795_356_180_000) == "14:03 (UTC)"


def test_language_is_the_first_part_of_a_tag():
    assert [language_of(tag) for tag in ("de", "de-AT", "zh_Hant", "yue", "", "?", "x" * 9, "d", "de-<b>")] == [
        *("de", "de", "zh", "yue", "", "", "", "", "")
    ]


def test_direction_follows_the_letters_not_the_page():
    assert [is_right_to_left(text) for text in ("مرحبا", "123 שלום", "hello مرحبا", "123", "")] == [
        *(True, True, False, False, False)
    ]
