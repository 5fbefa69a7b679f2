"""Whatever hangs, a server that is told to end does: without what hangs, and with all that it has acked."""

import json
import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from last_words import idea
from promises import Rows, until
from served import ROOT, Browser, Line, Served

HANGING = str(ROOT / "tests/support/hanging_server.py")
#: Seconds after which whoever has not ended never will; what hangs does so for much longer.
FOR_EVER = 30.0
KINDS = ("parts", "loop", "loop+unending")


class Hanging:
    """A server in which something hangs, and what its phones know of it."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.served = Served(folder, command=(HANGING, kind, "run"))
        self.acked: dict[str, Any] = {}
        self.unacked: dict[str, Any] = {}
        self._threads: list[threading.Thread] = []

    def begin(self) -> "Hanging":
        """Start it, have one op acked, then let it hang."""
        served = self.served.start()
        code = served.links()["conversations"][0]["code"]
        prompt = Browser(served).get_json(f"/c/{code}/sync")["prompts"][0]["id"]
        browser = Browser(served)
        browser.fetch("GET", f"/c/{code}")
        line = Line(browser, code)
        self.acked, self.unacked = idea(prompt, "Said in time"), idea(prompt, "HANG")
        assert (line.op(self.acked, FOR_EVER) or {}).get("status") == "ok"
        if self.kind == "parts":
            line.socket.send("427" + json.dumps(["op", self.unacked]))
            until((served.instance / "op_hangs").exists)
        self._threads.append(threading.Thread(target=self._ask))
        self._threads[-1].start()
        until((served.instance / "request_hangs").exists)
        return self

    def _ask(self) -> None:
        with suppress(OSError, HTTPException):
            Browser(self.served).fetch("GET", "/hang")

    def tell(self) -> None:
        """Tell it to end."""
        assert self.served.process is not None
        self.served.process.send_signal(signal.SIGTERM)

    def code(self, seconds: float) -> int | None:
        """Return the exit code, None while it has not ended."""
        assert self.served.process is not None
        with suppress(subprocess.TimeoutExpired):
            return self.served.process.wait(seconds)
        return None

    def log(self) -> str:
        """What it wrote."""
        return (self.served.instance / "errors.log").read_text(encoding="utf-8")

    def close(self) -> None:
        """Make sure that nothing of it is left."""
        self.served.close()
        for thread in self._threads:
            thread.join()


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Each kind of server after all were told to end at once: its exit code, its log, and what was acked and not."""
    with ThreadPoolExecutor() as pool:
        made = dict(zip(KINDS, [Hanging(kind, tmp_path_factory.mktemp("hanging")) for kind in KINDS], strict=True))
        try:
            list(pool.map(Hanging.begin, made.values()))
            made["loop+unending"].tell()  # the mutant is told first, and has more time
            for kind in KINDS[:-1]:
                made[kind].tell()
            codes = {kind: made[kind].code(FOR_EVER if kind != "loop+unending" else 0.1) for kind in KINDS}
            yield {kind: (codes[kind], made[kind]) for kind in KINDS}
        finally:
            for one in made.values():
                one.close()


def test_what_hangs_is_left_and_said(ended):
    code, one = ended["parts"]
    assert code == 0
    log = one.log()
    assert "ending without what the writer has not finished; none of it was acked" in log
    assert "ending without the answer to 1 requests" in log
    assert "by force" not in log
    texts = Rows.of(one.served.instance / "feedback.db").texts
    assert one.acked["id"] in texts
    assert one.unacked["id"] not in texts


def test_a_process_whose_loop_hangs_is_ended_by_force(ended):
    code, one = ended["loop"]
    assert code == 0
    assert "ended by force, 2.7 s after the end was asked for: the event loop hangs (" in one.log()
    assert one.acked["id"] in Rows.of(one.served.instance / "feedback.db").texts


def test_the_story_finds_a_process_that_nothing_ends(ended):
    code, one = ended["loop+unending"]
    assert code is None
    assert "by force" not in one.log()
