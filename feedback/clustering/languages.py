"""The language of each idea, told by its small words and its letters, with the room as a hint."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import stopwordsiso

from feedback.clustering.text import split_words

LATIN = (
    "ca", "cs", "da", "de", "en", "es", "et", "fi", "fr", "hr", "hu", "it", "lt", "lv", "nl", "no", "pl", "pt", "ro",
    "sk", "sl", "sv", "tr",
)  # fmt: skip
CYRILLIC = ("bg", "ru", "uk")
ARABIC = ("ar", "fa", "ur")

# Scripts that belong to one language, or to one that is by far the most likely in a short text.
SCRIPTS = (
    (re.compile(r"[\u3040-\u30ff]"), "ja"),
    (re.compile(r"[\u4e00-\u9fff]"), "zh"),
    (re.compile(r"[\uac00-\ud7af]"), "ko"),
    (re.compile(r"[\u0590-\u05ff]"), "he"),
    (re.compile(r"[\u0370-\u03ff]"), "el"),
    (re.compile(r"[\u0900-\u097f]"), "hi"),
    (re.compile(r"[\u0e00-\u0e7f]"), "th"),
)

# Letters that few languages write: each distinct one in a text is a vote.
LETTERS = {
    "ca": "çèàò", "cs": "řěůčšž", "da": "åøæ", "de": "äöüß", "es": "ñ¿¡", "et": "äöüõš", "fi": "äö", "fr": "çèêœàù",
    "hr": "čšžćđ", "hu": "őűöü", "it": "èàòùì", "lt": "ėųąęčšž", "lv": "āēīčšž", "no": "åøæ", "pl": "łżśąęć",
    "pt": "ãõçê", "ro": "țăş", "sk": "ľčšž", "sl": "čšž", "sv": "åäö", "tr": "ğışçöü", "uk": "іїєґ", "ru": "ыэё",
    "bg": "ъ", "fa": "پچژگ", "ur": "ٹڈڑں",
}  # fmt: skip

Votes = Mapping[str, float]

STATED = 1.5  # votes of the language that came with the idea: the page's language, which need not be the writer's
ABSENT = 0.5  # weight of votes for a language that hardly anybody in the room writes


def guess_languages(texts: Sequence[str], stated: Sequence[str | None]) -> list[str | None]:
    """Return the ISO 639-1 code of each text, or None where nothing speaks for any language.

    A language counts as present in the room when it was stated for an idea or wins 5 % of them (two at least).
    Where two languages have as many votes, the one with more votes in the whole room wins.
    """
    codes = [base_code(code) for code in stated]
    votes = [_votes_in(text) for text in texts]
    room: Counter[str] = Counter()
    for vote in votes:
        room.update(vote)
    winners = Counter(_winner(vote, room) for vote in votes if vote)
    enough = max(2.0, 0.05 * len(texts))
    present = {language for language, count in winners.items() if count >= enough} | {code for code in codes if code}
    return [_settled(vote, code, present, room) for vote, code in zip(votes, codes, strict=True)]


def base_code(code: str | None) -> str | None:
    """Return "de" for "de-AT", None for nothing."""
    return (code or "").strip().lower().replace("_", "-").partition("-")[0] or None


def _settled(votes: Votes, stated: str | None, present: set[str], room: Votes) -> str | None:
    weighed = {code: votes_for * (1.0 if code in present else ABSENT) for code, votes_for in votes.items()}
    if stated:
        weighed[stated] = weighed.get(stated, 0.0) + STATED
    return _winner(weighed, room) if weighed else None


def _winner(votes: Votes, room: Votes) -> str:
    return min(votes, key=lambda code: (-votes[code], -room.get(code, 0), code))


def _votes_in(text: str) -> Votes:
    lowered = text.casefold()
    for script, code in SCRIPTS:
        if script.search(lowered):
            return {code: 10}
    votes: Counter[str] = Counter()
    speakers, writers = _speakers(), _writers()
    for word in set(split_words(lowered)):
        for code in speakers.get(word, ()):
            votes[code] += 1
    for letter in set(lowered):
        for code in writers.get(letter, ()):
            votes[code] += 1
    return votes


@cache
def _speakers() -> dict[str, tuple[str, ...]]:
    return _inverted((code, _parts(stopwordsiso.stopwords(code))) for code in (*LATIN, *CYRILLIC, *ARABIC))


@cache
def _writers() -> dict[str, tuple[str, ...]]:
    return _inverted((code, set(letters)) for code, letters in LETTERS.items())


def _inverted(pairs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for code, members in pairs:
        for member in members:
            found.setdefault(member, []).append(code)
    return {member: tuple(codes) for member, codes in found.items()}


def _parts(words: Iterable[str]) -> set[str]:
    return {part for word in words for part in split_words(word.casefold())}
