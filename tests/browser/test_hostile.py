"""Words that mean harm, on every page that shows words, in a real browser: they are shown as words and do nothing.

No dialog, no breach of the content policy, no request to another host, no element that is not ours, nothing pushed
beyond the edge of a phone, and no line that grows over its neighbours.
"""

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hostile import Builder, HostileHouse
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from served import Served

from feedback.identity import COOKIE

PHONE = {"width": 360, "height": 740}
WALL = {"width": 1920, "height": 1080}
GLANCE = 10_000  # milliseconds: what a run has taken away meanwhile is not waited for
FRESH = "<img src=x onerror=alert(2)></script><script>alert(2)</script> quite fresh"

pytestmark = pytest.mark.browser

#: What no page of ours holds; scripts, links and icons of ours are named.
FOREIGN = """() => {
  const found = [];
  const ours = new URL("/static/build/", location).href;
  const inside = (address) => new URL(address, location).origin === location.origin;
  const bad = "img,iframe,frame,object,embed,video,audio,source,base,style,math,marquee,applet,portal,template,animate,"
    + "meta[http-equiv],svg script,svg image,svg foreignObject,[srcdoc],[autofocus]:not(#code),details[ontoggle]";
  for (const each of document.querySelectorAll(bad)) found.push(each.outerHTML.slice(0, 200));
  for (const each of document.querySelectorAll("script"))
    if (each.id !== "boot" && !each.src.startsWith(ours)) found.push(each.outerHTML.slice(0, 200));
  for (const each of document.querySelectorAll("a[href],link[href],use[href],form[action],button[formaction]")) {
    for (const name of ["href", "action", "formaction"]) {
      const address = each.getAttribute(name);
      if (address !== null && !(inside(address) && /^https?:/.test(new URL(address, location).href)))
        found.push(each.outerHTML.slice(0, 200));
    }
  }
  for (const each of document.querySelectorAll("*"))
    for (const { name } of each.attributes)
      if (name.startsWith("on") || !/^[a-z][a-z0-9:-]*$/i.test(name)) found.push(`${each.tagName} ${name}`);
  return found;
}"""
#: Everything that people can read on the page, fields included.
READ = """() => {
  const page = document.body.cloneNode(true);
  for (const each of page.querySelectorAll("script")) each.remove();
  const fields = [...document.querySelectorAll("input:not([type=hidden]),textarea")].map((field) => field.value);
  return [page.textContent, ...fields].join(" ");
}"""
#: Leave nothing on the page but the words of one element.
ALONE = """(element) => {
  document.body.style.visibility = "hidden";
  element.style.visibility = "visible";
  return { line: parseFloat(getComputedStyle(element).lineHeight), height: element.getBoundingClientRect().height };
}"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> HostileHouse:
    """An installation full of such words."""
    return Builder(tmp_path_factory.mktemp("house")).build()


@pytest.fixture(scope="module")
def served(house: HostileHouse) -> Iterator[Served]:
    """A server on it."""
    with Served(house.instance) as running:
        yield running


class Watch:
    """A browser in which everything that must not happen is noted."""

    def __init__(self, chromium: Browser, served: Served, **more: Any) -> None:
        self.served, self.noted = served, list[str]()
        self.context = chromium.new_context(viewport=PHONE, **more)
        self.context.on("request", self._request)
        self.context.on("dialog", self._dialog)
        self.context.on("console", lambda message: self._console(message.type, message.text))
        self.context.on("weberror", lambda fault: self.noted.append(f"fault: {fault.error}"))
        self.context.add_init_script(
            "addEventListener('securitypolicyviolation', (e) => console.error(`CSP ${e.violatedDirective}`))"
        )
        self.page = self.context.new_page()

    def holding(self, cookie: str) -> "Watch":
        """The same, known to the house."""
        self.context.add_cookies([{"name": COOKIE, "value": cookie, "url": self.served.base}])
        return self

    def go(self, path: str) -> Page:
        """Open a page of the house."""
        self.page.goto(f"{self.served.base}{path}")
        return self.page

    def check(self, *expected: Iterable[str]) -> None:
        """Nothing has happened, nothing foreign is there, and all expected words stand on the page as they are."""
        path = self.page.url.removeprefix(self.served.base)
        assert self.page.evaluate(FOREIGN) == [], path
        shown = squeezed(self.page.evaluate(READ))
        missing = [text for texts in expected for text in texts if squeezed(text) not in shown]
        assert missing == [], path
        assert "49 alert" not in shown
        # While a list is being fitted to the wall it may stand out for a moment.
        self.page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
        assert self.noted == [], path

    def close(self) -> None:
        """End; nothing may have happened until now."""
        self.context.close()
        assert self.noted == []

    def _request(self, request: Any) -> None:
        if not request.url.startswith(self.served.base + "/"):
            self.noted.append(f"request: {request.url}")

    def _dialog(self, dialog: Any) -> None:
        self.noted.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, kind: str, text: str) -> None:
        if kind == "error" or "Content Security Policy" in text:
            self.noted.append(f"console: {text}")


def squeezed(text: str) -> str:
    """The text without blanks: how lines are broken is not the question here."""
    return re.sub(r"\s+", "", text)


@pytest.fixture
def watch(chromium: Browser, served: Served, request: pytest.FixtureRequest) -> Iterator[Watch]:
    """A watched browser; a test may ask for one without JavaScript."""
    opened = Watch(chromium, served, **getattr(request, "param", {}))
    yield opened
    opened.close()


@pytest.mark.parametrize("watch", [{}, {"java_script_enabled": False}], ids=["script", "plain"], indirect=True)
def test_phone_shows_words_as_words(watch: Watch, house: HostileHouse, request: pytest.FixtureRequest) -> None:
    watch.holding(house.participant)
    script = "script" in request.node.name
    page = watch.go(f"/c/{house.code}")
    for number, (prompt, text) in enumerate(house.prompts.items()):
        if script:
            expect(page.locator("#list .tabs button").first).to_be_visible()
            page.locator("#prompt .prompts > *").nth(number + 1).click()  # the first one came with the house
            expect(page.locator(f"#idea-{list(house.ideas[prompt])[-1]}")).to_be_attached()
        else:
            watch.go(f"/c/{house.code}?prompt={prompt}")
        watch.check([text], house.ideas[prompt].values(), house.reasons if number == 0 else [], [house.contact])
    assert house.title in page.title()
    for path in ("/", "/about", "/c/%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/?lang=<script>alert(1)</script>"):
        watch.go(path)
        watch.noted = [noted for noted in watch.noted if "404" not in noted]
        watch.check([house.conference], [house.contact] if path == "/about" else [])
    watch.go("/")
    watch.check([house.title], *(words.values() for _, words in house.strands))
    watch.go(f"/c/{house.code}?prompt={next(iter(house.prompts))}&q=%22%3E%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    watch.check()


def test_stage_shows_words_as_words(watch: Watch, house: HostileHouse, chromium: Browser, served: Served) -> None:
    watch.holding(house.organiser)
    watch.page.set_viewport_size(WALL)
    console = Watch(chromium, served).holding(house.organiser)
    page = watch.go(f"/stage/{house.code}")
    for prompt, text in house.prompts.items():
        show(console, house, scene="ranking", prompt=str(prompt))
        expect(page.locator(".ranked")).to_have_count(len(house.ideas[prompt]))
        expect(page.locator(f"[data-key='{next(iter(house.ideas[prompt]))}']")).to_be_attached()
        watch.check([text, house.title], house.ideas[prompt].values())
    for ideas in house.ideas.values():
        idea, text = list(ideas.items())[-1]
        show(console, house, scene="spotlight", idea=idea)
        expect(page.locator(".spotlight-text")).to_have_text(text)
        watch.check([text])
    show(console, house, scene="join")
    expect(page.locator(".steps")).to_be_visible()
    watch.go(f"/stage/{house.code}/sheet")
    watch.check([house.title])
    console.close()


def test_stage_shows_names_of_themes_as_words(
    watch: Watch, house: HostileHouse, chromium: Browser, served: Served
) -> None:
    watch.holding(house.organiser)
    watch.page.set_viewport_size(WALL)
    watch.page.clock.install()  # pages of themes stand for twelve seconds each
    console = Watch(chromium, served).holding(house.organiser)
    show(console, house, scene="themes")
    page = watch.go(f"/stage/{house.code}")
    names: list[str] = []
    for _ in range(len(house.themes) // 2):
        expect(page.locator(".theme")).to_have_count(2)
        names += page.locator(".theme-name bdi").all_inner_texts()
        watch.check()
        page.clock.run_for(12_000)
    assert {squeezed(name) for name in names} == {squeezed(name) for name in house.themes}
    console.close()


def show(console: Watch, house: HostileHouse, **fields: str) -> None:
    """Choose what the stage shows, by the console's form."""
    if not console.page.url.endswith("/about"):
        console.go("/about")
    token = console.page.locator("[name=csrf_token]").first.get_attribute("value")
    answer = console.context.request.post(
        f"{console.served.base}/console/{house.code}/stage", form={"csrf_token": token or "", **fields}, max_redirects=0
    )
    assert answer.status == 303


def test_crew_s_pages_show_words_as_words(watch: Watch, house: HostileHouse) -> None:
    watch.holding(house.organiser)
    ideas = [text for group in house.ideas.values() for text in group.values()]
    watch.go(f"/console/{house.code}?show=200")
    watch.check(ideas, house.prompts.values(), house.themes, house.reasons, [house.title])
    watch.go(f"/desk/{house.code}")
    watch.check(ideas, house.themes, [", ".join(house.terms)], house.freezes, [house.title])
    watch.go("/organiser")
    watch.check([house.conference, house.contact, house.title], (words["tagline"] for _, words in house.strands))
    watch.go("/organiser/conference")
    watch.check([house.conference, house.contact])
    for strand, words in house.strands:
        watch.go(f"/organiser/strands/{strand}")
        watch.check(words.values())
    watch.go(f"/organiser/conversations/{house.code}")
    watch.check(house.names, [house.title])
    watch.go(f"/organiser/conversations/{house.code}/clear")
    watch.check([house.title])
    for group in list(house.ideas.values())[::3]:
        idea, text = next(iter(group.items()))
        watch.go(f"/console/{house.code}/ideas/{idea}/hide")
        watch.check([text])


def test_the_watch_sees_what_is_foreign_and_what_it_tries(chromium: Browser, served: Served) -> None:
    watch = Watch(chromium, served)
    watch.go("/about").evaluate(
        """() => {
          document.body.insertAdjacentHTML("beforeend", "<img src=https://evil.example/a><a href=javascript:1>x</a>");
          document.body.append(Object.assign(document.createElement("script"), { textContent: "alert(1)" }));
          alert(1);
        }"""
    )
    assert [found.split(" ")[0].strip("<>") for found in watch.page.evaluate(FOREIGN)] == [
        "img",
        "script>alert(1)</script",
        "a",
    ]
    wanted = ("dialog: 1", "CSP img-src", "CSP script-src")
    for _ in range(300):  # the browser tells of them by and by
        missing = [what for what in wanted if what not in " ".join(watch.noted)]
        if not missing:
            break
        watch.page.wait_for_timeout(200)
    assert missing == []
    watch.noted.clear()
    watch.close()


def rename_first_theme(desk: Watch) -> None:
    """Give a theme the fresh words as its name; a run that ends just then may have taken the theme away."""
    notice = desk.page.locator("#notice")
    for _ in range(6):
        number = (desk.page.locator("details[id^='tools-']").first.get_attribute("id") or "").removeprefix("tools-")
        try:
            desk.page.locator(f"#tools-{number} summary").click(timeout=GLANCE)
            desk.page.fill(f"#name-{number}", FRESH, timeout=GLANCE)
        except PlaywrightTimeout:
            continue
        desk.page.keyboard.press("Enter")
        expect(notice).not_to_be_empty()
        if "no longer there" not in notice.inner_text():
            break
    expect(notice).to_contain_text(FRESH)


def test_fresh_words_arrive_everywhere_as_words(house: HostileHouse, chromium: Browser, served: Served) -> None:
    phone, plain, stage, console, desk = (Watch(chromium, served) for _ in range(5))
    for each in (stage, console, desk):
        each.holding(house.organiser)
    desk.page.set_viewport_size({"width": 1280, "height": 800})
    prompt = list(house.prompts)[-1]
    show(console, house, scene="ranking", prompt=str(prompt))
    for each, path in ((stage, "stage"), (console, "console"), (desk, "desk"), (phone, "c"), (plain, "c")):
        each.go(f"/{path}/{house.code}")
    expect(phone.page.locator("#list .tabs button").first).to_be_visible()
    phone.page.fill("#text", FRESH)
    phone.page.click("#write button")
    expect(phone.page.locator("#list .idea", has_text="quite fresh")).to_be_visible()
    expect(stage.page.locator(".ranked", has_text="quite fresh")).to_be_visible()
    expect(console.page.locator("#idea-list li", has_text="quite fresh")).to_be_attached()
    # A leftover at first, and in a theme as soon as a run has found it one.
    expect(desk.page.locator("ol.ideas li", has_text="quite fresh").first).to_be_attached()
    plain.page.reload()
    expect(plain.page.locator("#list .idea", has_text="quite fresh")).to_be_visible()
    for each in (phone, plain, stage, console, desk):
        each.check([FRESH])
    rename_first_theme(desk)
    desk.check([f"The theme is now called “{FRESH}”.", f"Undo: renamed to “{FRESH}”"])
    console.page.locator("#idea-list li", has_text="quite fresh").get_by_role("link", name="Hide").click()
    console.page.fill("#hide-own", FRESH)
    console.check([FRESH])
    console.page.locator("dialog#sheet").get_by_role("button", name="Hide the idea").click()
    expect(phone.page.locator("#list")).to_contain_text(f"Not shown because: {FRESH}")
    for each in (phone, console):
        each.check([FRESH])
    for each in (phone, plain, stage, console, desk):
        each.close()


@pytest.mark.parametrize(("path", "size"), [("c", PHONE), ("stage", WALL)])
def test_towers_of_marks_stand_no_higher_than_a_line_may(
    watch: Watch, house: HostileHouse, chromium: Browser, served: Served, path: str, size: Any
) -> None:
    watch.holding(house.organiser)
    watch.page.set_viewport_size(size)
    console = Watch(chromium, served).holding(house.organiser)
    prompt, idea = next(
        (place, name) for place, group in house.ideas.items() for name, words in group.items() if words == house.zalgo
    )
    show(console, house, scene="ranking", prompt=str(prompt))
    page = watch.go(f"/{path}/{house.code}?prompt={prompt}")
    expect(page.locator(".ranked, #list .tabs button").first).to_be_visible()
    words = page.locator(f"#words-{idea}" if path == "c" else f"[data-key='{idea}'] .ranked-text")
    words.scroll_into_view_if_needed()
    seen = words.evaluate(ALONE)
    assert seen["height"] < 1.1 * seen["line"]
    with Image.open(io.BytesIO(page.screenshot(animations="disabled"))) as picture:
        drawn = ImageChops.difference(
            picture.convert("L"), Image.new("L", picture.size, picture.convert("L").getpixel((0, 0)))
        )
        top, bottom = drawn.point(lambda shade: 255 * (shade > 40)).getbbox()[1::2]
    assert 0 < bottom - top <= 1.6 * seen["line"]
    console.close()
