"""The building stones of a document that is read: what DOCX, PDF and Markdown lay out, each in its own way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 3 below the title; `new_page` where paper starts afresh."""

    text: str
    level: int = 1
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences of ours or the crew's; `keep` ones stay on the page of what follows."""

    text: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with their values; `inline` ones share a line below a heading."""

    rows: tuple[tuple[str, str], ...]
    inline: bool = False


_NARROW, _WIDE = 2.6, 4.0
#: Characters that a narrow column holds in one line.
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under labels, in words; `numeric` tells which columns are figures, `total` that the last row sums up."""

    labels: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    total: bool = False

    @property
    def widths(self) -> tuple[float | None, ...]:
        """Centimetres of each column of figures, more where words stand among them; None for columns of words."""
        return tuple(
            (_WIDE if any(len(row[place]) > _SHORT for row in self.rows) else _NARROW) if is_figure else None
            for place, is_figure in enumerate(self.numeric)
        )


@dataclass(frozen=True, slots=True)
class IdeaRow:
    """An idea in a person's own words, its figures (as many as the table has labels) and a note of ours."""

    number: int
    text: str
    lang: str
    rtl: bool
    note: str
    figures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdeaTable:
    """Ideas under the labels of number and idea, then of the figures; a long list is set `dense`."""

    number: str
    idea: str
    labels: tuple[str, ...]
    rows: tuple[IdeaRow, ...]
    dense: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars: label, votes, and the votes as they are said; `alt` says the same to those who do not see them."""

    title: str
    alt: str
    bars: tuple[tuple[str, int, str], ...]


Block = Heading | Paragraph | Facts | Table | IdeaTable | Chart


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole document: its cover, its blocks in order, and what each page says at its edge.

    `author` and `made_at` (epoch milliseconds UTC) are for registers; `accent` is a colour as RRGGBB; in `page_of`
    every second part is a field, "page" or "pages".
    """

    language: str
    author: str
    made_at: int
    accent: str
    conference: str
    strand: str
    strand_name: str
    title: str
    subtitle: str
    figures: tuple[tuple[str, str], ...]
    cover: tuple[tuple[str, str], ...]
    checksum_label: str
    checksum: str
    contents: str
    page_of: tuple[str, ...]
    running: str
    blocks: tuple[Block, ...]
