import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.rows import BadRow, Row, Rows, read_rows


def read(text, name="ideas.csv", encoding="utf-8"):
    return read_rows(text.encode(encoding), name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_read_rows_reads_tables_of_every_make(encoding, mark, end):
    table = end.join(
        [mark.join(cells) for cells in (("id", "text", "lang"), ("a", "Büsse 🚌", "de"), ("b", "Trees", ""))]
    )
    assert read(table, encoding=encoding) == Rows((Row(2, "Büsse 🚌", "a", "de"), Row(3, "Trees", "b")), ())


def test_read_rows_reads_big_endian_with_a_mark():
    assert read_rows(b"\xfe\xff" + "text\nTrees".encode("utf-16-be"), "x.csv") == Rows((Row(2, "Trees"),), ())


def test_read_rows_knows_columns_by_name_whatever_their_case_and_order():
    assert read("Votes, TEXT ,Lang,id\n3,Trees,en,7\n").good == (Row(2, "Trees", "7", "en"),)


def test_read_rows_unquotes_cells_and_counts_lines_inside_them():
    table = 'id,text\n1,"one, two"\n2,"first\nsecond ""quoted"""\n3,last\n'
    assert read(table).good == (Row(2, "one, two", "1"), Row(3, 'first\nsecond "quoted"', "2"), Row(5, "last", "3"))


def test_read_rows_takes_quotes_that_open_nothing_as_they_are():
    assert read('id,text\n1,"Culture" for all\n2,5" pipes\n').good == (
        Row(2, '"Culture" for all', "1"),
        Row(3, '5" pipes', "2"),
    )


def test_read_rows_loses_one_line_at_most_to_a_quote_left_open():
    assert read('text,id\n"open,1\nfine,2\n"closed",3\n') == Rows(
        (Row(2, '"open', "1"), Row(3, "fine", "2"), Row(4, "closed", "3")), ()
    )


def test_read_rows_leaves_quotes_in_tables_with_tabs():
    table = 'text\tlang\n"Culture" for all\ten\n"All of it"\ten\n"left open\ten\nnot "closed"\ten\n'
    assert [row.text for row in read(table, "ideas.tsv").good] == [
        '"Culture" for all',
        '"All of it"',
        '"left open',
        'not "closed"',
    ]


def test_read_rows_undoes_a_spreadsheets_own_quotes_in_tables_with_tabs():
    table = 'text\tlang\n"He said ""more trees"""\ten\n"first\nsecond"\ten\n'
    assert read(table, "ideas.txt", "utf-16").good == (
        Row(2, 'He said "more trees"', None, "en"),
        Row(3, "first\nsecond", None, "en"),
    )


def test_read_rows_undoes_quotes_around_tabs_and_line_breaks_that_a_line_needs():
    table = 'id\ttext\n1\t"one\ttwo"\n2\t"first\nsecond"\n3\t"a\tb\nc"\n4\t"""All"" of\nit"\n5\tlast\n'
    assert read(table, "ideas.tsv").good == (
        Row(2, "one\ttwo", "1"),
        Row(3, "first\nsecond", "2"),
        Row(5, "a\tb\nc", "3"),
        Row(7, '"All" of\nit', "4"),
        Row(9, "last", "5"),
    )
    assert [row.text for row in read('text\n"first\nsecond"\n"one\ttwo"\n', "ideas.tsv").good] == [
        "first\nsecond",
        "one\ttwo",
    ]


@pytest.mark.parametrize(
    "lines",
    [
        ("text\ttheme", '"Open\tbuses', "Trees\tparks", 'closed"\tbuses'),
        ("theme\ttext", 'buses\t"Open', 'closed"\tTrees'),
        ("text\ttheme", '"Open\tclosed"'),
        ("text\ttheme", '"Open', "Trees\tparks", 'closed"\tbuses'),
    ],
)
def test_read_rows_swallows_no_line_that_is_whole_by_itself(lines):
    cells = [line.split("\t") for line in lines]
    text = cells[0].index("text")
    assert read("\n".join(lines), "ideas.tsv") == Rows(
        tuple(Row(number, row[text]) for number, row in enumerate(cells[1:], start=2)), ()
    )


def test_read_rows_takes_commas_in_a_single_column_as_text():
    assert read('text\nBuses, trams\n"quoted, once"\n\nlast\n').good == (
        Row(2, "Buses, trams"),
        Row(3, "quoted, once"),
        Row(5, "last"),
    )


def test_read_rows_keeps_empty_texts_for_the_caller_to_judge():
    assert read("id,text\n1,\n2,  \n").good == (Row(2, "", "1"), Row(3, "  ", "2"))


def test_read_rows_lists_lines_with_too_many_or_too_few_cells():
    assert read("id,text,lang\n1,a\n2\n3,a,en,more\n") == Rows(
        (Row(2, "a", "1"),), (BadRow(3, "columns"), BadRow(4, "columns"))
    )


def test_read_rows_loses_only_the_line_with_broken_bytes():
    assert read_rows(b"text,id\nok,1\nb\xe4d,2\nfine,3\n", "x.csv") == Rows(
        (Row(2, "ok", "1"), Row(4, "fine", "3")), (BadRow(3, "encoding"),)
    )
    assert read_rows("text\nok\nfin".encode("utf-16-le") + b"x", "x.csv") == Rows(
        (Row(2, "ok"),), (BadRow(3, "encoding"),)
    )


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b"\xef\xbb\xbf\n \n", "empty_file"),
        (b"text,id\n\n", "empty_file"),
        (b"comment\nTrees\n", "no_text_column"),
    ],
)
def test_read_rows_says_what_is_wrong_with_a_whole_file(data, code):
    assert read_rows(data, "x.csv") == Rows((), (BadRow(1, code),))


def test_read_rows_reads_json_lines():
    lines = '{"text": "Trees", "id": 7, "lang": "en", "votes": 3}\n\n{"text": "Büsse"}\n'
    assert read(lines, "ideas.jsonl") == Rows((Row(1, "Trees", "7", "en"), Row(3, "Büsse")), ())
    assert read(lines, "upload") == read(lines, "ideas.jsonl")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("trees", "not_json"),
        ('["text"]', "not_json"),
        ("[" * 100_000, "not_json"),
        ('{"id": 1}', "no_text"),
        ('{"text": 5}', "no_text"),
        ('{"text": "a", "id": true}', "bad_id"),
        ('{"text": "a", "id": [1]}', "bad_id"),
        (r'{"text": "\ud800"}', "encoding"),
    ],
)
def test_read_rows_lists_bad_json_lines(line, code):
    assert read(f'{{"text": "ok"}}\n{line}\n', "x.jsonl") == Rows((Row(1, "ok"),), (BadRow(2, code),))


@pytest.mark.parametrize("name", ["ideas.json", "IDEAS.JSONL", "ideas.ndjson"])
def test_read_rows_reads_an_array_of_objects(name):
    array = '\n[\n  {"text": "Trees",\n   "id": 7}\n , {"text": "Büsse", "lang": "de"}, 5,\n{"id": 1}]\n'
    assert read(array, name) == Rows(
        (Row(3, "Trees", "7"), Row(5, "Büsse", None, "de")), (BadRow(5, "not_json"), BadRow(6, "no_text"))
    )
    assert read("[\n]", name) == Rows((), (BadRow(1, "empty_file"),))
    assert read('[{"text": "a,b"}]', name).good == (Row(1, "a,b"),)


@pytest.mark.parametrize(
    "rest", ["", ",", ",]", ' {"text": "b"}]', ',\n"b', "]]", '] {"text": "b"}', "," + "[" * 100_000]
)
def test_read_rows_keeps_what_stands_before_the_break_in_an_array(rest):
    found = read('[\n{"text": "a"}' + rest, "ideas.json")
    assert found == Rows((Row(2, "a"),), (BadRow(3 if "\n" in rest else 2, "not_json"),))


def test_read_rows_loses_only_the_object_with_broken_bytes():
    assert read_rows(b'[{"text": "b\xe4d"},\n{"text": "fine"}]', "x.json") == Rows(
        (Row(2, "fine"),), (BadRow(1, "encoding"),)
    )


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1)))
def test_read_rows_gives_json_texts_back_as_they_were(texts):
    lines = "\n".join(json.dumps({"text": text}) for text in texts) + "\n"
    assert [row.text for row in read(lines, "x.jsonl").good] == texts
    array = json.dumps([{"text": text} for text in texts], indent=1)
    assert [row.text for row in read(array, "x.json").good] == texts


@given(
    st.lists(
        st.lists(st.text('ab" '), min_size=2, max_size=3).filter(lambda row: not any('""' in cell for cell in row)),
        min_size=1,
    )
)
def test_read_rows_gives_cells_between_tabs_back_whatever_quotes_they_hold(cells):
    whole = [[*row, "end", "end"][:3] for row in cells]
    table = "text\tnote\tlang\n" + "\n".join("\t".join(row) for row in whole)
    assert [row.text for row in read(table, "x.tsv").good] == [row[0] for row in whole]


@given(st.binary(max_size=400), st.sampled_from(["x.csv", "x.tsv", "x.jsonl", ""]))
def test_read_rows_never_breaks_on_any_bytes(data, name):
    rows = read_rows(data, name)
    for row in rows.good:
        row.text.encode()
    assert rows.good or rows.bad or data


@given(st.lists(st.lists(st.text('ab",;\n\t'), min_size=2, max_size=2), min_size=1))
def test_read_rows_gives_quoted_cells_back_as_they_were(cells):
    quoted = [['"' + cell.replace('"', '""') + '"' for cell in row] for row in cells]
    table = "text,note\n" + "\n".join(",".join(row) for row in quoted)
    assert [row.text for row in read(table).good] == [row[0] for row in cells]
