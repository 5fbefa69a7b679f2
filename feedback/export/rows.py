"""An idea as a row of a table, and the labels of its votes."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from feedback.domain.tally import Counted
from feedback.export.blocks import IdeaRow
from feedback.export.speech import Speech, Words, is_right_to_left, language_of


class Told(Protocol):
    """An idea with its words and votes, in a report or behind a subject."""

    @property
    def number(self) -> int:
        """Its number in its conversation."""

    @property
    def text(self) -> str:
        """Its words."""

    @property
    def lang(self) -> str:
        """The language they are in, a tag."""

    @property
    def agree(self) -> int:
        """Votes for it."""

    @property
    def disagree(self) -> int:
        """Votes against it."""

    @property
    def passes(self) -> int:
        """Votes that pass."""


def idea_row(idea: Told, figures: Sequence[str], note: str, speech: Speech) -> IdeaRow:
    """Return the idea in its own language and direction, with its figures and a note of ours."""
    lang = language_of(idea.lang) or speech.language
    return IdeaRow(idea.number, idea.text, lang, is_right_to_left(idea.text), note, tuple(figures))


def is_sided(ideas: Iterable[Told]) -> bool:
    """Tell whether anybody disagreed or passed; where nobody did, one column of votes is enough."""
    return any(idea.disagree or idea.passes for idea in ideas)


def count_label(counted: Counted, words: Words) -> str:
    """Return the label of a count of votes for ideas."""
    if counted is Counted.AGREE:
        return words.gettext("Agree")
    return words.gettext("Votes") if counted is Counted.SUPPORT else words.gettext("Votes for")


def vote_labels(words: Words, *, sided: bool) -> tuple[str, ...]:
    """Return the labels of the columns that `vote_figures` fills."""
    if not sided:
        return (words.gettext("Votes"),)
    return words.gettext("Agree"), words.gettext("Disagree"), words.gettext("Pass")


def vote_figures(idea: Told, speech: Speech, *, sided: bool) -> tuple[str, ...]:
    """Return the votes on an idea as they are said."""
    counts = (idea.agree, idea.disagree, idea.passes) if sided else (idea.agree,)
    return tuple(speech.number(count) for count in counts)
