"""What the strands have in common: the same subjects, ideas and checksum in six formats, whatever people wrote."""

import csv
import hashlib
import io
import json
import re
from dataclasses import replace

import docx
import openpyxl
import pikepdf
import pytest
from subjects import across, theme

from feedback.domain.alignments import Subject, across_from_json, across_to_json
from feedback.export.across import COLUMNS, FORMATS, checksum_of, file_name, render
from feedback.export.across_paper import paper_of
from feedback.export.blocks import Chart, Facts, Heading, IdeaTable, Paragraph, Table
from feedback.export.clean import clean, unguarded

HOSTILE = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "{=1+1}", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x.example")'),
    *(" =1", "＝1", "'=1", "00012", "TRUE", "1e5"),
    *("http://x.example", "mailto:a@b.example", "internal:Sheet1!A1", "external:c:\\x.xlsx", "www.x.example"),
    *("<r><t>raw</t></r>", "</t></si>", "<![CDATA[x]]>", "&amp;", "_x0041_", "<script>alert(1)</script>"),
    *("#hash", '#read("report.typ")', '#image("/etc/hostname")', "$x^2$", "*bold*", "_it_", "\\", "%(num)s", "{0}"),
    *("# heading", "> quote", "![p](http://x.example/p.png)", "[l](javascript:alert(1))", "| a | b |", "`code`", "~~~"),
    *("a\nb", "a\tb", "مزيد من الأشجار", "🎉 👩‍👩‍👧", "Z\u0301\u0302\u0303algo", "\u200f", "x" * 500),
]  # fmt: skip


def solid(text: str) -> str:
    return re.sub(r"[\s\u200b\u00ad]", "", text)


def texts_of(value) -> list[str]:
    return [idea.text for subject in value.subjects for each in subject.themes for idea in each.ideas]


def docx_ideas(file: bytes) -> list[str]:
    tables = [table for table in docx.Document(io.BytesIO(file)).tables if table.rows[0].cells[1].text == "Idea"]
    return [row.cells[1].paragraphs[0].text for table in tables for row in table.rows[1:]]


def xlsx_ideas(file: bytes) -> list[str]:
    return [
        row[8] or "" for row in openpyxl.load_workbook(io.BytesIO(file))["Ideas"].iter_rows(min_row=2, values_only=True)
    ]


def csv_ideas(file: bytes) -> list[str]:
    rows = csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline=""))
    return [unguarded(row["text"]) for row in rows]


def json_ideas(file: bytes) -> list[str]:
    subjects = json.loads(file)["across"]["subjects"]
    return [idea["text"] for subject in subjects for each in subject["themes"] for idea in each["ideas"]]


def md_ideas(file: bytes) -> list[str]:
    found = re.findall(r"^- \*\*\d+\*\*  (.*?)\\\n  \*(?:Votes|Agree) ", file.decode(), re.M | re.S)
    return [re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", re.sub(r"\\\n  ", "\n", text)) for text in found]


READERS = {"docx": docx_ideas, "xlsx": xlsx_ideas, "csv": csv_ideas, "json": json_ideas, "md": md_ideas}


def checksum_in(fmt: str, file: bytes, pdf_text) -> str:
    match fmt:
        case "docx":
            return docx.Document(io.BytesIO(file)).core_properties.comments.removeprefix("SHA-256: ")
        case "xlsx":
            return openpyxl.load_workbook(io.BytesIO(file)).properties.description
        case "pdf":
            return re.search(r"[0-9a-f]{64}", pdf_text(file))[0]
        case _:
            return re.search(r"[0-9a-f]{64}", file.decode())[0]


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_format_carries_the_same_checksum_whenever_and_in_whatever_language_it_is_made(words, pdf_text, fmt):
    value = across()
    later = replace(value, read_at=value.read_at + 3_600_000, language="de")
    assert {checksum_in(fmt, render(each, fmt, words), pdf_text) for each in (value, later)} == {checksum_of(value)}
    changed = replace(value, subjects=value.subjects[:1])
    assert checksum_of(changed) != checksum_of(value)


@pytest.mark.parametrize("fmt", READERS)
def test_hostile_words_stand_in_every_format_as_they_were_written(words, fmt):
    value = across(HOSTILE)
    found = [solid(text) for text in READERS[fmt](render(value, fmt, words))]
    assert found == [solid(clean(text)) for text in texts_of(value)]


def test_pdf_draws_every_idea_and_has_no_link_and_no_script(words, pdf_text):
    value = across([text for text in HOSTILE if text.isascii()])
    file = render(value, "pdf", words)
    drawn = solid(pdf_text(file))
    assert [text for text in texts_of(value) if solid(text) not in drawn] == []
    with pikepdf.open(io.BytesIO(file)) as opened:
        assert "/AcroForm" not in opened.Root
        links = [note for page in opened.pages for note in page.get("/Annots", [])]
        # The contents lead to pages of the document itself.
        assert all("/Dest" in note or note.get("/A", {}).get("/S") == "/GoTo" for note in links)


def test_nothing_in_the_workbook_is_a_formula_or_a_link(words):
    hostile = theme(1, 1, "=1+1", ["=1"], strand="=2+2", conversation="=HYPERLINK(1)", code="=3")
    value = across(
        HOSTILE, conference="=4", subjects=(Subject((hostile, theme(2, 1, "@x", ["+1"]))),), alone=(hostile,)
    )
    book = openpyxl.load_workbook(io.BytesIO(render(value, "xlsx", words)))
    assert book.sheetnames == ["Summary", "Subjects", "Themes", "Ideas"]
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert all(cell.data_type in ("s", "n", "d") and cell.hyperlink is None for cell in cells)
    assert [row[1].value for row in book["Subjects"].iter_rows(min_row=2, max_row=2)] == ["=1+1"]


def test_no_cell_of_the_csv_begins_a_formula(words):
    rows = list(csv.reader(io.StringIO(render(across(HOSTILE), "csv", words).decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert not [cell for row in rows for cell in row if cell.lstrip(' \t\n"').startswith(("=", "+", "-", "@", "＝"))]


@pytest.mark.parametrize("fmt", FORMATS)
def test_hostile_names_stop_no_format(words, fmt):
    bad = "=1+1 \x00\ud800\u202e <b>&amp; #x $y$ _z_ [a](b) {{c}} ${d} %(e)s %s \\ " + "Ü" * 150
    names = dict.fromkeys(("strand", "strand_key", "strand_mark", "conversation", "code"), bad)
    subject = Subject((theme(0, 1, bad, [bad], **names), theme(1, 1, bad, ["one"], **names)))
    value = across(
        conference=bad, language=bad, time_zone=bad, strands=(bad, "x"), subjects=(subject,), alone=subject.themes
    )
    file = render(value, fmt, words)
    if fmt in READERS:
        assert [solid(text) for text in READERS[fmt](file)] == [solid(clean(bad)), "one"]
    else:
        assert file.startswith(b"%PDF")


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_conference_that_has_nothing_in_common_renders(words, fmt):
    bare = across(subjects=(), alone=(), strands=(), conference="")
    file = render(bare, fmt, words)
    assert READERS[fmt](file) == [] if fmt in READERS else file.startswith(b"%PDF")


@pytest.mark.parametrize("fmt", ["csv", "json", "md", "pdf", "xlsx"])
def test_the_same_state_gives_the_same_bytes(words, fmt):
    assert render(across(), fmt, words) == render(across(), fmt, words)


def test_json_can_be_checked_by_the_rule_it_names(words):
    found = json.loads(render(across(), "json", words))
    canonical = json.dumps(found["across"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert found["checksum"] == hashlib.sha256(canonical.encode()).hexdigest()
    assert (found["format"], found["version"], found["read_at"]) == ("feedback-across", 1, across().read_at)
    assert [theme["number"] for theme in found["across"]["subjects"][0]["themes"]] == [1, 4, 2]


def test_subjects_come_with_strands_themes_conversations_and_ideas(words):
    paper = paper_of(across(), words, "0" * 64)
    headings = [(block.level, block.text) for block in paper.blocks if isinstance(block, Heading)]
    assert headings == [
        (1, "At a glance"),
        (1, "Subjects"),
        (2, "1. Night buses"),
        *((3, "Inspire: Night buses"), (3, "Impact: Late trams"), (3, "Involve: Home by night")),
        (2, "2. Shade"),
        *((3, "Inspire: Shade"), (3, "Involve: Trees & shade")),
        (1, "Themes of one conversation alone"),
        (1, "How this was made"),
    ]
    said = [block for block in paper.blocks if isinstance(block, Paragraph)]
    assert said[0].text == "Asked for in every strand: Night buses."
    assert [(block.text, block.keep) for block in said[1:3]] == [
        ("Asked for in 3 of 3 strands: Inspire, Impact and Involve.", True),
        ("Asked for in 2 of 3 strands: Inspire and Involve.", True),
    ]
    glance, alone, compared = (block for block in paper.blocks if isinstance(block, Table))
    assert glance.rows == (("1", "Night buses", "3 of 3", "6", "10"), ("2", "Shade", "2 of 3", "2", "2"))
    assert alone.rows == (
        ("1", "Impact", "Conversation 2 (K7M2P1)", "Choirs", "1", "1"),
        ("2", "Involve", "Conversation 3 (K7M2P2)", "Named beforehand", "0", "0"),
    )
    assert [row[1:] for row in compared.rows] == [
        ("Inspire", "Conversation 1 (K7M2P0)", "2", "4"),
        ("Impact", "Conversation 2 (K7M2P1)", "2", "2"),
        ("Involve", "Conversation 3 (K7M2P2)", "3", "3"),
    ]
    first = next(block for block in paper.blocks if isinstance(block, IdeaTable))
    assert [(row.number, row.text, row.figures, row.note) for row in first.rows] == [
        (101, "Trams until two", ("1",), "typical of the theme"),
        (102, "Night buses", ("2",), ""),
        (103, "Benches", ("3",), ""),
    ]


def test_views_for_and_against_have_columns_where_anybody_took_them(words):
    value = across()
    nights = value.subjects[0]
    sided = replace(nights.themes[0], ideas=(replace(nights.themes[0].ideas[0], disagree=4),))
    value = replace(value, subjects=(Subject((sided, nights.themes[1])),))
    first = next(block for block in paper_of(value, words, "").blocks if isinstance(block, IdeaTable))
    assert (first.labels, first.rows[0].figures) == (("Agree", "Disagree", "Pass"), ("1", "4", "0"))


def opined(each, *, opinion=True):
    """The theme with ideas of a prompt that asks for opinions."""
    return replace(each, ideas=tuple(replace(idea, opinion=opinion) for idea in each.ideas))


def test_where_prompts_ask_for_opinions_votes_are_said_to_agree(words):
    value = across()
    agreed = replace(
        value,
        subjects=tuple(Subject(tuple(map(opined, subject.themes))) for subject in value.subjects),
        alone=tuple(map(opined, value.alone)),
    )
    paper = paper_of(agreed, words, checksum_of(agreed))
    said = repr((paper.blocks, paper.figures))
    assert [label for label in ("'Votes'", "Votes for", "of the votes each") if label in said] == []
    assert ("Agreeing votes for each subject" in said, "Agreeing votes'" in said) == (True, True)
    ideas = next(block for block in paper.blocks if isinstance(block, IdeaTable))
    assert ideas.labels == ("Agree", "Disagree", "Pass")
    told = json.loads(render(agreed, "json", words))["across"]
    assert told["subjects"][0]["themes"][0]["ideas"][0]["opinion"] is True
    sheet = openpyxl.load_workbook(io.BytesIO(render(agreed, "xlsx", words)))["Subjects"]
    assert "Agree" in [cell.value for cell in sheet[1]]


def test_where_some_prompts_ask_for_opinions_each_theme_says_what_its_votes_are(words):
    value = across()
    first, *others = value.subjects[0].themes
    mixed = replace(value, subjects=(Subject((opined(first), *others)), *value.subjects[1:]))
    paper = paper_of(mixed, words, checksum_of(mixed))
    facts = [dict(block.rows) for block in paper.blocks if isinstance(block, Facts) and "Ideas" in dict(block.rows)]
    kinds = [next(label for label in ("Votes", "Agree", "Votes for") if label in rows) for rows in facts]
    assert kinds[:4] == ["Votes for", "Agree", "Votes", "Votes"]
    assert next(block for block in paper.blocks if isinstance(block, Table)).labels[-1] == "Votes for"
    # What says nothing of opinions is told as before.
    assert "opinion" not in render(value, "json", words).decode()


def test_nothing_asked_for_everywhere_is_said_and_a_theme_without_ideas_too(words):
    value = across()
    shade = value.subjects[1]
    named = replace(shade.themes[1], ideas=())
    paper = paper_of(replace(value, subjects=(Subject((shade.themes[0], named)),)), words, "")
    said = [block.text for block in paper.blocks if isinstance(block, Paragraph)]
    assert said[0] == "No subject was asked for in every strand."
    assert "Somebody has named this theme; there are no ideas in it." in said
    silent = [block for block in paper_of(across(subjects=()), words, "").blocks if isinstance(block, Paragraph)]
    assert silent[0].text == "No subject came up in more than one conversation."


def test_bars_are_left_out_where_they_would_not_fit_or_nobody_voted(words):
    many = tuple(Subject((theme(0, n, f"One {n}", ["a"]), theme(1, n, f"Two {n}", ["b"]))) for n in range(1, 22))

    def charts(value) -> int:
        return sum(isinstance(block, Chart) for block in paper_of(value, words, "").blocks)

    unvoted = Subject((theme(0, 1, "One", []), theme(1, 1, "Two", [])))
    assert [charts(across(subjects=some)) for some in (many[:20], many, (unvoted,))] == [1, 0, 0]


@pytest.mark.parametrize(
    ("embedder", "sentence", "fact"),
    [
        ("lexical", "It compared the words of the ideas.", ("Compared", "words")),
        (
            "local:mini:lm:ab",
            "It compared the meaning of the ideas with the model mini:lm on this server.",
            ("Model", "mini:lm, on this server"),
        ),
        (
            "http:ada:ab",
            "It compared the meaning of the ideas with the model ada at an endpoint elsewhere, to which the words of "
            "the ideas were sent.",
            ("Model", "ada, at an endpoint elsewhere"),
        ),
    ],
)
def test_files_say_by_what_the_ideas_were_compared(words, embedder, sentence, fact):
    value = across(embedder=embedder)
    assert sentence in [block.text for block in paper_of(value, words, "").blocks if isinstance(block, Paragraph)]
    assert json.loads(render(value, "json", words))["across"]["embedder"] == embedder
    summary = openpyxl.load_workbook(io.BytesIO(render(value, "xlsx", words))).worksheets[0]
    rows = [tuple(cell for cell in row if cell is not None) for row in summary.iter_rows(values_only=True)]
    assert fact in rows


def test_what_was_found_before_that_was_kept_says_nothing_of_it_and_has_its_checksum(words):
    old = across()
    assert "embedder" not in json.loads(render(old, "json", words))["across"]
    said = [block.text for block in paper_of(old, words, "").blocks if isinstance(block, Paragraph)]
    assert not any(text.startswith("It compared") for text in said)
    assert len({checksum_of(old), checksum_of(replace(old, embedder="lexical"))}) == 2


def test_every_label_can_be_translated(marked):
    paper = paper_of(across(), marked, "")
    labels = [block.text for block in paper.blocks if isinstance(block, Heading | Paragraph)]
    for block in paper.blocks:
        if isinstance(block, Table | IdeaTable):
            labels += block.labels
        if isinstance(block, Facts):
            labels += [label for label, _ in block.rows]
    labels += [label for label, _ in paper.cover] + [label for _, label in paper.figures]
    labels += [paper.title, paper.subtitle, paper.checksum_label, paper.contents]
    assert [label for label in labels if not re.match("^«.*»$", label, re.S)] == []


def test_what_is_handed_to_another_process_comes_back_whole():
    value = across(HOSTILE)
    assert across_from_json(across_to_json(value)) == value


def test_unknown_format_is_a_key_error_and_names_are_plain(words):
    with pytest.raises(KeyError):
        render(across(), "exe", words)
    assert [file_name(fmt) for fmt in FORMATS] == [
        f"across-strands.{end}" for end in ("docx", "pdf", "xlsx", "csv", "json", "md")
    ]
