"""The building stones of a report that is read: what DOCX, PDF and Markdown lay out, each in its own way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 or 2 below the title; `new_page` where paper starts afresh."""

    text: str
    level: int = 1
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences of ours."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with their values; `inline` ones share a line below a heading."""

    rows: tuple[tuple[str, str], ...]
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under labels, in words; `numeric` tells which columns are figures, `total` that the last row sums up."""

    labels: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    total: bool = False


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
    """A whole report: its cover, its blocks in order, and what each page says at its edge.

    `accent` is the strand's colour as RRGGBB; in `page_of` every second part is a field, "page" or "pages".
    """

    language: str
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
