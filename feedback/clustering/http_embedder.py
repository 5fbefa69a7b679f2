"""An endpoint that speaks OpenAI's `/v1/embeddings`: here texts leave the house, and nothing that comes is believed."""

import hashlib
import json
import ssl
from collections.abc import Sequence
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from socket import SHUT_RDWR, socket
from threading import Event, Timer
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from feedback.clustering.embedders import MOST_DIMENSIONS, EmbedderFailed, unit_rows
from feedback.clustering.vectors import Rows

BATCH = 64  # texts in one request
PATIENCE, PER_TEXT = 5.0, 0.25  # seconds that a request may take, and how many more for each text in it
NUMBER = 32  # bytes that one number of an answer may take
FRAME = 65_536  # bytes that an answer may hold beside its numbers
REFUSED = (401, 403)
OK = 200


class HttpEmbedder:
    """Asks an endpoint. It follows no redirect: words and key go to the host that was named, or nowhere."""

    def __init__(self, url: str, model: str, key: str | None = None, *, patience: float = PATIENCE) -> None:
        """Url: the whole address, http or https; key: sent as a bearer token; patience: see PATIENCE."""
        self._parts = urlsplit(url)
        self._model = model
        self._key = key
        self._patience = patience
        place = hashlib.sha256(f"{url}\0{model}".encode()).hexdigest()[:16]
        self._id = f"http:{model[:60]}:{place}"

    @property
    def id(self) -> str:
        """The model's name and a digest of where it is asked."""
        return self._id

    def encode(self, texts: Sequence[str]) -> Rows:
        """Return one unit row per text; raises EmbedderFailed."""
        parts = [self._ask(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        if len({part.shape[1] for part in parts}) > 1:
            raise EmbedderFailed("wrong")
        return np.concatenate(parts) if parts else np.zeros((0, 1))

    def _ask(self, texts: Sequence[str]) -> Rows:
        asked = {"model": self._model, "input": list(texts), "encoding_format": "float"}
        most = FRAME + len(texts) * MOST_DIMENSIONS * NUMBER
        return read_answer(
            self._post(json.dumps(asked).encode(), most, self._patience + PER_TEXT * len(texts)), len(texts)
        )

    def _post(self, body: bytes, most: int, seconds: float) -> bytes:
        """Return the answer's body, at most so many bytes within so many seconds."""
        late = Event()
        try:
            with closing(self._connection(seconds)) as connection:
                connection.connect()
                # A timeout of the socket alone would let an answer drip in for ever. The connection forgets its
                # socket as soon as an answer has begun that ends with it.
                timer = Timer(seconds, _cut, (connection.sock, late))
                timer.daemon = True
                timer.start()
                try:
                    content = self._talk(connection, body, most + 1)
                finally:
                    timer.cancel()
        except (OSError, HTTPException, ValueError) as fault:
            raise EmbedderFailed(
                "slow" if late.is_set() or isinstance(fault, TimeoutError) else "unreachable"
            ) from None
        if late.is_set() or len(content) > most:
            raise EmbedderFailed("slow" if late.is_set() else "wrong")
        return content

    def _talk(self, connection: HTTPConnection, body: bytes, most: int) -> bytes:
        connection.request("POST", self._target, body, self._headers)
        with connection.getresponse() as answer:
            if answer.status != OK:
                raise EmbedderFailed("refused" if answer.status in REFUSED else "failed")
            return answer.read(most)

    def _connection(self, seconds: float) -> HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
        return HTTPConnection(host, port, timeout=seconds)

    @property
    def _target(self) -> str:
        return (self._parts.path or "/") + (f"?{self._parts.query}" if self._parts.query else "")

    @property
    def _headers(self) -> dict[str, str]:
        said = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "feedback"}
        return said | ({"Authorization": f"Bearer {self._key}"} if self._key else {})


def _cut(sock: socket, late: Event) -> None:
    late.set()
    with suppress(OSError):
        # Of the plain socket below TLS: its own way would take the connection apart under the thread that reads.
        socket.shutdown(sock, SHUT_RDWR)


def read_answer(content: bytes, count: int) -> Rows:
    """Return the unit rows of an answer; raises EmbedderFailed unless it holds one vector for each of `count` texts."""
    try:
        rows = _vectors(json.loads(content), count)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        raise EmbedderFailed("wrong") from None
    return unit_rows(rows, count)


def _vectors(answer: Any, count: int) -> Rows:
    """Return the vectors in the order of the texts, whatever order they came in."""
    vectors = {each["index"]: each["embedding"] for each in answer["data"]}
    if len(answer["data"]) != count or set(vectors) != set(range(count)) or not all(map(_is_whole, vectors)):
        raise ValueError("not one vector for each text")
    if not all(isinstance(each, list) and all(map(_is_number, each)) for each in vectors.values()):
        raise ValueError("no numbers")
    return np.array([vectors[at] for at in range(count)], dtype=np.float64)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
