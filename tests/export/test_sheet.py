import gettext
import io
import re
import zipfile
from dataclasses import replace

import openpyxl
import pytest

from feedback.domain.reports import checksum_of
from feedback.export import render
from feedback.export.workbook import CELL_LIMIT

PAYLOADS = [
    *("=1+1", "+1", "-1", "@A1", "{=1+1}", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x.example")', " =1", "＝1", "'=1"),
    *(
        "http://x.example",
        "https://x.example",
        "mailto:a@b.example",
        "ftp://x",
        "internal:Sheet1!A1",
        "external:c:\\x.xlsx",
    ),
    *(
        "<r>",
        "<r></r>",
        "<r><t>raw</t></r>",
        "<r><f>1+1</f></r>",
        "</t></si>",
        "<![CDATA[x]]>",
        "&amp;",
        "_x0041_",
        "_x000D_",
    ),
    *(
        " lead",
        "trail ",
        "a\nb",
        "a\tb",
        "123",
        "1e5",
        "TRUE",
        "#N/A",
        "2026-01-01",
        "\u200f",
        "🎉",
        "00012",
        "1,5",
        "%",
        "x" * 500,
    ),
]


@pytest.fixture
def book(report, words):
    return openpyxl.load_workbook(io.BytesIO(render(report, "xlsx", words)))


def table(sheet) -> list[tuple]:
    return list(sheet.iter_rows(values_only=True))


def test_there_are_forty_payloads():
    assert len(PAYLOADS) >= 40


def test_every_text_is_a_text_without_formula_or_link(make, words, readers):
    file = render(make(PAYLOADS), "xlsx", words)
    assert {n: text for n, (text, _) in readers["xlsx"](file).ideas.items()} == dict(enumerate(PAYLOADS, 1))
    book = openpyxl.load_workbook(io.BytesIO(file))
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert all(cell.data_type in ("s", "n", "d") and cell.hyperlink is None for cell in cells)
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        sheets = {name: parts.read(name).decode() for name in parts.namelist()}
    assert not [name for name in sheets if "externalLink" in name]
    assert not [
        name for name, xml in sheets.items() if "worksheets/sheet" in name and re.search("<f[ >]|hyperlink", xml)
    ]
    assert not [name for name, xml in sheets.items() if 'TargetMode="External"' in xml]


def test_sheets_are_summary_themes_ideas_and_ledger(book):
    assert book.sheetnames == ["Summary", "Themes", "Ideas", "Completeness"]


def test_lists_have_a_frozen_header_filters_and_wide_columns(book):
    for name in ("Themes", "Ideas", "Completeness"):
        sheet = book[name]
        assert (sheet.freeze_panes, sheet.print_title_rows) == ("A2", "$1:$1")
        assert sheet.auto_filter.ref == f"A1:{openpyxl.utils.get_column_letter(sheet.max_column)}{_listed(sheet)}"
    assert book["Ideas"].column_dimensions["B"].width > 60


def _listed(sheet) -> int:
    """Return the last row of the list itself: a sentence may follow after an empty row."""
    return next((row for row in range(1, sheet.max_row + 1) if sheet.cell(row + 1, 2).value is None), sheet.max_row)


def test_themes_sheet_holds_names_counts_and_a_described_chart(book, report):
    rows = table(book["Themes"])
    assert rows[0] == ("No.", "Theme", "Ideas", "Votes", "Shared words")
    assert rows[1:] == [
        (1, "Theme name 1", 2, 5, "depot, night"),
        (2, "Theme name 2", 2, 7, "depot, night"),
        (None, "Ideas without a theme", 1, 3, None),
    ]
    assert len(book["Themes"]._charts) == 1


def test_chart_has_alternative_text(report, words):
    with zipfile.ZipFile(io.BytesIO(render(report, "xlsx", words))) as parts:
        assert 'descr="Bar chart of the votes in the table above"' in parts.read("xl/drawings/drawing1.xml").decode()


def test_ideas_sheet_holds_counts_as_numbers_and_times_of_the_conference(book):
    row = table(book["Ideas"])[2]
    assert row[:10] == (2, "Students run the bar", 2, "Theme name 2", 2, 2, 0, 1, "en", "phone")
    assert row[10].isoformat() == "2026-11-22T15:01:00"
    assert table(book["Ideas"])[0][10] == "Written (Europe/Vienna)"


def test_ledger_sheet_accounts_for_every_idea(book):
    assert table(book["Completeness"])[1:7] == [
        *(("Published in this report", 5), ("Merged into another idea", 3), ("Hidden: insulting", 4)),
        *(("Hidden: no reason given", 2), ("Withdrawn by their authors", 3), ("Received", 17)),
    ]


def test_summary_holds_cover_participation_and_checksum(book, report):
    rows = dict(row[:2] for row in table(book["Summary"]) if row[0])
    assert (rows["Facilitator"], rows["People who joined"], rows["Ideas"]) == ("Maria Rossi", 142, 5)
    assert rows["SHA-256"] == checksum_of(report) == book.properties.description


@pytest.mark.parametrize("mark", ["a", "🎉"])
def test_text_longer_than_a_cell_says_that_it_was_cut(make, words, readers, mark):
    text = readers["xlsx"](render(make([mark * 40_000]), "xlsx", words)).ideas[1][0]
    assert text.endswith("… (cut here, a cell holds no more; the JSON file has the whole text)")
    assert CELL_LIMIT - 2 < len(text.encode("utf-16-le")) // 2 <= CELL_LIMIT


def test_sheet_names_follow_excels_rules_whatever_the_translation(report, marked):
    names = openpyxl.load_workbook(io.BytesIO(render(report, "xlsx", marked))).sheetnames
    assert names == ["«Summary»", "«Themes»", "«Ideas»", "«Completeness»"]


def test_sheets_open_although_two_names_are_translated_alike(report):
    class Alike(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return "A name that is: much/too [long] for one sheet" if message in ("Themes", "Ideas") else message

    names = openpyxl.load_workbook(io.BytesIO(render(report, "xlsx", Alike()))).sheetnames
    assert names[1] == "A name that is  much too  long"
    assert len({name.lower() for name in names}) == 4


def test_properties_hold_the_instant_of_the_freeze(book):
    assert book.properties.created.isoformat() == "2026-11-22T14:03:00"


def test_workbook_says_how_the_crew_describes_a_theme(described_report, words):
    book = openpyxl.load_workbook(io.BytesIO(render(described_report, "xlsx", words)))
    said = described_report.themes[0].description
    assert [row[6] for row in table(book["Themes"])[:4]] == ["Description", said, None, None]


def test_workbook_of_a_sorted_room_tells_firmness_sorts_and_groups(sorted_report, words):
    book = openpyxl.load_workbook(io.BytesIO(render(sorted_report, "xlsx", words)))
    assert book.sheetnames == ["Summary", "Themes", "Ideas", "Who votes alike", "Completeness"]
    assert [row[5] for row in table(book["Themes"])[:4]] == ["Firmness", "firm", "not firm yet", None]
    rows = dict(row[:2] for row in table(book["Summary"]) if row[0])
    settled = [rows[f"Ideas {label}"] for label in ("settled by the room or the crew", "still unsure")]
    assert (rows["Sorts"], *settled, rows["Placed by the crew"]) == (1210, 5, 2, 1)
    assert (rows["Share of ideas that are settled"], rows["Firm themes"]) == ("71%", "1 of 2")
    assert rows["Prompt 1"] == "Group A: 21; Group B: 14; Group C: 3"
    assert rows["Prompt 2"] == "Groups show from 15 people with 7 votes; so far 9."
    shares = table(book["Who votes alike"])
    assert shares[0][4:] == ("Group", "People", "Agree, per cent", "Disagree, per cent", "Pass, per cent")
    divided = [row for row in shares if row[1] == "What divides the groups"]
    assert divided[:3] == [
        (1, "What divides the groups", 2, "Students run the bar", "A", 21, 85, 10, 5),
        (1, "What divides the groups", 2, "Students run the bar", "B", 14, 12, 80, 8),
        (1, "What divides the groups", 2, "Students run the bar", "C", 3, None, None, None),
    ]
    assert divided[3][3] == "=Ask(them)"
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert all(cell.data_type in ("s", "n", "d") for cell in cells)


def test_without_opinion_groups_there_is_no_sheet_of_them_but_a_sentence(sorted_report, words):
    report = replace(sorted_report, opinions=sorted_report.opinions[1:])
    book = openpyxl.load_workbook(io.BytesIO(render(report, "xlsx", words)))
    assert "Who votes alike" not in book.sheetnames
    rows = dict(row[:2] for row in table(book["Summary"]) if row[0])
    assert rows["Prompt 2"] == "Groups show from 15 people with 7 votes; so far 9."
