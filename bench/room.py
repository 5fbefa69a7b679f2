"""What one person's screen shows, and one call by HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import json
from collections.abc import Sequence
from typing import Any

from bench import wire
from bench.outbox import NotNow

PATIENCE = 8.0
WHOLE = ("conversation", "prompts", "stage", "themes", "leftovers")
Json = dict[str, Any]


@functools.lru_cache(maxsize=64)
def parsed(text: str | bytes) -> Any:
    """Parse what many phones get alike; what comes back is shared and not to be changed."""
    return json.loads(text)


class Room:
    """What one screen shows."""

    def __init__(self, whole: Json) -> None:
        self.seq: int = whole["seq"]
        self.ideas: dict[str, Json] = {}
        self._ids: dict[int, str] = {}
        self._put(whole["ideas"])
        self.rest: Json = {name: whole[name] for name in WHOLE}

    def apply(self, frame: Json) -> None:
        """Take in a frame that fits."""
        changes = frame["changes"]
        self._put(changes.get("ideas", ()))
        for number, agree, disagree, passes in changes.get("tallies", ()):
            if idea := self.ideas.get(self._ids.get(number, "")):
                self.ideas[idea["id"]] = idea | {"agree": agree, "disagree": disagree, "pass": passes}
        for gone in changes.get("gone", ()):
            self.ideas.pop(gone, None)
        self.rest.update({name: changes[name] for name in WHOLE if name in changes})
        self.seq = frame["to"]

    def _put(self, ideas: Sequence[Json]) -> None:
        self.ideas.update({idea["id"]: idea for idea in ideas})
        self._ids.update({idea["n"]: idea["id"] for idea in ideas})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Room) and (self.seq, self.ideas, self.rest) == (other.seq, other.ideas, other.rest)

    __hash__ = None  # type: ignore[assignment]


async def truth(port: int, host: str, code: str) -> Any:
    """Ask what the server shows to whoever has nothing yet, until it says so."""
    while True:
        with contextlib.suppress(NotNow):
            _, _, body = await call(port, host, f"/c/{code}/sync?since=0", "")
            return parsed(body)
        await asyncio.sleep(0.5)


async def call(port: int, host: str, path: str, cookie: str, body: bytes | None = None) -> tuple[int, Json, bytes]:
    """Ask by HTTP; returns status, headers and body. Raises NotNow when no whole answer came within eight seconds."""
    head = wire.get(path, host, page=False, cookie=cookie).replace(b"keep-alive", b"close")
    if body is not None:
        more = f"Origin: http://{host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        head = b"POST" + head[3:-2] + more.encode() + body
    writer = None
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head)
            answer = await reader.read(-1)
    except (OSError, TimeoutError):
        raise NotNow from None
    finally:
        if writer:
            writer.close()
    told = wire.head_of(answer)
    if told is None or len(answer) - told[2] < int(told[1].get("content-length", "0")):
        raise NotNow
    data = answer[told[2] :]
    return told[0], told[1], gzip.decompress(data) if told[1].get("content-encoding") == "gzip" else data
