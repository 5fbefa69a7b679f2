"""A room in real browsers: two phones (one without JavaScript) and a stage; bad networks, restarts, weight, axe."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import Error as PlaywrightError
from served import ROOT, Served

from feedback.domain.ids import ulid

PHONE = {"width": 360, "height": 740}
WALL = {"width": 1920, "height": 1080}
PROJECTOR = {"width": 1280, "height": 800}
FIRST_LOAD = 150 * 1024
# Chromium's own notes about a server that is away, or goes away while it is asked.
EXPECTED_NOISE = (
    "WebSocket connection",
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "ERR_INTERNET_DISCONNECTED",
)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running house."""
    with Served(tmp_path_factory.mktemp("house")) as running:
        yield running


class Room:
    """One conversation of the house, and the pages that people hold of it."""

    def __init__(self, chromium: Browser, served: Served, place: int) -> None:
        self.chromium, self.served = chromium, served
        self.links: dict[str, Any] = served.links()["conversations"][place]
        self.code = self.links["code"]
        self.contexts: list[Any] = []
        self.faults: list[str] = []

    def page(self, **more: Any) -> Page:
        """A page in a browser of its own; what goes wrong in its scripts is noted."""
        context = self.chromium.new_context(**{"viewport": PHONE, **more})
        self.contexts.append(context)
        page: Page = context.new_page()
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        page.on("console", self._note)
        return page

    def phone(self, **more: Any) -> Page:
        """Somebody's phone, in the conversation."""
        page = self.page(**more)
        page.goto(f"{self.served.base}/c/{self.code}")
        return page

    def stage(self, **more: Any) -> Page:
        """The projected page."""
        page = self.page(**{"viewport": WALL, **more})
        page.goto(f"{self.served.base}/enter#{self.links['stage']}")
        page.wait_for_url("**/stage/*")
        return page

    def close(self) -> None:
        """Close all pages; no script may have failed."""
        for context in self.contexts:
            context.close()
        assert self.faults == []

    def _note(self, message: Any) -> None:
        if message.type == "error" and not any(noise in message.text for noise in EXPECTED_NOISE):
            self.faults.append(message.text)


@pytest.fixture
def room(chromium: Browser, served: Served, request: pytest.FixtureRequest) -> Iterator[Room]:
    """The conversation that a test asks for by its place, the first by default."""
    opened = Room(chromium, served, getattr(request, "param", 0))
    yield opened
    opened.close()


def write(page: Page, text: str) -> None:
    page.fill("#text", text)
    page.click("#write button")


def write_and_wait(page: Page, text: str) -> None:
    write(page, text)
    expect(page.locator(".said.good")).to_be_visible()


def fill(room: Room, path: Path, *, ideas: int) -> None:
    """Bring in ideas of 90 characters or so, as different from each other as ideas are."""
    chance = random.Random(7)
    syllables = [a + b for a in "bdfklmnprst" for b in ("a", "e", "i", "o", "u", "an", "er", "is")]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(1500)]
    path.write_text("text\n" + "\n".join(" ".join(chance.choices(words, k=15)) for _ in range(ideas)), encoding="utf-8")
    command = [sys.executable, "-m", "feedback.cli", "import", room.code, str(path)]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"FEEDBACK_INSTANCE": str(room.served.instance)}, check=True)


def vote(room: Room, *, phones: int) -> int:
    """Let some phones support some of the ideas by HTTP, the earlier ones more often; returns all votes."""
    chance = random.Random(11)
    for _ in range(phones):
        context = room.chromium.new_context(base_url=room.served.base)
        room.contexts.append(context)
        context.request.get(f"/c/{room.code}")
        ideas = context.request.get(f"/c/{room.code}/sync").json()["ideas"]
        liked = [each["id"] for place, each in enumerate(ideas) if chance.random() < 0.9 / (1 + place / 4)][:20]
        ops = [
            {"op": ulid(1_790_000_000_000, chance.getrandbits), "k": "vote", "idea": each, "val": 1, "rev": rev}
            for rev, each in enumerate(liked, 1)
        ]
        headers = {"X-Op": "1", "Origin": room.served.base, "Content-Type": "application/json"}
        context.request.post(f"/c/{room.code}/ops", headers=headers, data=json.dumps({"ops": ops}))
    votes: int = context.request.get(f"/c/{room.code}/sync").json()["counts"]["votes"]
    return votes


def at_rest(page: Page, look: Callable[[], Any]) -> Any:
    """Look until what is seen has not changed for a while; returns it."""
    seen = look()
    for _ in range(100):
        page.wait_for_timeout(500)
        if seen == (seen := look()):
            break
    return seen


def organiser(room: Room) -> Page:
    """The organiser's page of the conversation."""
    page = room.page(viewport=PROJECTOR)
    page.goto(f"{room.served.base}/enter#{room.served.links()['organiser']}")
    page.get_by_role("button", name="Come in").click()
    page.wait_for_url("**/organiser**")
    page.goto(f"{room.served.base}/organiser/conversations/{room.code}")
    return page


def idea(page: Page, text: str) -> Any:
    return page.locator("li.idea", has_text=text)


@pytest.mark.parametrize("room", [0], indirect=True)
def test_two_phones_and_a_stage(room: Room) -> None:
    stage, phone, plain = room.stage(), room.phone(), room.phone(java_script_enabled=False)
    expect(stage.locator(".code")).to_have_text(room.code)
    write_and_wait(phone, "Open the depot at night")
    expect(phone.locator("#text")).to_have_value("")
    write(plain, "Rehearsal rooms in every library")
    expect(idea(plain, "Rehearsal rooms")).to_contain_text("mine")
    expect(stage.locator(".ranked-text")).to_have_text(["Rehearsal rooms in every library", "Open the depot at night"])
    expect(idea(phone, "Open the depot")).to_contain_text("On screen")
    idea(plain, "Open the depot").locator(".vote").click()
    expect(stage.locator(".ranked-text").first).to_have_text("Open the depot at night")
    expect(stage.locator(".ranked").first.locator(".bar-figure")).to_have_text("1")
    expect(stage.locator(".counts dd")).to_have_text(["2", "1", "2", "1"])


@pytest.mark.parametrize("room", [0], indirect=True)
def test_new_ideas_wait_to_be_asked_for(room: Room) -> None:
    reader, writer = room.phone(), room.phone()
    write_and_wait(writer, "The first thing to read")
    reader.reload()
    first = idea(reader, "The first thing to read")
    expect(first).to_be_visible()
    before = at_rest(reader, first.bounding_box)
    write_and_wait(writer, "Something newer")
    button = reader.locator("#list .news")
    expect(button).to_have_text("1 new idea")
    assert first.bounding_box() == before
    button.click()
    expect(reader.locator("li.idea").first).to_contain_text("Something newer")


@pytest.mark.parametrize("room", [1], indirect=True)
def test_without_a_network_nothing_is_lost_and_nothing_is_doubled(room: Room) -> None:
    phone, other = room.phone(), room.phone()
    write_and_wait(other, "An idea to support")
    expect(idea(phone, "An idea to support")).to_be_visible()
    phone.context.set_offline(True)
    write(phone, "Written on the train")
    expect(phone.locator("#status")).to_have_text("1 waiting")
    expect(phone.locator("#text")).to_have_value("Written on the train")
    expect(phone.locator("#write button")).to_have_text("Write another idea")
    phone.click("#write button")
    expect(idea(phone, "Written on the train")).to_contain_text("Waiting")
    vote = idea(phone, "An idea to support").locator(".vote")
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    expect(phone.locator("#status")).to_have_text("2 waiting")
    phone.context.set_offline(False)
    expect(phone.locator("#status")).to_be_empty()
    expect(idea(phone, "Written on the train")).to_have_count(1)
    expect(idea(other, "An idea to support").locator(".count")).to_have_text("1")
    other.reload()
    expect(idea(other, "Written on the train")).to_have_count(1)


@pytest.mark.parametrize("room", [1], indirect=True)
def test_a_draft_survives_a_reload_and_a_long_one_is_refused_with_its_text(room: Room) -> None:
    phone = room.phone()
    expect(phone.locator("#list .tabs button").first).to_be_visible()
    phone.fill("#text", "x" * 399)
    expect(phone.locator(".counter")).to_have_count(0)
    phone.fill("#text", "x" * 501)
    expect(phone.locator(".counter")).to_have_text("501 of 500 characters")
    phone.click("#write button")
    expect(phone.locator("#write-state .problem")).to_contain_text("That is 501 characters; 500 fit.")
    phone.fill("#text", "Half a thought")
    phone.reload()
    expect(phone.locator("#text")).to_have_value("Half a thought")


@pytest.mark.parametrize("room", [1], indirect=True)
def test_an_own_idea_is_edited_and_withdrawn(room: Room) -> None:
    phone = room.phone()
    write_and_wait(phone, "Teh bandstand")
    own = idea(phone, "bandstand")
    own.get_by_role("button", name="Edit").click()
    phone.locator("li.idea textarea").fill("The bandstand")
    phone.get_by_role("button", name="Save changes").click()
    expect(idea(phone, "The bandstand")).to_be_visible()
    own.get_by_role("button", name="Withdraw").click()
    own.get_by_role("button", name="Withdraw").click()
    expect(own).to_have_count(0)


RANKING = """() => {
    const list = document.querySelector(".ranking"), gap = parseFloat(getComputedStyle(list).rowGap);
    const rows = [...list.children], shown = rows.filter((row) => !row.hidden), next = rows[shown.length];
    const foot = list.getBoundingClientRect().bottom - shown.at(-1).getBoundingClientRect().bottom;
    if (next) next.hidden = false;
    const more = next ? next.getBoundingClientRect().height + gap : Infinity;
    if (next) next.hidden = true;
    return {
        hidden: rows.map((row) => row.hidden), foot, more,
        ranks: shown.map((row) => parseInt(row.querySelector(".rank").textContent.replace(/\\D/g, ""))),
        votes: shown.map((row) => parseInt(row.querySelector(".bar-figure").textContent)),
        below: Math.max(...shown.map((row) => row.getBoundingClientRect().bottom)) - innerHeight,
    };
}"""


@pytest.mark.parametrize("room", [1], indirect=True)
def test_the_stage_shows_the_first_ideas_and_uses_its_place(room: Room, tmp_path: Path) -> None:
    stages = [
        room.stage(viewport=size, reduced_motion=motion)
        for size in (WALL, PROJECTOR)
        for motion in ("reduce", "no-preference")
    ]
    fill(room, tmp_path / "ideas.csv", ideas=40)
    votes = vote(room, phones=12)
    for stage in stages:
        expect(stage.locator(".counts dd").last).to_have_text(str(votes))
        seen = at_rest(stage, lambda stage=stage: stage.evaluate(RANKING))  # every row has slid to its place
        count = len(seen["ranks"])
        assert count >= 5, seen
        assert seen["hidden"] == [False] * count + [True] * (7 - count)
        assert seen["votes"] == sorted(seen["votes"], reverse=True)
        assert seen["ranks"] == [1 + sum(more > votes for more in seen["votes"]) for votes in seen["votes"]]
        assert -1 <= seen["foot"] < seen["more"], seen
        assert seen["below"] <= 0, seen


@pytest.mark.parametrize("room", [1], indirect=True)
def test_a_cleared_conversation_empties_every_screen_by_itself(room: Room) -> None:
    phone, stage = room.phone(), room.stage()
    write_and_wait(phone, "Only a try-out")
    expect(stage.locator(".ranked").first).to_be_visible()
    page = organiser(room)
    page.get_by_role("link", name="Clear the conversation").click()
    page.locator("#code").fill(room.code)
    page.get_by_role("button", name="Clear it all").click()
    expect(phone.locator("li.idea")).to_have_count(0)
    expect(stage.locator(".ranked")).to_have_count(0)
    expect(stage.locator(".steps")).to_be_visible()
    write_and_wait(phone, "Now in earnest")
    expect(stage.locator(".ranked-text")).to_have_text(["Now in earnest"])
    expect(idea(phone, "Now in earnest")).to_have_count(1)


@pytest.mark.parametrize("room", [1], indirect=True)
def test_a_stage_whose_link_was_taken_back_says_so_and_asks_no_more(room: Room) -> None:
    phone, stage = room.phone(), room.stage()
    write_and_wait(phone, "Seen on the stage")
    expect(stage.locator(".ranked").first).to_be_visible()
    page = organiser(room)
    page.locator("#stage-links summary").click()
    page.get_by_role("button", name="Take all stage links back").click()
    expect(stage.get_by_role("alert")).to_contain_text("was taken back")
    expect(stage.locator(".ranked")).to_have_count(0)
    calls: list[str] = []
    stage.on("request", lambda request: calls.append(request.url))
    stage.on("websocket", lambda socket: calls.append(socket.url))
    stage.wait_for_timeout(7_000)  # longer than the longest pause between two tries
    assert calls == []


@pytest.mark.parametrize("room", [2], indirect=True)
def test_a_restart_heals_by_itself(room: Room) -> None:
    phone, stage = room.phone(), room.stage()
    write_and_wait(phone, "Before the fall")
    room.served.kill()
    write(phone, "While it was down")
    expect(phone.locator("#status")).to_contain_text("1 waiting")
    expect(stage.locator(".stale")).to_contain_text("as of")
    room.served.start()
    expect(phone.locator("#status")).to_be_empty()
    expect(stage.locator(".ranked-text")).to_have_text(["While it was down", "Before the fall"])
    expect(stage.locator(".stale")).to_have_count(0)


@pytest.mark.parametrize("room", [2], indirect=True)
def test_the_first_load_is_light_and_stays_in_the_house(room: Room, tmp_path: Path) -> None:
    fill(room, tmp_path / "ideas.csv", ideas=600)
    page = room.page()
    loaded: list[Any] = []
    page.on("requestfinished", lambda request: loaded.append(request))
    page.goto(f"{room.served.base}/c/{room.code}")
    expect(page.locator("#list .tabs button").first).to_be_visible()
    assert {request.url.split("/")[2] for request in loaded} == {room.served.base.split("/")[2]}
    weights = {request.url: request.sizes()["responseBodySize"] for request in loaded}
    assert sum(weights.values()) < FIRST_LOAD, weights


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("room", [0], indirect=True)
def test_pages_pass_axe(room: Room, scheme: str) -> None:
    phone = room.phone(color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    write_and_wait(phone, "Looked at by axe")
    found = {"phone": Axe().run(phone)}
    for name, path in (("home", "/"), ("about", "/about"), ("wrong code", "/c/ZZZZZZ")):
        phone.goto(f"{room.served.base}{path}")
        found[name] = Axe().run(phone)
    room.faults.clear()  # the browser notes the wrong code's 404 as an error
    stage = room.stage(color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    expect(stage.locator(".ranked").first).to_be_visible()
    found["stage"] = Axe().run(stage)
    stage.goto(f"{room.served.base}/stage/{room.code}/sheet")
    found["sheet"] = Axe().run(stage)
    assert {name: seen.generate_report() for name, seen in found.items() if seen.violations_count} == {}


def test_words_that_came_too_late_wait_to_be_put_back(room: Room) -> None:
    phone = room.phone()
    write_and_wait(phone, "Old words of mine")
    other = room.phone()
    own = idea(phone, "Old words of mine")
    own.get_by_role("button", name="Edit").click()
    idea(other, "Old words of mine").locator(".vote").click()
    expect(idea(other, "Old words of mine").locator(".vote")).to_have_attribute("aria-pressed", "true")
    expect(other.locator(".vote.waits")).to_have_count(0)
    own.get_by_label("Your idea").fill("New words of mine")
    own.get_by_role("button", name="Save changes").click()
    refused = phone.locator("li.idea", has_text="Somebody has voted for this idea")
    expect(refused).to_contain_text("New words of mine")
    phone.reload()
    expect(refused).to_contain_text("New words of mine")
    expect(idea(phone, "Old words of mine")).to_be_visible()
    phone.context.set_offline(True)
    write(phone, "Written on the train home")
    expect(phone.locator("#write button")).to_have_text("Write another idea")
    refused.get_by_role("button", name="Put it back in the box").click()
    expect(phone.locator("#text")).to_have_value("New words of mine")
    expect(refused).to_have_count(0)
    phone.context.set_offline(False)
    other.get_by_role("button", name="1 new idea").click()
    expect(idea(other, "Written on the train home")).to_be_visible()
    expect(phone.locator("#status")).to_be_empty()
    expect(phone.locator("#text")).to_have_value("New words of mine")


def test_an_idea_that_is_hidden_while_its_author_changes_it_takes_no_words_along(room: Room) -> None:
    phone, console = room.phone(), room.page(viewport=PROJECTOR)
    write_and_wait(phone, "Soon out of sight")
    own = idea(phone, "Soon out of sight")
    own.get_by_role("button", name="Edit").click()
    box = phone.get_by_label("Your idea", exact=True).last
    box.fill("Half a change")
    console.goto(f"{room.served.base}/enter#{room.links['facilitator']}")
    console.get_by_role("button", name="Come in").click()
    console.locator("#idea-list li", has_text="Soon out of sight").get_by_role("link", name="Hide").click()
    console.get_by_label("It hurts people.").check()
    console.get_by_role("button", name="Hide the idea").click()
    expect(phone.locator("li.idea .notice")).to_contain_text("no longer shown")
    expect(box).to_have_value("Half a change")


@pytest.mark.parametrize("room", [0], indirect=True)
def test_what_waited_when_the_tab_died_is_sent_once_by_the_next_page(room: Room, tmp_path: Path) -> None:
    fill(room, tmp_path / "ideas.csv", ideas=19)
    phone = room.phone()
    others = phone.locator("li.idea .vote[aria-pressed=false]")
    expect(others.nth(18)).to_be_visible()
    phone.context.set_offline(True)
    for done in range(1, 20):
        others.first.click()
        expect(phone.locator("li.idea .vote[aria-pressed=true]")).to_have_count(done)
    write(phone, "Written in the tunnel")
    expect(phone.locator("#status")).to_have_text("20 waiting")
    with pytest.raises(PlaywrightError):
        phone.goto("chrome://crash")
    context = phone.context
    phone.close()
    context.set_offline(False)
    again = context.new_page()
    again.goto(f"{room.served.base}/c/{room.code}")
    expect(idea(again, "Written in the tunnel")).to_contain_text("mine")
    expect(again.locator("#status")).to_be_empty()
    mine = context.request.get(f"{room.served.base}/c/{room.code}/mine").json()
    assert [each["text"] for each in mine["ideas"]] == ["Written in the tunnel"]
    assert list(mine["votes"].values()) == [1] * 19
    state = context.request.get(f"{room.served.base}/c/{room.code}/sync").json()
    assert sum(each["text"] == "Written in the tunnel" for each in state["ideas"]) == 1
    assert {each["agree"] for each in state["ideas"] if each["id"] in mine["votes"]} == {1}
