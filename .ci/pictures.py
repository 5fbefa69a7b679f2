"""Take the pictures of README and docs from the running app: a room of invented ideas, two phones, a stage, the crew.

Run it from the repository's environment, after `python3 -m feedback setup --test`: .venv/bin/python .ci/pictures.py
"""

import base64
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from feedback import control  # noqa: E402 -- this folder is not a package
from feedback.addresses import free_port  # noqa: E402
from feedback.domain.ids import ulid  # noqa: E402
from feedback.domain.ops import OPS_AT_ONCE  # noqa: E402

TARGET = ROOT / "docs" / "pictures"
IDEAS = Path(__file__).with_suffix(".jsonl")
#: What the pictures show as the address. The browser finds it without a name server.
ADDRESS = "http://ideas.example.org"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--force-color-profile=srgb",
]
LARGEST = 300_000  # bytes of one picture
PATIENCE = 30_000  # milliseconds
VOTERS = 34
CHANCE = random.Random(11)  # always the same room

Json = dict[str, Any]


@contextmanager
def house(instance: Path, port: int) -> Iterator[None]:
    """Run the app on a folder of its own."""
    env = os.environ | {"FEEDBACK_INSTANCE": str(instance), "FEEDBACK_ORIGINS": ADDRESS}
    command = [sys.executable, "-m", "feedback.cli", "run", "--port", str(port)]
    child = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while ask(instance, "links") is None and time.monotonic() < until and child.poll() is None:
            time.sleep(0.2)
        yield
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(15)


def ask(instance: Path, deed: str, **args: object) -> Json | None:
    """Have the running app do what the command line can ask for."""
    return control.ask(instance / "control.sock", deed, dict(args))


def vote(playwright: Playwright, base: str, code: str) -> None:
    """Let a room of phones vote by HTTP; `liked` beside an idea is the share of people whom it pleases."""
    rows = [json.loads(line) for line in IDEAS.read_text(encoding="utf-8").splitlines()]
    liked = {row["text"]: row["liked"] for row in rows}
    for _ in range(VOTERS):
        phone = playwright.request.new_context(base_url=base, extra_http_headers={"X-Op": "1"})
        phone.get(f"/c/{code}")
        ideas = phone.get(f"/c/{code}/sync").json()["ideas"]
        pleased = [idea["id"] for idea in ideas if CHANCE.random() < liked[idea["text"]]][:OPS_AT_ONCE]
        ops = [
            {"op": fresh_id(), "k": "vote", "idea": idea_id, "val": 1, "rev": rev}
            for rev, idea_id in enumerate(pleased, start=1)
        ]
        if ops:
            phone.post(f"/c/{code}/ops", data=json.dumps({"ops": ops}), headers={"Content-Type": "application/json"})
        phone.dispose()


def fresh_id() -> str:
    """Make an id as phones do."""
    return ulid(time.time_ns() // 1_000_000, CHANCE.getrandbits)


def page_of(browser: Browser, width: int, height: int, *, scale: int = 1, touch: bool = False) -> Page:
    """Open somebody's browser: English, light, without motion."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        has_touch=touch,
        is_mobile=touch,
        locale="en-GB",
        color_scheme="light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def come_in(page: Page, secret: str, name: str = "") -> Page:
    """Come in by a crew link; the stage's needs no name and no button."""
    page.goto(f"{ADDRESS}/enter#{secret}")
    if name:
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Come in").click()
    expect(page).not_to_have_url(f"{ADDRESS}/enter", timeout=PATIENCE)
    return page


def take_part(page: Page, code: str, idea: str, favourites: int) -> Page:
    """Open the conversation on a phone, write an idea and support the most liked ones."""
    page.goto(f"{ADDRESS}/c/{code}?sort=top")
    page.get_by_label("Your idea").fill(idea)
    page.get_by_role("button", name="Send idea").click()
    # The box is emptied once the server has said that the idea is saved, not before.
    expect(page.get_by_label("Your idea")).to_have_value("", timeout=PATIENCE)
    buttons = page.locator("button.vote")
    for number in range(favourites):
        buttons.nth(number).click()
        expect(buttons.nth(number)).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(1_000)
    return page


def keep(page: Page, name: str, *, width: int) -> None:
    """Save what the page shows, as a small file."""
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    if picture.width > width:
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    path = TARGET / f"{name}.png"
    picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {picture.width} × {picture.height}, {path.stat().st_size} bytes")
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path.name} is larger than {LARGEST} bytes.")


def show(console: Page, scene: str) -> None:
    """Choose what the stage shows."""
    button = console.get_by_role("group", name="What the stage shows").get_by_role("button", name=scene)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


def find_themes(console: Page, desk: Page) -> None:
    """Start a theme run and wait until the desk shows what it found."""
    console.get_by_role("button", name="Find themes").first.click()
    expect(desk.locator("#board .column").nth(2)).to_be_visible(timeout=PATIENCE)


def take(playwright: Playwright, browser: Browser, instance: Path, base: str) -> None:
    """Play one conversation and take the pictures on the way."""
    links = ask(instance, "links")
    if links is None:
        raise SystemExit("The app did not start.")
    place = links["conversations"][0]
    code = place["code"]
    data = base64.b64encode(IDEAS.read_bytes()).decode()
    ask(instance, "import", code=code, name=IDEAS.name, data=data, prompt=None)
    stage = come_in(page_of(browser, 1920, 1080), place["stage"])
    console = come_in(page_of(browser, 1280, 800), place["facilitator"], "Ada Winter")
    desk = come_in(page_of(browser, 1280, 800), place["rapporteur"], "Noor Haddad")
    vote(playwright, base, code)
    first, second = (page_of(browser, 360, 740, scale=2, touch=True) for _ in range(2))
    take_part(second, code, "Let the tram company lend its old depot to theatre groups in winter.", 3)
    take_part(first, code, "A shared van, so that small stages can lend each other lights and chairs.", 2)
    stage.wait_for_timeout(9_000)  # the hint about the full screen has gone, and every screen has had its heartbeat
    first.evaluate("scrollTo(0, 0)")
    first.wait_for_timeout(500)
    keep(first, "phone", width=540)
    first.locator("ol.ideas").evaluate("list => scrollTo(0, list.getBoundingClientRect().top - 80)")
    first.wait_for_timeout(500)
    keep(first, "phone-ideas", width=540)
    keep(stage, "stage", width=1440)
    find_themes(console, desk)
    show(console, "Themes")
    stage.wait_for_timeout(2_000)
    keep(stage, "stage-themes", width=1440)
    keep(desk, "desk", width=1280)
    console.reload()
    console.wait_for_timeout(2_000)  # until it says that it is live
    keep(console, "console", width=1280)


def main() -> None:
    """Take all pictures."""
    TARGET.mkdir(parents=True, exist_ok=True)
    port = free_port("127.0.0.1", 8170, fixed=False)
    rules = f"--host-resolver-rules=MAP ideas.example.org 127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder, house(Path(folder), port), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, rules])
        take(playwright, browser, Path(folder), f"http://127.0.0.1:{port}")
        browser.close()


if __name__ == "__main__":
    main()
