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
        (("x" * 121,), "line 1: a name has 1 to 120 characters (bad_name)."),
        (("\tno name",), "bad_name"),
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


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{", "not_a_sort"),
        ("[]", "not_a_sort"),
        ('{"participant": "p", "idea": "1"}', "not_a_sort"),
        (sort("p", "9", "Books"), "unknown_idea"),
        (sort("p", "1", "Trees"), "unknown_theme"),
        (sort("p", "1", ["Books"]), "unknown_theme"),
    ],
)
def test_sorts_that_cannot_be_used_are_refused(write, line, code):
    names = read_starters(write("names.txt", "Books"))
    with pytest.raises(LineRefused, match=rf"sorts\.jsonl, line 2: .*\({code}\)\."):
        read_sorts(write("sorts.jsonl", sort("p", "1", "Books"), line), ["1"], names)


def test_themes_takes_both_files(write, capfdbinary):
    room = write("room.csv", "text", *IDEAS)
    names = write("names.txt", "Buses", "Library")
    said = write("sorts.jsonl", *(sort(f"p{n}", "6", "Library") for n in range(5)), sort("p1", "2", "Buses"))
    assert themes_command(room, "json", 0, starter=names, sorts=said) == 0
    found = json.loads(capfdbinary.readouterr().out)
    assert list(found) == ["themes", "leftovers", "unsure", "reliability", "outlooks"]
    ideas = {theme["name"]: theme["ideas"] for theme in found["themes"]}
    assert "6" in ideas["Library"]
    assert "2" in ideas["Buses"]
    assert "6" not in found["unsure"]


def test_themes_says_which_line_it_does_not_understand(write, capfdbinary):
    room = write("room.csv", "text", *IDEAS)
    assert themes_command(room, "json", 0, sorts=write("sorts.jsonl", "nonsense")) == 1
    out, err = capfdbinary.readouterr()
    assert (out, b"sorts.jsonl, line 1:" in err) == (b"", True)
