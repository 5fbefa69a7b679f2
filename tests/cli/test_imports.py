"""`import`: good lines are taken, bad ones named by number and reason, twice adds nothing."""

import subprocess
import sys

from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.cli.imports import import_file
from feedback.settings import ROOT
from feedback.store.engine import reader_engine
from feedback.store.ideas import Idea

FILE = 'text,id\n"Open at night, please",1\n,2\nOpen on Sundays,3\n{long},4\n'.replace("{long}", "a" * 501)


def bodies(settings) -> list[str]:
    with Session(reader_engine(settings.database_url)) as db:
        return list(db.scalars(select(Idea.body).order_by(Idea.number)))


def test_import_says_what_was_taken_and_what_was_not(founded, code, tmp_path, capsys):
    file = tmp_path / "notes.csv"
    file.write_text(FILE, encoding="utf-8")
    assert import_file(founded, code, file, None) == 0
    said = capsys.readouterr()
    assert said.out == "taken 2, already here 0, not taken 2\n"
    assert said.err.splitlines() == [
        "line 3: Its text is empty. (empty)",
        "line 5: Its text is longer than 500 characters. (too_long)",
    ]
    assert import_file(founded, code, file, 1) == 0
    assert capsys.readouterr().out == "taken 0, already here 2, not taken 2\n"
    assert bodies(founded) == ["Open at night, please", "Open on Sundays"]


def test_import_of_broken_and_empty_files_names_the_lines(founded, code, tmp_path, capsys):
    for name, content, said in [
        ("a.jsonl", b'{"text": "Good"}\nnonsense\n', "line 2: It is not a JSON object. (not_json)"),
        ("b.csv", b"idea\nGood\n", "no_text_column"),
        ("c.csv", b"", "line 1: No ideas were found in this file. (empty_file)"),
        ("d.csv", b"text,id\n", "line 1: No ideas were found in this file. (empty_file)"),
    ]:
        file = tmp_path / name
        file.write_bytes(content)
        assert import_file(founded, code, file, None) == 0
        assert said in capsys.readouterr().err
    assert bodies(founded) == ["Good"]


def test_import_refuses_an_unknown_code_and_prompt(founded, code, tmp_path, capsys):
    file = tmp_path / "notes.csv"
    file.write_text(FILE, encoding="utf-8")
    assert import_file(founded, "AAAAAA", file, None) == 1
    assert import_file(founded, code, file, 7) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "(wrong_code)" in said.err
    assert "(not_found)" in said.err
    assert bodies(founded) == []


def test_import_command_keeps_standard_output_for_the_result(founded, code, tmp_path):
    file = tmp_path / "notes.csv"
    file.write_text(FILE, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "feedback.cli", "import", code, str(file)],
        cwd=ROOT,
        env={"FEEDBACK_INSTANCE": str(founded.instance), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "taken 2, already here 0, not taken 2\n")
    assert ran.stderr.startswith("line 3: ")
