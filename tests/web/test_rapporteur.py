"""The desk: themes as people want them, every edit undoable, one frozen state as six files."""

import json
import re

import pytest

from feedback.actions.runs import finish_theme_run, request_themes
from feedback.domain.reports import checksum_of, report_of
from feedback.domain.roles import HOUSE, Role
from feedback.domain.themes import Theme, ThemeSet
from feedback.store.reports import freezes_of
from feedback.store.themes import places_of, themes_of


@pytest.fixture
def desk(house):
    """A rapporteur's browser, the address of their desk, and four ideas in two themes."""
    anna, ben = house.room.phone("anna"), house.room.phone("ben")
    texts = ("Open the depot at night", "Let students run the bar", "More benches", "Shade in summer", "Free buses")
    ideas = [anna.write(text) for text in texts]
    ben.vote(ideas[1])
    place = house.room.conversation().id
    run = house.room.gate.write(place, request_themes, HOUSE, place)
    found = ThemeSet(
        (
            Theme(1, "depot, bar", terms=("depot", "bar"), ideas=tuple(ideas[:2]), representatives=(ideas[1],)),
            Theme(2, "benches, shade", ideas=tuple(ideas[2:4])),
        ),
        (ideas[4],),
        next_id=3,
    )
    house.room.gate.write(place, finish_theme_run, run, found)
    return house.crew(Role.RAPPORTEUR), f"/desk/{house.room.conversation().code}", ideas


def names(house):
    with house.room.read() as db:
        return {row.number: row.name for row in themes_of(db, house.room.conversation().id)}


def homes(house):
    with house.room.read() as db:
        return {idea: place.theme for idea, place in places_of(db, house.room.conversation().id).items()}


def column(page, number):
    return page.split(f'id="theme-{number}"')[1].split("</section>")[0]


def test_desk_shows_themes_with_ideas_votes_and_leftovers(desk):
    browser, path, _ = desk
    page = browser.get(path).text
    first = column(page, 1)
    assert "suggested name" in first
    assert first.index("Let students run the bar") < first.index("Open the depot at night")
    assert "stands for the theme" in first
    assert "Free buses" in page.split('id="leftovers"')[1]


def test_desk_is_closed_to_facilitators(house, desk):
    assert house.crew(Role.FACILITATOR).get(desk[1]).status_code == 403


def test_rename_is_said_and_undone(house, desk):
    browser, path, _ = desk
    page = browser.post(f"{path}/themes/1/name", name="A house for the night", follow=True).text
    assert "The theme is now called “A house for the night”." in page
    assert "Undo: renamed to “A house for the night”" in page
    assert names(house)[1] == "A house for the night"
    assert "suggested name" not in column(page, 1)
    undone = browser.post(f"{path}/undo", follow=True).text
    assert "Taken back: renamed to “A house for the night”." in undone
    assert names(house)[1] == "depot, bar"


def test_rename_to_nothing_says_why(house, desk):
    browser, path, _ = desk
    answer = browser.post(f"{path}/themes/1/name", name=" ")
    assert answer.status_code == 422
    assert "There is nothing written yet." in answer.text
    assert names(house)[1] == "depot, bar"


def test_a_theme_is_named_beforehand_and_taken_back(house, desk):
    browser, path, _ = desk
    words = {"name": "After hours", "description": "Whatever is open late"}
    page = browser.post(f"{path}/themes/new", **words, follow=True).text
    assert "The theme “After hours” is there. The next run draws ideas to it." in page
    assert "Undo: added “After hours”" in page
    assert names(house)[3] == "After hours"
    assert "Taken back: added “After hours”." in browser.post(f"{path}/undo", follow=True).text
    assert 3 not in names(house)


def test_a_theme_without_a_name_says_why_and_keeps_what_was_written(desk):
    browser, path, _ = desk
    answer = browser.post(f"{path}/themes/new", name=" ", description="Whatever is open late")
    assert answer.status_code == 422
    assert "There is nothing written yet." in answer.text
    assert 'value="Whatever is open late"' in answer.text


def test_move_takes_several_ideas_and_is_undone(house, desk):
    browser, path, ideas = desk
    page = browser.post(f"{path}/move", idea=[ideas[0], ideas[4]], to="2", follow=True).text
    assert "2 ideas moved to “benches, shade”." in page
    assert "placed by hand" in column(page, 2)
    assert [homes(house)[idea] for idea in ideas] == [2, 1, 2, 2, 2]
    assert "moved 2 ideas to “benches, shade”" in browser.post(f"{path}/undo", follow=True).text
    assert [homes(house).get(idea) for idea in ideas] == [1, 1, 2, 2, None]


def test_move_to_the_leftovers(house, desk):
    browser, path, ideas = desk
    assert "1 idea moved to “Leftovers”." in browser.post(f"{path}/move", idea=ideas[0], to="", follow=True).text
    assert homes(house)[ideas[0]] is None


def test_move_without_ideas_says_what_to_do(desk):
    browser, path, _ = desk
    assert "Choose at least one idea first." in browser.post(f"{path}/move", to="2", follow=True).text


def test_move_of_another_conversation_s_idea_is_refused(house, desk):
    browser, path, _ = desk
    foreign = house.room.phone("zoe", place=1).write("Not from here")
    assert browser.post(f"{path}/move", idea=foreign, to="1").status_code == 404


def test_merge_empties_one_theme_into_the_other_and_is_undone(house, desk):
    browser, path, ideas = desk
    page = browser.post(f"{path}/themes/2/merge", into="1", follow=True).text
    assert "“benches, shade” is merged into “depot, bar”." in page
    assert names(house) == {1: "depot, bar"}
    assert [homes(house)[idea] for idea in ideas[:4]] == [1, 1, 1, 1]
    browser.post(f"{path}/undo")
    assert names(house) == {1: "depot, bar", 2: "benches, shade"}
    assert [homes(house)[idea] for idea in ideas[:4]] == [1, 1, 2, 2]


def test_undo_with_nothing_left_says_so(desk):
    browser, path, _ = desk
    assert "There is nothing to undo." in browser.post(f"{path}/undo").text


def test_freeze_lists_six_files_and_says_when_the_room_has_gone_on(house, desk):
    browser, path, _ = desk
    page = browser.post(f"{path}/freezes", name="After the break", follow=True).text
    assert "“After the break” is frozen." in page
    assert re.findall(r"freezes/1\.(\w+)", page) == ["docx", "pdf", "xlsx", "csv", "json", "md"]
    assert "the conversation has gone on since" not in page
    house.room.phone("carla").write("One more")
    assert "the conversation has gone on since" in browser.get(path).text


def test_freeze_without_name_says_why(desk):
    browser, path, _ = desk
    answer = browser.post(f"{path}/freezes", name="")
    assert answer.status_code == 422
    assert "There is nothing written yet." in answer.text


def test_download_is_the_frozen_state_whatever_came_after(house, desk):
    browser, path, _ = desk
    browser.post(f"{path}/freezes", name="After the break")
    before = browser.get(f"{path}/freezes/1.json")
    house.room.phone("carla").write("One more")
    after = browser.get(f"{path}/freezes/1.json")
    assert before.data == after.data
    assert re.fullmatch(r'attachment; filename="?report-\w{6}-\d+\.json"?', after.headers["Content-Disposition"])
    with house.room.read() as db:
        kept = freezes_of(db, house.room.conversation().id)[0]
    assert checksum_of(report_of(kept.content)) == kept.checksum
    assert kept.checksum in json.dumps(after.json)


@pytest.mark.parametrize("ending", ["md", "csv"])
def test_download_hands_out_text_files(desk, ending):
    browser, path, _ = desk
    browser.post(f"{path}/freezes", name="After the break")
    answer = browser.get(f"{path}/freezes/1.{ending}")
    assert answer.status_code == 200
    assert "Let students run the bar" in answer.data.decode("utf-8-sig")


def test_download_of_what_is_not_there_is_not_found(house, desk):
    browser, path, _ = desk
    browser.post(f"{path}/freezes", name="After the break")
    assert browser.get(f"{path}/freezes/1.exe").status_code == 404
    assert browser.get(f"{path}/freezes/99.json").status_code == 404
    other = f"/desk/{house.room.conversation(1).code}"
    assert house.crew(Role.RAPPORTEUR, place=1).get(f"{other}/freezes/1.json").status_code == 404


def test_desk_says_that_the_worker_is_away(house, desk):
    browser, path, _ = desk
    house.app.extensions["feedback.presence"].worker_alive = False
    assert "The worker that finds themes is not answering" in browser.get(path).text


def test_run_in_flight_shows_progress(house, desk):
    browser, path, _ = desk
    browser.post(f"{path}/themes")
    house.app.extensions["feedback.presence"].advance(house.room.conversation().id, 0.3, "grouping")
    page = browser.get(path).text
    assert "Grouping the ideas." in page
    assert 'value="30"' in page
