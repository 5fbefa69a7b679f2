"""Tables of the Word report, built from elements: the library's own cells take seconds for hundreds of rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from docx.document import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement

from feedback.export.blocks import IdeaRow, IdeaTable, Table
from feedback.export.wordstyle import TEXT_WIDTH

_TWIPS_PER_CM = 567
_HAIR = "D9D3C5"
_RTL = ("ar", "fa", "he", "ur", "yi", "ps", "ckb", "dv")
_CJK = ("zh", "ja", "ko")


@dataclass(frozen=True, slots=True)
class _Cell:
    """What one cell holds: a text, how it is set, and a note below it."""

    text: str
    style: str = "Table text"
    right: bool = False
    strong: bool = False
    lang: str = ""
    rtl: bool = False
    note: str = ""


def plain_table(document: Document, table: Table, accent: str) -> None:
    """Append a table of figures with its header row."""
    figures = [width for width in table.widths if width is not None]
    rest, texts = TEXT_WIDTH - sum(figures), len(table.widths) - len(figures)
    # Of several columns of words the first holds numbers.
    first = [1.1, *[(rest - 1.1) / (texts - 1)] * (texts - 1)] if texts > 1 else [rest]
    head = [_Cell(label, "Table head", right) for label, right in zip(table.labels, table.numeric, strict=True)]
    last = len(table.rows) - 1 if table.total else -1
    rows = [
        [_Cell(text, right=right, strong=place == last) for text, right in zip(cells, table.numeric, strict=True)]
        for place, cells in enumerate(table.rows)
    ]
    _append(document, [*first, *figures], rows, head, accent)


def idea_table(document: Document, table: IdeaTable, accent: str) -> None:
    """Append ideas with their numbers and figures, each in its own language and direction."""
    widths = [1.3, TEXT_WIDTH - 1.3 - 1.6 * len(table.labels), *(1.6 for _ in table.labels)]
    labels = [_Cell(label, "Table head", right=True) for label in table.labels]
    head = [_Cell(table.number, "Table head"), _Cell(table.idea, "Table head"), *labels]
    style = "Table dense" if table.dense else "Table text"
    _append(document, widths, [_idea_cells(row, style) for row in table.rows], head, accent)


def fact_table(document: Document, rows: Sequence[tuple[str, str]]) -> None:
    """Append labels with their values."""
    cells = [[_Cell(label, "Quiet"), _Cell(value)] for label, value in rows]
    _append(document, [5.6, TEXT_WIDTH - 5.6], cells, [], "")


def figure_table(document: Document, figures: Sequence[tuple[str, str]], accent: str) -> None:
    """Append the large figures of the cover, three in a row."""
    cells = [_Cell(count, "Figure", note=label) for count, label in figures]
    rows = [cells[start : start + 3] for start in range(0, len(cells), 3)]
    _append(document, [TEXT_WIDTH / 3] * 3, rows, [], accent)


def _idea_cells(row: IdeaRow, style: str) -> list[_Cell]:
    number = _Cell(str(row.number), style)
    idea = _Cell(row.text, style, lang=row.lang, rtl=row.rtl, note=row.note)
    return [number, idea, *(_Cell(figure, style, right=True) for figure in row.figures)]


def _append(
    document: Document,
    widths: Sequence[float],
    rows: Sequence[Sequence[_Cell]],
    head: Sequence[_Cell],
    accent: str,
) -> None:
    """Append a table; `widths` in centimetres; without `head` and `accent` no lines are drawn."""
    table = _new("w:tbl")
    table.append(_table_properties(ruled=bool(accent)))
    grid = _new("w:tblGrid")
    for width in widths:
        grid.append(_new("w:gridCol", w=_twips(width)))
    table.append(grid)
    if head:
        table.append(_row(head, widths, header_line=accent))
    for cells in rows:
        table.append(_row(cells, widths))
    # The body's last element is the section's; tables come before it.
    document.element.body.insert_element_before(table, "w:sectPr")


def _table_properties(*, ruled: bool) -> BaseOxmlElement:
    properties = _new("w:tblPr")
    properties.append(_new("w:tblW", type="dxa", w=_twips(TEXT_WIDTH)))
    if ruled:
        borders = _new("w:tblBorders")
        borders.append(_line("w:insideH", 4, _HAIR))
        properties.append(borders)
    properties.append(_new("w:tblLayout", type="fixed"))
    margins = _new("w:tblCellMar")
    for side, width in (("top", "40"), ("left", "60"), ("bottom", "40"), ("right", "60")):
        margins.append(_new(f"w:{side}", w=width, type="dxa"))
    properties.append(margins)
    properties.append(_new("w:tblLook", firstRow="1", noVBand="1"))
    return properties


def _row(cells: Sequence[_Cell], widths: Sequence[float], header_line: str = "") -> BaseOxmlElement:
    row = _new("w:tr")
    properties = _new("w:trPr")
    properties.append(_new("w:cantSplit"))
    if header_line:
        properties.append(_new("w:tblHeader"))
    row.append(properties)
    for cell, width in zip(cells, widths, strict=True):
        row.append(_cell(cell, width, header_line))
    return row


def _cell(cell: _Cell, width: float, header_line: str) -> BaseOxmlElement:
    element = _new("w:tc")
    properties = _new("w:tcPr")
    properties.append(_new("w:tcW", w=_twips(width), type="dxa"))
    if header_line:
        borders = _new("w:tcBorders")
        borders.append(_line("w:bottom", 8, header_line))
        properties.append(borders)
        properties.append(_new("w:vAlign", val="bottom"))
    element.append(properties)
    element.append(_paragraph(cell))
    if cell.note:
        element.append(_paragraph(_Cell(cell.note, "Table note")))
    return element


def _paragraph(cell: _Cell) -> BaseOxmlElement:
    paragraph = _new("w:p")
    properties = _new("w:pPr")
    properties.append(_new("w:pStyle", val=cell.style.replace(" ", "")))
    if cell.rtl:
        properties.append(_new("w:bidi"))
    if cell.right:
        properties.append(_new("w:jc", val="right"))
    paragraph.append(properties)
    if cell.text:
        paragraph.append(_run(cell))
    return paragraph


def _run(cell: _Cell) -> BaseOxmlElement:
    run = _new("w:r")
    properties = _new("w:rPr")
    if cell.strong:
        properties.append(_new("w:b"))
    if cell.rtl:
        properties.append(_new("w:rtl"))
    if cell.lang:
        properties.append(_new("w:lang", **_spoken(cell.lang)))
    run.append(properties)
    for place, line in enumerate(cell.text.split("\n")):
        if place:
            run.append(_new("w:br"))
        for step, part in enumerate(line.split("\t")):
            if step:
                run.append(_new("w:tab"))
            text = _new("w:t")
            text.text = part
            text.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
            run.append(text)
    return run


def _spoken(lang: str) -> dict[str, str]:
    """Word keeps three languages for a text: of Latin letters, of East Asian ones, and of those from right to left."""
    if lang in _CJK:
        return {"val": lang, "eastAsia": lang}
    return {"bidi": lang} if lang in _RTL else {"val": lang}


def _line(side: str, eighths: int, colour: str) -> BaseOxmlElement:
    return _new(side, val="single", sz=str(eighths), space="0", color=colour)


def _twips(centimetres: float) -> str:
    return str(round(centimetres * _TWIPS_PER_CM))


def _new(tag: str, **attributes: str) -> BaseOxmlElement:
    return OxmlElement(tag, {qn(f"w:{name}"): value for name, value in attributes.items()})
