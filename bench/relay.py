"""A bad network in a process of its own: each link is a port of ours that leads to the server, while it is up.

`python -m bench.relay`; the first line of input says `{to, links, seed, replays}`, the answer is `{ports}`. Each
further line says `{do: be, link, state, delay, jitter}`, and is answered by `{}` once it is so, or `{do: figures}`.
A link is

- `up`: bytes pass, each piece after `delay` seconds and up to `jitter` more;
- `cut`: what was open is reset, what comes is reset;
- `dark`: nothing passes and nothing is closed; when it is up again everything that waited arrives;
- `half`: like dark, but what was open never passes anything again, and neither end is told.

A share `replays` of the requests that post something arrives once more, seconds later, as from a careless proxy.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import struct
import sys
from contextlib import suppress
from typing import Any

from bench.helper import Helper

PIECE = 16_384
PIECES = 16
LATEST_REPLAY = 5.0  # seconds
RESET = struct.pack("ii", 1, 0)
UP, CUT, DARK, HALF = "up", "cut", "dark", "half"


class Relay(Helper):
    """The process, and the line to it."""

    def __init__(self, to: int, links: int, *, seed: int = 1, replays: float = 0.0) -> None:
        super().__init__("bench.relay", {"to": to, "links": links, "seed": seed, "replays": replays})
        self.ports: list[int] = self.answer()["ports"]

    def be(self, link: int, state: str, *, delay: float = 0.0, jitter: float = 0.0) -> None:
        """Change a link; returns when it is so."""
        self.ask("be", link=link, state=state, delay=delay, jitter=jitter)

    def figures(self) -> dict[str, int]:
        """Return how many connections there were, how many were reset or lost, how many requests were replayed."""
        return self.ask("figures")


class Lost(Exception):
    """The connection leads nowhere any more, and nobody is told."""


class Link:
    """One phone's way to the server."""

    def __init__(self, net: Net) -> None:
        self._net = net
        self._open = asyncio.Event()
        self._open.set()
        self.state = UP
        self.delay = 0.0
        self.jitter = 0.0
        self._pairs: set[Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry a connection; somebody must hold its task, or it may be swept away with all that waits on it."""
        task = asyncio.ensure_future(self.serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def be(self, state: str) -> None:
        """Change what happens to bytes from now on."""
        self.state = state
        if state in (DARK, HALF):
            self._open.clear()
        if state == HALF:
            for pair in self._pairs:
                pair.lost = True
                self._net.figures["lost"] += 1
        if state == CUT:
            for pair in list(self._pairs):
                pair.reset()
                self._net.figures["reset"] += 1
        if state in (UP, CUT):
            self._open.set()

    def due(self) -> float:
        """Return when a piece that came now may pass, by the loop's clock."""
        return asyncio.get_running_loop().time() + self.delay + self._net.chance.random() * self.jitter

    async def passes(self, pair: Pair, due: float = 0.0) -> None:
        """Return when a piece may pass; raises Lost when this connection passes nothing again."""
        wait = due - asyncio.get_running_loop().time()
        if wait > 0:
            await asyncio.sleep(wait)
        while not self._open.is_set():
            await self._open.wait()
        if pair.lost:
            raise Lost

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        pair = Pair(reader, writer)
        if self.state == CUT:
            pair.reset()
            return
        self._pairs.add(pair)
        self._net.figures["connections"] += 1
        try:
            await pair.run(self, self._net)
        except OSError:
            pair.reset()
        finally:
            self._pairs.discard(pair)
            pair.close()


class Pair:
    """Both halves of one relayed connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lost = False
        self._near = (reader, writer)
        self._far: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._said = b""

    async def run(self, link: Link, net: Net) -> None:
        """Forward until one end closes; a lost connection only swallows, until both have closed."""
        with suppress(Lost):
            await link.passes(self)
        self._far = await asyncio.open_connection("127.0.0.1", net.to)
        both = [
            asyncio.ensure_future(self._pump(self._near[0], self._far[1], link, keep=net.replays > 0)),
            asyncio.ensure_future(self._pump(self._far[0], self._near[1], link, keep=False)),
        ]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if self.lost:
            await asyncio.wait(both)
        for half in both:
            half.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        if self._said.startswith(b"POST ") and net.chance.random() < net.replays:
            net.replay(self._said)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: Link, *, keep: bool
    ) -> None:
        # Pieces are on their way at the same time: a long way makes them late, not few.
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(PIECES)
        taking = asyncio.ensure_future(self._take(reader, pieces, link, keep=keep))
        try:
            while (piece := await pieces.get())[1]:
                await link.passes(self, piece[0])
                writer.write(piece[1])
                await writer.drain()
        except (OSError, Lost):
            pass
        finally:
            if not self.lost:
                taking.cancel()
        if self.lost:
            while (await pieces.get())[1]:
                pass

    async def _take(
        self,
        reader: asyncio.StreamReader,
        pieces: asyncio.Queue[tuple[float, bytes]],
        link: Link,
        *,
        keep: bool,
    ) -> None:
        data = b" "
        while data:
            try:
                data = await reader.read(PIECE)
            except OSError:
                data = b""
            if keep and len(self._said) < 65_536:
                self._said += data
            await pieces.put((link.due(), data))

    def reset(self) -> None:
        """End both halves as a vanished peer's kernel would."""
        for _, writer in filter(None, (self._near, self._far)):
            sock = writer.get_extra_info("socket")
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()

    def close(self) -> None:
        """Close both halves."""
        for _, writer in filter(None, (self._near, self._far)):
            writer.close()


class Net:
    """All links of one relay."""

    def __init__(self, to: int, seed: int, replays: float) -> None:
        self.to = to
        self.replays = replays
        self.chance = random.Random(seed)
        self.links: list[Link] = []
        self.figures = {"connections": 0, "reset": 0, "lost": 0, "replayed": 0}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self, links: int) -> list[int]:
        """Open so many links; returns their ports."""
        ports = []
        for _ in range(links):
            link = Link(self)
            server = await asyncio.start_server(link.accept, "127.0.0.1", 0)
            self.links.append(link)
            ports.append(server.sockets[0].getsockname()[1])
        return ports

    def replay(self, said: bytes) -> None:
        """Let these bytes arrive once more, later."""
        task = asyncio.ensure_future(self._replay(said))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _replay(self, said: bytes) -> None:
        await asyncio.sleep(self.chance.random() * LATEST_REPLAY)
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.to)
            writer.write(said)
            await reader.read(PIECE)
            writer.close()
            self.figures["replayed"] += 1

    def obey(self, order: dict[str, Any]) -> dict[str, int]:
        """Do what a line says."""
        if order["do"] == "figures":
            return self.figures
        link = self.links[order["link"]]
        link.delay, link.jitter = order["delay"], order["jitter"]
        link.be(order["state"])
        return {}


async def main() -> None:
    """Relay until the input ends."""
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    first = json.loads(await orders.readline())
    net = Net(first["to"], first["seed"], first["replays"])
    print(json.dumps({"ports": await net.open(first["links"])}), flush=True)
    while line := await orders.readline():
        print(json.dumps(net.obey(json.loads(line))), flush=True)
    os._exit(0)  # all that is still open ends with us


if __name__ == "__main__":
    asyncio.run(main())
