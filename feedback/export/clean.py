"""Making hostile text harmless: what no document may hold, and what no spreadsheet may run."""

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

T = TypeVar("T")

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# XML forbids the controls, no encoder takes a lone surrogate, and an override or isolate turns the rest of a line
# around. Texts that came in through `domain.texts` hold none of these; a report must open even if one slipped past.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufeff"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)

# What makes a spreadsheet calculate, in ASCII and in the forms that some programs fold to ASCII.
_TRIGGERS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"
_BLANKS = '[\\s\x00"\u200b-\u200f\u2060\ufeff]*'
_BEGINS = f"(?={_BLANKS}['{_TRIGGERS}])"
# A cell may also begin in the middle of a text: a program that splits at semicolons or tabs ignores our quotes.
_GUARD = re.compile(f"(\\A|[;\t\n\r]){_BEGINS}|\\A(?=[\t\n\r\x00])")
_GUARDED = re.compile(f"(\\A|[;\t\n\r])'{_BEGINS}|\\A'(?=[\t\n\r\x00])")


def clean(text: str) -> str:
    """Return the text without characters that break a document; line ends become line feeds.

    Leaves every text alone that `domain.texts.canonical` lets in, so the checksum of a freeze stays true.
    """
    return _FORBIDDEN.sub("", _LINE_ENDS.sub("\n", text))


def cleaned(value: T) -> T:
    """Return a value with every text in it cleaned, however deep it stands in tuples and dataclasses."""
    return cast("T", _cleaned(value))


def guarded(text: str) -> str:
    """Return the text as a CSV cell that nothing calculates: `'` before whatever could begin a formula.

    An apostrophe of the text's own at such a place gets one too, so that `unguarded` is exact.
    """
    return _GUARD.sub(r"\1'", text)


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return _GUARDED.sub(r"\1", text)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, tuple):
        return tuple(_cleaned(part) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{field.name: _cleaned(getattr(value, field.name)) for field in fields(value)})
    return value
