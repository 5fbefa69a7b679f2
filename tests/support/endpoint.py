"""A small endpoint that speaks `/v1/embeddings`, on a real port: a good one, and all the bad ones."""

import http.server
import json
import math
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from types import TracebackType

DIMENSIONS = 96


def vector_of(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """Return what this endpoint's model makes of a text: runs of three and four letters, counted by their hashes."""
    letters = f" {text.casefold()} "
    values = [0.01] * dimensions
    for size in (3, 4):
        for start in range(len(letters) - size + 1):
            mark = zlib.crc32(letters[start : start + size].encode())
            values[mark % dimensions] += 1.0 if mark & 0x10000 else -1.0
    length = math.sqrt(sum(value * value for value in values))
    return [value / length for value in values]


def answer_of(texts: Sequence[str], encode: Callable[[str], list[float]] = vector_of) -> dict[str, object]:
    """Return an answer as it should be."""
    data = [{"object": "embedding", "index": at, "embedding": encode(text)} for at, text in enumerate(texts)]
    return {"object": "list", "model": "letters", "data": data, "usage": {"prompt_tokens": 0, "total_tokens": 0}}


class Endpoint:
    """Serves until it is closed. `mode` says how it behaves; `asked` holds every body it got, `keys` every key."""

    def __init__(self, mode: str = "good", encode: Callable[[str], list[float]] = vector_of) -> None:
        self.mode = mode
        self.encode = encode
        self.asked: list[dict[str, object]] = []
        self.keys: list[str | None] = []
        endpoint = self

        class Handler(_Handler):
            here = endpoint

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1/embeddings"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self._open = True

    @property
    def texts(self) -> list[str]:
        """Every text that was sent here."""
        return [text for body in self.asked for text in body["input"]]  # type: ignore[attr-defined]

    def close(self) -> None:
        """Go down: from here on nothing listens."""
        if self._open:
            self._open = False
            self._server.shutdown()
            self._server.server_close()

    def __enter__(self) -> "Endpoint":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    here: Endpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.here.asked.append(body)
        self.here.keys.append(self.headers["Authorization"])
        texts, mode = body["input"], self.here.mode
        if mode == "slow":
            time.sleep(30)
        elif mode == "hangs_up":
            self.close_connection = True
        elif mode == "redirects":
            self._say(307, b"", {"Location": self.here.url})
        elif mode.isdecimal():
            self._say(int(mode), b'{"error": {"message": "no"}}')
        elif mode == "drips":
            self._drip()
        else:
            self._say(200, WRONG[mode](texts) if mode in WRONG else self._good(texts))

    def _good(self, texts: Sequence[str]) -> bytes:
        answer = answer_of(texts, self.here.encode)
        if self.here.mode == "other_order":
            answer["data"].reverse()  # type: ignore[attr-defined]
        return json.dumps(answer).encode()

    def _say(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b" ")
                time.sleep(0.02)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _with(change: Callable[[dict[str, object]], object]) -> Callable[[Sequence[str]], bytes]:
    def made(texts: Sequence[str]) -> bytes:
        answer = answer_of(texts)
        changed = change(answer)
        return json.dumps(changed if changed is not None else answer).encode()

    return made


def _embedding(value: object) -> Callable[[Sequence[str]], bytes]:
    return _with(lambda answer: answer["data"][0].update(embedding=value))  # type: ignore[attr-defined]


def _index(value: object) -> Callable[[Sequence[str]], bytes]:
    return _with(lambda answer: answer["data"][0].update(index=value))  # type: ignore[attr-defined]


#: Answers with status 200 of which none may be believed.
WRONG: dict[str, Callable[[Sequence[str]], bytes]] = {
    "page": lambda _: b"<!doctype html><title>Sign in</title>",
    "empty": lambda _: b"",
    "cut": lambda texts: json.dumps(answer_of(texts)).encode()[:-20],
    "list": _with(lambda answer: answer["data"]),
    "no_data": _with(lambda answer: {"object": "list"}),
    "data_is_text": _with(lambda answer: {"data": "vectors"}),
    "one_short": _with(lambda answer: answer["data"].pop() and None),  # type: ignore[attr-defined]
    "one_more": _with(lambda answer: answer["data"].append(answer["data"][0])),  # type: ignore[attr-defined]
    "index_twice": _index(1),
    "index_above": _index(1000),
    "index_below": _index(-1),
    "index_true": _index(value=False),
    "index_list": _index([0]),
    "shorter": _embedding([0.5] * (DIMENSIONS - 1)),
    "no_numbers": _embedding(["0.5"] * DIMENSIONS),
    "booleans": _embedding([True] * DIMENSIONS),
    "base64": _embedding("AACAPwAAgD8="),
    "nested": _embedding([[0.5] * DIMENSIONS]),
    "nan": _embedding([math.nan] * DIMENSIONS),
    "infinite": _embedding([math.inf] * DIMENSIONS),
    "too_large_a_number": _embedding([10**400] * DIMENSIONS),
    "zeros": _embedding([0.0] * DIMENSIONS),
    "no_dimension": _with(
        lambda answer: {"data": [each | {"embedding": []} for each in answer["data"]]}  # type: ignore[attr-defined]
    ),
    "too_many_dimensions": _with(
        lambda answer: {"data": [each | {"embedding": [0] * 8_193} for each in answer["data"]]}  # type: ignore[attr-defined]
    ),
    "deep": lambda _: b"[" * 100_000,
    "endless": lambda texts: b" " * (65_536 + len(texts) * 8_192 * 32 + 1),
}
