"""Reports to render, and readers that take a rendered file apart again."""

import csv
import gettext
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import docx
import openpyxl
import pikepdf
import pytest

from feedback.domain.reports import (
    Ledger,
    Method,
    OpinionIdea,
    Participation,
    Report,
    ReportGroup,
    ReportIdea,
    ReportOpinions,
    ReportPrompt,
    ReportTheme,
    Sorting,
)
from feedback.export.speech import Words

FROZEN = 1_795_356_180_000  # 22 November 2026, 14:43 UTC


@dataclass(frozen=True)
class Read:
    """What a reader finds in any format: the ideas by number with text and counts, and the checksum."""

    ideas: dict[int, tuple[str, int]]
    checksum: str


@pytest.fixture
def words() -> Words:
    return gettext.NullTranslations()


@pytest.fixture
def make() -> Callable[..., Report]:
    return build


@pytest.fixture
def report() -> Report:
    return build(
        [
            "Open the depot at night",
            "Students run the bar",
            "A library of tools\nand of seeds",
            "Free rooms for choirs",
            "Ask the neighbours first",
        ]
    )


@pytest.fixture
def sorted_report() -> Report:
    """A report of a room that has sorted, voted in three groups on one prompt, and too little on another."""
    texts = [*("Open the depot at night", "Students run the bar", "A library of tools"), "Free rooms", "=Ask(them)"]
    return with_all(build([*texts, "Trams until two", "مزيد من الأشجار"]))


@pytest.fixture
def described_report(sorted_report: Report) -> Report:
    """The same, where the crew has said of the first theme what belongs into it, in words that mean harm."""
    first, *others = sorted_report.themes
    said = "=HYPERLINK(A1) # <b>What is late</b>, [open](http://x.example) & *loud*\nor both"
    return replace(sorted_report, themes=(replace(first, description=said), *others))


def with_all(report: Report) -> Report:
    """Add what a state holds where there are judged themes, sorts and opinions."""
    apart = OpinionIdea(2, ((85, 10, 5), (12, 80, 8), None))
    both = OpinionIdea(7, ((90, 0, 10), (88, 12, 0), (100, 0, 0)))
    split = OpinionIdea(5, ((20, 75, 5), (92, 4, 4), (50, 50, 0)))
    groups = (
        ReportGroup("A", 21, (apart,), (split,)),
        ReportGroup("B", 14, (split,), (apart,)),
        ReportGroup("C", 3, (), ()),
    )
    return replace(
        report,
        themes=tuple(replace(theme, firm=theme.number == 1) for theme in report.themes),
        sorting=Sorting(people=34, sorts=1_210, settled=5, unsure=2),
        method=replace(report.method, ideas_placed_by_people=1, ideas_placed_by_room=4, ideas_placed_by_machine=2),
        prompts=(*report.prompts, ReportPrompt(2, "What must never happen to it?", None, 0)),
        opinions=(
            ReportOpinions(1, 2790, 38, 15, 7, groups, (both,), (apart, split)),
            ReportOpinions(2, 2700, 9, 15, 7, (), (), ()),
        ),
    )


def build(texts: Sequence[str], *, lang: str = "en", themes: int = 2, **changes: object) -> Report:
    """Make a report in which idea n has n agreeing votes; every third idea is a leftover."""
    ideas = [
        ReportIdea(
            id=f"01JDABCDEFGHJKMNPQRSTV{n:04d}",
            number=n,
            text=text,
            lang=lang,
            prompt=1,
            theme=n % 3 if n % 3 and themes else None,
            agree=n,
            disagree=n % 4,
            passes=n % 2,
            source="floor" if n % 5 == 0 else "phone",
            written_at=FROZEN - 60_000 * n,
        )
        for n, text in enumerate(texts, 1)
    ]
    grouped = []
    for number in range(1, themes + 1):
        mine = tuple(sorted((i for i in ideas if i.theme == number), key=lambda i: -i.agree))
        votes = sum(i.agree for i in mine)
        ids = tuple(i.id for i in mine[-1:])
        grouped.append(ReportTheme(number, f"Theme name {number}", ("depot", "night"), mine, ids, votes))
    values: dict[str, object] = {
        "conference": "Creative Conversations",
        "strand": "Inspire",
        "tagline": "partnerships for creative places",
        "conversation": "What would an empty building do for you?",
        "code": "K7M2PX",
        "language": "en",
        "facilitator": "Maria Rossi",
        "rapporteur": "Jörg Überwald",
        "name": "Final",
        "seq": 2812,
        "frozen_at": FROZEN,
        "time_zone": "Europe/Vienna",
        "prompts": (ReportPrompt(1, "What would you do with it?", 3, len(ideas)),),
        "themes": tuple(grouped),
        "leftovers": tuple(i for i in ideas if i.theme is None),
        "participation": Participation(joined=142, wrote=118, voted=131, votes=sum(i.agree for i in ideas)),
        "ledger": Ledger(len(ideas) + 12, len(ideas), 3, (("insulting", 4), ("", 2)), 3),
        "method": Method("lexical", 0, themes, 17, 64),
    }
    return Report(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture(name="pdf_text")
def pdf_text_reader() -> Callable[[bytes], str]:
    return pdf_text


@pytest.fixture(name="tagged")
def tagged_reader() -> Callable[[pikepdf.Object], Iterator[pikepdf.Object]]:
    return tagged


@pytest.fixture
def readers() -> dict[str, Callable[[bytes], Read]]:
    return {
        "docx": read_docx,
        "xlsx": read_xlsx,
        "csv": read_csv,
        "json": read_json,
        "md": read_markdown,
        "pdf": read_pdf,
    }


def read_json(file: bytes) -> Read:
    found = json.loads(file)
    kept = found["report"]
    ideas = [idea for theme in kept["themes"] for idea in theme["ideas"]] + kept["leftovers"]
    return Read({idea["number"]: (idea["text"], idea["agree"]) for idea in ideas}, found["checksum"])


def read_csv(file: bytes) -> Read:
    from feedback.export.clean import unguarded

    rows = list(csv.DictReader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    ideas = {int(row["number"]): (unguarded(row["text"]), int(row["agree"])) for row in rows}
    return Read(ideas, rows[0]["checksum"] if rows else "")


def read_xlsx(file: bytes) -> Read:
    book = openpyxl.load_workbook(io.BytesIO(file), rich_text=False)
    rows = list(book["Ideas"].iter_rows(min_row=2, values_only=True))
    sums = [row[1] for row in book["Summary"].iter_rows(values_only=True) if row[0] == "SHA-256"]
    return Read({row[0]: (row[1] or "", row[4]) for row in rows}, sums[0])


def read_docx(file: bytes) -> Read:
    document = docx.Document(io.BytesIO(file))
    annex = document.tables[-1]._tbl
    ideas = {}
    for row in annex.tr_lst[1:] if len(annex.tr_lst[0].tc_lst) > 4 else []:
        number, text, _theme, agree, *_rest = [cell.p_lst[0].text for cell in row.tc_lst]
        ideas[int(number)] = (text, int(agree.replace(",", "")))
    sums = [line.text for line in document.paragraphs if line.style.name == "Checksum"]
    return Read(ideas, sums[0])


def read_markdown(file: bytes) -> Read:
    text = file.decode()
    annex = text[text.index("## Annex") :]
    ideas = {}
    for item in re.findall(r"^- \*\*(\d+)\*\*  (.*?)\\\n  \*Theme \S+ · Agree ([\d,]+)", annex, re.M | re.S):
        body = re.sub(r"\\\n  ", "\n", item[1])
        ideas[int(item[0])] = (re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", body), int(item[2].replace(",", "")))
    return Read(ideas, re.search(r"`([0-9a-f]{64})`", text)[1])


def read_pdf(file: bytes) -> Read:
    """Read the annex by its tags; white space is not drawn, so it is left out of the texts."""
    with pikepdf.open(io.BytesIO(file)) as document:
        drawn = _drawn(document)
        tables = [part for part in tagged(document.Root.StructTreeRoot) if part.S == "/Table"]
        rows = [[solid(_text(cell, drawn)) for cell in _cells(row)] for row in _rows(tables[-1])] if tables else []
        text = "".join(drawn.values())
    listed = [row for row in rows if len(row) > 4 and row[0].isdigit()]
    ideas = {int(row[0]): (row[1].removesuffix("fromthefloor"), int(row[3].replace(",", ""))) for row in listed}
    return Read(ideas, re.search(r"[0-9a-f]{64}", text)[0])


def solid(text: str) -> str:
    return re.sub(r"[\s\u200b\u00ad]", "", text)


def tagged(part: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """Walk through the structure of a PDF in reading order."""
    for child in _children(part):
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            yield child
            yield from tagged(child)


def pdf_text(file: bytes) -> str:
    """Return the letters of a PDF in the order they are drawn."""
    with pikepdf.open(io.BytesIO(file)) as document:
        return "".join(_drawn(document).values())


def _rows(table: pikepdf.Object) -> list[pikepdf.Object]:
    return [part for part in tagged(table) if part.S == "/TR"]


def _cells(row: pikepdf.Object) -> list[pikepdf.Object]:
    return [part for part in _children(row) if part.S in ("/TH", "/TD")]


def _children(part: pikepdf.Object) -> list[pikepdf.Object]:
    kept = part.get("/K", [])
    return list(kept) if isinstance(kept, pikepdf.Array) else [kept]


def _text(part: pikepdf.Object, drawn: dict[tuple[object, int], str]) -> str:
    """Return what a tagged part draws: its marks are numbers on its page, or say which page."""
    text = ""
    for child in _children(part):
        if isinstance(child, int):
            text += drawn.get((part.Pg.objgen, child), "")
        elif "/MCID" in child:
            text += drawn.get((child.get("/Pg", part.get("/Pg")).objgen, int(child.MCID)), "")
        elif "/S" in child:
            text += _text(child, drawn)
    return text


def _drawn(document: pikepdf.Pdf) -> dict[tuple[object, int], str]:
    """Return the letters under each mark of each page; -1 stands for unmarked ones."""
    drawn: dict[tuple[object, int], str] = {}
    for page in document.pages:
        fonts = {name: _letters(font) for name, font in page.Resources.get("/Font", {}).items()}
        marks, width, known = [-1], 2, {}
        for operands, operator in pikepdf.parse_content_stream(page):
            match str(operator):
                case "BDC" | "BMC":
                    named = operands[1] if len(operands) > 1 else None
                    inside = isinstance(named, pikepdf.Dictionary) and "/MCID" in named
                    marks.append(int(named.MCID) if inside else marks[-1])
                case "EMC":
                    marks.pop()
                case "Tf":
                    width, known = fonts[str(operands[0])]
                case "Tj" | "TJ":
                    parts = operands[0] if str(operator) == "TJ" else [operands[0]]
                    raw = [bytes(part) for part in parts if isinstance(part, pikepdf.String)]
                    codes = (
                        int.from_bytes(one[i : i + width], "big") for one in raw for i in range(0, len(one), width)
                    )
                    place = (page.obj.objgen, marks[-1])
                    drawn[place] = drawn.get(place, "") + "".join(known.get(code, "") for code in codes)
    return drawn


def _letters(font: pikepdf.Object) -> tuple[int, dict[int, str]]:
    """Return how many bytes make a letter in this font, and which letter each code is."""
    return (2 if font.Subtype == "/Type0" else 1), _characters(font)


def _characters(font: pikepdf.Object) -> dict[int, str]:
    if "/ToUnicode" not in font:
        return {}
    table = font["/ToUnicode"].read_bytes().decode("latin-1")
    found: dict[int, str] = {}
    for section in re.findall(r"beginbfchar(.*?)endbfchar", table, re.S):
        for code, points in re.findall(r"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]*)>", section):
            found[int(code, 16)] = bytes.fromhex(points).decode("utf-16-be")
    for section in re.findall(r"beginbfrange(.*?)endbfrange", table, re.S):
        for low, high, start in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", section):
            first = int.from_bytes(bytes.fromhex(start), "big")
            for step in range(int(high, 16) - int(low, 16) + 1):
                found[int(low, 16) + step] = chr(first + step)
    return found


class _Marked(gettext.NullTranslations):
    """A language in which every translated sentence stands in angle quotes."""

    def gettext(self, message: str) -> str:
        return f"«{message}»"

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return f"«{singular if n == 1 else plural}»"


@pytest.fixture
def marked() -> Words:
    return _Marked()
