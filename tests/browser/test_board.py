"""A long column of the desk in a real browser: shown whole in place, and so through edits and news; ticks are kept."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from crew import command
from people import fresh, phone
from playwright.sync_api import Browser, Page, expect
from served import Served

from feedback.web.board import FIRST

MANY = FIRST + 10

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running house."""
    with Served(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def desk(chromium: Browser, served: Served, tmp_path: Path) -> Iterator[tuple[Page, str]]:
    """A rapporteur's page with one theme and many leftovers, and the conversation's code."""
    links = served.links()["conversations"][0]
    file = tmp_path / "ideas.csv"
    file.write_text("text\n" + "".join(f"Idea {at}\n" for at in range(1, MANY + 1)), encoding="utf-8")
    assert command(served, "import", links["code"], str(file)).returncode == 0
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    come_in(page, served, links["rapporteur"])
    expect(page.locator("#leftovers-name")).to_be_visible()
    if not page.locator("#theme-1-name").is_visible():  # else a test before has named it
        page.locator("#new-theme summary").click()
        page.fill("#new-name", "Chosen")
        page.keyboard.press("Enter")
        expect(page.locator("#new-name")).to_be_hidden()
    expect(page.locator("#theme-1-name")).to_have_text("Chosen")
    yield page, links["code"]
    context.close()


def come_in(page: Page, served: Served, secret: str) -> None:
    page.goto(f"{served.base}/enter#{secret}")
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(lambda address: "/enter" not in address)


def test_a_column_is_shown_whole_in_place_and_stays_so_and_ticks_survive_news(desk, served):
    page, code = desk
    tray = page.locator("#leftovers .idea")
    expect(tray).to_have_count(FIRST)
    tray.nth(FIRST - 1).locator("input").check()
    # Somebody supports an idea further down: the ticked one sinks below the first ones, and is still to be moved.
    browser, line = phone(served, code)
    ideas = {idea["text"]: idea["id"] for idea in browser.get_json(f"/c/{code}/sync")["ideas"]}
    line.op({"op": fresh(), "k": "vote", "idea": ideas[f"Idea {MANY}"], "val": 1, "rev": 1})
    expect(tray.first).to_contain_text(f"Idea {MANY}")
    expect(page.locator("#chosen")).to_have_text("1 idea chosen")
    page.get_by_role("link", name=f"Show all {MANY} ideas").focus()
    page.keyboard.press("Enter")
    expect(tray).to_have_count(MANY)
    # Reading goes on where it was, and the tick is where it was.
    expect(tray.nth(FIRST).locator("input")).to_be_focused()
    expect(page.locator("#chosen")).to_have_text("1 idea chosen")
    page.select_option("#to", "1")
    page.locator("#targets").get_by_role("button", name="Move").click()
    expect(page.locator("#theme-1 .idea")).to_contain_text([f"Idea {FIRST}"])
    expect(tray).to_have_count(MANY - 1)
    page.keyboard.press("Control+z")
    expect(tray).to_have_count(MANY)
    line.op({"op": fresh(), "k": "vote", "idea": ideas[f"Idea {MANY - 1}"], "val": 1, "rev": 2})
    expect(tray.first).to_contain_text(f"Idea {MANY - 1}")
    expect(tray).to_have_count(MANY)
    page.reload()
    expect(tray).to_have_count(MANY)
    page.get_by_role("link", name=f"Show only the first {FIRST}").click()
    expect(tray).to_have_count(FIRST)
    page.go_back()
    expect(tray).to_have_count(MANY)
    page.go_forward()
    expect(tray).to_have_count(FIRST)
    line.close()


def test_what_was_merged_or_hidden_is_not_chosen_any_more(desk, served, chromium):
    page, _ = desk
    tray = page.locator("#leftovers .idea")
    merged = [tray.nth(at).locator(".words").inner_text() for at in (3, 4)]
    for at in (3, 4):
        tray.nth(at).locator("input").check()
    page.get_by_role("button", name="Same idea").click()
    page.locator("dialog#sheet").get_by_role("button", name="Merge into this one").first.click()
    expect(page.locator("#notice")).to_contain_text("are one now")
    expect(page.locator("#leftovers .words", has_text=re.compile(f"^({'|'.join(merged)})$"))).to_have_count(1)
    expect(page.locator("#chosen")).to_have_text("No idea chosen")
    last = tray.nth(FIRST - 1)
    idea = last.locator("input").get_attribute("value").partition("@")[0]
    last.locator("input").check()
    console = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
    come_in(console, served, served.links()["conversations"][0]["facilitator"])
    console.goto(f"{console.url}/ideas/{idea}/hide")
    console.fill("#hide-own", "Names a person")
    console.get_by_role("button", name="Hide the idea").click()
    expect(page.locator(f"#idea-{idea}")).to_have_count(0)
    expect(page.locator("#chosen")).to_have_text("No idea chosen")
    console.context.close()


def test_a_refused_name_is_said_and_kept(desk):
    page, _ = desk
    page.locator("#new-theme summary").click()
    page.fill("#new-name", "x" * 130)
    page.locator("#new-name").evaluate("field => field.form.requestSubmit()")
    expect(page.locator("#notice")).to_contain_text("120")
    expect(page.locator("#new-name")).to_have_value("x" * 130)
    page.fill("#new-name", "chosen")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("Theme 1 is called that already")
    expect(page.locator("#new-name")).to_have_value("chosen")
