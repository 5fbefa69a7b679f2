"""What keeps the crew's pages current: searches that overtake each other, what an address shows, refusals in sheets."""

from collections.abc import Iterator

import pytest
from crew import command
from playwright.sync_api import Browser, Page, Route, expect
from served import Served

pytestmark = pytest.mark.browser

TEXTS = ("Night buses", "A bus to the museum", "Buses for schools", "Shady trees", "Museums open late", "Busy streets")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running house with a conversation of six ideas."""
    with Served(tmp_path_factory.mktemp("house")) as running:
        file = tmp_path_factory.mktemp("ideas") / "ideas.csv"
        file.write_text("text\n" + "\n".join(TEXTS), encoding="utf-8")
        assert command(running, "import", running.links()["conversations"][0]["code"], str(file)).returncode == 0
        yield running


def come_in(chromium: Browser, served: Served, role: str, **more: object) -> Page:
    """Open the console or the desk in a browser of its own."""
    page = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **more}).new_page()
    page.goto(f"{served.base}/enter#{served.links()['conversations'][0][role]}")
    page.get_by_role("button", name="Come in").click()
    expect(page.locator("#live")).to_have_text("Live")
    return page


def test_a_search_that_is_typed_on_while_it_is_under_way_says_nothing_of_the_line(chromium, served):
    page = come_in(chromium, served, "facilitator")
    held: list[Route] = []
    page.route(lambda address: address.endswith("q=bu&sort=new"), lambda route: held.append(route))
    page.fill("#q", "bu")
    while not held:
        page.wait_for_timeout(50)
    page.fill("#q", "bus")
    expect(page.locator("#idea-list li")).to_have_count(4)
    assert page.locator("#notice").inner_text() == ""
    # A line that is lost is said all the same.
    page.route(lambda address: address.endswith("q=busy&sort=new"), lambda route: route.abort())
    page.fill("#q", "busy")
    expect(page.locator("#notice")).to_contain_text("the connection is lost")
    page.context.close()


def test_a_button_of_the_console_leaves_the_list_as_it_was_searched(chromium, served):
    page = come_in(chromium, served, "facilitator")
    page.fill("#q", "bus")
    expect(page.locator("#idea-list li")).to_have_count(4)
    with page.expect_response(lambda answer: answer.request.redirected_from is not None) as shown:
        page.locator("#idea-list li", has_text="Night buses").get_by_role("button", name="Spotlight").click()
    assert shown.value.url.endswith("?q=bus&sort=new")
    expect(page.locator("#notice")).to_contain_text("The stage shows this idea alone.")
    expect(page.locator("#idea-list li")).to_have_count(4)
    page.context.close()


def test_what_refuses_a_sheet_is_said_in_the_sheet_which_keeps_what_was_written(chromium, served):
    page, other = (come_in(chromium, served, "facilitator") for _ in range(2))
    row = "#idea-list li:has-text('Shady trees')"
    page.locator(row).get_by_role("link", name="Hide").click()
    sheet = page.locator("dialog#sheet")
    sheet.locator("#hide-own").fill("Said twice")
    other.locator(row).get_by_role("link", name="Hide").click()
    other.locator("dialog#sheet").get_by_label("It hurts people.").check()
    other.locator("dialog#sheet").get_by_role("button", name="Hide the idea").click()
    expect(other.locator("#notice")).to_contain_text("The idea is hidden.")
    for _ in range(2):  # it is said once, however often it is refused
        sheet.get_by_role("button", name="Hide the idea").click()
        expect(sheet.get_by_role("alert")).to_have_text("This idea is no longer shown.")
    expect(sheet.get_by_role("alert")).to_be_in_viewport()
    expect(sheet.locator("#hide-own")).to_have_value("Said twice")
    assert page.locator("#notice").inner_text() == ""
    page.route("**/hide", lambda route: route.abort())
    sheet.get_by_role("button", name="Hide the idea").click()
    expect(sheet.get_by_role("alert")).to_contain_text("That did not go out")
    expect(sheet.locator("#hide-own")).to_have_value("Said twice")
    sheet.get_by_role("link", name="Leave it").click()
    expect(sheet).not_to_be_visible()
    for each in (page, other):
        each.context.close()


def test_no_theme_to_merge_into_is_chosen_by_news(chromium, served):
    page, other = (come_in(chromium, served, "rapporteur") for _ in range(2))

    def name_theme(name: str) -> None:
        other.locator("#new-theme summary").click()
        other.fill("#new-name", name)
        other.keyboard.press("Enter")
        expect(page.locator("#board")).to_contain_text(name)

    for name in ("Getting there", "Staying late"):
        name_theme(name)
    page.locator("#tools-2 summary").click()
    expect(page.locator("#into-2")).to_have_value("choose")
    name_theme("Under trees")
    other.locator("#tools-1 summary").click()
    other.select_option("#into-1", "3")
    other.locator("#tools-1").get_by_role("button", name="Merge").click()
    expect(page.locator("#theme-1")).to_have_count(0)
    expect(page.locator("#into-2")).to_have_value("choose")
    page.locator("#tools-2").get_by_role("button", name="Merge").click()
    expect(page.locator("#notice")).to_contain_text("Choose a theme first.")
    expect(page.locator("#theme-2-name")).to_have_text("Staying late")
    for each in (page, other):
        each.context.close()


def test_a_sheet_that_changes_nothing_says_so_itself(chromium, served):
    page, other = (come_in(chromium, served, "rapporteur") for _ in range(2))
    row = "#leftovers .idea:has-text('Busy streets')"
    page.locator(row).get_by_role("link", name="Why here?").click()
    other.locator(row).locator("input").check()
    other.locator("#selection").get_by_role("button", name="Pin", exact=True).click()
    expect(other.locator("#notice")).to_contain_text("1 idea stays there.")
    sheet = page.locator("dialog#sheet")
    sheet.get_by_role("button", name="Pin", exact=True).click()
    expect(sheet.get_by_role("alert")).to_have_text("Nothing was changed: what you chose is pinned already.")
    assert page.locator("#notice").inner_text() == ""
    for each in (page, other):
        each.context.close()


def test_undo_is_about_what_is_still_on_its_way(chromium, served):
    page = come_in(chromium, served, "rapporteur")
    for name in ("One before", "The last one"):
        page.locator("#new-theme summary").click()
        page.fill("#new-name", name)
        page.keyboard.press("Enter")
        expect(page.locator("#undo")).to_contain_text(name)
    page.locator("#leftovers .idea:has-text('Night buses') input").check()
    held: list[Route] = []
    page.route("**/leave-out**", lambda route: held.append(route))
    page.locator("#selection").get_by_role("button", name="Fits nowhere").click()
    while not held:
        page.wait_for_timeout(50)
    page.locator("h1, h2").first.click()
    for _ in range(2):  # pressed twice is pressed once, as with every button that is busy
        page.keyboard.press("Control+z")
    page.wait_for_timeout(500)
    held[0].continue_()
    expect(page.locator("#notice")).to_contain_text("Taken back: moved 1 idea to “Leftovers”.")
    expect(page.locator("#undo")).to_contain_text("The last one")
    page.context.close()
