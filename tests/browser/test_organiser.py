"""The organiser's pages in a real browser: across strands from the first look to the files, and what compares ideas."""

import json
import secrets
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from endpoint import Endpoint
from playwright.sync_api import Browser, Page, expect
from served import Browser as Person
from served import Served

from feedback.domain.ids import ulid

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
BUSES, READING, DEPOT = "Getting home at night", "Libraries", "The old depot"
#: In each conversation: themes that the desk names, and what people have written about them.
SAID = (
    {BUSES: ["Night buses <b>from</b> the harbour"], READING: ["Open the library until ten"]},
    {BUSES: ["Buses after concerts", "Trams until two"], DEPOT: ["A stage in the old depot"]},
    {"Books": ["Books on loan in every village"]},
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """An endpoint elsewhere, as an operator has set it."""
    with Endpoint() as running:
        yield running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, endpoint: Endpoint) -> Iterator[Served]:
    """A running house with ideas in three conversations."""
    env = {"FEEDBACK_EMBEDDER_URL": endpoint.url, "FEEDBACK_EMBEDDER_NAME": "letters"}
    with Served(tmp_path_factory.mktemp("house"), env=env) as running:
        yield running


def come_in(chromium: Browser, served: Served, secret: str) -> Page:
    page = chromium.new_context(viewport=DESK, locale="en-GB").new_page()
    page.goto(f"{served.base}/enter#{secret}")
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url(lambda url: "/enter" not in url)
    return page


@pytest.fixture(scope="module")
def organiser(chromium: Browser, served: Served) -> Iterator[Page]:
    """The organiser, with a password."""
    page = come_in(chromium, served, served.links()["organiser"])
    page.fill("#new", "four old trams by night")
    page.fill("#again", "four old trams by night")
    page.get_by_role("button", name="Save the password").click()
    page.wait_for_url("**/organiser")
    yield page
    page.context.close()


def write(served: Served, code: str, text: str) -> None:
    """Write an idea as somebody new."""
    person, (op, idea) = Person(served), (ulid(1_790_000_000_000, secrets.randbits) for _ in range(2))
    person.fetch("GET", f"/c/{code}")
    prompt = person.get_json(f"/c/{code}/sync")["prompts"][0]["id"]
    ops = [{"op": op, "k": "idea", "id": idea, "prompt": prompt, "text": text, "lang": "en"}]
    headers = {"Content_Type": "application/json", "X_Op": "1", "Origin": served.base}
    _, body = person.fetch("POST", f"/c/{code}/ops", json.dumps({"ops": ops}).encode(), **headers)
    assert json.loads(body)["acks"][0]["status"] == "ok"


def name_themes(desk: Page, said: dict[str, list[str]]) -> None:
    """Choose ideas at the desk and give them a theme of their own."""
    for name, texts in said.items():
        for text in texts:
            desk.locator("#board .idea", has_text=text).locator("input").check()
        desk.select_option("#to", "new")
        desk.fill("#split-name", name)
        desk.keyboard.press("Enter")
        expect(desk.get_by_role("heading", name=name)).to_be_visible()


def look_at(page: Page) -> None:
    """Everything unfolded passes axe, also on a phone, where nothing is wider than the screen."""
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_subjects_are_looked_for_put_right_taken_back_and_taken_home(chromium, served, organiser, tmp_path):
    page = organiser
    page.goto(f"{served.base}/organiser/across")
    expect(page.locator("#across-look")).to_contain_text("Themes are needed in at least two conversations.")
    for links, said in zip(served.links()["conversations"], SAID, strict=True):
        for texts in said.values():
            for text in texts:
                write(served, links["code"], text)
        desk = come_in(chromium, served, links["rapporteur"])
        name_themes(desk, said)
        desk.context.close()
    page.reload()
    page.get_by_role("button", name="Look across strands").click()
    subjects, alone = page.locator("#across-subjects .subject"), page.locator("#across-alone li")
    both = subjects.filter(has=page.get_by_role("heading", name=BUSES))
    expect(both).to_contain_text("Asked for in 2 of 3 strands")
    expect(subjects).to_have_count(1)
    both.get_by_text("2 ideas behind it").click()
    expect(both.locator(".behind li:visible")).to_contain_text(["Buses after concerts", "Trams until two"])
    expect(both).to_contain_text("Night buses <b>from</b> the harbour")
    look_at(page)

    # “Not the same” parts them, by keyboard; undo puts them together again.
    both.get_by_role("button", name="Not the same").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("It stands for itself now.")
    expect(subjects).to_have_count(0)
    expect(alone).to_have_count(5)
    page.get_by_role("button", name="Undo: ").click()
    expect(both).to_have_count(1)

    # What the machine cannot know from the words, the organiser says.
    page.locator("#join-ones").select_option(label=option_of(page, READING))
    page.locator("#join-others").select_option(label=option_of(page, "Books"))
    page.get_by_role("button", name="Put together").click()
    expect(subjects).to_have_count(2)
    told = subjects.filter(has_text="Open the library until ten")
    expect(told).to_contain_text("Books on loan in every village")
    expect(told).to_contain_text("Asked for in 2 of 3 strands")
    look_at(page)

    # Every later look keeps it.
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_role("button", name="Look again")).to_be_visible()
    expect(subjects).to_have_count(2)
    expect(told).to_have_count(1)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Markdown").click()
    saved.value.save_as(tmp_path / "across.md")
    kept = (tmp_path / "across.md").read_text(encoding="utf-8")
    assert "Asked for in 2 of 3 strands" in kept
    assert "Books on loan in every village" in kept


def option_of(page: Page, theme: str) -> str:
    """The words of the choice that holds a theme."""
    (found,) = page.locator("#join-ones option", has_text=theme).all_inner_texts()
    return found


def test_ideas_go_to_an_endpoint_only_after_the_organiser_has_agreed(served, organiser, endpoint):
    page, path = organiser, f"{served.base}/organiser/comparing"
    page.goto(path)
    elsewhere = page.get_by_label("Their meaning, by an endpoint elsewhere")
    expect(page.get_by_label("Their words")).to_be_checked()
    expect(page.get_by_label("Their meaning, by a model on this server")).to_be_disabled()
    expect(page.locator("form .way").last).to_contain_text("For this, words leave the house. To 127.0.0.1 are sent:")
    look_at(page)
    elsewhere.check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#consent-problem")).to_contain_text("Nothing was changed")
    expect(elsewhere).to_be_checked()
    look_at(page)
    write(served, served.links()["conversations"][0]["code"], "Said before anybody agreed")
    page.wait_for_timeout(2_000)  # ideas are encoded within half a second where they are at all
    assert endpoint.texts == []

    page.locator("#consent").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**/organiser")
    page.goto(path)
    expect(elsewhere).to_be_checked()
    expect(page.locator("#consent")).to_be_checked()
    write(served, served.links()["conversations"][0]["code"], "Said after that")
    until = page.context.new_page()
    for _ in range(900):
        if "Said after that" in endpoint.texts:
            break
        until.wait_for_timeout(200)
    assert "Said after that" in endpoint.texts
    until.goto(f"{served.base}/about")
    expect(until.locator("main")).to_contain_text("their words are sent to 127.0.0.1")
    until.close()

    page.get_by_label("Their words").check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/organiser")
    page.goto(path)
    expect(page.get_by_label("Their words")).to_be_checked()
