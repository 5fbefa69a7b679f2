"""What a server still says to its phones when it is told to end while their ops are under way."""

import json
import signal
import threading
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

from promises import until
from served import ROOT, Browser, Line, Served
from websockets.exceptions import ConnectionClosed

from feedback.domain.ids import ulid

SERVER = str(ROOT / "tests/live/weather_server.py")


def idea(prompt: int, text: str) -> dict[str, Any]:
    fresh = ulid(time.time_ns() // 1_000_000, lambda bits: time.time_ns() % 2**bits)
    return {"op": fresh, "k": "idea", "id": fresh, "prompt": prompt, "text": text, "lang": "en"}


def post(browser: Browser, code: str, op: dict[str, Any], said: list[Any]) -> None:
    headers = {"X_Op": "1", "Origin": browser.served.base, "Content_Type": "application/json"}
    try:
        status, body = browser.fetch("POST", f"/c/{code}/ops", json.dumps({"ops": [op]}).encode(), **headers)
        said.append((status, json.loads(body)["acks"][0]["status"]))
    except (OSError, HTTPException) as lost:
        said.append(type(lost))


def finish(served: Served, when: Callable[[], bool]) -> None:
    """Tell the server to end as soon as something holds."""
    until(when)
    assert served.process is not None
    served.process.send_signal(signal.SIGTERM)


def last_words(kind: str, folder: Path) -> dict[str, Any]:
    """Send an op by each door, end the server meanwhile, and return what came back and how it closed."""
    said: list[Any] = []
    with Served(folder, command=(SERVER, kind, "run")) as served:
        code = served.links()["conversations"][0]["code"]
        prompt = Browser(served).get_json(f"/c/{code}/sync")["prompts"][0]["id"]
        by_http, by_socket = Browser(served), Browser(served)
        for browser in (by_http, by_socket):
            browser.fetch("GET", f"/c/{code}")
        line = Line(by_socket, code)
        taken = folder / "taken.txt"
        before = taken.read_text().count("\n")
        (folder / "hold").touch()  # both ops are under way until the end is asked for
        posting = threading.Thread(target=post, args=(by_http, code, idea(prompt, "By HTTP"), said))
        posting.start()
        ending = threading.Thread(target=finish, args=(served, lambda: taken.read_text().count("\n") == before + 2))
        ending.start()
        ack = line.op(idea(prompt, "By socket"))
        found = {"by_socket": ack and ack["status"], "stop": False, "closed": None}
        try:
            found["stop"] = line.listen("stop") == {}
            line.listen("never")
        except ConnectionClosed as end:
            found["closed"] = end.rcvd and end.rcvd.code
        posting.join()
        ending.join()
        assert served.process.wait(120) == 0
    return found | {"by_http": said}
