"""Folders as somebody else makes them: only what is documented, cut lines, blank lines; and how others are refused."""

import json

import pytest

from bench import effort, stability
from bench.draws import BadFolder
from bench.grouping import measure_room
from bench.labelled import read_labelled, rooms_of, sampled

LINES = ("text\tsubject\tlang", "More buses\tbuses\ten", "Cut off", "", "Line\u2028two\tbooks\tfr\tmore", "\t\t")


@pytest.fixture
def make(tmp_path):
    def make(*draws, lines=LINES, name="made", encoding="utf-8", end="\n"):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "ideas.tsv").write_bytes((end.join(lines) + end).encode(encoding))
        said = [draw if isinstance(draw, str) else json.dumps(draw, ensure_ascii=False) for draw in draws]
        (tmp_path / "draws.jsonl").write_bytes((end.join(said) + end).encode(encoding))
        return tmp_path

    return make


def draw(*rows, **more):
    return {"set": "made", "label": "subject", "rows": list(rows), "n": len(rows), "k": 1} | more


def test_a_folder_with_no_more_than_its_readme_names_is_read_by_all_commands(make):
    lines = [
        "text\tsubject",
        *(f"More {subject} please {n}\t{subject}" for n in range(15) for subject in ("bus", "art")),
    ]
    (room,) = read_labelled(make(draw(*range(30)), lines=lines))
    assert (room.name, room.set_name, room.true_count) == ("made-subject-30-1", "made subject", 2)
    assert {idea.lang for idea in room.ideas} == {None}
    assert measure_room(room, seed=0)["n"] == 30
    assert stability.fill(room, seed=0)["n"] == 30
    assert effort.measure_room(room, seed=0)["room"] == room.name


def test_every_room_has_a_name_of_its_own(make):
    folder = make(draw(0, 1, draw="a"), draw(1, 2, draw="a"), draw(0, 2, draw=""), draw(0, 2), draw(0, 1, draw=None))
    rooms = read_labelled(folder)
    assert [room.name for room in rooms] == ["a", "a, line 2", *(f"made-subject-2-{line}" for line in (3, 4, 5))]


def test_a_line_is_a_row_whether_it_is_cut_off_blank_or_too_long(make):
    (room,) = read_labelled(make(draw(4, 3, 2, 1, 0)))
    assert [idea.text for idea in room.ideas] == ["", "Line\u2028two", "", "Cut off", "More buses"]
    assert [idea.lang for idea in room.ideas] == [None, "fr", None, None, "en"]
    assert room.truth == ("", "books", "", "", "buses")


@pytest.mark.parametrize(("encoding", "end"), [("utf-8-sig", "\n"), ("utf-8", "\r\n")])
def test_marks_at_the_start_and_line_ends_of_other_systems_do_no_harm(make, encoding, end):
    folder = make(draw(0, 3, extra={"a": [1]}), encoding=encoding, end=end)
    assert read_labelled(folder)[0].truth == ("buses", "books")


def test_a_separator_inside_a_name_does_not_end_a_draw(make):
    assert read_labelled(make(draw(0, 1, draw="a\u2028b")))[0].name == "a\u2028b"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "this is no JSON object"),
        ("[]", "this is no JSON object"),
        ("[" * 100_000, "this is no JSON object"),
        ({"label": "subject", "rows": [0, 1]}, "`set` is to be there"),
        ({"set": "made", "label": 1, "rows": [0, 1]}, "`label` is to be there"),
        ({"set": "made", "label": "subject"}, "`rows` is to be there"),
        (draw(0, -1), "`rows` is to be there, a list of whole numbers from 0"),
        (draw(0, True), "`rows` is to be there"),
        (draw(0, "1"), "`rows` is to be there"),
        (draw(), "a room needs 2 ideas, and this one has 0"),
        (draw(1), "a room needs 2 ideas, and this one has 1"),
        (draw(0, 1, 0), "row 0 stands in `rows` twice"),
        (draw(0, 5), "ideas.tsv has no row 5: its last one is 4, the first is 0"),
        (draw(0, 1, label="topic"), "made/ideas.tsv has no column topic"),
        (draw(0, 1, set="nowhere"), "nowhere/ideas.tsv cannot be read: No such file"),
    ],
)
def test_a_draw_that_cannot_be_measured_is_refused_with_file_line_and_reason(make, line, reason):
    with pytest.raises(BadFolder, match=r"draws\.jsonl, line 2: ") as refused:
        read_labelled(make(draw(0, 1), line))
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("lines", "encoding", "reason"),
    [
        (LINES, "utf-16", "draws.jsonl is not UTF-8: save it as UTF-8"),
        (("theme\tsubject", "a\tb"), "utf-8", "made/ideas.tsv has no column text"),
        (LINES[:1], "utf-8", "made/ideas.tsv has no row below its header"),
    ],
)
def test_a_set_that_cannot_be_read_is_refused_by_its_name(make, lines, encoding, reason):
    with pytest.raises(BadFolder) as refused:
        read_labelled(make(draw(0, 1), lines=lines, encoding=encoding))
    assert reason in str(refused.value)


def test_a_folder_without_draws_is_refused(make, capsys):
    folder = make("")
    for read in (rooms_of, lambda where: sampled(where, 2, 0)):
        with pytest.raises(SystemExit):
            read(folder)
        assert "draws.jsonl names no room" in capsys.readouterr().err


def test_the_smallest_room_is_measured(make):
    (room,) = read_labelled(make(draw(0, 3)))
    assert measure_room(room, seed=0)["leftovers"] == 1
    assert stability.fill(room, seed=0)["moved"] == 0
    assert effort.measure_room(room, seed=0)["desk"]["desk"]["0"] == 1


def test_a_room_without_any_theme_is_no_work_for_people(make, capsys):
    folder = make(draw(1, 2))
    assert measure_room(read_labelled(folder)[0], seed=0)["ari"] == 1
    with pytest.raises(SystemExit):
        effort.measure(folder, seed=0, as_json=True)
    assert "names no room that this can be measured in" in capsys.readouterr().err
