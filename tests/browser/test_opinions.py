"""A prompt that asks for opinions, in real browsers: set on the console, voted on a phone, its groups on the stage."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from served import Served

from feedback.domain.ids import ulid

PHONE, WALL, DESK = {"width": 360, "height": 740}, {"width": 1920, "height": 1080}, {"width": 1280, "height": 800}
CHANCE = random.Random(1)
Json = dict[str, Any]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running house."""
    with Served(tmp_path_factory.mktemp("house")) as running:
        yield running


def page_of(chromium: Browser, size: dict[str, int]) -> Page:
    """A page in a browser of its own."""
    return chromium.new_context(viewport=size, locale="en-GB").new_page()


def take_part(chromium: Browser, served: Served, code: str, ops_of: Callable[[Json], list[Json]]) -> None:
    """Join as somebody new and send ops."""
    context = chromium.new_context(base_url=served.base, extra_http_headers={"X-Op": "1"})
    context.request.get(f"/c/{code}")
    ops = [{"op": fresh(), **op} for op in ops_of(context.request.get(f"/c/{code}/sync").json())]
    headers = {"Content-Type": "application/json"}
    sent = context.request.post(f"/c/{code}/ops", data=json.dumps({"ops": ops}), headers=headers)
    assert {ack["status"] for ack in sent.json()["acks"]} == {"ok"}
    context.close()


def fresh() -> str:
    """A new id, as phones make them."""
    return ulid(1_790_000_000_000, CHANCE.getrandbits)


def four_ideas(state: Json) -> list[Json]:
    """Four ideas more."""
    first, prompt = len(state["ideas"]), state["prompts"][0]["id"]
    texts = [f"Idea number {number}" for number in range(first, first + 4)]
    return [{"k": "idea", "id": fresh(), "prompt": prompt, "text": text, "lang": "en"} for text in texts]


def votes_of(camp: int) -> Callable[[Json], list[Json]]:
    """A vote on every idea: all agree with every fourth, each camp with its half of the others."""

    def votes(state: Json) -> list[Json]:
        vals = [1 if place % 4 == 0 or place % 2 == camp else -1 for place in range(len(state["ideas"]))]
        pairs = enumerate(zip(state["ideas"], vals, strict=True), start=1)
        return [{"k": "vote", "idea": idea["id"], "val": val, "rev": rev} for rev, (idea, val) in pairs]

    return votes


def test_opinions_from_the_prompt_to_the_groups_on_the_stage(chromium: Browser, served: Served) -> None:
    links = served.links()["conversations"][0]
    code = links["code"]
    console, stage, phone = page_of(chromium, DESK), page_of(chromium, WALL), page_of(chromium, PHONE)
    console.goto(f"{served.base}/enter#{links['facilitator']}")
    console.get_by_role("button", name="Come in").click()
    first = console.locator("#prompts li.prompt").first
    first.locator("summary").click()
    first.get_by_label("Agree, disagree or pass").check()
    first.get_by_role("button", name="Save the prompt").click()
    expect(first.locator(":scope > p.quiet")).to_contain_text("agree, disagree or pass")
    stage.goto(f"{served.base}/enter#{links['stage']}")
    last = stage.locator(".steps li").last
    expect(last).to_contain_text("Agree or disagree with the ideas of others, or pass.")
    for _ in range(2):
        take_part(chromium, served, code, four_ideas)

    phone.goto(f"{served.base}/c/{code}")
    opinion = phone.get_by_role("group", name="Idea number 7")
    against, neither = opinion.get_by_role("button", name="Disagree"), opinion.get_by_role("button", name="Pass")
    expect(against).to_be_visible()
    expect(phone.get_by_role("button", name="Most agreed on")).to_be_visible()
    boxes = [button.bounding_box() for button in opinion.get_by_role("button").all()]
    assert len(boxes) == 3
    assert all(box and box["height"] >= 48 and box["width"] >= 48 for box in boxes)
    against.click()
    expect(against).to_have_attribute("aria-pressed", "true")
    expect(against).to_contain_text("1")
    neither.click()
    expect(against).to_have_attribute("aria-pressed", "false")
    expect(neither).to_have_attribute("aria-pressed", "true")
    neither.click()
    expect(phone.locator('.opinion [aria-pressed="true"]')).to_have_count(0)
    found = Axe().run(phone)
    assert found.violations_count == 0, found.generate_report()

    console.reload()
    console.get_by_role("group", name="What the stage shows").get_by_role("button", name="Groups").click()
    expect(stage.get_by_text("Groups show from 15 people with 7 votes")).to_be_visible()
    for person in range(16):
        take_part(chromium, served, code, votes_of(person % 2))
    expect(stage.get_by_role("img", name="Group A: 8; Group B: 8")).to_be_visible()
    expect(stage.locator(".opinion-page h2")).to_have_text("What all groups agree on")
    expect(stage.locator(".opinion-page li").first).to_contain_text("100%")
    assert Axe().run(stage).violations_count == 0
    expect(console.locator("#opinions")).to_contain_text("16 people have voted enough to be counted.")
    found = Axe().run(console)
    assert found.violations_count == 0, found.generate_report()
    console.locator("#idea-list li", has_text="Idea number 0").get_by_role("button", name="Spotlight").click()
    expect(stage.locator(".spotlight-text")).to_have_text("Idea number 0")
    expect(stage.locator(".spotlight-support")).to_have_text("Agree 16Disagree 0Pass 0")
    assert Axe().run(stage).violations_count == 0
