"""Ideas that say nearly the same, at the desk: merged, kept apart, put off."""

import re

import pytest
from desk_pages import board, column, section

from feedback.actions.prompts import add_prompt, open_prompt
from feedback.actions.runs import finish_theme_run, request_themes
from feedback.domain.roles import HOUSE, Role
from feedback.domain.themes import (
    NearDuplicate,
    Theme,
    ThemeSet,
)


@pytest.fixture
def twins(house, desk):
    """The same desk after a run that found two pairs of near-duplicates."""
    browser, path, ideas = desk
    place = house.room.conversation().id
    house.room.phone("cleo").vote(ideas[3])
    run = house.room.gate.write(place, request_themes, HOUSE, place)
    themes = (Theme(1, "depot, bar", ideas=tuple(ideas[:2])), Theme(2, "benches, shade", ideas=tuple(ideas[2:4])))
    pairs = (
        NearDuplicate((ideas[2], ideas[3]), 0.8, same=False),
        NearDuplicate((ideas[0], ideas[1]), 0.97, same=True),
    )
    found = ThemeSet(themes, (ideas[4],), next_id=3, near_duplicates=pairs)
    house.room.gate.write(place, finish_theme_run, run, found)
    return browser, path, ideas


def twin_texts(page):
    found = re.findall(r'<blockquote class="words" id="alike-\d+-\d"[^>]*>(.+)</blockquote>', page)
    return [re.sub(r"</?mark>", "", text) for text in found]


def test_near_duplicates_are_offered_the_surest_first_and_merged_undoably(house, twins):
    browser, path, ideas = twins
    page = browser.get(path).text
    assert "2 pairs say nearly the same" in page
    # Of each pair the more supported one comes first.
    depot, shade = ["Let students run the bar", "Open the depot at night"], ["Shade in summer", "More benches"]
    assert twin_texts(page) == depot + shade
    offer = section(page, "alike")
    assert "<mark>Let students run </mark>the <mark>bar</mark>" in offer
    assert offer.count("Only small words differ.") == offer.count("Look closely: a word that matters may differ.") == 1
    number = re.search(r"/alike/(\d+)/merge", offer)[1]
    page = browser.post(f"{path}/alike/{number}/merge?passed=0", keep=ideas[1], follow=True).text
    assert "The two ideas are one now." in page
    assert "1 pair says nearly the same" in page
    assert "Undo: merged two ideas" in page
    assert "Open the depot at night" not in board(page)
    assert "stands for 1 more" in column(page, 1)
    why = browser.get(f"{path}/ideas/{ideas[1]}/why").text
    assert "It also stands for" in why
    assert "Open the depot at night" in why
    page = browser.post(f"{path}/ideas/{ideas[0]}/part", follow=True).text
    assert "The idea stands for itself again, with its votes." in page
    assert "Open the depot at night" in board(page)
    assert "Taken back: took two merged ideas apart." in browser.post(f"{path}/undo", follow=True).text
    assert "Taken back: merged two ideas." in browser.post(f"{path}/undo", follow=True).text
    assert "2 pairs say nearly the same" in browser.get(path).text


def test_pairs_that_are_not_the_same_or_put_off_make_room_for_the_next(twins):
    browser, path, _ = twins
    page = browser.get(f"{path}?passed=1").text
    assert twin_texts(page)[0] == "Shade in summer"
    assert "passed=1" in section(page, "alike")
    assert twin_texts(browser.get(f"{path}?passed=2").text)[0] == "Let students run the bar"
    number = re.search(r"/alike/(\d+)/different", section(browser.get(path).text, "alike"))[1]
    page = browser.post(f"{path}/alike/{number}/different", follow=True).text
    assert "These two are not the same; no theme run offers them again." in page
    assert "1 pair says nearly the same" in page
    assert "Undo: called two ideas different" in page
    assert "2 pairs say nearly the same" in browser.post(f"{path}/undo", follow=True).text
    answer = browser.post(f"{path}/alike/{number}/merge", keep="nobody")
    assert answer.status_code == 404
    assert "This idea is no longer shown." in answer.text


def test_a_merged_idea_is_the_rapporteurs_and_the_console_says_so(house, twins):
    browser, path, ideas = twins
    number = re.search(r"/alike/(\d+)/merge", browser.get(path).text)[1]
    browser.post(f"{path}/alike/{number}/merge", keep=ideas[1])
    console = house.crew(Role.FACILITATOR).get(path.replace("/desk/", "/console/")).text
    assert "1 more idea was merged into one that says nearly the same" in console
    assert f'id="hidden-{ideas[0]}"' not in console


def test_ideas_that_somebody_finds_the_same_are_merged_into_the_one_whose_words_stay(house, desk):
    browser, path, ideas = desk
    answer = browser.post(f"{path}/alike/choose", idea=[ideas[0], ideas[1], ideas[4]])
    assert answer.status_code == 303
    asked = browser.get(answer.headers["Location"]).text
    assert "Whose words stay?" in asked
    texts = re.findall(r'<blockquote class="quoted"[^>]*><bdi[^>]*>(.+)</bdi>', asked)
    # The more supported one comes first.
    assert texts == ["Let students run the bar", "Open the depot at night", "Free buses"]
    chosen = [ideas[0], ideas[1], ideas[4]]
    page = browser.post(f"{path}/alike/same", idea=chosen, keep=ideas[0], follow=True).text
    assert "3 ideas are one now. Whoever voted for several counts once." in page
    assert "Undo: merged 3 ideas" in page
    assert "Let students run the bar" not in board(page)
    assert "Free buses" not in board(page)
    assert "stands for 2 more" in column(page, 1)
    page = browser.post(f"{path}/undo", follow=True).text
    assert "Taken back: merged 3 ideas." in page
    assert "Let students run the bar" in board(page)
    browser.post(f"{path}/redo", follow=True)
    assert "stands for 2 more" in column(browser.get(path).text, 1)


def test_ideas_that_cannot_be_one_are_refused_in_words_and_nothing_changes(house, desk):
    browser, path, ideas = desk
    second = house.room.do(add_prompt, house.room.conversation().id, text="And at noon?", votes_each=None)
    house.room.do(open_prompt, second)
    other = house.room.phone("dora").write("Soup", prompt=second)
    before = board(browser.get(path).text)
    several = "Choose two ideas that say the same, or more, up to 20. Nothing was changed."
    assert 'data-code="not_several"' in browser.post(f"{path}/alike/choose", idea=ideas[0]).text
    cases = [
        ([ideas[0]], several),
        ([ideas[0]] * 2, several),
        ([], several),
        ([f"{at:026d}" for at in range(21)], several),
        ([ideas[0], "nobody"], "This idea is no longer shown."),
        ([ideas[0], other], "These answer different prompts, so their votes cannot be counted together."),
    ]
    for chosen, sentence in cases:
        for address, fields in [("choose", {}), ("same", {"keep": ideas[0]})]:
            answer = browser.post(f"{path}/alike/{address}", idea=chosen, **fields)
            assert (answer.status_code in (404, 409), sentence in answer.text) == (True, True), (chosen, address)
    answer = browser.post(f"{path}/alike/same", idea=ideas[:2], keep="nobody")
    assert (answer.status_code, "This idea is no longer shown." in answer.text) == (404, True)
    assert board(browser.get(path).text) == before
