"""How figures, times and lists are said in the report's language and time zone, and which way a text runs."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

from feedback.domain.reports import Report

_TAG = re.compile("([a-z]{2,3})(?:[-_][A-Za-z0-9]+)*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Words(Protocol):
    """Where sentences are translated; they speak the report's language."""

    def gettext(self, message: str, /) -> str:
        """Return the translation of a sentence."""

    def ngettext(self, singular: str, plural: str, n: int, /) -> str:
        """Return the translation of a sentence with a number in it."""


@dataclass(frozen=True, slots=True)
class Speech:
    """The report's manner of speaking: language, region and time zone."""

    language: str
    locale: Locale
    zone: tzinfo

    def number(self, number: int) -> str:
        """Write a number with the language's separators."""
        return str(format_decimal(number, locale=self.locale))

    def percent(self, hundredths: int) -> str:
        """Write a share in per cent as the language does."""
        return str(format_percent(hundredths / 100, locale=self.locale))

    def listed(self, parts: Sequence[str]) -> str:
        """Join parts as the language does: a, b and c."""
        return str(format_list(list(parts), locale=self.locale)) if parts else ""

    def at(self, milliseconds: int) -> datetime:
        """Return an instant (epoch milliseconds) in the conference's zone."""
        return instant(milliseconds).astimezone(self.zone)

    def date(self, milliseconds: int) -> str:
        """Write the day of an instant in full."""
        return str(format_date(self.at(milliseconds).date(), "long", locale=self.locale))

    def clock(self, milliseconds: int) -> str:
        """Write the clock time of an instant with its zone: 14:03 (Europe/Vienna)."""
        return f"{self.at(milliseconds):%H:%M} ({self.zone})"


def instant(milliseconds: int) -> datetime:
    """Return the instant of epoch milliseconds, in UTC."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def speech_of(report: Report) -> Speech:
    """Return how a report speaks; an unknown language speaks English, an unknown zone is UTC."""
    return speech_in(report.language, report.time_zone)


def speech_in(language: str, time_zone: str) -> Speech:
    """Return how something in this language (a tag) and time zone speaks."""
    return Speech(language_of(language) or "en", _locale(language), zone_of(time_zone))


def zone_of(name: str) -> tzinfo:
    """Return the time zone of this name, or UTC when this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return UTC


def language_of(tag: str) -> str:
    """Return the language of a tag such as de-AT in two or three letters, or an empty string."""
    found = _TAG.fullmatch(tag)
    return found[1] if found else ""


def is_right_to_left(text: str) -> bool:
    """Tell by the first letter that has a direction; people write in other languages than their page's."""
    for mark in text:
        kind = unicodedata.bidirectional(mark)
        if kind in ("L", "R", "AL"):
            return kind != "L"
    return False


def _locale(tag: str) -> Locale:
    # Plain English means English as written in Europe: day before month.
    try:
        return Locale.parse("en-150" if tag == "en" else tag.replace("_", "-"), sep="-")
    except (ValueError, UnknownLocaleError):
        return Locale.parse("en-150", sep="-")
