"""People who run a real server's conference: browsers that hold a role and send forms, and the operator's commands."""

import os
import re
import subprocess
import sys
from urllib.parse import urlencode

from served import ROOT, Browser, Served


class Crew(Browser):
    """A browser that came in by a crew link."""

    def __init__(self, served: Served, secret: str) -> None:
        super().__init__(served)
        assert self.post("/enter", secret=secret) == 303

    def form(self) -> str:
        """Open a page with forms; returns their proof of origin."""
        token = re.search(rb'name="csrf_token" value="([^"]+)"', self.fetch("GET", "/about")[1])
        assert token is not None
        return token[1].decode()

    def send(self, path: str, form: str, **fields: str) -> int:
        """Send a form that was opened before; returns the status."""
        body = urlencode({"csrf_token": form, **fields}).encode()
        return self.fetch("POST", path, body, Content_Type="application/x-www-form-urlencoded")[0]

    def post(self, path: str, **fields: str) -> int:
        """Open a form and send it; returns the status."""
        return self.send(path, self.form(), **fields)


def command(served: Served, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `python3 -m feedback …` on the same data."""
    return subprocess.run(
        [sys.executable, "-m", "feedback.cli", *words],
        cwd=ROOT,
        env=os.environ | {"FEEDBACK_INSTANCE": str(served.instance)} | served.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
