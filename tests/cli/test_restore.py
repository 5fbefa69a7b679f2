"""A backup takes the database's place, or nothing changes; whatever happens on the way, the house has one of both."""

import json
import os
import resource
import shutil
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from feedback.actions.ideas import add_idea
from feedback.backup_folder import key_name, key_print, side_of, sum_of
from feedback.cli.backup import backup
from feedback.cli.house import own_house
from feedback.cli.restore import restore_backup
from feedback.domain.ideas import Source
from feedback.domain.ids import ulid
from feedback.domain.roles import HOUSE
from feedback.settings import ROOT, Settings, read_settings
from feedback.store import schema
from feedback.store.accounts import FAR_AHEAD
from feedback.store.copies import damage_of, logs_of, reckon

KILLED = Path(__file__).parent.parent / "support" / "killed.py"


def write(settings: Settings, words: str) -> None:
    """Write an idea into the first conversation."""
    with own_house(settings) as house:
        house.gate.write(1, lambda tx: add_idea(
            tx, HOUSE, idea_id=ulid(1, lambda bits: int.from_bytes(os.urandom(10)) >> (80 - bits)), prompt_id=1,
            text=words, lang="en", source=Source.FLOOR, import_key=None, conversation_id=1,
        ))  # fmt: skip


def ideas(path: Path) -> list[str]:
    with sqlite3.connect(path) as db:
        found = [row[0] for row in db.execute("SELECT body FROM idea ORDER BY number")]
    db.close()
    return found


def asides(settings: Settings) -> list[Path]:
    return sorted(settings.instance.glob("feedback.before-restore-*.db"))


@pytest.fixture
def database(founded) -> Path:
    return founded.instance / "feedback.db"


@pytest.fixture
def made(founded, tmp_path) -> Path:
    """A backup with one idea; another one was written since."""
    write(founded, "Kept")
    path, _ = backup(founded, tmp_path / "backups")
    write(founded, "Since then")
    return path


def test_what_was_kept_comes_back_and_the_present_is_kept_aside(founded, made, database, capsys):
    assert restore_backup(founded, made, with_key=False) == 0
    assert ideas(database) == ["Kept"]
    (aside,) = asides(founded)
    assert ideas(aside) == ["Kept", "Since then"]
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == "322222  1 ideas, 0 votes, 0 participants, commit 3"
    assert said.err == f"The database before it is kept as {aside}\n"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (database, aside)] == [0o600, 0o600]
    assert list(founded.instance.glob(".*")) == []
    assert restore_backup(founded, aside, with_key=False) == 0
    assert ideas(database) == ["Kept", "Since then"]
    assert "so its sum is not checked" in capsys.readouterr().err


def test_a_running_server_keeps_its_database(founded, made, database, capsys):
    with own_house(founded):
        before = sum_of(database)
        assert restore_backup(founded, made, with_key=False) == 1
        assert "Stop it first" in capsys.readouterr().err
        assert (sum_of(database), asides(founded)) == (before, [])


def test_another_file_than_the_one_made_is_refused(founded, made, database, capsys):
    with made.open("ab") as file:
        file.write(b"x")
    assert restore_backup(founded, made, with_key=False) == 1
    assert "its sum is another one" in capsys.readouterr().err
    side_of(made).unlink()
    with made.open("r+b") as file:
        file.seek(9_000)
        file.write(b"broken" * 4_000)
    assert restore_backup(founded, made, with_key=False) == 1
    assert "is damaged (" in capsys.readouterr().err
    made.write_text("a letter")
    assert restore_backup(founded, made, with_key=False) == 1
    assert "is damaged (file is not a database)" in capsys.readouterr().err
    assert (ideas(database), asides(founded)) == (["Kept", "Since then"], [])


def test_a_database_of_others_or_of_a_newer_program_is_refused(founded, made, capsys):
    side_of(made).unlink()
    with sqlite3.connect(made) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    assert restore_backup(founded, made, with_key=False) == 1
    assert "made by a newer program (revision 9999)" in capsys.readouterr().err
    with sqlite3.connect(made) as db:
        db.execute("DROP TABLE alembic_version")
    db.close()
    assert restore_backup(founded, made, with_key=False) == 1
    assert "is no database of this program" in capsys.readouterr().err


def test_an_older_database_is_brought_up_to_date(founded, made, database, tmp_path, monkeypatch):
    newer = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, newer)
    (newer / "versions" / "9000_a_later_one.py").write_text(
        'import sqlalchemy as sa\nfrom alembic import op\nrevision, down_revision = "9000", '
        f'"{schema.newest()}"\ndef upgrade():\n    op.add_column("strand", sa.Column("later", sa.Integer()))\n'
        "def downgrade():\n    pass\n"
    )
    monkeypatch.setattr(schema, "MIGRATIONS", newer)
    assert restore_backup(founded, made, with_key=False) == 0
    with sqlite3.connect(database) as db:
        assert db.execute("SELECT later FROM strand").fetchone() == (None,)
    db.close()


def test_a_database_with_its_log_comes_back_whole(founded, made, database, tmp_path):
    raw = tmp_path / "raw" / "feedback.db"
    raw.parent.mkdir()
    with own_house(founded) as house:
        house.gate.write(1, lambda tx: tx.touch(1, "title"))
        for name, copy in zip((database, logs_of(database)[0]), (raw, logs_of(raw)[0]), strict=True):
            shutil.copyfile(name, copy)
    made.unlink()
    assert restore_backup(founded, raw, with_key=False) == 0
    assert reckon(database)[0][0].seq == 4
    assert logs_of(raw)[0].exists()  # what it was made of is left as it was


def test_a_damaged_present_is_replaced_and_kept_as_it_is(founded, made, database):
    database.write_bytes(b"SQLite format 3\0" + b"broken" * 9_000)
    logs_of(database)[0].write_bytes(b"a log of then")
    assert restore_backup(founded, made, with_key=False) == 0
    (aside,) = asides(founded)
    assert aside.read_bytes().startswith(b"SQLite format 3\0broken")
    assert logs_of(aside)[0].read_bytes() == b"a log of then"
    assert damage_of(database) == []
    assert reckon(database)[0][0].seq == 1 + FAR_AHEAD


def test_on_a_full_disk_everything_stays_as_it_was(founded, made, database):
    """The kernel lets no file grow past 100 KB, which the database does."""
    ran = subprocess.run(
        [sys.executable, "-m", "feedback.cli", "restore", str(made)],
        cwd=ROOT,
        env=os.environ | {"FEEDBACK_INSTANCE": str(founded.instance)},
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert ran.returncode == 1
    assert "was not put back (File too large" in ran.stderr
    assert "The database is as it was." in ran.stderr
    assert (ideas(database), asides(founded), list(founded.instance.glob(".*"))) == (["Kept", "Since then"], [], [])


def test_a_house_without_a_database_gets_one(made, tmp_path):
    with_nothing = read_settings({"FEEDBACK_INSTANCE": str(tmp_path / "new")})
    assert restore_backup(with_nothing, made, with_key=False) == 0
    assert ideas(with_nothing.instance / "feedback.db") == ["Kept"]
    assert asides(with_nothing) == []


def test_the_key_comes_back_when_it_was_kept(founded, tmp_path, capsys):
    path, _ = backup(founded, tmp_path / "backups", with_key=True)
    elsewhere = read_settings({"FEEDBACK_INSTANCE": str(tmp_path / "new")})
    assert restore_backup(elsewhere, path, with_key=False) == 0
    assert "made under another secret key" in capsys.readouterr().err
    assert restore_backup(elsewhere, path, with_key=True) == 0
    assert "another secret key" not in capsys.readouterr().err
    now = read_settings({"FEEDBACK_INSTANCE": str(tmp_path / "new")})
    assert now.secret_key == founded.secret_key
    (kept,) = now.instance.glob("secret_key.before-restore-*")
    assert kept.read_text() == elsewhere.secret_key
    assert stat.S_IMODE((now.instance / "secret_key").stat().st_mode) == 0o600


def test_a_key_that_was_not_kept_or_comes_from_outside_stops_everything(founded, made, database, capsys):
    assert restore_backup(founded, made, with_key=True) == 1
    assert f"{key_name(key_print(founded.secret_key))} is not there" in capsys.readouterr().err
    assert restore_backup(replace(founded, secret_key="from outside"), made, with_key=True) == 1
    assert "FEEDBACK_SECRET_KEY" in capsys.readouterr().err
    assert ideas(database) == ["Kept", "Since then"]


def kill_at_each_step(settings: Settings, made: Path, mutant: str = "") -> list[dict]:
    """Leave the house with a log, as a killed server does; returns what was found after each kill."""
    log = logs_of(settings.instance / "feedback.db")[0]
    with own_house(settings) as house:
        house.gate.write(1, lambda tx: tx.touch(1, "title"))
        kept = log.read_bytes()
        database = (settings.instance / "feedback.db").read_bytes()
    (settings.instance / "feedback.db").write_bytes(database)
    log.write_bytes(kept)
    settings.control_socket.unlink(missing_ok=True)
    ran = subprocess.run(
        [sys.executable, str(KILLED), str(settings.instance), str(made), mutant],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return [json.loads(line) for line in ran.stdout.splitlines()]


def faults(looks: list[dict]) -> list[dict]:
    """What is neither the one database nor the other, or could not be put right by trying again."""
    either = (["Kept", "Since then"], ["Kept"])
    return [look for look in looks if look["ideas"] not in either or look["wrong"] or look["again"] != 1]


def test_killed_at_any_step_the_house_has_its_old_database_or_its_new_one(founded, made):
    looks = kill_at_each_step(founded, made)
    assert faults(looks) == []
    assert len(looks) > 10
    assert (looks[0]["ideas"], looks[-1]["ideas"]) == (["Kept", "Since then"], ["Kept"])


@pytest.mark.parametrize("mutant", ["make_room_first", "leave_the_log"])
def test_a_step_in_the_wrong_place_is_noticed(founded, made, mutant):
    assert faults(kill_at_each_step(founded, made, mutant)) != []
