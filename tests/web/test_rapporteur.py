"""The desk: themes as people want them, every edit undoable, one frozen state as six files."""

import json
import re

import pytest
from desk_pages import board, column, homes, names, section

from feedback.actions.runs import finish_theme_run, request_themes
from feedback.domain.reports import checksum_of, report_of
from feedback.domain.roles import HOUSE, Role
from feedback.domain.themes import (
    NearDuplicate,
    Theme,
    ThemeSet,
)
from feedback.store.reports import freezes_of


def test_desk_shows_themes_with_ideas_votes_and_leftovers(desk):
    browser, path, _ = desk
    page = browser.get(path).text
    first = column(page, 1)
    assert "suggested name" in first
    assert first.index("Let students run the bar") < first.index("Open the depot at night")
    assert "stands for the theme" in first
    assert "Free buses" in page.split('id="leftovers"')[1]


def test_desk_counts_votes_with_hearts_where_they_can_only_support(desk):
    browser, path, _ = desk
    theme = column(browser.get(path).text, 1)
    assert ("#heart" in theme, "1 vote<" in theme, "#thumbs" in theme) == (True, True, False)


def test_desk_counts_opinions_with_thumbs_where_the_prompt_asks_for_them(house):
    house.room.ask_opinions()
    ideas = [house.room.phone("anna").write(text) for text in ("Open the depot at night", "Let students run the bar")]
    house.room.phone("ben").vote(ideas[1])
    house.room.phone("cleo").vote(ideas[1], -1)
    place = house.room.conversation()
    run = house.room.gate.write(place.id, request_themes, HOUSE, place.id)
    pair = NearDuplicate((ideas[0], ideas[1]), 0.8, same=False)
    found = ThemeSet((Theme(1, "depot", ideas=tuple(ideas)),), (), next_id=2, near_duplicates=(pair,))
    house.room.gate.write(place.id, finish_theme_run, run, found)
    page = house.crew(Role.RAPPORTEUR).get(f"/desk/{place.code}").text
    theme = column(page, 1)
    assert ("#heart" in theme, "1 vote" in theme) == (False, False)
    said = " ".join(re.sub(r"<[^>]+>", " ", theme).split())
    # The theme, then its ideas, the one with a vote first; the pair says the same of them.
    assert "2 ideas Agree 1 suggested name" in said
    assert 0 < said.index("Agree 1 Disagree 1 Pass 0") < said.index("Agree 0 Disagree 0 Pass 0")
    assert section(page, "alike").count("#thumbs-down") == 2


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


def test_a_name_that_another_theme_has_says_whose_it_is_and_keeps_what_was_written(house, desk):
    browser, path, ideas = desk
    said = "Theme 1 is called that already."
    answer = browser.post(f"{path}/themes/new", name="Depot,  bar", description="Whatever is open late")
    assert (answer.status_code, said in answer.text) == (422, True)
    assert 'value="Whatever is open late"' in answer.text
    for address, words in ((f"{path}/themes/2/name", {}), (f"{path}/move", {"idea": ideas[0], "to": "new"})):
        refused = browser.post(address, name="Depot, bar", **words)
        assert (refused.status_code, said in refused.text) == (409, True)
    assert [*names(house).values()] == ["depot, bar", "benches, shade"]


def test_move_takes_several_ideas_and_is_undone(house, desk):
    browser, path, ideas = desk
    page = browser.post(f"{path}/move", idea=[ideas[0], ideas[4]], to="2", follow=True).text
    assert "2 ideas moved to “benches, shade”." in page
    assert "placed by hand" in column(page, 2)
    assert [homes(house)[idea] for idea in ideas] == [2, 1, 2, 2, 2]
    assert "moved 2 ideas to “benches, shade”" in browser.post(f"{path}/undo", follow=True).text
    assert [homes(house).get(idea) for idea in ideas] == [1, 1, 2, 2, None]


def test_no_place_is_chosen_before_somebody_chooses_one(house, desk):
    browser, path, ideas = desk
    options = re.search(r'<select id="to".*?</select>', browser.get(path).text, re.DOTALL)[0]
    first, *others = re.findall(r"<option ([^>]*)>([^<]*)", options)
    assert first == ('value="choose" disabled selected hidden', "Choose a place…")
    assert [value for value, _ in others] == ['value="1"', 'value="2"', 'value=""', 'value="new"']
    before = homes(house)
    for nowhere in ({}, {"to": "choose"}):
        refused = browser.post(f"{path}/move", idea=ideas[0], **nowhere)
        assert refused.status_code == 422
        assert "Choose a place first." in refused.text
    assert homes(house) == before


def test_move_to_the_leftovers(house, desk):
    browser, path, ideas = desk
    assert "1 idea moved to “Leftovers”." in browser.post(f"{path}/move", idea=ideas[0], to="", follow=True).text
    assert homes(house)[ideas[0]] is None


@pytest.mark.parametrize(
    ("to", "status"),
    [
        *[(said, 422) for said in ({"to": "two"}, {"to": " "}, {"to": "2.0"}, {"to": "9" * 30}, {})],
        *[({"to": number}, 404) for number in ("0", "999")],
    ],
)
def test_move_to_what_is_no_place_is_refused_and_moves_nothing(house, desk, to, status):
    browser, path, ideas = desk
    before = homes(house)
    answer = browser.post(f"{path}/move", idea=ideas[0], **to)
    assert answer.status_code == status
    if status == 422:
        assert "One field holds a value that does not fit." in answer.text
    assert homes(house) == before
    assert "placed by hand" not in browser.get(path).text


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


def test_no_theme_to_merge_into_is_chosen_before_somebody_chooses_one(house, desk):
    browser, path, _ = desk
    options = re.search(r'<select id="into-2".*?</select>', browser.get(path).text, re.DOTALL)[0]
    assert re.findall(r"<option ([^>]*)>([^<]*)", options) == [
        ('value="choose" disabled selected hidden', "Choose a theme…"),
        ('value="1"', "1. depot, bar"),
    ]
    before = names(house), homes(house)
    for nowhere in ({}, {"into": "choose"}, {"into": ""}):
        refused = browser.post(f"{path}/themes/2/merge", **nowhere)
        assert refused.status_code == 422
        assert "Choose a theme first." in refused.text
    assert browser.post(f"{path}/themes/2/merge", into="0").status_code == 404
    assert (names(house), homes(house)) == before


def test_undo_with_nothing_left_says_so(desk):
    browser, path, _ = desk
    assert "There is nothing to undo." in browser.post(f"{path}/undo").text


def test_redo_is_said_and_ends_with_a_new_edit(house, desk):
    browser, path, ideas = desk
    assert "There is nothing to do again." in browser.post(f"{path}/redo").text
    browser.post(f"{path}/themes/1/name", name="A house for the night")
    undone = browser.post(f"{path}/undo", follow=True).text
    assert "Do again: renamed to “A house for the night”" in undone
    assert 'title="Do again: renamed to “A house for the night”"' in undone
    page = browser.post(f"{path}/redo", follow=True).text
    assert "Done again: renamed to “A house for the night”." in page
    assert names(house)[1] == "A house for the night"
    browser.post(f"{path}/undo")
    assert "Do again" not in browser.post(f"{path}/pin", idea=ideas[0], follow=True).text


def step_of(page, region):
    """What the button in a part of the page is about."""
    found = re.search(rf'id="{region}".*?name="step" value="(\w+)"', page, re.DOTALL)
    assert found is not None
    return found[1]


def test_undo_in_a_notice_leaves_alone_what_a_colleague_has_done_since(house, desk):
    browser, path, ideas = desk
    other = house.crew(Role.RAPPORTEUR)
    said = browser.post(f"{path}/move", idea=ideas[0], to="2", follow=True).text
    moved = step_of(said, "notice")
    assert moved == step_of(said, "undo")
    other.post(f"{path}/themes/1/name", name="A house for the night")
    refused = browser.post(f"{path}/undo", step=moved)
    assert (refused.status_code, 'data-code="not_the_last"' in refused.text) == (409, True)
    assert "Somebody has done something else since" in refused.text
    assert names(house)[1] == "A house for the night"
    # The bar says what is last now, and takes just that back; then it is the move's turn.
    renamed = step_of(browser.get(path).text, "undo")
    assert "Taken back: renamed to" in browser.post(f"{path}/undo", step=renamed, follow=True).text
    assert "Taken back: moved 1 idea" in browser.post(f"{path}/undo", step=moved, follow=True).text
    assert browser.post(f"{path}/undo", step="the last one").status_code == 422


def test_do_again_does_what_its_button_says_or_nothing(house, desk):
    browser, path, _ = desk
    other = house.crew(Role.RAPPORTEUR)
    for name in ("Early", "Late"):
        browser.post(f"{path}/themes/1/name", name=name)
    browser.post(f"{path}/undo")
    late = step_of(browser.get(path).text, "redo")
    other.post(f"{path}/undo")
    assert 'data-code="not_the_last"' in browser.post(f"{path}/redo", step=late).text
    assert names(house)[1] == "depot, bar"
    early = step_of(browser.get(path).text, "redo")
    done = browser.post(f"{path}/redo", step=early, follow=True).text
    assert names(house)[1] == "Early"
    assert step_of(done, "notice") == early


@pytest.mark.parametrize(
    ("way", "fields", "said", "undo"),
    [
        ("themes/1/description", {"description": "Late"}, "The description is saved.", "described “depot, bar”"),
        ("themes/1/lock", {"locked": "1"}, "“depot, bar” is locked: no theme run", "locked “depot, bar”"),
        ("pin", {}, "1 idea stays there.", "pinned 1 idea"),
        ("bar", {}, "1 idea is out of its theme; no theme run puts it back", "took 1 idea out of its theme"),
        ("leave-out", {}, "1 idea fits nowhere.", "moved 1 idea to “Leftovers”"),
        ("move", {"to": "new"}, "1 idea is now the theme “depot, night, open”.", "made “depot, night, open” of chosen"),
        ("move", {"to": "new", "name": "Night"}, "1 idea is now the theme “Night”.", "made “Night” of chosen ideas"),
    ],
)
def test_each_edit_is_said_undone_and_done_again(house, desk, way, fields, said, undo):
    browser, path, ideas = desk
    before = board(browser.get(path).text)
    page = browser.post(f"{path}/{way}", idea=ideas[0], **fields, follow=True).text
    assert said in page
    assert f"<span>Undo: {undo}" in page
    assert f'title="Undo: {undo}' in page
    after = board(page)
    back = browser.post(f"{path}/undo", follow=True).text
    assert f"Taken back: {undo}" in back
    assert board(back) == before != after
    again = browser.post(f"{path}/redo", follow=True).text
    assert f"Done again: {undo}" in again
    assert board(again) == after


def test_unlock_and_unpin_are_there_when_something_is_locked_and_pinned(desk):
    browser, path, ideas = desk
    browser.post(f"{path}/themes/1/lock", locked="1")
    browser.post(f"{path}/pin", idea=ideas[0])
    page = browser.get(path).text
    assert 'name="locked" value="0"' in column(page, 1)
    assert "placed by hand" in column(page, 1)
    assert "is unlocked" in browser.post(f"{path}/themes/1/lock", locked="0", follow=True).text
    assert "Theme runs may move 1 idea again." in browser.post(f"{path}/unpin", idea=ideas[0], follow=True).text


def test_not_here_on_a_leftover_says_that_it_is_in_no_theme(desk):
    browser, path, ideas = desk
    answer = browser.post(f"{path}/bar", idea=ideas[4])
    assert answer.status_code == 409
    assert 'data-code="in_no_theme"' in answer.text
    assert "That is in no theme, so there is nothing to take it out of." in answer.text


def test_what_is_said_counts_only_the_ideas_that_were_changed(desk):
    browser, path, ideas = desk

    def told(way, *chosen):
        answer = browser.post(f"{path}/{way}", idea=list(chosen), follow=True)
        sentence = re.search(r"<span data-sentence>(.*?)</span>", answer.text)
        assert sentence is not None
        return answer.status_code, sentence[1]

    assert told("pin", ideas[0]) == (200, "1 idea stays there.")
    assert told("pin", *ideas[:3]) == (200, "2 ideas stay there.")
    assert told("pin", *ideas[:3]) == (409, "Nothing was changed: what you chose is pinned already.")
    assert told("unpin", *ideas[2:]) == (200, "Theme runs may move 1 idea again.")
    assert told("unpin", *ideas[2:]) == (409, "Nothing was changed: nothing that you chose is pinned.")
    # One stands there, one has moved since it was chosen, and one is a leftover.
    browser.post(f"{path}/move", idea=ideas[1], to="2", follow=True)
    chosen = f"{ideas[0]}@1", f"{ideas[1]}@1", f"{ideas[4]}@"
    out = "1 idea is out of its theme; no theme run puts it back there."
    left = "1 idea had left that theme already; it stays where it is, and no theme run puts it back."
    assert told("bar", *chosen) == (200, f"{out} {left}")
    said = "Nothing was changed: what you chose has left that theme, and no theme run puts it back."
    assert told("bar", *chosen) == (409, said)
    assert told("bar", ideas[2], ideas[4]) == (200, out)


@pytest.mark.parametrize("way", ["pin", "unpin", "bar", "leave-out"])
def test_nothing_chosen_says_what_to_do(desk, way):
    browser, path, _ = desk
    assert "Choose at least one idea first." in browser.post(f"{path}/{way}", follow=True).text


def test_names_and_descriptions_that_are_too_long_say_why(desk):
    browser, path, ideas = desk
    for way, fields in [("move", {"idea": ideas[0], "to": "new", "name": "a" * 121}), ("themes/1/description", {})]:
        answer = browser.post(f"{path}/{way}", **{"description": "a" * 501, **fields})
        assert answer.status_code == 422
        assert "characters;" in answer.text


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
