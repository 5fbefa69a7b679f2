"""People with a browser, as far as a test needs them: they post forms, open their links, scan the code."""

import re
import time
from urllib.parse import urlencode

from served import Browser, Line, Served

from feedback.domain.ids import ulid


def post(browser: Browser, path: str, **fields: str) -> tuple[int, str]:
    """Send a form as a browser does: with the token of the page it stands on."""
    _, page = browser.fetch("GET", "/about")
    token = re.search(rb'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    body = urlencode({"csrf_token": token[1].decode(), **fields}).encode()
    status, answer = browser.fetch("POST", path, body, Content_Type="application/x-www-form-urlencoded")
    return status, answer.decode(errors="replace")


def crew(served: Served, secret: str) -> Browser:
    """Somebody who opened their link."""
    browser = Browser(served)
    status, _ = post(browser, "/enter", secret=secret, name="Ada")
    assert status == 303
    return browser


def phone(served: Served, code: str) -> tuple[Browser, Line]:
    """Somebody who scanned the code."""
    browser = Browser(served)
    assert browser.fetch("GET", f"/c/{code}")[0] == 200
    return browser, Line(browser, code)


def fresh() -> str:
    """A fresh ULID, as phones make them."""
    return ulid(int(time.time() * 1000), lambda bits: time.time_ns() % 2**bits)
