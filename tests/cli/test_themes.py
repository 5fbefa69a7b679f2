import csv
import io
import json

import pytest
from click.testing import CliRunner
from endpoint import Endpoint

from feedback.cli.__main__ import main
from feedback.cli.themes import FileRefused, read_ideas, themes_command
from feedback.clustering.measuring import forget_rooms
from feedback.domain.themes import IdeaText

BUSES = ["More night buses", "Night buses on weekdays", "Buses at night for all", "Late buses and night trams"]
BOOKS = ["Library books for all", "Longer library hours", "A library with reading rooms", "New library books"]
TEXTS = [text + "!" * number for number in range(4) for pair in zip(BUSES, BOOKS, strict=True) for text in pair]


@pytest.fixture
def room(tmp_path):
    file = tmp_path / "room.csv"
    file.write_text("text\n" + "\n".join(TEXTS) + '\n" "\n', encoding="utf-8")
    return file


def run(capfdbinary, *args):
    code = themes_command(*args)
    out, err = capfdbinary.readouterr()
    return code, out.decode(), err.decode()


def test_themes_prints_json_with_every_id_once(room, capfdbinary):
    code, out, err = run(capfdbinary, room, "json", 0)
    found = json.loads(out)
    assert code == 0
    assert list(found) == ["themes", "leftovers", "near_duplicates", "outlooks"]
    assert {tuple(theme) for theme in found["themes"]} == {
        ("id", "name", "firmness", "firm", "terms", "ideas", "representatives")
    }
    first = found["near_duplicates"][0]
    assert (list(first), first["same"], len(first["ideas"])) == (["ideas", "closeness", "same"], True, 2)
    assert found["outlooks"].keys() == {idea for theme in found["themes"] for idea in theme["ideas"]} | set(
        found["leftovers"]
    )
    ids = [idea for theme in found["themes"] for idea in theme["ideas"]] + found["leftovers"]
    assert sorted(ids, key=int) == [str(number) for number in range(1, 34)]
    assert "33" in found["leftovers"]
    assert "Trying groupings …" in err


def test_themes_prints_the_same_bytes_twice(room, capfdbinary):
    assert run(capfdbinary, room, "json", 3) == run(capfdbinary, room, "json", 3)


def test_themes_takes_the_largest_seed_and_refuses_what_is_none_before_it_begins(room, capfdbinary):
    assert run(capfdbinary, room, "json", 2**32 - 1)[0] == 0
    for seed in ("-1", "4294967296", "5000000000", "x"):
        asked = CliRunner().invoke(main, ["themes", str(room), "--seed", seed])
        assert (asked.exit_code, asked.stdout, "Invalid value for '--seed'" in asked.stderr) == (2, "", True)


def test_themes_prints_csv_with_one_row_per_idea(room, capfdbinary):
    _, out, _ = run(capfdbinary, room, "csv", 0)
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["id", "theme_id", "theme"]
    assert sorted(int(row[0]) for row in rows[1:]) == list(range(1, 34))
    assert ["33", "", ""] in rows


def test_themes_prints_markdown_in_which_no_text_is_markup(tmp_path, capfdbinary):
    file = tmp_path / "room.jsonl"
    file.write_text(json.dumps({"text": "<b>*loud*</b>\n# [link](x)"}) + "\n", encoding="utf-8")
    assert run(capfdbinary, file, "md", 0)[1] == (
        "# Themes\n\n## Leftovers (1)\n\n- \\<b\\>\\*loud\\*\\</b\\> \\# \\[link\\](x) (1)\n"
    )


def test_themes_prints_markdown_with_names_and_ideas(room, capfdbinary):
    _, out, _ = run(capfdbinary, room, "md", 0)
    assert out.startswith("# Themes\n\n## 1. ")
    assert "\n- More night buses (1)\n" in out
    assert "- (empty) (33)" in out


def test_themes_refuses_a_file_with_bad_lines_and_names_them(tmp_path, capfdbinary):
    file = tmp_path / "room.csv"
    file.write_text("text,id\nTrees,1\nTrees,2,3\n", encoding="utf-8")
    code, out, err = run(capfdbinary, file, "json", 0)
    assert (code, out) == (1, "")
    assert "room.csv, line 3:" in err
    assert "(columns)" in err


def test_themes_refuses_a_header_with_nothing_below_it(tmp_path, capfdbinary):
    file = tmp_path / "room.csv"
    file.write_text("text,id\n", encoding="utf-8")
    code, out, err = run(capfdbinary, file, "json", 0)
    assert (code, out) == (1, "")
    assert "room.csv, line 1: No ideas were found in this file. (empty_file)" in err


def test_themes_takes_an_array_of_objects(tmp_path):
    file = tmp_path / "room.json"
    file.write_text(json.dumps([{"text": "Trees"}, {"text": "Buses", "id": "b", "lang": "en"}]), encoding="utf-8")
    assert read_ideas(file) == [IdeaText("1", "Trees"), IdeaText("b", "Buses", "en")]


def test_themes_refuses_a_repeated_id_with_its_line(tmp_path, capfdbinary):
    file = tmp_path / "room.csv"
    file.write_text("text,id\nTrees,7\nBuses,7\n", encoding="utf-8")
    code, out, err = run(capfdbinary, file, "json", 0)
    assert (code, out) == (1, "")
    assert "room.csv, line 3: the id 7 stands on line 2 already" in err


def test_themes_says_when_a_file_cannot_be_read(tmp_path, capfdbinary):
    code, out, err = run(capfdbinary, tmp_path, "json", 0)
    assert (code, out) == (1, "")
    assert "cannot be read" in err


def test_read_ideas_calls_rows_without_id_by_their_number(tmp_path):
    file = tmp_path / "room.tsv"
    file.write_text("text\tid\tlang\nTrees\t\ten\nBuses\tb\t\n\t\t\n", encoding="utf-8")
    assert read_ideas(file) == [IdeaText("1", "Trees", "en"), IdeaText("b", "Buses"), IdeaText("3", "")]


def test_read_ideas_refuses_a_number_that_is_somebodys_id(tmp_path):
    file = tmp_path / "room.csv"
    file.write_text("text,id\nTrees,2\nBuses,\n", encoding="utf-8")
    with pytest.raises(FileRefused, match="line 3: this row has no id, so it is called 2"):
        read_ideas(file)


def test_read_ideas_lists_twenty_bad_lines_at_most(tmp_path):
    file = tmp_path / "room.jsonl"
    file.write_text("no\n" * 25, encoding="utf-8")
    with pytest.raises(FileRefused, match=r"and 5 lines more"):
        read_ideas(file)


def test_themes_can_be_found_by_an_endpoint(room, capfdbinary, monkeypatch):
    with Endpoint() as endpoint:
        monkeypatch.setenv("FEEDBACK_EMBEDDER_URL", endpoint.url)
        monkeypatch.setenv("FEEDBACK_EMBEDDER_NAME", "letters")
        assert themes_command(room, "json", 0, embedder="http") == 0
        first = capfdbinary.readouterr().out
        found = json.loads(first)
        assert len(found["themes"]) >= 2
        assert set(endpoint.texts) == set(TEXTS)
        assert themes_command(room, "json", 0, embedder="http") == 0
        assert capfdbinary.readouterr().out == first
        endpoint.mode = "500"
        forget_rooms()
        assert themes_command(room, "json", 0, embedder="http") == 0
    out, err = capfdbinary.readouterr()
    assert "Only words were compared: the embedding endpoint reported a fault. (failed)" in err.decode()
    assert themes_command(room, "json", 0) == 0
    assert capfdbinary.readouterr().out == out


@pytest.mark.parametrize(("embedder", "cure"), [("local", "setup --embed"), ("http", "FEEDBACK_EMBEDDER_URL")])
def test_an_embedder_that_is_not_here_is_refused_with_the_cure(room, capfdbinary, monkeypatch, embedder, cure):
    monkeypatch.setenv("FEEDBACK_EMBEDDER_MODEL", "no-such-package")
    assert themes_command(room, "json", 0, embedder=embedder) == 1
    out, err = capfdbinary.readouterr()
    assert (out, cure in err.decode()) == (b"", True)
