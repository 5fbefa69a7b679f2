"""Where two texts that say nearly the same differ, word by word."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORDS = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text in a row; `differs`: the other text does not have them there."""

    text: str
    differs: bool


def pieces_of(one: str, other: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Cut two texts into what they share and what they do not; joined again the pieces are the texts.

    Case and punctuation make no difference, also where a mark stands alone; an emoji does.
    """
    words = [_WORDS.findall(text) for text in (one, other)]
    bare = [[_bare(word) for word in some] for some in words]
    # Python takes words for noise that many of a long text's words are, unless it is told not to.
    blocks = SequenceMatcher(None, bare[0], bare[1], autojunk=False).get_opcodes()
    first = tuple(_piece(words[0][start:end], tag) for tag, start, end, _, _ in blocks if end > start)
    second = tuple(_piece(words[1][start:end], tag) for tag, _, _, start, end in blocks if end > start)
    return first, second


def _piece(words: Sequence[str], tag: str) -> Piece:
    return Piece("".join(words), tag != "equal" and any(_bare(word) for word in words))


def _bare(word: str) -> str:
    return "".join(mark for mark in word if not (mark.isspace() or unicodedata.category(mark)[0] == "P")).casefold()
