"""What the strands have in common, in a real browser: looked for, taken home in six formats that open."""

import io
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docx
import openpyxl
import pikepdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from served import Served

from feedback.domain.ids import ulid

PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 800}
PASSWORD = "four old trams by night"
HARM = '=HYPERLINK("http://x.example") <img src=x onerror=alert(1)>'
LABELS = {"docx": "Word", "pdf": "PDF", "xlsx": "Excel", "csv": "CSV", "json": "JSON", "md": "Markdown"}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running house."""
    with Served(tmp_path_factory.mktemp("house")) as running:
        yield running


def write_into_a_named_theme(chromium: Browser, served: Served, links: dict[str, str], texts: list[str]) -> None:
    """Let a rapporteur name a theme, a phone write ideas, and a theme run put them there."""
    context = chromium.new_context(viewport=DESK)
    page = context.new_page()
    page.goto(f"{served.base}/enter#{links['rapporteur']}")
    page.get_by_role("button", name="Come in").click()
    page.locator("#new-theme summary").click()
    page.locator("#new-theme input[name=name]").fill("Night buses")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("The theme “Night buses” is there.")
    context.close()
    context = chromium.new_context(extra_http_headers={"X-Op": "1", "Origin": served.base})
    code = links["code"]
    context.request.get(f"{served.base}/c/{code}")
    prompt = context.request.get(f"{served.base}/c/{code}/sync").json()["prompts"][0]["id"]
    made = [{"k": "idea", "id": fresh(), "op": fresh(), "prompt": prompt, "text": text, "lang": "en"} for text in texts]
    sent = context.request.post(
        f"{served.base}/c/{code}/ops", data=json.dumps({"ops": made}), headers={"Content-Type": "application/json"}
    )
    assert {ack["status"] for ack in sent.json()["acks"]} == {"ok"}
    context.close()
    with closing(sqlite3.connect(served.instance / "feedback.db", timeout=60)) as db, db:
        for idea in made:
            # As a run would: a room of so few ideas gets none.
            places = "select ?, conversation_id, 1, 0 from prompt where id = ?"
            db.execute(
                f"insert into placement (idea_id, conversation_id, theme, pinned) {places}", (idea["id"], prompt)
            )


def fresh() -> str:
    """A new id, as phones make them."""
    return ulid(1_790_000_000_000, secrets.randbits)


def organiser(chromium: Browser, served: Served, secret: str) -> Page:
    """Come in as the organiser."""
    page = chromium.new_context(viewport=PHONE, bypass_csp=True, reduced_motion="reduce").new_page()
    page.goto(f"{served.base}/enter#{secret}")
    page.get_by_role("button", name="Come in").click()
    page.fill("#new", PASSWORD)
    page.fill("#again", PASSWORD)
    page.get_by_role("button", name="Save the password").click()
    page.wait_for_url("**/organiser")
    return page


def text_in(path: Path) -> str:
    """What a reader of the file finds in it."""
    match path.suffix:
        case ".docx":
            document = docx.Document(str(path))
            cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
            return "\n".join([*cells, *(line.text for line in document.paragraphs)])
        case ".xlsx":
            book = openpyxl.load_workbook(path)
            assert all(cell.data_type != "f" for sheet in book for row in sheet for cell in row)
            return "\n".join(str(cell.value) for sheet in book for row in sheet for cell in row)
        case ".json":
            return "\n".join(idea["text"] for idea in ideas_in(path))
        case _:
            return path.read_text(encoding="utf-8-sig").replace("\\", "").replace('""', '"')


def ideas_in(path: Path) -> list[dict[str, str]]:
    """The ideas behind the subjects of a JSON file."""
    told = json.loads(path.read_text(encoding="utf-8"))["across"]
    return [idea for subject in told["subjects"] for theme in subject["themes"] for idea in theme["ideas"]]


def test_organiser_looks_across_strands_and_takes_six_files_home(chromium, served, tmp_path):
    links = served.links()
    write_into_a_named_theme(chromium, served, links["conversations"][0], ["Trams until two", HARM])
    write_into_a_named_theme(chromium, served, links["conversations"][1], ["A tram at one"])
    page = organiser(chromium, served, links["organiser"])
    page.get_by_role("link", name="Across strands").click()
    page.get_by_role("button", name="Look across strands").click()
    expect(page.locator("#across-subjects")).to_contain_text("Asked for in 2 of 3 strands")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    files = {}
    for ending, label in LABELS.items():
        with page.expect_download() as saved:
            page.locator("#across-files").get_by_role("link", name=label, exact=True).click()
        assert saved.value.suggested_filename == f"across-strands.{ending}"
        files[ending] = tmp_path / saved.value.suggested_filename
        saved.value.save_as(files[ending])
    for ending in ("docx", "xlsx", "csv", "json", "md"):
        told = text_in(files[ending])
        assert [text for text in ("Trams until two", HARM, "A tram at one") if text not in told] == [], ending
    with pikepdf.open(io.BytesIO(files["pdf"].read_bytes())) as opened:
        assert str(opened.docinfo["/Title"]) == "Across strands"
        assert len(opened.pages) == 4
    page.context.close()
