import io
import re
import zipfile

import docx
import pytest
from docx.oxml.ns import qn

from feedback.domain.reports import checksum_of
from feedback.export import render


@pytest.fixture
def document(report, words):
    return docx.Document(io.BytesIO(render(report, "docx", words)))


def test_headings_are_real_and_skip_no_level(document):
    headings = [(line.style.name, line.text) for line in document.paragraphs if line.style.name.startswith("Heading")]
    assert headings == [
        ("Heading 1", "At a glance"),
        ("Heading 2", "What was asked"),
        ("Heading 1", "Themes"),
        ("Heading 2", "1. Theme name 1"),
        ("Heading 2", "2. Theme name 2"),
        ("Heading 2", "Ideas without a theme"),
        ("Heading 1", "Completeness"),
        ("Heading 1", "How this report was made"),
        ("Heading 1", "Annex: all ideas"),
    ]


def test_tables_of_more_than_facts_have_header_rows_and_no_row_is_torn(document):
    with_header = [bool(table._tbl.tr_lst[0].xpath("w:trPr/w:tblHeader")) for table in document.tables]
    assert with_header == [False, False, True, True, True, True, True, True, False, True]
    assert all(row.xpath("w:trPr/w:cantSplit") for table in document.tables for row in table._tbl.tr_lst)


def test_theme_table_holds_names_and_counts(document):
    rows = [[cell.text for cell in row.cells] for row in document.tables[2].rows]
    assert rows == [
        ["No.", "Theme", "Ideas", "Votes"],
        ["1", "Theme name 1", "2", "5"],
        ["2", "Theme name 2", "2", "7"],
        ["–", "Ideas without a theme", "1", "3"],
        ["", "Total", "5", "15"],
    ]


def test_chart_is_described(document):
    pictures = document.element.xpath("//wp:docPr")
    assert [picture.get("descr") for picture in pictures] == [
        "Bar chart of the votes each theme received. Theme name 1: 5; Theme name 2: 7."
    ]


def test_properties_name_title_author_language_and_checksum(document, report):
    about = document.core_properties
    assert (about.title, about.author, about.language) == (report.conversation, "Jörg Überwald", "en")
    assert (about.comments, about.created.isoformat()) == (
        f"SHA-256: {checksum_of(report)}",
        "2026-11-22T14:03:00+00:00",
    )


def test_document_and_ideas_name_their_language_and_direction(make, words):
    report = make(["Mehr Bäume", "مزيد من الأشجار", "更多的树"], language="de")
    report = make(["Mehr Bäume"], lang="de", language="fr"), make(["مزيد"], lang="ar"), make(["更多"], lang="zh")
    french, arabic, chinese = (docx.Document(io.BytesIO(render(one, "docx", words))) for one in report)
    assert french.styles.element.xpath("w:docDefaults//w:lang/@w:val") == ["fr"]
    assert _annex_run(french).xpath("w:rPr/w:lang/@w:val") == ["de"]
    assert _annex_run(arabic).xpath("w:rPr/w:lang/@w:bidi") == ["ar"]
    assert _annex_run(arabic).xpath("w:rPr/w:rtl")
    assert _annex_run(arabic).xpath("../w:pPr/w:bidi")
    assert _annex_run(chinese).xpath("w:rPr/w:lang/@w:eastAsia") == ["zh"]


def _annex_run(document):
    return document.tables[-1]._tbl.tr_lst[1].tc_lst[1].p_lst[0].r_lst[0]


def test_pages_but_the_cover_have_title_state_and_number(document):
    section = document.sections[0]
    assert section.different_first_page_header_footer
    assert section.header.paragraphs[0].text == "What would an empty building do for you?\tInspire"
    footer = section.footer.paragraphs[0]._p
    assert [field.get(qn("w:instr")) for field in footer.xpath("w:fldSimple")] == ["PAGE", "NUMPAGES"]


def test_nothing_leads_out_of_the_document(make, words):
    file = render(make(["http://x.example", "<a href='http://x.example'>x</a>", "{ HYPERLINK x }"]), "docx", words)
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        xml = {name: parts.read(name).decode("utf-8", "replace") for name in parts.namelist()}
    assert not [name for name, text in xml.items() if 'TargetMode="External"' in text]
    assert not re.search("w:hyperlink|w:instrText", xml["word/document.xml"])


def test_ideas_are_set_as_they_were_written(make, words, readers):
    texts = ["<w:br/>", "a\nb\n\nc", "tab\there", "  two  blanks  ", "&amp; ]]> <!-- -->", "x" * 500]
    assert [text for text, _ in readers["docx"](render(make(texts), "docx", words)).ideas.values()] == texts
