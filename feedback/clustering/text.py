"""The words of an idea: normal form, words, stems, stop words."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import Protocol

import snowballstemmer
import stopwordsiso

STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nl": "dutch", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sv": "swedish", "tr": "turkish",
}  # fmt: skip

# Letters, digits and the marks that `\w` leaves out although words of their scripts are written with them.
WORD = re.compile(r"(?:[^\W_]|[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff\u0e31-\u0e4e])+")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
NAME_IDEAS, NAME_SHARE = 5, 0.05  # ideas, and share of the room, from which a capitalised pair is its own name
SENTENCE_END = re.compile(r"[.!?…:]\s*$")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of an idea: as written, its folded stem, whether it is a stop word, whether a sentence starts with it.

    `joined` says that nothing but a space or hyphen parts it from the word before, so that both can be one term.
    """

    surface: str
    stem: str
    is_stop: bool
    starts: bool
    joined: bool

    @property
    def is_term(self) -> bool:
        """Whether people can read it as a term: no stop word, and no pair cut out of a script without spaces."""
        return not self.is_stop and not UNSPACED.match(self.surface)


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 -- the library's name


def normalise(text: str) -> str:
    """Return the text in NFC with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def fold(text: str) -> str:
    """Return the text in lower case without accents, so that "Musée" and "musee" count as one."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))


def split_words(text: str) -> list[str]:
    """Return the words as written; text in scripts without spaces comes in overlapping pairs of characters."""
    return [piece for found in WORD.finditer(text) for piece in _pieces(found.group())]


def words_of(text: str, language: str | None, room_stops: frozenset[str] = frozenset()) -> list[Word]:
    """Return the words of a normalised text.

    Parameters
    ----------
    text : str
        One idea, normalised.
    language : str or None
        ISO 639-1 code; decides stemmer and stop words. None = no stemming and no stop words but the room's.
    room_stops : frozenset of str
        Folded stems that say nothing in this conversation: its title and prompts.
    """
    words: list[Word] = []
    end = 0
    for found in WORD.finditer(text):
        between = text[end : found.start()]
        starts = not words or SENTENCE_END.search(between) is not None
        joined = bool(words) and between in {" ", "-", "‑"}
        for piece in _pieces(found.group()):
            stem = stem_of(piece, language)
            is_stop = is_stop_word(piece, language) or stem in room_stops
            words.append(Word(piece, stem, is_stop, starts, joined))
            starts, joined = False, False
        end = found.end()
    return words


def stem_of(word: str, language: str | None) -> str:
    """Return the folded stem of one word."""
    return _stem(word.casefold(), language)


def is_stop_word(word: str, language: str | None) -> bool:
    """Tell whether a word says nothing by itself: a stop word of the language, or a single letter or a lone number."""
    lowered = word.casefold()
    if (len(lowered) == 1 and not UNSPACED.match(lowered)) or lowered.isdecimal():
        return True
    return lowered in _stop_words(language)


def without_own_name(words: Sequence[Sequence[Word]]) -> list[list[Word]]:
    """Return the words with the room's own name made stop words: "Bowling Green" tells nothing in Bowling Green.

    A name is two capitalised words side by side, in 5 % of the ideas and in five at least.
    """
    counts = Counter(pair for idea in words for pair in {_stems(*both) for both in pairwise(idea) if _is_name(*both)})
    names = {pair for pair, count in counts.items() if count >= max(NAME_IDEAS, NAME_SHARE * len(words))}
    return [_silenced(idea, names) for idea in words]


def room_stops_of(titles: Sequence[str], languages: Sequence[str | None]) -> frozenset[str]:
    """Return the folded stems of the words in the conversation's own titles and prompts, in each of the languages."""
    words = {word for title in titles for word in split_words(normalise(title))}
    return frozenset(stem_of(word, language) for word in words for language in {*languages, None})


def _stems(before: Word, word: Word) -> tuple[str, str]:
    return before.stem, word.stem


def _is_name(before: Word, word: Word) -> bool:
    return word.joined and before.is_term and word.is_term and before.surface.istitle() and word.surface.istitle()


def _silenced(idea: Sequence[Word], names: Set[tuple[str, str]]) -> list[Word]:
    out = list(idea)
    for at, both in enumerate(pairwise(idea)):
        if both[1].joined and _stems(*both) in names:
            out[at : at + 2] = [replace(word, is_stop=True) for word in both]
    return out


def _pieces(word: str) -> list[str]:
    if not UNSPACED.search(word):
        return [word]
    if len(word) <= 2:
        return [word]
    return [word[at : at + 2] for at in range(len(word) - 1)]


@cache
def _stop_words(language: str | None) -> frozenset[str]:
    if language is None or not stopwordsiso.has_lang(language):
        return frozenset()
    # "l'eau" and "don't" come as two words each, so the parts of a stop word are stop words.
    return frozenset(part for word in stopwordsiso.stopwords(language) for part in split_words(word.casefold()))


@cache
def _stemmer(language: str) -> _Stemmer:
    stemmer: _Stemmer = snowballstemmer.stemmer(STEMMERS[language])
    return stemmer


@lru_cache(maxsize=50_000)
def _stem(word: str, language: str | None) -> str:
    if language not in STEMMERS:
        return fold(word)
    return fold(_stemmer(language).stemWord(word))
