"""A room as the engine reads it: ideas in the order of their ids, with their languages and words."""

from collections.abc import Sequence
from dataclasses import dataclass

from feedback.clustering.languages import guess_languages
from feedback.clustering.text import Word, normalise, room_stops_of, without_own_name, words_of
from feedback.domain.themes import IdeaText


@dataclass(frozen=True, slots=True)
class Room:
    """The ideas in the order of their ids: whoever comes first in the file, the sums come out the same."""

    ids: list[str]
    texts: list[str]
    languages: list[str | None]
    words: list[list[Word]]


def read_room(ideas: Sequence[IdeaText], stop_texts: Sequence[str]) -> Room:
    """Read a room; raises ValueError when an id occurs twice."""
    ordered = sorted(ideas, key=lambda idea: idea.id)
    ids = [idea.id for idea in ordered]
    if len(set(ids)) < len(ids):
        raise ValueError("an idea id occurs twice")
    texts = [normalise(idea.text) for idea in ordered]
    languages = guess_languages(texts, [idea.lang for idea in ordered])
    stops = room_stops_of(stop_texts, sorted({language for language in languages if language}))
    words = [words_of(text, language, stops) for text, language in zip(texts, languages, strict=True)]
    return Room(ids, texts, languages, without_own_name(words))
