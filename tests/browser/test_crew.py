"""The crew's pages in a real browser: they stay current, keep what people are writing, work by keyboard, pass axe."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect
from served import Served

from feedback.domain.ids import ulid

PASSWORD = "four old trams by night"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running house."""
    with Served(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest.fixture(scope="module")
def links(served: Served) -> dict[str, str]:
    """The links of the first conversation and of the organiser."""
    made = served.links()
    return {**made["conversations"][0], "organiser": made["organiser"]}


def enter(chromium: Browser, served: Served, secret: str, **more: object) -> tuple[BrowserContext, Page]:
    """Come in by a link, as a person does."""
    context = chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **more})
    page = context.new_page()
    page.goto(f"{served.base}/enter#{secret}")
    page.get_by_role("button", name="Come in").click()
    return context, page


class Phone:
    """Somebody in the room who writes ideas by HTTP."""

    def __init__(self, chromium: Browser, served: Served, code: str) -> None:
        self.base, self.code = served.base, code
        self.context = chromium.new_context()
        self.context.request.get(f"{self.base}/c/{code}")
        room = self.context.request.get(f"{self.base}/c/{code}/sync").json()
        self.prompt = room["prompts"][0]["id"]

    def write(self, text: str) -> str:
        """Send one idea; returns its id."""
        import secrets

        idea = ulid(1_790_000_000_000, secrets.randbits)
        op = {"op": ulid(1_790_000_000_000, secrets.randbits), "k": "idea", "id": idea, "prompt": self.prompt}
        answer = self.context.request.post(
            f"{self.base}/c/{self.code}/ops",
            headers={"X-Op": "1", "Origin": self.base, "Content-Type": "application/json"},
            data=json.dumps({"ops": [op | {"text": text, "lang": "en"}]}),
        )
        assert answer.json()["acks"][0]["status"] == "ok"
        return idea


def axe_findings(page: Page) -> list[str]:
    """What axe has to say about the page, everything unfolded."""
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    return [f"{found['id']}: {found['nodes'][0]['target']}" for found in Axe().run(page).response["violations"]]


def test_console_stays_current_and_keeps_what_is_being_written(chromium, served, links):
    context, page = enter(chromium, served, links["facilitator"], viewport={"width": 360, "height": 740})
    phone = Phone(chromium, served, links["code"])
    expect(page.locator("#live")).to_have_text("Live")
    page.locator("#new-prompt summary").click()
    page.fill("#new-prompt-text", "What would you stop?")
    phone.write("Open the depot at night")
    expect(page.locator("#idea-list .words")).to_have_text(["Open the depot at night"])
    assert page.input_value("#new-prompt-text") == "What would you stop?"
    assert page.evaluate("document.activeElement.id") == "new-prompt-text"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("button", name="Keep it as a draft").click()
    expect(page.locator("#notice")).to_contain_text("kept as a draft")
    expect(page.locator("#new-prompt")).not_to_have_attribute("open", "")
    context.close()


def test_console_list_does_not_move_under_the_pointer(chromium, served, links):
    context, page = enter(chromium, served, served.links()["conversations"][0]["facilitator"])
    phone = Phone(chromium, served, links["code"])
    phone.write("Already there")
    row = page.locator("#idea-list li", has_text="Already there")
    row.hover()
    before = row.bounding_box()
    phone.write("Just in")
    button = page.get_by_role("button", name="1 new idea")
    for moved in range(300):  # a slow page asks for news seldom, and the pointer must still be moving then
        row.hover(position={"x": 5 + moved % 2, "y": 5})
        if button.is_visible():
            break
        page.wait_for_timeout(200)
    expect(button).to_be_visible()
    assert page.locator("#idea-list li", has_text="Just in").count() == 0
    assert before is not None
    button.click()
    expect(page.locator("#idea-list li").first).to_contain_text("Just in")
    context.close()


def test_hide_by_keyboard_says_what_happened_and_is_undone(chromium, served, links):
    context, page = enter(chromium, served, served.links()["conversations"][0]["facilitator"])
    Phone(chromium, served, links["code"]).write("To be hidden")
    row = page.locator("#idea-list li", has_text="To be hidden")
    row.get_by_role("link", name="Hide").focus()
    page.keyboard.press("Enter")
    sheet = page.locator("dialog#sheet")
    expect(sheet).to_contain_text("Hide this idea?")
    sheet.get_by_role("button", name="Hide the idea").click()
    expect(sheet).to_contain_text("Please choose a reason, or write one")
    sheet.get_by_label("It hurts people.").check()
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("The idea is hidden.")
    expect(page.locator("#hidden")).to_contain_text("Reason: It hurts people.")
    expect(sheet).not_to_be_visible()
    page.locator("#notice").get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    context.close()


def test_desk_moves_names_undoes_and_downloads(chromium, served, links, tmp_path):
    phone = Phone(chromium, served, links["code"])
    for text in ("More buses at night", "Night buses for all", "Cheaper buses", "Trams every ten minutes"):
        phone.write(text)
    for text in ("Free museum evenings", "Museums open late", "A museum of the future", "Art in the museum yard"):
        phone.write(text)
    context, page = enter(chromium, served, served.links()["conversations"][0]["rapporteur"])
    expect(page.locator("#leftovers-name")).to_have_text("All ideas")
    page.get_by_role("button", name="Find themes").click()
    expect(page.locator("#bar")).to_contain_text("as of")
    first = page.locator("section.column[data-theme]").first
    number = first.get_attribute("data-theme")
    if number != "none":
        page.locator(f"#tools-{number} summary").click()
        page.fill(f"#name-{number}", "On the move")
        page.keyboard.press("Enter")
        expect(page.locator(f"#theme-{number}-name")).to_have_text("On the move")
        page.locator("#notice").get_by_role("button", name="Undo").click()
        expect(page.locator("#notice")).to_contain_text("Taken back: renamed to “On the move”.")
    page.locator("#board .idea input").first.check()
    expect(page.locator("#chosen")).to_have_text("1 idea chosen")
    page.select_option("#to", "")
    page.get_by_role("button", name="Move").click()
    expect(page.locator("#notice")).to_contain_text("1 idea moved to “Leftovers”.")
    expect(page.locator("#selection")).not_to_be_visible()
    page.get_by_role("button", name="Freeze the present state").click()
    expect(page.locator("#notice")).to_contain_text("is frozen.")
    for label, ending in (("Markdown", "md"), ("CSV", "csv"), ("JSON", "json")):
        with page.expect_download() as saved:
            page.get_by_role("link", name=label).first.click()
        target = tmp_path / f"report.{ending}"
        saved.value.save_as(target)
        assert "Museums open late" in target.read_text(encoding="utf-8-sig")
        expect(page.locator("#notice")).to_contain_text(f"The {label} file is saved on this device.")
    context.close()


def judge(served: Served, place: int, judged: dict[str, tuple[int | None, float]]) -> None:
    """Place ideas as a theme run would: in a theme, or none, and how sure that is."""
    with closing(sqlite3.connect(served.instance / "feedback.db", timeout=60)) as db, db:
        for idea, (theme, sureness) in judged.items():
            prior = json.dumps({"1": sureness, "2": round(1 - sureness, 2)})
            values = (idea, place, theme, False, sureness, prior, '["bus"]')
            names = "idea_id, conversation_id, theme, pinned, sureness, prior, shared_terms"
            db.execute(f"insert into placement ({names}) values (?, ?, ?, ?, ?, ?, ?)", values)


def test_desk_asks_about_unsure_ideas_by_keyboard_and_takes_every_answer_back(chromium, served, links):
    conversation = served.links()["conversations"][2]
    phone = Phone(chromium, served, conversation["code"])
    texts = ("Night buses for all", "More buses", "Museums open late", "A bus to the museum")
    ideas = {text: phone.write(text) for text in texts}
    context, page = enter(chromium, served, conversation["rapporteur"])
    for name in ("Getting there", "Staying late"):
        page.locator("#new-theme summary").click()
        page.fill("#new-name", name)
        page.keyboard.press("Enter")
        expect(page.locator("#board")).to_contain_text(name)
    sure = {texts[0]: (1, 0.97), texts[1]: (1, 0.8), texts[2]: (None, 0.6), texts[3]: (1, 0.4)}
    judge(served, 3, {ideas[text]: said for text, said in sure.items()})
    page.reload()
    page.locator("#unsure summary").click()
    card = page.locator("#unsure .card:visible blockquote")
    expect(card).to_have_text("A bus to the museum")
    page.keyboard.press("1")
    expect(card).to_have_text("Museums open late")
    page.keyboard.press("9")
    expect(card).to_have_text("More buses")
    page.keyboard.press("9")
    expect(card).to_have_text("Museums open late")
    page.keyboard.press("0")
    expect(card).to_have_text("More buses")
    expect(page.locator("#notice")).to_contain_text("1 idea moved to “Leftovers”.")
    late = page.locator("#theme-2 .ideas .words")
    expect(late).to_have_text(["A bus to the museum"])
    page.keyboard.press("Control+z")
    expect(page.locator("#notice")).to_contain_text("Taken back: moved 1 idea to “Leftovers”.")
    page.keyboard.press("Control+z")
    expect(late).to_have_count(0)
    served.kill()
    served.start()
    page.reload()
    page.keyboard.press("Control+Shift+z")
    expect(late).to_have_text(["A bus to the museum"])
    page.locator("#unsure summary").click()
    page.locator("#new-theme summary").click()
    page.locator("#new-name").focus()
    page.keyboard.press("Control+z")
    page.keyboard.press("1")
    expect(page.locator("#new-name")).to_have_value("1")
    expect(late).to_have_text(["A bus to the museum"])
    context.close()


def test_desk_splits_and_says_why_on_a_phone(chromium, served, links):
    conversation = served.links()["conversations"][2]
    phone = {"viewport": {"width": 360, "height": 740}, "locale": "de", "has_touch": True, "bypass_csp": True}
    context, page = enter_in_german(chromium, served, conversation["rapporteur"], **phone)
    page.locator("#theme-1 .open-column").click()
    page.locator("#theme-1 .idea", has_text="More buses").locator("input").check()
    page.select_option("#to", "new")
    page.fill("#split-name", "Donaudampfschifffahrtsgesellschaft")
    page.keyboard.press("Enter")
    expect(page.locator("#theme-3-name")).to_have_text("Donaudampfschifffahrtsgesellschaft")
    page.goto(page.url.split("#")[0] + "#theme-3")
    page.locator("#theme-3 .idea a").click()
    sheet = page.locator("dialog#sheet")
    expect(sheet).to_contain_text("Donaudampfschifffahrtsgesellschaft")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert axe_findings(page) == []
    why = page.locator("#theme-3 .idea a").get_attribute("href")
    page.goto(served.base + str(why))
    assert axe_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_desk_merges_near_duplicates_by_keyboard_and_splits_as_suggested(chromium, served, links):
    conversation = served.links()["conversations"][1]
    phone = Phone(chromium, served, conversation["code"])
    hall = "The old market hall in the middle of the town should {}be torn down for a car park"
    library = "Please keep the public libraries open until late in the evening"
    for text in (hall.format(""), hall.format("not "), library, f"{library}!"):
        phone.write(text)
    for text in ("Night buses", "Late buses at the weekend", "Bus lanes", "More bus stops", "Cheaper bus tickets"):
        phone.write(text)
    for text in ("Street trees", "Trees in the park", "Benches under trees", "Shady trees", "Trees instead of cars"):
        phone.write(text)
    context, page = enter(chromium, served, conversation["rapporteur"], bypass_csp=True)
    page.locator("#new-theme summary").click()
    page.fill("#new-name", "Everything")
    page.keyboard.press("Enter")
    expect(page.locator("#board")).to_contain_text("Everything")
    for each in page.locator("#leftovers .idea input").all():
        each.check()
    page.select_option("#to", "1")
    page.locator("#targets").get_by_role("button", name="Move").click()
    expect(page.locator("#theme-1 .idea")).to_have_count(14)
    page.get_by_role("button", name="Find themes").click()
    page.locator("#alike summary").click()
    expect(page.locator("#alike summary")).to_have_text("2 pairs say nearly the same")
    card = page.locator("#alike .card:visible")
    expect(card.locator("blockquote")).to_have_text([library, f"{library}!"])
    page.keyboard.press("2")
    expect(page.locator("#notice")).to_contain_text("The two ideas are one now.")
    expect(card.locator("mark")).to_have_text(["not"])
    expect(page.locator("#alike summary")).to_have_text("1 pair says nearly the same")
    expect(page.locator("#theme-1 .idea")).to_have_count(13)
    page.keyboard.press("Control+z")
    expect(page.locator("#alike summary")).to_have_text("2 pairs say nearly the same")
    card.locator("button[data-key='2']").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#alike summary")).to_have_text("1 pair says nearly the same")
    expect(page.locator("#alike h2")).to_be_focused()  # the button is gone; the next pair is one step away
    page.keyboard.press("0")
    expect(page.locator("#notice")).to_contain_text("These two are not the same")
    expect(page.locator("#alike-fold")).to_have_count(0)
    page.locator(".idea", has_text="stands for 1 more").locator("a").click()
    expect(page.locator("dialog#sheet")).to_contain_text("It also stands for")
    assert axe_findings(page) == []
    page.locator("dialog#sheet").get_by_role("button", name="Take apart").click()
    expect(page.locator("#theme-1 .idea")).to_have_count(14)
    for _ in range(3):
        page.keyboard.press("Control+z")
        expect(page.locator("#notice")).to_contain_text("Taken back:")
        page.locator("#notice").get_by_role("link", name="OK").click()
        expect(page.locator("#notice")).to_be_empty()
    expect(page.locator("#alike summary")).to_have_text("2 pairs say nearly the same")
    page.reload()
    page.locator("#tools-1 summary").click()
    page.get_by_role("button", name="Suggest a split").click()
    proposal = page.locator(".proposal")
    expect(proposal).to_contain_text("Split “Everything” in two?")
    expect(proposal.locator(".parts li")).to_have_count(14)
    assert axe_findings(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    proposal.get_by_role("button", name="Split it").click()
    expect(page.locator("#notice")).to_contain_text("Done as proposed.")
    expect(page.locator("#theme-2")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(page.locator("#theme-2")).to_have_count(0)
    context.close()


def test_desk_merges_ideas_that_the_rapporteur_finds_the_same(chromium, served, links):
    conversation = served.links()["conversations"][2]
    phone = Phone(chromium, served, conversation["code"])
    for text in ("<b>Trams</b> at night", "Late trains", "Benches", "Trams after midnight"):
        phone.write(text)
    context, page = enter(chromium, served, conversation["rapporteur"], bypass_csp=True)
    ideas = page.locator("#board .idea")
    expect(page.locator("#board")).to_contain_text("Trams after midnight")
    before = ideas.count()  # other tests have written here too
    same = page.get_by_role("button", name="Same idea")
    page.locator(".idea", has_text="Late trains").locator("input").check()
    # One idea is the same as no other.
    expect(page.locator("#chosen")).to_have_text("1 idea chosen")
    expect(same).to_be_hidden()
    for text in ("<b>Trams</b> at night", "Trams after midnight"):
        page.locator(".idea", has_text=text).locator("input").check()
    same.click()
    sheet = page.locator("dialog#sheet")
    expect(sheet).to_contain_text("Whose words stay?")
    expect(sheet.locator("blockquote")).to_have_text(["<b>Trams</b> at night", "Late trains", "Trams after midnight"])
    assert axe_findings(page) == []
    # Whoever leaves it has lost no choice.
    sheet.get_by_role("link", name="Leave them as they are").click()
    expect(page.locator("#chosen")).to_have_text("3 ideas chosen")
    same.click()
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    sheet.get_by_role("button", name="Merge into this one").nth(2).click()
    expect(page.locator("#notice")).to_contain_text("3 ideas are one now.")
    expect(sheet).to_be_hidden()
    expect(ideas).to_have_count(before - 2)
    expect(page.locator(".idea", has_text="Trams after midnight")).to_contain_text("stands for 2 more")
    page.locator("#notice").get_by_role("button", name="Undo").click()
    expect(ideas).to_have_count(before)
    # Ideas that somebody has hidden meanwhile are refused in words, and the choice stays.
    page.set_viewport_size({"width": 1280, "height": 800})
    page.reload()
    for text in ("Late trains", "Benches"):
        page.locator(".idea", has_text=text).locator("input").check()
    page.locator(".idea", has_text="Benches").locator("input").evaluate("box => { box.value = 'nobody' }")
    same.click()
    expect(page.locator("#notice")).to_contain_text("This idea is no longer shown.")
    expect(page.locator("#chosen")).to_have_text("2 ideas chosen")
    context.close()


def enter_in_german(chromium: Browser, served: Served, secret: str, **more: object) -> tuple[BrowserContext, Page]:
    """Come in by a link, in whatever words."""
    context = chromium.new_context(**more)
    page = context.new_page()
    page.goto(f"{served.base}/enter#{secret}")
    page.locator("main form button").last.click()
    page.wait_for_url("**/desk/**")
    return context, page


def test_lost_line_is_shown_and_comes_back_by_itself(chromium, served, links):
    context, page = enter(chromium, served, served.links()["conversations"][1]["facilitator"])
    expect(page.locator("#live")).to_have_text("Live")
    context.set_offline(True)
    served.kill()
    expect(page.locator("#live")).to_contain_text("Connection lost. As of")
    page.locator("#prompts").get_by_role("button", name="Close").click()
    expect(page.locator("#notice")).to_contain_text("That did not go out: the connection is lost.")
    served.start()
    context.set_offline(False)
    expect(page.locator("#live")).to_have_text("Live")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_crew_pages_pass_axe(chromium, served, links, scheme, tmp_path: Path):
    _, known = organiser(chromium, served, links)
    width = 360 if scheme == "light" else 1280
    context = chromium.new_context(
        viewport={"width": width, "height": 740},
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,
        storage_state=known,
    )
    page = context.new_page()
    code = links["code"]
    for path in (
        "/enter",
        "/organiser",
        "/organiser/conference",
        "/organiser/strands/1",
        "/organiser/password",
        f"/organiser/conversations/{code}",
        f"/organiser/conversations/{code}/clear",
        f"/console/{code}",
        f"/desk/{code}",
    ):
        page.goto(served.base + path)
        assert axe_findings(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    context.close()


def organiser(chromium: Browser, served: Served, links: dict[str, str]) -> tuple[Page, dict[str, object]]:
    """Come in as the organiser: by the link the first time, by the password from then on."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{served.base}/organiser/login")
    if page.locator("#password").count() == 0:
        page.goto(f"{served.base}/enter#{served.links()['organiser']}")
        page.get_by_role("button", name="Come in").click()
        page.fill("#new", PASSWORD)
        page.fill("#again", PASSWORD)
        page.get_by_role("button", name="Save the password").click()
    else:
        page.fill("#password", PASSWORD)
        page.get_by_role("button", name="Come in").click()
    page.wait_for_url("**/organiser")
    state = context.storage_state()
    return page, state


def test_desk_says_in_full_what_would_be_undone_and_moves_nowhere_unasked(chromium, served):
    conversation = served.links()["conversations"][2]
    Phone(chromium, served, conversation["code"]).write("Trams every ten minutes")
    context, page = enter(chromium, served, conversation["rapporteur"])
    names = [f"A house {number} where everybody can meet until late at night" for number in (1, 2)]
    for name in names:
        page.locator("#new-theme summary").click()
        page.fill("#new-name", name)
        page.keyboard.press("Enter")
        expect(page.locator("#undo")).to_contain_text(name)
    page.locator("#undo button").click()
    for form, name in zip(("#undo", "#redo"), names, strict=True):
        span = page.locator(f"{form} span")
        expect(span).to_contain_text(name)
        assert span.evaluate("span => span.scrollWidth <= span.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    for number in ("1", ""):  # after a move no place is chosen, as before it
        page.locator("#board .idea input").first.check()
        expect(page.locator("#to")).to_have_value("choose")
        page.select_option("#to", number)
        page.locator("#targets").get_by_role("button", name="Move").click()
        expect(page.locator("#notice")).to_contain_text("1 idea moved to")
        expect(page.locator("#selection")).not_to_be_visible()
    page.locator("#board .idea input").first.check()
    page.locator("#targets").get_by_role("button", name="Move").click()
    expect(page.locator("#notice")).to_contain_text("Choose a place first.")
    context.close()
