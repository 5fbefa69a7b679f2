"""Words are words: whatever markup people write, making a file opens no other file and calls nobody."""

import base64
import ctypes
import json
import os
import socket
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest
from subjects import across, theme

from feedback.domain.alignments import Subject, across_to_json
from feedback.domain.reports import canonical_json
from feedback.settings import ROOT

WATCHED = Path(__file__).parent.parent / "support" / "watched.py"
IN_OPEN = 0x20
SECRET = "words that stand in a file of this machine"
# {file} is a file of this machine that nobody asked for, {url} an address where somebody listens.
PAYLOADS = [
    '<img src="{file}">',
    '<img src="{url}/a.png" width="10" height="10"/>',
    '<para><img src="file://{file}"/></para>',
    '<a href="{url}">click</a>',
    '<a href="file://{file}">open</a>',
    "<link href='{url}/b.css' rel=stylesheet>",
    '<script src="{url}/c.js"></script>',
    '<iframe src="{file}"></iframe>',
    '<object data="{url}"></object>',
    '<svg><image href="{url}/d.png"/></svg>',
    '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="file://{file}"/></svg>',
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file://{file}">]><x>&e;</x>',
    '<!DOCTYPE x SYSTEM "{url}/e.dtd">',
    '<?xml-stylesheet href="{url}/f.xsl"?>',
    '<xi:include href="{file}" parse="text"/>',
    '#read("{file}")',
    '#image("{file}")',
    '#include "{file}"',
    '#import "{file}": *',
    '#link("{url}")[x]',
    '#eval("read(\\"{file}\\")")',
    '$ read("{file}") $',
    "\\input{{{file}}}",
    "\\write18{{curl {url}}}",
    "![picture]({url}/g.png)",
    "[link](file://{file})",
    '{{{{ "{file}" | readfile }}}}',
    "{{INCLUDEPICTURE {url}/h.png}}",
    "=WEBSERVICE(\"{url}/i\")",
    "=HYPERLINK(\"file://{file}\")",
    "=cmd|'/C calc'!A0",
    "`$(cat {file})`",
]  # fmt: skip


class Canary:
    """A file and a port that nobody has a reason to touch, and whether somebody did, by whatever library."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "canary.txt"
        self.file.write_text(SECRET, encoding="utf-8")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        # Also what Rust and C open, which Python's audit events do not tell.
        libc = ctypes.CDLL(None, use_errno=True)
        self.inotify = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self.inotify, os.fsencode(self.file), IN_OPEN) >= 0

    def touched(self) -> list[str]:
        """Return what was touched since the start or the last look."""
        found = []
        try:
            os.read(self.inotify, 4096)
            found.append("file")
        except BlockingIOError:
            pass
        try:
            self.listener.accept()[0].close()
            found.append("port")
        except BlockingIOError:
            pass
        return found

    def close(self) -> None:
        self.listener.close()
        os.close(self.inotify)


@pytest.fixture
def canary(tmp_path):
    if not sys.platform.startswith("linux"):
        pytest.skip("inotify, which sees every opening of a file, is Linux's own")
    made = Canary(tmp_path)
    yield made
    made.close()


def allowed() -> list[Path]:
    """Where code, fonts, time zones and temporary files lie."""
    paths = sysconfig.get_paths()
    homes = [ROOT / "feedback", *(Path(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib"))]
    homes += [Path("/usr/share/fonts"), Path("/usr/share/zoneinfo"), Path("/etc/fonts"), Path("/proc"), Path("/dev")]
    return [home.resolve() for home in [*homes, Path(tempfile.gettempdir()), Path("/var/cache/fontconfig")]]


def made_under_watch(canary, kind: str, content: str) -> dict[str, bytes]:
    """Make all six files in a process of its own that opens nothing but its own and calls nobody."""
    ran = subprocess.run(
        [sys.executable, str(WATCHED)],
        input=json.dumps({"content": content, "kind": kind, "formats": ["pdf", "docx", "xlsx", "csv", "json", "md"]}),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    answer = json.loads(ran.stdout)
    assert canary.touched() == []
    assert answer["called"] == []
    assert str(canary.file) not in answer["opened"]
    homes = allowed()
    assert [path for path in answer["opened"] if not any(home in Path(path).parents for home in homes)] == []
    files = {fmt: base64.b64decode(file) for fmt, file in answer["files"].items()}
    assert [fmt for fmt, data in files.items() if SECRET.encode() in data] == []
    return files


def test_rendering_markup_opens_no_other_file_and_calls_nobody(make, canary, readers):
    payloads = [payload.format(file=canary.file, url=canary.url) for payload in PAYLOADS]
    report = make(
        payloads, conference=payloads[0], conversation=payloads[15], name=payloads[11], rapporteur=payloads[5]
    )
    for fmt, data in made_under_watch(canary, "report", canonical_json(report)).items():
        found = readers[fmt](data)
        for number, payload in enumerate(payloads, 1):
            assert "".join(found.ideas[number][0].split()) == "".join(payload.split()), (fmt, payload)


def test_files_across_strands_open_no_other_file_and_call_nobody(canary, pdf_text):
    payloads = [payload.format(file=canary.file, url=canary.url) for payload in PAYLOADS]
    named = {"strand": payloads[3], "conversation": payloads[15], "code": payloads[11]}
    subject = Subject((theme(0, 1, payloads[0], payloads, **named), theme(1, 1, payloads[16], payloads)))
    value = across(conference=payloads[5], strands=(payloads[3], "Impact"), subjects=(subject,), alone=subject.themes)
    files = made_under_watch(canary, "across", across_to_json(value))
    told = json.loads(files["json"])["across"]["subjects"][0]["themes"]
    assert [[idea["text"] for idea in each["ideas"]] for each in told] == [payloads, payloads]
    drawn = "".join(pdf_text(files["pdf"]).split()).replace("\u200b", "")
    assert [payload for payload in payloads if "".join(payload.split()) not in drawn] == []


def test_the_watch_sees_an_opening_and_a_call(canary):
    subprocess.run(["cat", str(canary.file)], stdout=subprocess.DEVNULL, check=True)
    socket.create_connection(canary.listener.getsockname()).close()
    assert canary.touched() == ["file", "port"]
