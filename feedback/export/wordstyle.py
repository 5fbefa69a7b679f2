"""The Word report's paper, letters, languages and page edges."""

from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Cm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph as WordParagraph

from feedback.export.blocks import Paper

TEXT_WIDTH = 16.0
_INK = RGBColor(0x1B, 0x1A, 0x17)
_QUIET = RGBColor(0x5C, 0x58, 0x4F)
# On every system, or with a font of the same widths, so that pages break alike.
_FONT = "Arial"
_THEME_FONTS = ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme")


def dress(document: Document, paper: Paper) -> None:
    """Set paper size, language and every style the report uses."""
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.5)
    section.top_margin, section.bottom_margin = Cm(2.6), Cm(2.3)
    accent = RGBColor.from_string(paper.accent)
    _restyle(document, "Normal", 10, _INK, after=7)
    _restyle(document, "Title", 26, accent, bold=True, after=6)
    _restyle(document, "Subtitle", 13, _INK, after=14)
    _restyle(document, "Heading 1", 17, accent, bold=True, before=16, after=8)
    _restyle(document, "Heading 2", 12, _INK, bold=True, before=18, after=4)
    _restyle(document, "Heading 3", 10.5, _INK, bold=True, before=12, after=3)
    _restyle(document, "Quiet", 10, _QUIET, after=2)
    _restyle(document, "Table text", 9.5, _INK, after=0)
    _restyle(document, "Table dense", 9, _INK, after=0)
    _restyle(document, "Table note", 8, _QUIET, after=0)
    _restyle(document, "Table head", 8, _QUIET, bold=True, after=0)
    _restyle(document, "Figure", 20, _INK, bold=True, after=0)
    _restyle(document, "Edge", 8.5, _QUIET, after=0)
    _restyle(document, "Checksum", 8.5, _INK, after=0).font.name = "Courier New"
    quiet = document.styles.add_style("Quiet mark", WD_STYLE_TYPE.CHARACTER)
    quiet.font.color.rgb = _QUIET
    _without_ornaments(document)
    _speak(document, paper.language)


def mark_edges(document: Document, paper: Paper) -> None:
    """Put title and strand above, and state and page number below every page but the cover."""
    section = document.sections[0]
    section.different_first_page_header_footer = True
    _edge(section.header.paragraphs[0], document, paper.title, (paper.strand_name,))
    _edge(section.footer.paragraphs[0], document, paper.running, paper.page_of)


def _edge(line: WordParagraph, document: Document, left: str, right: tuple[str, ...]) -> None:
    """Write a line with something at either side; every second part of `right` is a field."""
    line.style = document.styles["Edge"]
    line.paragraph_format.tab_stops.add_tab_stop(Cm(TEXT_WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    line.add_run(f"{left}\t")
    for place, part in enumerate(right):
        if place % 2:
            line._p.append(_field("NUMPAGES" if part == "pages" else "PAGE"))
        else:
            line.add_run(part)


def _field(name: str) -> BaseOxmlElement:
    field = OxmlElement("w:fldSimple", {qn("w:instr"): name})
    run = OxmlElement("w:r")
    shown = OxmlElement("w:t")
    shown.text = "1"
    run.append(shown)
    field.append(run)
    return field


def _restyle(
    document: Document,
    name: str,
    size: float,
    colour: RGBColor,
    *,
    bold: bool = False,
    before: float = 0,
    after: float,
) -> ParagraphStyle:
    """Change a paragraph style of the template, or add it."""
    known = name in document.styles
    style = document.styles[name] if known else document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    if not isinstance(style, ParagraphStyle):
        msg = f"{name} is no paragraph style"
        raise TypeError(msg)
    style.font.name, style.font.size, style.font.bold = _FONT, Pt(size), bold
    style.font.italic = False
    style.font.color.rgb = colour
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in _THEME_FONTS:
        # A font of the template's theme would win over the one named here.
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    return style


def _without_ornaments(document: Document) -> None:
    """Take away the template's blue line below the title and its spaced letters."""
    for name in ("Title", "Subtitle"):
        for ornament in document.styles[name].element.xpath("w:pPr/w:pBdr | w:rPr/w:spacing | w:rPr/w:kern"):
            ornament.getparent().remove(ornament)


def _speak(document: Document, language: str) -> None:
    """Name the language of everything that names none, and Word's own version, or it opens as an old document."""
    for spoken in document.styles.element.xpath("w:docDefaults//w:lang"):
        spoken.set(qn("w:val"), language)
    compat = OxmlElement("w:compat")
    version = {"w:name": "compatibilityMode", "w:uri": "http://schemas.microsoft.com/office/word", "w:val": "15"}
    compat.append(OxmlElement("w:compatSetting", {qn(name): value for name, value in version.items()}))
    settings = document.settings.element
    for old in settings.xpath("w:compat"):
        settings.replace(old, compat)
