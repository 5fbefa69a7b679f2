"""What the crew is told of backups and of the disk, and that a clock put right ends nobody's form."""

import re
from dataclasses import replace
from html import unescape

import pytest
from itsdangerous import TimestampSigner

from feedback.backups import note_failure, note_success
from feedback.cli.backup import backup
from feedback.domain.roles import Role

HOUR = 3_600


def words(page: str) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page).split()))


def settings_of(house):
    return house.app.config["FEEDBACK_SETTINGS"]


def test_without_backups_the_organiser_is_told_nothing(house):
    assert "ackup" not in words(house.crew(Role.ORGANISER).get("/organiser").text)


def test_the_organiser_sees_how_the_backups_stand(house, tmp_path):
    organiser = house.crew(Role.ORGANISER)
    settings = settings_of(house)
    house.app.config["FEEDBACK_SETTINGS"] = replace(settings, backup_dir=tmp_path / "backups")
    assert (
        "No backup yet. The first one follows within 5 minutes of the first change."
        in words(organiser.get("/organiser").text)
    )  # fmt: skip
    backup(settings, tmp_path / "backups")
    shown = words(organiser.get("/organiser").text)
    assert re.search(r"Last backup: \w+ \d+, \d{4}, \d", shown)
    assert "Backups fail." not in shown
    note_failure(settings, "The disk at /secret/place is away.")
    shown = words(organiser.get("/organiser").text)
    assert re.search(
        r"Backups fail\. The person who runs the server finds the reason in its log\. Last backup: ", shown
    )
    assert "secret" not in shown
    note_success(settings, tmp_path / "backups", seconds=0.1, mark="")
    assert "Backups fail." not in words(organiser.get("/organiser").text)


def test_backups_that_never_worked_are_said(house):
    note_failure(settings_of(house), "none")
    shown = words(house.crew(Role.ORGANISER).get("/organiser").text)
    assert "Backups fail." in shown
    assert "Last backup" not in shown


@pytest.mark.parametrize(("role", "path"), [(Role.FACILITATOR, "/console/{}"), (Role.ORGANISER, "/organiser")])
def test_the_crew_is_told_while_the_disk_is_nearly_full(house, role, path):
    browser, path = house.crew(role), path.format(house.room.conversation().code)
    assert "nearly full" not in words(browser.get(path).text)
    house.app.extensions["feedback.presence"].disk_low = True
    assert "The server's disk is nearly full." in words(browser.get(path).text)
    house.app.extensions["feedback.presence"].disk_low = False
    assert "nearly full" not in words(browser.get(path).text)


@pytest.mark.parametrize("ahead", [HOUR, -365 * 86_400, -500 * 86_400])
def test_a_form_of_another_time_is_taken(house, monkeypatch, ahead):
    """As if the server's clock had been wrong by so much when the page was opened."""
    browser = house.crew(Role.FACILITATOR)
    true = TimestampSigner.get_timestamp
    with monkeypatch.context() as then:
        then.setattr(TimestampSigner, "get_timestamp", lambda self: true(self) + ahead)
        browser.client.delete_cookie("feedback_form")
        page = browser.get("/about").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    path = f"/console/{house.room.conversation().code}/stage"
    assert browser.client.post(path, data={"csrf_token": token[1], "scene": "themes"}).status_code == 303
    assert browser.client.post(path, data={"csrf_token": token[1] + "x", "scene": "themes"}).status_code == 400
