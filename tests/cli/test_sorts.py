"""Names and sorts beside a file of ideas, read and refused line by line, and what `themes` makes of them."""

import json

import pytest

from feedback.cli.sorts import LineRefused, read_sorts, read_starters
from feedback.cli.themes import themes_command
from feedback.domain.sorts import Sort

IDEAS = ["More night buses", "Late buses", "A longer bus line", "Library books", "Longer library hours", "Quiet"]


@pytest.fixture
def write(tmp_path):
    def write(name, *lines):
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


def sort(participant, idea, theme):
    return json.dumps({"participant": participant, "idea": idea, "theme": theme}, ensure_ascii=False)


def test_names_and_descriptions_are_read(write):
    found = read_starters(write("names.txt", "\ufeffBuses\tnight buses, trams", "", "  Écoles ", "Books"))
    assert [(theme.id, theme.name, theme.description) for theme in found.themes] == [
        (1, "Buses", "night buses, trams"),
        (2, "Écoles", ""),
        (3, "Books", ""),
    ]
    assert (found.next_id, all(theme.named_by_person for theme in found.themes)) == (4, True)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("Buses", "", "Buses"), "names.txt, line 3: this name stands there already (repeated_name)."),
        (("Caf\u00e9", " Cafe\u0301  "), "line 2: this name stands there already (repeated_name)."),
        (("x" * 121,), "line 1: a name has 1 to 120 characters, and nothing that cannot be shown (bad_name)."),
        (("a\x07b",), "bad_name"),
        (("\tno name",), "bad_name"),
        (("", "  "), "names.txt, line 1: there is no name in this file (empty_file)."),
    ],
)
def test_names_that_cannot_be_used_are_refused(write, lines, reason):
    with pytest.raises(LineRefused) as refused:
        read_starters(write("names.txt", *lines))
    assert reason in str(refused.value)


def test_sorts_name_themes_of_their_own_where_no_names_are_given(write):
    path = write("sorts.jsonl", sort("p", 1, "Books"), sort("q", "2", "Buses"), sort("p", "2", None))
    themes, sorts = read_sorts(path, ["1", "2"], None)
    assert [(theme.id, theme.name) for theme in themes.themes] == [(1, "Books"), (2, "Buses")]
    assert sorts == [Sort("p", "1", 1), Sort("q", "2", 2), Sort("p", "2", None)]


def test_a_name_is_the_same_however_it_was_typed(write):
    said = (sort("p", "1", "Cafe\u0301s "), sort("q", " 1", "Caf\u00e9s"), sort("r", "1", " Caf\u00e9s"))
    themes, sorts = read_sorts(write("sorts.jsonl", *said), ["1"], None)
    assert [theme.name for theme in themes.themes] == ["Caf\u00e9s"]
    assert sorts == [Sort(name, "1", 1) for name in "pqr"]
    names = read_starters(write("names.txt", "Books", "Cafe\u0301s "))
    assert read_sorts(write("sorts.jsonl", *said), ["1"], names) == (names, [Sort(name, "1", 2) for name in "pqr"])


def test_a_number_is_that_of_a_starter_theme(write):
    names = read_starters(write("names.txt", "Books", "1"))
    path = write("sorts.jsonl", sort("p", "1", 1), sort(7, "1", 2), sort("q", "1", "1"))
    assert read_sorts(path, ["1"], names)[1] == [Sort("p", "1", 1), Sort("7", "1", 2), Sort("q", "1", 2)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "this is no JSON object with participant, idea and theme (not_a_sort)"),
        ("[" * 100_000, "(not_a_sort)"),
        ("[]", "(not_a_sort)"),
        ('{"participant": "p", "idea": "1"}', "(not_a_sort)"),
        (sort(None, "1", "Books"), "participant is to be words or a whole number, not null (not_a_sort)"),
        (sort(" ", "1", "Books"), 'participant is to be words or a whole number, not " " (not_a_sort)'),
        (
            json.dumps({"participant": "\ud800", "idea": "1", "theme": "Books"}),
            'cannot be written: "\\ud800" (not_a_sort)',
        ),
        (sort("p", None, "Books"), "idea is to be words or a whole number, not null (not_a_sort)"),
        (sort("p", True, "Books"), "not true (not_a_sort)"),
        (sort("p", "9", "Books"), "there is no idea 9 (unknown_idea)"),
        (sort("p", "1", "Trees"), "there is no theme of the name Trees (unknown_theme)"),
        (sort("p", "1", ["Books"]), 'a theme is given by its name, not by ["Books"] (unknown_theme)'),
        (sort("p", "1", True), "not by true (unknown_theme)"),
        (sort("p", "1", 2), "there is no theme 2: --starter names 1, the first being 1 (unknown_theme)"),
        (sort("p", "1", 0), "there is no theme 0"),
        (sort("p", "1", "x" * 121), "(bad_name)"),
    ],
)
def test_sorts_that_cannot_be_used_are_refused(write, line, reason):
    names = read_starters(write("names.txt", "Books"))
    with pytest.raises(LineRefused, match=r"sorts\.jsonl, line 2: ") as refused:
        read_sorts(write("sorts.jsonl", sort("p", "1", "Books"), line), ["1"], names)
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("theme", "reason"),
    [
        (1, "themes have numbers only beside --starter: give the name instead of 1 (unknown_theme)"),
        (" ", "(bad_name)"),
        ("x" * 121, "(bad_name)"),
    ],
)
def test_sorts_without_names_beforehand_must_name_themes(write, theme, reason):
    with pytest.raises(LineRefused) as refused:
        read_sorts(write("sorts.jsonl", sort("p", "1", theme)), ["1"], None)
    assert reason in str(refused.value)


def test_themes_takes_both_files(write, capfdbinary):
    room = write("room.csv", "text", *IDEAS)
    names = write("names.txt", "Buses", "Library")
    said = write("sorts.jsonl", *(sort(f"p{n}", "6", "Library") for n in range(5)), sort("p1", "2", "Buses"))
    assert themes_command(room, "json", 0, starter=names, sorts=said) == 0
    found = json.loads(capfdbinary.readouterr().out)
    assert list(found) == ["themes", "leftovers", "unsure", "reliability", "near_duplicates", "outlooks"]
    ideas = {theme["name"]: theme["ideas"] for theme in found["themes"]}
    assert "6" in ideas["Library"]
    assert "2" in ideas["Buses"]
    assert "6" not in found["unsure"]


def test_themes_says_which_line_it_does_not_understand(write, capfdbinary):
    room = write("room.csv", "text", *IDEAS)
    assert themes_command(room, "json", 0, sorts=write("sorts.jsonl", "nonsense")) == 1
    out, err = capfdbinary.readouterr()
    assert (out, b"sorts.jsonl, line 1:" in err) == (b"", True)
