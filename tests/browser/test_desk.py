"""The desk in a real browser: ticks of ideas that move, notices beside answers, and notices that wait."""

import secrets
from collections.abc import Iterator

import pytest
from crew import command
from playwright.sync_api import Browser, Page, expect
from served import Served

pytestmark = pytest.mark.browser

SUBJECTS = ("Night buses to the {}", "Shady trees around the {}", "A library near the {}")
PLACES = ("station", "market", "river", "school", "museum", "old town", "harbour", "park")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running house with a conversation of 24 ideas."""
    with Served(tmp_path_factory.mktemp("house")) as running:
        file = tmp_path_factory.mktemp("ideas") / "ideas.csv"
        rows = [subject.format(place) for subject in SUBJECTS for place in PLACES]
        file.write_text("text\n" + "\n".join(rows), encoding="utf-8")
        assert command(running, "import", running.links()["conversations"][0]["code"], str(file)).returncode == 0
        yield running


def come_in(chromium: Browser, served: Served, **more: object) -> Page:
    """Open the desk in a browser of its own."""
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **more})
    page = context.new_page()
    page.goto(f"{served.base}/enter#{served.links()['conversations'][0]['rapporteur']}")
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url("**/desk/**")
    return page


def name_theme(page: Page) -> tuple[int, str]:
    """Name a theme; returns its number and name."""
    name = f"Theme {secrets.token_hex(3)}"
    page.locator("#new-theme summary").click()
    page.fill("#new-name", name)
    page.keyboard.press("Enter")
    column = page.get_by_role("region", name=name)
    expect(column).to_be_visible()
    return int(column.get_attribute("data-theme") or 0), name


def move(page: Page, boxes: list[int], theme: int) -> None:
    """Move leftovers into a theme."""
    for at in boxes:
        page.locator("#leftovers .idea input").nth(at).check()
    page.select_option("#to", str(theme))
    page.locator("#targets").get_by_role("button", name="Move").click()
    expect(page.locator("#chosen")).to_have_text("No idea chosen")


def test_an_idea_that_moves_while_it_is_ticked_is_kept_out_of_where_it_was_ticked(chromium, served):
    one, other = come_in(chromium, served), come_in(chromium, served)
    (first, _), (second, _) = name_theme(one), name_theme(one)
    move(one, [0], first)
    row = one.locator(f"#theme-{first} .idea")
    idea = str(row.get_attribute("id"))
    row.locator("input").check()
    other.locator(f"#{idea} input").check()
    other.select_option("#to", str(second))
    other.locator("#targets").get_by_role("button", name="Move").click()
    moved = one.locator(f"#theme-{second} #{idea}")
    expect(moved.locator("input")).to_be_checked()
    one.get_by_role("button", name="Not here").click()
    expect(one.locator("#notice")).to_contain_text("1 idea had left that theme already")
    expect(moved).to_be_visible()
    # Ticked where it stands now, it is this theme that is meant, whatever the tick before was about.
    moved.locator("input").check()
    one.get_by_role("button", name="Not here").click()
    expect(one.locator("#notice")).to_contain_text("1 idea is out of its theme")
    expect(moved).to_have_count(0)
    for page in (one, other):
        page.context.close()


def test_a_notice_that_waits_for_a_proposal_says_when_it_has_come(chromium, served):
    page = come_in(chromium, served)
    number, name = name_theme(page)
    page.reload()
    move(page, list(range(6)), number)
    page.locator(f"#tools-{number} summary").click()
    page.get_by_role("button", name="Suggest a split").click()
    notice = page.locator("#notice")
    expect(notice).to_contain_text(f"Two parts of “{name}” appear under the proposals")
    found = notice.get_by_role("link", name=f"What was found for “{name}” stands under the proposals.")
    expect(found).to_be_visible()
    expect(notice).not_to_contain_text("as soon as")
    found.click()
    expect(page.locator(".proposal[data-found]")).to_be_in_viewport()
    expect(notice).to_be_empty()
    # A refusal in words is put away like everything else that is said.
    page.locator("#new-theme summary").click()
    page.fill("#new-name", name)
    page.keyboard.press("Enter")
    expect(notice).to_contain_text("is called that already")
    notice.get_by_role("link", name="OK").click()
    expect(notice).to_be_empty()
    page.context.close()


def test_a_notice_on_a_phone_covers_neither_the_next_card_nor_its_answers(chromium, served):
    desk = come_in(chromium, served)
    name_theme(desk)
    desk.get_by_role("button", name="Find").click()
    expect(desk.locator("#unsure summary")).to_be_visible()
    desk.context.close()
    page = come_in(chromium, served, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page.locator("#unsure summary").tap()
    words = page.locator("#unsure .card:visible blockquote")
    for _ in range(2):
        before = words.inner_text()
        page.locator("#unsure .card:visible button").first.tap()
        # Until the answer is there the notice is still that of the card before.
        expect(page.locator("form[aria-busy='true']")).to_have_count(0)
        expect(words).not_to_have_text(before)
        notice = page.locator("#notice .notice")
        expect(notice).to_contain_text("1 idea moved to")
        under = notice.bounding_box()
        card = page.locator("#unsure .card:visible").bounding_box()
        assert under
        assert card
        assert under["y"] >= 0
        assert under["y"] + under["height"] <= card["y"]
    page.locator("#notice").get_by_role("button", name="Undo").tap()
    expect(page.locator("#notice")).to_contain_text("Taken back: moved 1 idea")
    page.context.close()
