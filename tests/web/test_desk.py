"""What the desk says of an idea: why it is where it is, how sure that is, and which ideas are to be checked."""

import re

import pytest
from desk_pages import column, homes
from sqlalchemy import text

from feedback.store.sorts import SortRow
from feedback.store.themes import places_of


def test_themes_and_ideas_say_whether_they_are_firm(desk):
    browser, path, _ = desk
    page = browser.get(path).text
    assert ">firm<" in column(page, 1).replace("</svg>", ">")
    assert "Not firm yet: one half of the words" in column(page, 2)
    assert "Firm: its ideas belong together whichever half" in column(page, 1)
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
    assert "It is in depot, bar placed by the machine, with the sorts of the room (run of " in words
    assert "how sure 45% not firm yet" in words
    assert "words it shares with the theme bar" in words
    assert "sorts of the room here: 2 none of the themes: 1" in words
    assert "next likeliest benches, shade (35%)" in words
    assert "cem" not in page


def test_why_here_names_who_placed_it_and_when(house, desk):
    browser, path, ideas = desk
    browser.post(f"{path}/move", idea=ideas[0], to="2")
    page = browser.get(f"{path}/ideas/{ideas[0]}/why").text
    day = r"[A-Z][a-z]+ \d+, 20\d\d, \d+:\d\d"
    assert re.search(rf"by the rapporteur on {day}", page)
    assert re.search(rf"by the machine \(run of {day}", browser.get(f"{path}/ideas/{ideas[1]}/why").text)
    browser.post(f"{path}/themes/1/lock", locked="1")
    # What is locked in was placed by an earlier run.
    assert "<dd>by the machine</dd>" in browser.get(f"{path}/ideas/{ideas[1]}/why").text
    browser.post(f"{path}/bar", idea=ideas[2])
    page = browser.get(f"{path}/ideas/{ideas[2]}/why").text
    assert "never in" in page
    assert "benches, shade" in page.split("never in")[1]


def test_not_here_is_said_of_where_an_idea_was_chosen_also_when_it_has_moved(house, desk):
    browser, path, ideas = desk
    said = [f'value="{ideas[at]}@{place}"' for at, place in ((0, "1"), (2, "2"), (4, ""))]
    page = browser.get(path).text
    assert [each in page for each in said] == [True] * 3
    assert f'value="{ideas[0]}@1"' in browser.get(f"{path}/ideas/{ideas[0]}/why").text
    browser.post(f"{path}/move", idea=f"{ideas[0]}@1", to="2")
    page = browser.post(f"{path}/bar", idea=f"{ideas[0]}@1", follow=True).text
    assert "1 idea had left that theme already; it stays where it is, and no theme run puts it back." in page
    assert homes(house)[ideas[0]] == 2
    with house.room.read() as db:
        assert places_of(db, house.room.conversation().id)[ideas[0]].barred == {1}
    assert browser.post(f"{path}/bar", idea=f"{ideas[0]}@one").status_code == 422


def test_why_here_says_which_place_would_be_likelier(house, desk):
    browser, path, ideas = desk
    with house.room.read() as db:
        db.execute(text("update placement set sureness = 0.3 where idea_id = :idea"), {"idea": ideas[1]})
        db.commit()
    page = browser.get(f"{path}/ideas/{ideas[1]}/why").text
    assert "<dt>likelier would be</dt><dd>benches, shade (35%)</dd>" in page
    assert "next likeliest" not in page


def test_why_here_calls_no_idea_firm_that_is_still_to_check(house, desk):
    browser, path, ideas = desk
    page = browser.get(f"{path}/ideas/{ideas[4]}/why").text  # 60 % sure
    assert "<dd>60%</dd>" in page
    assert "firm" not in page.split('id="sheet-body"')[1].lower()


@pytest.mark.parametrize(("share", "said"), [(0.9499, "94%"), (0.29, "29%"), (0.499999, "49%"), (1.0, "100%")])
def test_how_sure_is_never_more_than_it_is(house, desk, share, said):
    browser, path, ideas = desk
    with house.room.engine.begin() as db:
        db.execute(text("update placement set sureness = :share where idea_id = :i"), {"share": share, "i": ideas[0]})
    assert f"<dd>{said}" in browser.get(f"{path}/ideas/{ideas[0]}/why").text


def test_why_here_of_what_is_not_shown_is_gone(house, desk):
    browser, path, _ = desk
    foreign = house.room.phone("zoe", place=1).write("Not from here")
    assert browser.get(f"{path}/ideas/{foreign}/why").status_code == 404


def test_unsure_ideas_come_one_after_the_other_the_least_sure_first(house, desk):
    browser, path, ideas = desk
    queue = browser.get(path).text.split('id="unsure"')[1].split("</section>")[0]
    assert "2 ideas to check, least sure first" in queue
    assert re.findall(r'id="unsure-(\w{26})"', queue) == [ideas[1], ideas[4]]
    assert "now in “depot, bar”" in queue
    assert re.findall(r">(\d+% sure)", queue) == ["45% sure", "60% sure"]
    assert "less than 95% sure" in queue
    assert "now among the leftovers" in queue
    assert re.findall(r'name="to" value="(\d*)"', queue) == ["1", "2", "", "2", "1", ""]
    answer = browser.post(f"{path}/move?later=0", idea=ideas[1], to="1")
    assert answer.headers["Location"].endswith("?later=0#unsure")
    queue = browser.get(f"{path}?later=0").text.split('id="unsure"')[1].split("</section>")[0]
    assert "1 idea to check" in queue
    assert '<details class="fold" id="unsure-fold" name="queue" open>' in queue
    browser.post(f"{path}/move?later=0", idea=ideas[4], to="")
    assert "unsure-fold" not in browser.get(path).text
    assert homes(house)[ideas[4]] is None


@pytest.mark.parametrize("way", ["undo", "pin", "alike/same"])
def test_every_form_of_the_desk_leaves_what_was_put_off(desk, way):
    browser, path, ideas = desk
    browser.post(f"{path}/themes/1/name", name="Late")
    words = {"idea": ideas[:2], "keep": ideas[0]}
    answer = browser.post(f"{path}/{way}?later=1&passed=2&next=//elsewhere.example", **words)
    assert answer.headers["Location"] == f"{path}?later=1&passed=2#bar"


def test_later_puts_off_and_comes_again_at_the_end(desk):
    browser, path, ideas = desk
    for later, first in (("1", ideas[4]), ("2", ideas[1]), ("-1", ideas[1])):
        queue = browser.get(f"{path}?later={later}").text.split('id="unsure"')[1].split("</section>")[0]
        assert re.findall(r'id="unsure-(\w{26})"', queue)[0] == first


def test_what_is_in_a_locked_theme_is_not_asked(desk):
    browser, path, ideas = desk
    browser.post(f"{path}/themes/1/lock", locked="1")
    assert re.findall(r'id="unsure-(\w{26})"', browser.get(path).text) == [ideas[4]]
