"""A long column: its first ideas are on the page and all when wanted, and what is not shown counts all the same."""

import re
import secrets

import pytest

from feedback.actions.imports import import_rows
from feedback.actions.runs import finish_theme_run, request_themes
from feedback.domain.roles import HOUSE, Role
from feedback.domain.rows import Row
from feedback.domain.themes import MergeProposal, NearDuplicate, Outlook, SplitProposal, Theme, ThemeSet
from feedback.store.ideas import ideas_of
from feedback.store.themes import places_of
from feedback.web.board import FIRST

MANY = FIRST + 5


@pytest.fixture
def desk(house):
    """A rapporteur's browser, the address of their desk, and many ideas in theme 1 and among the leftovers, few in 2.

    Of theme 1 the last idea that came has one vote more than the others; the one before it is the least sure.
    """
    place = house.room.conversation().id
    rows = [Row(at, f"Idea {at}") for at in range(1, 2 * MANY + 3)]
    house.room.gate.write(place, import_rows, HOUSE, place, rows, chance=secrets.randbits)
    with house.room.read() as db:
        ideas = [idea.id for idea in ideas_of(db, place)]
    house.room.phone("anna").vote(ideas[MANY - 1])
    one, two, left = ideas[:MANY], ideas[MANY : MANY + 2], ideas[MANY + 2 :]
    found(house, one, two, left)
    return house.crew(Role.RAPPORTEUR), f"/desk/{house.room.conversation().code}", ideas


def found(house, one, two, left, **more):
    place = house.room.conversation().id
    run = house.room.gate.write(place, request_themes, HOUSE, place)
    themes = (Theme(1, "Long", ideas=tuple(one)), Theme(2, "Short", ideas=tuple(two)))
    outlooks = {one[-2]: Outlook(((1, 0.4), (2, 0.3)), 0.4), one[0]: Outlook(((1, 0.7), (2, 0.3)), 0.7)}
    pair = NearDuplicate((one[-2], left[-1]), 0.9, same=True)
    more |= {"outlooks": outlooks, "near_duplicates": (pair,), "merges": (MergeProposal(1, 2),)}
    house.room.gate.write(place, finish_theme_run, run, ThemeSet(themes, tuple(left), next_id=3, **more))


def column(page, key):
    return page.split(f'id="{key}"')[1].split("</section>")[0]


def rows_in(page, key):
    return re.findall(r'<li id="idea-(\w{26})"', column(page, key))


def wanted(address):
    return re.findall(r"whole=(\w+)", address)


def test_a_column_shows_its_most_supported_ideas_and_counts_all(desk):
    browser, path, ideas = desk
    page = browser.get(path).text
    assert rows_in(page, "theme-1") == [ideas[MANY - 1], *ideas[: FIRST - 1]]
    assert rows_in(page, "theme-2") == ideas[MANY : MANY + 2]
    assert len(rows_in(page, "leftovers")) == FIRST
    assert f">{MANY} ideas<" in column(page, "theme-1")
    assert f">{MANY} ideas<" in column(page, "leftovers")
    assert f"Show all {MANY} ideas" in column(page, "theme-1")
    assert "Show all" not in column(page, "theme-2")


@pytest.mark.parametrize("key", ["theme-1", "leftovers"])
def test_the_link_below_shows_the_column_whole_and_only_it(desk, key):
    browser, path, _ = desk
    link = re.search(r'data-look href="([^"]+)"', column(browser.get(path).text, key))[1]
    assert link.endswith(f"#{key}")
    page = browser.get(link.partition("#")[0]).text
    other = {"theme-1": "leftovers", "leftovers": "theme-1"}[key]
    assert (len(rows_in(page, key)), len(rows_in(page, other))) == (MANY, FIRST)
    back = re.search(r'data-look href="([^"]+)"', column(page, key))[1]
    assert (f"Show only the first {FIRST}" in column(page, key), wanted(back)) == (True, [])
    both = re.search(r'data-look href="([^"]+)"', column(page, other))[1]
    assert set(wanted(both)) == {"1", "none"}


def test_a_column_stays_whole_through_edits_undo_and_refusals(house, desk):
    browser, path, ideas = desk
    address = f"{path}?whole=1&whole=none&later=1"
    page = browser.get(address).text
    # Whatever can be sent or opened from here says which columns are whole; a search form in its fields.
    for way in re.findall(r'(?:form)?action="([^"]+)"', page.split('id="bar"')[1].split('id="report"')[0]):
        assert set(wanted(way)) == {"1", "none"}, way
    for form in page.split('method="get"')[1:]:
        assert re.findall(r'name="whole" value="(\w+)"', form.split("</form>")[0]) == ["1", "none"]
    for way, fields in [("move", {"idea": ideas[MANY - 3], "to": "2"}), ("undo", {})]:
        answer = browser.post(f"{path}/{way}?whole=1&whole=none", **fields)
        assert set(wanted(answer.headers["Location"])) == {"1", "none"}
    refused = browser.post(f"{path}/themes/1/name?whole=1", name=" ")
    assert (refused.status_code, len(rows_in(refused.text, "theme-1"))) == (422, MANY)
    pair = re.search(r'action="([^"]*/alike/\d+/merge[^"]*)"', page)[1].replace("&amp;", "&")
    answer = browser.post(pair, keep=ideas[MANY - 2])
    assert set(wanted(answer.headers["Location"])) == {"1", "none"}


def test_what_is_no_column_is_passed_over(desk):
    browser, path, _ = desk
    page = browser.get(f"{path}?whole=99&whole=x%22%3E&whole=%C2%B2&whole={'9' * 40}&whole=").text
    assert len(rows_in(page, "theme-1")) == FIRST
    assert "x&#34;" not in page
    assert set(wanted(page)) == {"99", "1", "none"}


def test_what_is_not_on_the_page_is_asked_about_offered_and_moved(house, desk):
    browser, path, ideas = desk
    page = browser.get(path).text
    unsure, twin = ideas[MANY - 2], ideas[-1]
    assert unsure not in rows_in(page, "theme-1")
    assert re.findall(r'id="unsure-(\w{26})"', page) == [unsure, ideas[0]]
    pair = page.split('id="alike"')[1].split("</section>")[0]
    assert (f'value="{unsure}"' in pair, f'value="{twin}"' in pair) == (True, True)
    assert ("in “Long”" in pair, "among the leftovers" in pair) == (True, True)
    proposed = page.split('id="proposals"')[1].split("</section>")[0]
    assert (f"Long: {MANY} ideas" in proposed, f"Long: {MANY + 2} ideas" in proposed) == (True, True)
    assert "1 idea moved to “Short”." in browser.post(f"{path}/move", idea=unsure, to="2", follow=True).text
    with house.room.read() as db:
        assert places_of(db, house.room.conversation().id)[unsure].theme == 2


def test_a_suggested_split_names_all_ideas_of_both_parts(house, desk):
    browser, path, ideas = desk
    browser.post(f"{path}/themes/1/split")
    one = ideas[:MANY]
    split = SplitProposal(1, (tuple(one[:3]), tuple(one[3:])), ("few", "many"))
    found(house, one, ideas[MANY : MANY + 2], ideas[MANY + 2 :], splits=(split,))
    parts = browser.get(path).text.split('class="change parts"')[1].split("</article>")[0]
    assert parts.count("<li>") == MANY


def test_without_themes_all_ideas_are_one_column(house):
    place = house.room.conversation().id
    rows = [Row(at, f"Idea {at}") for at in range(1, MANY + 1)]
    house.room.gate.write(place, import_rows, HOUSE, place, rows, chance=secrets.randbits)
    browser, path = house.crew(Role.RAPPORTEUR), f"/desk/{house.room.conversation().code}"
    assert len(rows_in(browser.get(path).text, "leftovers")) == FIRST
    assert len(rows_in(browser.get(f"{path}?whole=none").text, "leftovers")) == MANY
