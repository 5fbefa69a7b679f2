import csv
import io
import unicodedata

import pytest

from feedback.export import render
from feedback.export.clean import guarded
from feedback.export.table import ABOUT, COLUMNS, FIRM, OPINIONS

PAYLOADS = [
    *("=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://x.example","y")'),
    *(" =1+1", "   @A1", "\t=1+1", "\r=1+1", "\n=1+1", "\x00=1+1", "\ufeff=1+1", "\u00a0=1+1", "\u3000+1", "\u200b-1"),
    *("＝1+1", "＋1+1", "－1+1", "＠A1", "﹢1", "﹣1", "﹦1", "﹫A1", "\u22121"),
    *("{=1+1}", "=-1", "'=1+1", "''=1", '"=1+1', '" =1', '=1+1"', '","=1+1', '";=1+1;"', "a;=1+1", "a;\t=1", "a\n=1+1"),
    *('=IMPORTXML(CONCAT("http://x.example"))', '=DDE("cmd")', "@=1", "=\u202e1", "\u202e=1", "x\u2028=1"),
]


def test_there_are_forty_payloads():
    assert len(PAYLOADS) >= 40


@pytest.mark.parametrize("payload", PAYLOADS)
def test_csv_cell_is_no_formula_however_the_file_is_split(make, words, payload):
    file = render(make([payload], themes=0), "csv", words).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(file, newline="")) for cell in row]
    # A program set to semicolons or tabs splits without regard to our quotes.
    for line in file.splitlines():
        for part in line.replace("\t", ";").split(";"):
            cells.append(part.strip('"'))
    for cell in cells:
        first = unicodedata.normalize("NFKC", cell).lstrip('" \u200b\ufeff')[:1]
        assert first not in "=+-@\t\r\x00\u2212" or not first


def test_csv_has_one_row_for_each_idea_and_the_same_columns_in_every_language(report, words):
    rows = list(csv.reader(io.StringIO(render(report, "csv", words).decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert rows[1][:13] == [
        *("1", "01JDABCDEFGHJKMNPQRSTV0001", "Open the depot at night", "en", "1", "1", "Theme name 1", "1"),
        *("1", "1", "1", "phone", "2026-11-22T15:02:00+01:00"),
    ]
    assert [row[0] for row in rows[1:]] == ["1", "2", "3", "4", "5"]
    assert rows[3][5:7] == ["", ""]


def test_csv_begins_with_the_mark_that_excel_needs_and_quotes_everything(report, words):
    file = render(report, "csv", words)
    assert file.startswith(b'\xef\xbb\xbf"number","id","text"')
    assert file.endswith(b'"\r\n')


def test_csv_of_an_empty_report_is_its_header(make, words):
    assert render(make([], themes=0), "csv", words).decode("utf-8-sig").count("\r\n") == 1


def test_csv_of_firmness_and_opinion_groups_has_more_columns_at_its_end(sorted_report, words):
    rows = list(csv.reader(io.StringIO(render(sorted_report, "csv", words).decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == (*COLUMNS, *FIRM, *OPINIONS)
    assert [row[len(COLUMNS) :] for row in rows[1:]] == [
        ["1", "0", "0", ""],
        ["0", "0", "1", "A 85/10/5 B 12/80/8"],
        ["", "0", "0", ""],
        ["1", "0", "0", ""],
        ["0", "0", "1", "A 20/75/5 B 92/4/4 C 50/50/0"],
        ["", "0", "0", ""],
        ["1", "1", "0", "A 90/0/10 B 88/12/0 C 100/0/0"],
    ]


def test_csv_of_described_themes_says_so_in_the_last_column(described_report, words):
    rows = list(csv.reader(io.StringIO(render(described_report, "csv", words).decode("utf-8-sig"), newline="")))
    assert tuple(rows[0]) == (*COLUMNS, *FIRM, *OPINIONS, *ABOUT)
    said = guarded(described_report.themes[0].description)
    assert [row[-1] for row in rows[1:]] == [said, "", "", said, "", "", said]
