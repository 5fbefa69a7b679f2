"""The desk: themes as people want them, every edit undoable, one frozen state as six files."""

import json
import re
from dataclasses import replace

import pytest

from feedback.actions.runs import finish_theme_run, request_themes
from feedback.domain.reports import checksum_of, report_of
from feedback.domain.roles import HOUSE, Role
from feedback.domain.themes import MergeProposal, Outlook, RegroupProposal, Theme, ThemeSet
from feedback.store.reports import freezes_of
from feedback.store.sorts import SortRow
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
    depot = Theme(1, "depot, bar", terms=("depot", "bar"), ideas=tuple(ideas[:2]), representatives=(ideas[1],))
    found = ThemeSet(
        (replace(depot, firmness=0.8), Theme(2, "benches, shade", ideas=tuple(ideas[2:4]), firmness=0.2)),
        (ideas[4],),
        next_id=3,
        outlooks={
            ideas[0]: Outlook(((1, 0.97), (2, 0.03)), 0.97, ("depot", "night")),
            ideas[1]: Outlook(((1, 0.45), (2, 0.35), (None, 0.2)), 0.45, ("bar",)),
            ideas[4]: Outlook(((None, 0.6), (2, 0.4)), 0.6),
        },
        merges=(MergeProposal(1, 2, 3),),
        regroup=RegroupProposal((tuple(ideas[:3]), tuple(ideas[3:])), 0.2),
    )
    house.room.gate.write(place, finish_theme_run, run, found)
    return house.crew(Role.RAPPORTEUR), f"/desk/{house.room.conversation().code}", ideas


def names(house):
    with house.room.read() as db:
        return {row.number: row.name for row in themes_of(db, house.room.conversation().id)}


def homes(house):
    with house.room.read() as db:
        return {idea: place.theme for idea, place in places_of(db, house.room.conversation().id).items()}


def board(page):
    """The columns, without the proofs of origin, which differ from page to page."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", page.split('id="board"')[1].split('id="report"')[0])


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


def test_redo_is_said_and_ends_with_a_new_edit(house, desk):
    browser, path, ideas = desk
    assert "There is nothing to do again." in browser.post(f"{path}/redo").text
    browser.post(f"{path}/themes/1/name", name="A house for the night")
    undone = browser.post(f"{path}/undo", follow=True).text
    assert "Do again: renamed to “A house for the night”" in undone
    page = browser.post(f"{path}/redo", follow=True).text
    assert "Done again: renamed to “A house for the night”." in page
    assert names(house)[1] == "A house for the night"
    browser.post(f"{path}/undo")
    assert "Do again" not in browser.post(f"{path}/pin", idea=ideas[0], follow=True).text


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
    assert f"Undo: {undo}" in page
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


def test_themes_and_ideas_say_whether_they_are_firm(desk):
    browser, path, _ = desk
    page = browser.get(path).text
    assert ">firm<" in column(page, 1).replace("</svg>", ">")
    assert "Not firm yet: with another start" in column(page, 2)
    assert column(page, 1).count("not firm yet") == 1  # the idea that may belong to either


def test_why_here_says_words_sorts_sureness_and_the_next_likeliest(house, desk):
    browser, path, ideas = desk
    place = house.room.conversation().id
    people = [house.room.phone(name).actor.participant_id for name in ("cem", "dana", "eli")]

    def sort(tx):
        for person, theme in zip(people, (1, 1, None), strict=True):
            tx.db.add(SortRow(idea_id=ideas[1], participant_id=person, theme=theme, skipped=False, rev=1, seq=1))
        tx.touch(place, "themes")

    house.room.gate.write(place, sort)
    page = browser.get(f"{path}/ideas/{ideas[1]}/why").text
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.split('class="why"')[1].split("</dl>")[0]))
    assert "It is in depot, bar placed by the machine, with the sorts of the room" in words
    assert "not firm yet (45%)" in words
    assert "words it shares with the theme bar" in words
    assert "sorts of the room here: 2 none of the themes: 1" in words
    assert "next likeliest benches, shade (35%)" in words
    assert "cem" not in page


def test_why_here_names_who_placed_it_and_when(house, desk):
    browser, path, ideas = desk
    browser.post(f"{path}/move", idea=ideas[0], to="2")
    page = browser.get(f"{path}/ideas/{ideas[0]}/why").text
    assert re.search(r"by the rapporteur at \d+:\d\d", page)
    browser.post(f"{path}/bar", idea=ideas[2])
    page = browser.get(f"{path}/ideas/{ideas[2]}/why").text
    assert "never in" in page
    assert "benches, shade" in page.split("never in")[1]


def test_why_here_of_what_is_not_shown_is_gone(house, desk):
    browser, path, _ = desk
    foreign = house.room.phone("zoe", place=1).write("Not from here")
    assert browser.get(f"{path}/ideas/{foreign}/why").status_code == 404


def test_unsure_ideas_come_one_after_the_other_the_least_sure_first(house, desk):
    browser, path, ideas = desk
    queue = browser.get(path).text.split('id="unsure"')[1].split("</section>")[0]
    assert "2 ideas are unsure" in queue
    assert re.findall(r'id="unsure-(\w{26})"', queue) == [ideas[1], ideas[4]]
    assert "now in “depot, bar”" in queue
    assert "now among the leftovers" in queue
    assert re.findall(r'name="to" value="(\d*)"', queue) == ["1", "2", "", "2", "1", ""]
    answer = browser.post(f"{path}/move?later=0", idea=ideas[1], to="1")
    assert answer.headers["Location"].endswith("?later=0#unsure")
    queue = browser.get(f"{path}?later=0").text.split('id="unsure"')[1].split("</section>")[0]
    assert "1 idea is unsure" in queue
    assert '<details class="fold" id="unsure-fold" open>' in queue
    browser.post(f"{path}/move?later=0", idea=ideas[4], to="")
    assert "unsure-fold" not in browser.get(path).text
    assert homes(house)[ideas[4]] is None


def test_later_puts_off_and_comes_again_at_the_end(desk):
    browser, path, ideas = desk
    for later, first in (("1", ideas[4]), ("2", ideas[1]), ("-1", ideas[1])):
        queue = browser.get(f"{path}?later={later}").text.split('id="unsure"')[1].split("</section>")[0]
        assert re.findall(r'id="unsure-(\w{26})"', queue)[0] == first


def test_what_is_in_a_locked_theme_is_not_asked(desk):
    browser, path, ideas = desk
    browser.post(f"{path}/themes/1/lock", locked="1")
    assert re.findall(r'id="unsure-(\w{26})"', browser.get(path).text) == [ideas[4]]


def test_proposals_say_why_and_what_would_change_and_wait_for_an_answer(house, desk):
    browser, path, ideas = desk
    offers = browser.get(path).text.split('id="proposals"')[1].split("</section>")[0]
    assert "Merge “benches, shade” into “depot, bar”?" in offers
    assert "3 sorts take one for the other." in offers
    assert "<li>depot, bar: 4 ideas</li>" in offers
    assert "Group the ideas anew?" in offers
    assert "2 ideas would change their theme" in offers
    assert "<li>depot, bar: 3 ideas (" in offers
    assert homes(house)[ideas[2]] == 2
    page = browser.post(f"{path}/proposals/2/take", follow=True).text
    assert "Done as proposed." in page
    assert "Undo: grouped 2 ideas anew" in page
    assert [homes(house)[idea] for idea in ideas] == [1, 1, 1, 2, 2]
    page = browser.post(f"{path}/proposals/1/decline", follow=True).text
    assert "Everything stays as it is." in page
    assert "Merge “benches, shade”" not in page
    assert browser.post(f"{path}/proposals/1/take").status_code == 409


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
