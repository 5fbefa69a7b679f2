"""What people may write: one measure of length for browser, rule and database, and what is taken out of a text."""

import hashlib
import re
import unicodedata

from feedback.domain.facts import ControlCharacters, EmptyText, TextTooLong

IDEA_LIMIT = 500
TITLE_LIMIT = 120
NAME_LIMIT = 40
NOTE_LIMIT = 5_000
_MARKS_IN_A_ROW = 3

# What JavaScript's trim() takes away, so that the browser's counter and this rule agree to the character.
_BLANKS = (
    "\t\n\v\f\r \u00a0\u1680"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
_LINE_ENDS = re.compile("\r\n|[\r\u2028\u2029\v\f\u0085]")
# Zero-width and direction controls can disturb the stage; joiners (U+200C, U+200D) stay, scripts and emoji need them.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0001]")
# Joiners, fillers and blanks that are letters by their class: a text of these alone looks empty on the stage.
_SHOWS_NOTHING = frozenset("\u200c\u200d\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe0f" + _BLANKS)
_EMPTY_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


def normal(text: str) -> str:
    """Return the text in NFC with line feeds only, trimmed: what the length is counted on."""
    return unicodedata.normalize("NFC", _LINE_ENDS.sub("\n", text)).strip(_BLANKS)


def length_of(text: str) -> int:
    """Count code points after NFC, line-feed normalisation and trimming, as the phone's counter does."""
    return len(normal(text))


def digest_of(text: str) -> str:
    """Return the SHA-256 of the text's words: in NFC, with single spaces. What is kept of a text is found by it."""
    return hashlib.sha256(" ".join(unicodedata.normalize("NFC", text).split()).encode()).hexdigest()


def canonical(text: str, *, limit: int = IDEA_LIMIT) -> str:
    """Return the text as it is stored: normal, without invisible controls, at most three marks on a letter.

    Raises ControlCharacters, TextTooLong(length, limit) or EmptyText.
    """
    _refuse_controls(text)
    counted = normal(text)
    if len(counted) > limit:
        raise TextTooLong(length=len(counted), limit=limit)
    # Again NFC: a mark may have stood behind an invisible character and now joins its letter.
    visible = unicodedata.normalize("NFC", _INVISIBLE.sub("", counted))
    kept = _EMPTY_LINES.sub("\n\n", _thin_marks(visible)).strip(_BLANKS)
    if all(mark in _SHOWS_NOTHING for mark in kept):
        raise EmptyText
    return kept


def one_line(text: str, *, limit: int = TITLE_LIMIT) -> str:
    """Return a title or name: canonical, on one line. Raises as `canonical`."""
    return " ".join(canonical(text, limit=limit).split())


def _refuse_controls(text: str) -> None:
    for mark in text:
        kind = unicodedata.category(mark)
        if kind == "Cs" or (kind == "Cc" and mark not in "\t\n\r\v\f\u0085") or _is_noncharacter(mark):
            raise ControlCharacters


def _is_noncharacter(mark: str) -> bool:
    point = ord(mark)
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF


def _thin_marks(text: str) -> str:
    kept: list[str] = []
    run = 0
    for mark in text:
        run = run + 1 if unicodedata.category(mark) in ("Mn", "Me") else 0
        if run <= _MARKS_IN_A_ROW:
            kept.append(mark)
    return "".join(kept)
