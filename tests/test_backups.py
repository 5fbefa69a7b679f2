"""When the running server makes a backup: after what was written, at a close, once for all processes of a house."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from feedback.backups import GAP, Backups, Status, note_failure, read_status
from feedback.cli.backup import backup
from feedback.domain.facts import ConversationChanged, ConversationClosed
from feedback.settings import BadSetting, read_settings

MINUTE = 60.0


@pytest.fixture
def settings(room, tmp_path):
    return read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_BACKUP_DIR": str(tmp_path / "backups")})


@pytest.fixture
def backups(settings, room) -> Backups:
    return Backups(settings, room.engine)


def test_backups_are_set_by_the_environment(tmp_path):
    house = {"FEEDBACK_INSTANCE": str(tmp_path)}
    plain = read_settings(house)
    assert (plain.backup_dir, plain.backup_minutes, plain.backup_keep) == (None, 5, 48)
    set_up = house | {"FEEDBACK_BACKUP_DIR": "kept", "FEEDBACK_BACKUP_MINUTES": "0", "FEEDBACK_BACKUP_KEEP": "7"}
    chosen = read_settings(set_up)
    assert (chosen.backup_dir, chosen.backup_minutes, chosen.backup_keep) == (Path("kept").absolute(), 1, 7)
    with pytest.raises(BadSetting, match="FEEDBACK_BACKUP_KEEP is 'many'"):
        read_settings(house | {"FEEDBACK_BACKUP_KEEP": "many"})


def test_a_backup_is_due_some_minutes_after_something_was_written(settings, backups, room):
    begun = time.monotonic()
    assert not backups.is_due(begun + 4 * MINUTE)
    assert backups.is_due(begun + 5 * MINUTE)
    backup(settings, settings.backup_dir)
    status = json.loads((settings.instance / "backups.json").read_text())
    an_hour_ago = status | {"succeeded_at": status["succeeded_at"] - 3_600_000}
    (settings.instance / "backups.json").write_text(json.dumps(an_hour_ago))
    assert not backups.is_due(begun + 65 * MINUTE)
    room.phone("anna").write("Open at night")
    assert not backups.is_due(begun + 66 * MINUTE)  # it has just been looked
    assert backups.is_due(begun + 70 * MINUTE)


def test_a_backup_is_due_when_a_conversation_was_closed_and_not_twice_at_once(settings, backups):
    backups.hear([ConversationChanged(1, 1, "title")])
    assert not backups.is_due(time.monotonic())
    backups.hear([ConversationChanged(1, 2, "title"), ConversationClosed(1)])
    assert backups.is_due(time.monotonic())
    assert backups.make()
    assert len(list(settings.backup_dir.glob("*.db"))) == 1
    assert not backups.is_due(time.monotonic())
    backups.hear([ConversationClosed(2)])
    assert not backups.is_due(time.monotonic())
    assert backups.is_due(time.monotonic() + GAP)


def test_what_another_process_of_the_house_has_just_kept_is_enough(settings, backups):
    later = time.monotonic() + 10 * MINUTE
    backup(settings, settings.instance / "elsewhere")
    assert backups.is_due(later)
    backup(settings, settings.backup_dir)
    assert not backups.is_due(later)


def test_only_the_process_that_leads_looks_at_the_time_and_each_sees_to_its_own_closings(settings, room):
    follower = Backups(settings, room.engine, leads=lambda: False)
    assert not follower.is_due(time.monotonic() + 10 * MINUTE)
    follower.hear([ConversationClosed(1)])
    assert follower.is_due(time.monotonic())


def test_a_clock_that_was_set_back_keeps_no_backup_away(settings, backups, room):
    backup(settings, settings.backup_dir)
    status = json.loads((settings.instance / "backups.json").read_text())
    of_tomorrow = status | {"succeeded_at": status["succeeded_at"] + 86_400_000}
    (settings.instance / "backups.json").write_text(json.dumps(of_tomorrow))
    room.phone("anna").write("Open at night")
    assert backups.is_due(time.monotonic() + 6 * MINUTE)


def test_a_backup_that_fails_is_logged_kept_in_mind_and_tried_again(settings, backups, caplog):
    settings.backup_dir.write_text("a file in its place")
    assert not backups.make()
    assert "no backup was made: The backup cannot be made (Not a directory" in caplog.text
    status = read_status(settings)
    assert (status.made, status.failed, status.fails) == (0, 1, True)
    assert not backups.is_due(time.monotonic() + MINUTE)
    assert backups.is_due(time.monotonic() + 6 * MINUTE)
    settings.backup_dir.unlink()
    assert backups.make()
    assert not read_status(settings).fails


def test_a_command_that_dies_is_a_failure_too(settings, room):
    backups = Backups(replace(settings, database_url="no such address"), room.engine)
    assert not backups.make()
    assert read_status(settings).failed == 1


def test_the_status_survives_what_it_cannot_read_or_write(settings):
    assert read_status(settings) == Status()
    (settings.instance / "backups.json").write_text("half a li")
    assert read_status(settings) == Status()
    note_failure(settings, "the disk is away")
    assert read_status(settings).reason == "the disk is away"
    (settings.instance / "backups.json").unlink()
    (settings.instance / "backups.json").mkdir()
    note_failure(settings, "the disk is away")
    assert read_status(settings) == Status()
    assert [path.name for path in settings.instance.glob("backups.json.*")] == []


@pytest.mark.postgres
@pytest.mark.parametrize("any_url", ["postgres"], indirect=True)
def test_on_postgres_something_written_is_noticed(any_room, tmp_path):
    settings = read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_BACKUP_DIR": str(tmp_path / "backups")})
    backups = Backups(replace(settings, database_url=any_room.url), any_room.engine)
    assert backups.make()
    status = json.loads((tmp_path / "backups.json").read_text())
    (tmp_path / "backups.json").write_text(json.dumps(status | {"succeeded_at": 1}))
    any_room.phone("anna").write("Open at night")
    assert backups.is_due(time.monotonic() + 6 * MINUTE)
