import io
import re

import pikepdf
import pytest

from feedback.domain.reports import checksum_of
from feedback.export import render
from feedback.export.fonts import families

PAYLOADS = [
    *("#hash", '#image("/etc/passwd")', '#read("report.typ")', '#include "x"', '#import "@preview/x:1"', "$x^2$"),
    *("*bold*", "_it_", "`code`", "```raw```", "= heading", "== h", "- item", "+ item", "/ term: x", "<label>", "@ref"),
    *(
        "https://x.example",
        '#link("http://x.example")[x]',
        "\\",
        "\\u{0}",
        "// comment",
        "/* comment",
        "~",
        "---",
        "...",
    ),
    *(
        "'quotes' \"double\"",
        "<b>bold</b>",
        '<img src="/etc/passwd">',
        "{{x}}",
        "#{1+1}",
        "#sys.inputs",
        "&lt;",
        "%PDF",
    ),
]


@pytest.fixture
def document(report, words):
    with pikepdf.open(io.BytesIO(render(report, "pdf", words))) as opened:
        yield opened


def solid(text: str) -> str:
    return re.sub(r"[\s\u200b]", "", text)


def test_there_are_thirty_payloads():
    assert len(PAYLOADS) >= 30


def test_markup_in_ideas_is_text(make, words, pdf_text):
    file = render(make(PAYLOADS), "pdf", words)
    text = solid(pdf_text(file))
    missing = [payload for number, payload in enumerate(PAYLOADS, 1) if f"{number}{solid(payload)}" not in text]
    assert missing == []
    with pikepdf.open(io.BytesIO(file)) as document:
        kinds = {str(one.A.S) for page in document.pages for one in page.get("/Annots", []) if "/A" in one}
        assert "/URI" not in kinds
        assert "/Launch" not in kinds
        assert "/EmbeddedFiles" not in document.Root.get("/Names", {})


def test_texts_counts_and_checksum_are_on_the_pages(report, words, pdf_text):
    text = solid(pdf_text(render(report, "pdf", words)))
    for line in ("1Theme name 125", "2Theme name 227", "Total515", "1Open the depot at night1111", "Received17"):
        assert solid(line) in text
    assert checksum_of(report) in text
    assert "15:03(Europe/Vienna)" in text


def test_pdf_is_tagged_and_says_what_it_is(document, report):
    assert bool(document.Root.MarkInfo.Marked)
    assert str(document.Root.Lang) == "en"
    assert bool(document.Root.ViewerPreferences.DisplayDocTitle)
    with document.open_metadata() as about:
        assert (about["pdfuaid:part"], about["dc:title"]) == ("1", report.conversation)
        assert about["dc:creator"] == ["Jörg Überwald"]
        assert checksum_of(report) in about["dc:description"]


def test_structure_holds_headings_tables_and_a_described_picture(document, tagged):
    elements = list(tagged(document.Root.StructTreeRoot))
    kinds = [str(one.S) for one in elements if "/S" in one]
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure"} <= set(kinds)
    alts = [str(one.Alt) for one in elements if one.get("/S") == "/Figure"]
    assert alts == ["Bar chart of the votes each theme received. Theme name 1: 5; Theme name 2: 7."]


def test_ideas_name_their_language(make, words, tagged):
    file = render(make(["Mehr Bäume", "Noch mehr"], lang="de"), "pdf", words)
    with pikepdf.open(io.BytesIO(file)) as document:
        languages = {str(one.Lang) for one in tagged(document.Root.StructTreeRoot) if "/Lang" in one}
    assert any(language.startswith("de") for language in languages)


def test_words_longer_than_a_line_stay_on_the_page(make, words):
    file = render(make(["W" * 500, "a" * 300 + "\u0301" * 100, "/".join(["x"] * 250)]), "pdf", words)
    with pikepdf.open(io.BytesIO(file)) as document:
        assert len(document.pages) < 12


def test_idea_taller_than_a_page_goes_on_over_the_page(make, words):
    short, tall = (render(make([text]), "pdf", words) for text in ("a", "\n".join("a" * 250)))
    with pikepdf.open(io.BytesIO(short)) as one, pikepdf.open(io.BytesIO(tall)) as other:
        assert len(other.pages) > len(one.pages) + 6


def test_last_family_has_a_box_for_every_character():
    assert families()[:2] == ("Libertinus Serif", "DejaVu Sans")
    assert families()[-1] == "Last Resort High-Efficiency"
