"""The room sorts, in real browsers: the next card at once, also without a line; how far it is on the stage; axe."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from served import Served

PHONE = {"width": 360, "height": 740}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running house."""
    with Served(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture
def links(served: Served) -> dict[str, str]:
    """Fresh links of the first conversation."""
    made: dict[str, str] = served.links()["conversations"][0]
    return made


def crew(chromium: Browser, served: Served, secret: str) -> Page:
    page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(f"{served.base}/enter#{secret}")
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(lambda url: "/enter" not in url)
    return page


def phone(chromium: Browser, served: Served, code: str, faults: list[str]) -> Page:
    page = chromium.new_context(viewport=PHONE, reduced_motion="reduce").new_page()
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(f"{served.base}/c/{code}")
    return page


def write(page: Page, text: str) -> None:
    page.fill("#text", text)
    page.click("#write button")
    expect(page.locator(".said.good")).to_be_visible()


def answer(page: Page, choice: str) -> str:
    """Answer the card that is shown; returns its words."""
    words = page.locator(".sort-idea").inner_text()
    page.wait_for_timeout(300)  # the same finger
    page.locator(".sort-card").get_by_role("button", name=choice).click()
    expect(page.locator(".sort-idea", has_text=words)).to_have_count(0)
    return words


def axe_findings(page: Page) -> list[str]:
    return [f"{found['id']}: {found['nodes'][0]['target']}" for found in Axe().run(page).response["violations"]]


def test_the_room_sorts(chromium, served, links):
    faults: list[str] = []
    anna, ben = (phone(chromium, served, links["code"], faults) for _ in range(2))
    texts = [f"Idea number {number}" for number in range(4)]
    for text in texts:
        write(anna, text)
    assert anna.locator(".sort-card").count() == 0  # there are no themes to choose from
    desk = crew(chromium, served, links["rapporteur"])
    for name in ("Hours", "Places"):
        desk.locator("#new-theme summary").click()
        desk.locator("#new-theme").get_by_label("Name").fill(name)
        desk.locator("#new-theme").get_by_role("button").last.click()
        expect(desk.locator("#board")).to_contain_text(name)
    console = crew(chromium, served, links["facilitator"])
    console.get_by_role("button", name="Ask the room to sort").click()
    expect(console.locator("#themes")).to_contain_text("0% sorted, 4 ideas still unsure")
    ben.get_by_role("button", name="Help to sort the ideas").click()
    seen = [answer(ben, "Hours")]
    # Whoever has scrolled down to the answers finds the words of the next card below the header, not under it.
    ben.evaluate("scrollBy(0, document.querySelector('.sort-panel').getBoundingClientRect().top - 20)")
    seen.append(answer(ben, "None of these"))
    tops = "['.sort-title', '.top.stays'].map(each => document.querySelector(each).getBoundingClientRect())"
    assert ben.evaluate(f"(([title, header]) => title.top >= header.bottom)({tops})")
    # Without a line the next card is there all the same, and what was tapped waits.
    ben.context.set_offline(True)
    seen.append(answer(ben, "Skip"))
    expect(ben.locator("#status")).to_contain_text("waiting")
    ben.context.set_offline(False)
    expect(ben.locator("#status")).not_to_contain_text("waiting")
    assert axe_findings(ben) == []
    ben.reload()
    ben.get_by_role("button", name="Help to sort the ideas").click()
    seen.append(answer(ben, "Places"))
    assert sorted(seen) == texts
    expect(ben.locator(".sort-panel")).to_contain_text("Nothing left to sort just now.")
    # An author is asked about what they have just written, and can change their mind.
    write(ben, "A late tram")
    expect(ben.locator(".sort-title")).to_have_text("Where does your idea belong?")
    answer(ben, "Hours")
    ben.get_by_role("button", name="Change my answer").click()
    expect(ben.get_by_role("button", name="Hours")).to_have_attribute("aria-pressed", "true")
    answer(ben, "Places")
    stage = chromium.new_context(viewport={"width": 1920, "height": 1080}).new_page()
    stage.goto(f"{served.base}/enter#{links['stage']}")
    expect(stage.locator("#counts")).to_contain_text("5 ideas still unsure")
    console.get_by_role("button", name="Stop sorting").click()
    expect(stage.locator("#counts")).not_to_contain_text("unsure")
    for page in (anna, ben, desk, console, stage):
        page.context.close()
    assert faults == []
