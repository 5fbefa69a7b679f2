"""What the machine proposes at the desk: why, what would change, and nothing done before somebody says so."""

import re

from desk_pages import column, homes, names, section

from feedback.actions.runs import finish_theme_run, request_themes
from feedback.domain.roles import HOUSE
from feedback.domain.themes import (
    SplitProposal,
    Theme,
    ThemeSet,
)


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


def test_a_split_is_suggested_shown_and_done(house, desk):
    browser, path, ideas = desk
    anna, place = house.room.phone("anna"), house.room.conversation().id
    more = [anna.write(text) for text in ("<b>Night</b> bus", "Late tram", "Night tram", "Late bus")]
    for idea in more:
        browser.post(f"{path}/move", idea=idea, to="1")
    page = browser.get(path).text
    assert "Suggest a split" in column(page, 1)
    assert "From 6 ideas on the machine can suggest how to split a theme." in column(page, 2)
    page = browser.post(f"{path}/themes/1/split", follow=True).text
    assert "Looking for two parts of “depot, bar” …" in section(page, "proposals")
    run = house.room.gate.write(place, request_themes, HOUSE, place)
    split = SplitProposal(1, (tuple(more), tuple(ideas[:2])), ("Late", "Depot"))
    themes = (Theme(1, "depot, bar", ideas=(*ideas[:2], *more)), Theme(2, "benches, shade", ideas=tuple(ideas[2:4])))
    found = ThemeSet(themes, (ideas[4],), next_id=3, splits=(split,))
    house.room.gate.write(place, finish_theme_run, run, found)
    offer = section(browser.get(path).text, "proposals")
    assert "Split “depot, bar” in two?" in offer
    assert "&lt;b&gt;Night&lt;/b&gt; bus" in offer
    number = re.search(r"/proposals/(\d+)/take", offer)[1]
    page = browser.post(f"{path}/proposals/{number}/take", follow=True).text
    assert "Done as proposed." in page
    assert names(house) == {1: "Late", 2: "benches, shade", 3: "Depot"}
    browser.post(f"{path}/undo")
    assert names(house) == {1: "depot, bar", 2: "benches, shade"}


def test_a_split_of_too_small_or_locked_a_theme_is_refused_clearly(desk):
    browser, path, _ = desk
    answer = browser.post(f"{path}/themes/2/split")
    assert answer.status_code == 409
    assert "A theme needs at least 6 ideas for that. Nothing was changed." in answer.text
    browser.post(f"{path}/themes/2/lock", locked="1")
    assert "This theme is locked. Unlock it first; nothing was changed." in browser.post(f"{path}/themes/2/split").text
