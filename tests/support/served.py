"""A real server in its own process, for tests that speak to it as browsers and phones do."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from feedback import control
from feedback.identity import COOKIE

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 180.0
#: A test has few phones and little time: each may do what many do in a hall. Tests of the pace itself set it to 1.
UNHURRIED = {"FEEDBACK_PACE": "1000"}


@dataclass
class Served:
    """One installation: its folder, and the server process that runs on it (or has just been killed)."""

    instance: Path
    env: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ("-m", "feedback.cli", "run")
    port: int = 0
    process: subprocess.Popen[str] | None = None

    def start(self) -> "Served":
        """Start the server and wait until it answers."""
        self.close()
        with (self.instance / "errors.log").open("a") as errors:
            self.process = self._open(errors)
        assert self.process.stdout is not None
        told = ""
        for line in self.process.stdout:
            told += line
            if "Stop with Ctrl-C" in line:
                break
        found = re.search(r"Join:\s+http://[^:]+:(\d+)/", told)
        if found is None:
            code = self.process.wait(PATIENCE)
            self.close()
            raise AssertionError(
                f"the server did not start ({code}): {told}\n{(self.instance / 'errors.log').read_text()}"
            )
        self.port = int(found[1])
        return self

    def _open(self, errors: IO[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *self.command, "--port", str(self.port)],
            cwd=ROOT,
            env=os.environ | {"FEEDBACK_INSTANCE": str(self.instance), "PYTHONPATH": str(ROOT)} | UNHURRIED | self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )

    def close(self) -> None:
        """Make sure that no server runs on this folder any more."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None

    def kill(self) -> None:
        """End it as a power switch would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> "Served":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def stop(self, number: int = signal.SIGINT) -> int:
        """End it as a person would; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def links(self) -> dict[str, Any]:
        """Mint fresh links, as `python3 -m feedback links` does."""
        made = control.ask(self.instance / "control.sock", "links", {})
        assert made is not None
        return made

    @property
    def base(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"


class Browser:
    """Just enough of a browser for one person: cookies and requests."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.cookies: dict[str, str] = {}

    def fetch(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Make one request; returns status and body. Raises OSError while the server is away."""
        connection = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=PATIENCE)
        try:
            sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} | headers
            connection.request(method, path, body, {key.replace("_", "-"): value for key, value in sent.items()})
            answer = connection.getresponse()
            for key, value in answer.getheaders():
                if key.lower() == "set-cookie":
                    name, _, rest = value.partition("=")
                    self.cookies[name] = rest.split(";")[0]
            return answer.status, answer.read()
        finally:
            connection.close()

    def get_json(self, path: str) -> Any:
        """Fetch JSON."""
        status, body = self.fetch("GET", path)
        assert status == 200, (path, status, body[:300])
        return json.loads(body)

    def token(self) -> str:
        """The identifying cookie."""
        return self.cookies[COOKIE]


class Line:
    """One Socket.IO connection over a plain websocket: connect, emit with acknowledgement, listen."""

    def __init__(
        self, browser: Browser, code: str, view: str = "phone", *, origin: str | None = None, since: int = 0
    ) -> None:
        served = browser.served
        self.heard: list[tuple[str, Any]] = []
        self._next = 0
        self.socket: ClientConnection = connect(
            f"ws://127.0.0.1:{served.port}/socket.io/?EIO=4&transport=websocket",
            additional_headers={"Cookie": f"{COOKIE}={browser.token()}"},
            origin=origin or served.base,  # type: ignore[arg-type]
            open_timeout=PATIENCE,
            close_timeout=1,
            compression=None,
            legacy=True,
        )
        self._take("0")
        self.socket.send("40" + json.dumps({"code": code, "view": view, "since": since}))
        answer = self._take("4")
        if answer.startswith("44"):
            self.close()
            raise PermissionError(json.loads(answer[2:])["message"])

    def op(self, data: dict[str, Any], timeout: float = PATIENCE) -> dict[str, Any] | None:
        """Send an op; returns its ack, or None when none came in time or the line broke."""
        number, self._next = self._next, self._next + 1
        try:
            self.socket.send(f"42{number}" + json.dumps(["op", data]))
            answer = self._take(f"43{number}[", timeout)
        except (ConnectionClosed, TimeoutError, OSError):
            return None
        return json.loads(answer[answer.index("[") :])[0]

    def listen(self, event: str, timeout: float = PATIENCE) -> Any:
        """Wait for an event that has not been taken yet; returns its payload."""
        end = time.monotonic() + timeout
        while True:
            for place, (name, payload) in enumerate(self.heard):
                if name == event:
                    del self.heard[place]
                    return payload
            self._read(end - time.monotonic())

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def _take(self, prefix: str, timeout: float = PATIENCE) -> str:
        end = time.monotonic() + timeout
        while True:
            message = self._read(end - time.monotonic())
            if message.startswith(prefix):
                return message

    def _read(self, timeout: float) -> str:
        if timeout <= 0:
            raise TimeoutError
        message = str(self.socket.recv(timeout))
        if message == "2":
            self.socket.send("3")
        elif message.startswith("42"):
            name, *payload = json.loads(message[2:])
            self.heard.append((name, payload[0] if payload else None))
        return message
