"""`report`: one frozen state in every format, by the running server or without one."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from feedback.cli.__main__ import FORMATS, main
from feedback.cli.imports import import_file
from feedback.cli.report import words_of, write_report
from feedback.store.engine import reader_engine
from feedback.store.reports import Freeze

BEGINNINGS = {"docx": b"PK", "xlsx": b"PK", "pdf": b"%PDF-", "csv": b"", "json": b"{", "md": b"#"}


@pytest.fixture
def talked(founded, code, tmp_path):
    file = tmp_path / "notes.csv"
    file.write_text("text\nOpen at night\nOpen on Sundays\n", encoding="utf-8")
    assert import_file(founded, code, file, None) == 0
    return founded


def freezes(settings) -> list[str]:
    with Session(reader_engine(settings.database_url)) as db:
        return list(db.scalars(select(Freeze.name).order_by(Freeze.id)))


def test_report_writes_every_format(talked, code, tmp_path, capsys):
    assert set(FORMATS) == set(BEGINNINGS)
    for fmt in FORMATS:
        output = tmp_path / f"report.{fmt}"
        assert write_report(talked, code, fmt, output, language="en", name="Noon") == 0
        content = output.read_bytes()
        assert content.startswith(BEGINNINGS[fmt])
        if fmt in ("csv", "json", "md"):
            assert b"Open at night" in content
        assert capsys.readouterr().err == f"{output}: {len(content)} bytes\n"
    assert freezes(talked) == ["Noon"] * 6


def test_report_goes_through_the_running_server(served, code, tmp_path):
    output = tmp_path / "report.json"
    assert write_report(served, code, "json", output, language="en", name="Noon") == 0
    assert json.loads(output.read_text(encoding="utf-8"))
    assert freezes(served) == ["Noon"]


def test_report_refuses_an_unknown_code_and_says_when_a_file_cannot_be_written(founded, code, tmp_path, capsys):
    assert write_report(founded, "AAAAAA", "json", tmp_path / "report.json", language="en", name="Noon") == 1
    assert not (tmp_path / "report.json").exists()
    assert "(wrong_code)" in capsys.readouterr().err
    nowhere = tmp_path / "no" / "folder" / "report.json"
    assert write_report(founded, code, "json", nowhere, language="en", name="Noon") == 1
    assert "cannot be written" in capsys.readouterr().err


def test_report_command_knows_its_formats_and_languages(tmp_path):
    to = ["--output", str(tmp_path / "report")]
    for wrong in (["--format", "odt", *to], ["--format", "pdf", "--language", "xx", *to], ["--format", "pdf"], to):
        ran = CliRunner(env={"FEEDBACK_INSTANCE": str(tmp_path)}).invoke(main, ["report", "ABC234", *wrong])
        assert ran.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_words_of_english_are_the_sentences_themselves():
    assert words_of("en").gettext("Themes") == "Themes"
