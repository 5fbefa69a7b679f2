"""A paper as a Word document: real headings, header rows, described pictures, each idea in its language."""

import io

import docx
from docx.document import Document
from docx.shared import Cm, Pt

from feedback.export import charts
from feedback.export.blocks import Block, Chart, Facts, Heading, IdeaTable, Paper, Paragraph, Table
from feedback.export.speech import instant
from feedback.export.wordstyle import TEXT_WIDTH, dress, mark_edges
from feedback.export.wordtable import fact_table, figure_table, idea_table, plain_table

_PROPERTY_LIMIT = 255


def render(paper: Paper) -> bytes:
    """Write the paper as a Word document."""
    document = docx.Document()
    dress(document, paper)
    mark_edges(document, paper)
    _describe(document, paper)
    _without_thumbnail(document)
    _cover(document, paper)
    for block in paper.blocks:
        _append(document, block, paper)
    # Word wants a paragraph after the last table.
    document.add_paragraph(style="Table note")
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _describe(document: Document, paper: Paper) -> None:
    """Fill in what a document register reads without opening the document."""
    about = document.core_properties
    about.title = paper.title[:_PROPERTY_LIMIT]
    about.subject = paper.subtitle[:_PROPERTY_LIMIT]
    about.author = about.last_modified_by = paper.author[:_PROPERTY_LIMIT]
    about.language = paper.language
    about.comments = f"SHA-256: {paper.checksum}"
    about.created = about.modified = instant(paper.made_at).replace(tzinfo=None)


def _without_thumbnail(document: Document) -> None:
    """Take out the picture of the library's empty template, which file managers would show."""
    known = document.part.package.rels
    for key in [key for key, part in known.items() if part.reltype.endswith("/thumbnail")]:
        del known[key]


def _cover(document: Document, paper: Paper) -> None:
    document.add_paragraph(paper.conference, style="Quiet").paragraph_format.space_before = Pt(36)
    document.add_paragraph(paper.title, style="Title")
    document.add_paragraph(paper.strand, style="Subtitle")
    document.add_paragraph(paper.subtitle, style="Quiet").paragraph_format.space_after = Pt(18)
    figure_table(document, paper.figures, paper.accent)
    document.add_paragraph()
    fact_table(document, paper.cover)
    label = document.add_paragraph(f"{paper.checksum_label} (SHA-256)", style="Quiet")
    label.paragraph_format.space_before = Pt(30)
    document.add_paragraph(paper.checksum, style="Checksum")


def _append(document: Document, block: Block, paper: Paper) -> None:
    match block:
        case Heading():
            heading = document.add_heading(block.text, block.level)
            heading.paragraph_format.page_break_before = block.new_page
        case Paragraph():
            document.add_paragraph(block.text).paragraph_format.keep_with_next = block.keep or None
        case Facts():
            _facts(document, block)
        case Table():
            plain_table(document, block, paper.accent)
        case IdeaTable():
            idea_table(document, block, paper.accent)
        case Chart():
            _chart(document, block, paper.accent)


def _facts(document: Document, facts: Facts) -> None:
    if not facts.inline:
        fact_table(document, facts.rows)
        document.add_paragraph()
        return
    line = document.add_paragraph()
    line.paragraph_format.keep_with_next = True
    for place, (label, value) in enumerate(facts.rows):
        line.add_run(f"{'    ' if place else ''}{label}: ", style="Quiet mark")
        line.add_run(value)


def _chart(document: Document, chart: Chart, accent: str) -> None:
    caption = document.add_paragraph(chart.title, style="Table head")
    caption.paragraph_format.keep_with_next = True
    picture = document.add_picture(io.BytesIO(charts.png(chart, accent)), width=Cm(TEXT_WIDTH))
    # The library has no word for alternative text.
    described = picture._inline.docPr
    described.set("descr", chart.alt)
    described.set("title", chart.title)
