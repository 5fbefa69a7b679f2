import hashlib
import re
import subprocess
import sys
import time
import unicodedata

import pytest
from frozen import OLD, OLD_FILES

from feedback.domain.reports import checksum_of, report_of
from feedback.export import FORMATS, file_name, render
from feedback.export.clean import clean

SCRIPTS = [
    "Ελληνικά: περισσότερα δέντρα",
    "Українська: більше дерев",
    "Български: повече дървета",
    "Polski: więcej drzew, źdźbło",
    "Magyar: több fát, árvíztűrő",
    "Română: mai mulți copaci",
    "Malti: aktar siġar, ħobż",
    "العربية: مزيد من الأشجار، مُحَمَّد",
    "עברית: עוד עצים",
    "हिन्दी: और पेड़ चाहिए",
    "ไทย: ต้นไม้มากขึ้น",
    "中文：更多的树",
    "日本語：もっと木を",
    "한국어: 더 많은 나무",
    "ქართული: მეტი ხე",
    "Հայերեն: ավելի շատ ծառեր",
    "አማርኛ: ተጨማሪ ዛፎች",
    "Emoji 🎉 👩‍👩‍👧 🏳️‍🌈 🇦🇹 🫨",
    "Hello مرحبا 123 שלום bye",
    "𝒻𝒶𝓃𝒸𝓎 ＦＵＬＬ ﬁ ﷽",
]


def samples() -> list[str]:
    """Return texts that hold characters of every category and every 256th block of Unicode."""
    by_kind: dict[str, list[str]] = {}
    for point in range(0x110000):
        kind = unicodedata.category(chr(point))
        kept = by_kind.setdefault(kind, [])
        if len(kept) < 40 or point % 4096 < 2:
            kept.append(chr(point))
    edges = "\x00\x0b\x0c\x1f\x7f\x85\ufffe\uffff\ufdd0\U0001fffe\U0010ffff\ud800\udfff\u202e\u2066\u2028\ufeff"
    return [
        "x" + "".join(marks[start : start + 200])
        for marks in [list(edges), *by_kind.values()]
        for start in range(0, len(marks), 200)
    ]


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_format_carries_the_same_checksum_and_the_same_ideas(report, words, readers, fmt):
    found = readers[fmt](render(report, fmt, words))
    ideas = [idea for theme in report.themes for idea in theme.ideas] + list(report.leftovers)
    assert found.checksum == checksum_of(report)
    spoken = "".join if fmt == "pdf" else " ".join  # a PDF draws no blanks
    assert {number: (spoken(text.split()), agree) for number, (text, agree) in found.ideas.items()} == {
        idea.number: (spoken(idea.text.split()), idea.agree) for idea in ideas
    }


@pytest.mark.parametrize("fmt", FORMATS)
def test_firmness_sorts_and_opinion_groups_change_no_idea_and_all_formats_agree(sorted_report, words, readers, fmt):
    found = readers[fmt](render(sorted_report, fmt, words))
    assert found.checksum == checksum_of(sorted_report)
    assert sorted(found.ideas) == [1, 2, 3, 4, 5, 6, 7]
    assert {number: agree for number, (_, agree) in found.ideas.items()} == {number: number for number in range(1, 8)}


@pytest.mark.parametrize("fmt", FORMATS)
def test_descriptions_of_themes_change_no_idea(described_report, words, readers, fmt):
    found = readers[fmt](render(described_report, fmt, words))
    assert found.checksum == checksum_of(described_report)
    assert sorted(found.ideas) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("fmt", OLD_FILES)
def test_a_state_of_long_ago_gives_the_files_that_it_gave(words, fmt):
    assert hashlib.sha256(render(report_of(OLD), fmt, words)).hexdigest() == OLD_FILES[fmt]


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_script_survives_in_every_format(make, words, readers, fmt):
    report = make(SCRIPTS)
    found = readers[fmt](render(report, fmt, words))
    assert found.checksum == checksum_of(report)
    if fmt != "pdf":  # what is drawn right to left, or joined, is looked at, not read back
        assert {number: text for number, (text, _) in found.ideas.items()} == dict(enumerate(SCRIPTS, 1))


@pytest.mark.parametrize("fmt", FORMATS)
def test_no_character_in_an_idea_stops_a_report(make, words, readers, fmt):
    texts = samples()
    found = readers[fmt](render(make(texts), fmt, words))
    if fmt not in ("pdf", "md"):
        assert {number: text for number, (text, _) in found.ideas.items()} == {
            number: clean(text) for number, text in enumerate(texts, 1)
        }


@pytest.mark.parametrize("fmt", FORMATS)
def test_hostile_names_stop_no_format(make, words, readers, fmt):
    bad = "=1+1 \x00\ud800 <b>&amp; #x $y$ _z_ [a](b) {{c}} ${d} %(e)s %s \\ " + "Ü" * 150
    report = make(
        ["idea"],
        **dict.fromkeys(("conference", "strand", "tagline", "conversation", "facilitator", "rapporteur"), bad),
        **dict.fromkeys(("code", "name", "language", "time_zone"), bad),
    )
    assert len(readers[fmt](render(report, fmt, words)).checksum) == 64


@pytest.mark.parametrize("fmt", FORMATS)
def test_report_without_ideas_and_themes_renders(make, words, readers, fmt):
    bare = dict.fromkeys(("conference", "strand", "tagline", "conversation", "facilitator", "rapporteur", "name"), "")
    report = make([], themes=0, prompts=(), **bare)
    found = readers[fmt](render(report, fmt, words))
    assert (found.ideas, found.checksum) == ({}, "" if fmt == "csv" else checksum_of(report))


@pytest.mark.parametrize("fmt", ["csv", "json", "md", "pdf"])
def test_same_report_gives_the_same_bytes(report, words, fmt):
    assert render(report, fmt, words) == render(report, fmt, words)


@pytest.mark.parametrize("fmt", ["csv", "json"])
def test_language_of_the_labels_does_not_change_data_files(report, words, marked, fmt):
    assert render(report, fmt, marked) == render(report, fmt, words)


@pytest.mark.parametrize("fmt", FORMATS)
def test_four_times_the_ideas_take_no_more_than_about_four_times_as_long(make, words, fmt):
    def seconds(ideas: int) -> float:
        report = make([f"Idea number {number}: open the empty depot at night for choirs" for number in range(ideas)])
        start = time.process_time()
        render(report, fmt, words)
        return time.process_time() - start

    seconds(1)
    # The fastest of some: whatever else the process had to do is no part of it.
    assert min(seconds(800) for _ in range(3)) < 9 * max(seconds(200), 0.05)


def test_unknown_format_is_a_key_error(report, words):
    with pytest.raises(KeyError):
        render(report, "exe", words)


def test_file_name_is_plain_ascii(make):
    assert file_name(make([]), "pdf") == "report-K7M2PX-2812.pdf"
    assert re.fullmatch(r"report-[A-Za-z0-9]+-2812\.md", file_name(make([], code='../"ü\r\n'), "md"))
    assert file_name(make([], code="…"), "csv") == "report-conversation-2812.csv"


def test_importing_export_loads_nothing_slow():
    slow = "{'matplotlib', 'numpy', 'typst', 'docx', 'lxml', 'xlsxwriter'}"
    code = f"import sys, feedback.export; sys.exit(bool({slow} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
