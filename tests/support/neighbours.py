"""Servers that share a database, as two hosts or as processes behind one port, and what is looked at there."""

import os
import re
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from private import PrivatePostgres, PrivateRedis
from promises import Client, Rows, Told, sorted_in
from served import Browser, Line, Served

from feedback.cli.house import deed
from feedback.settings import Settings, read_settings

MUTANT = str(Path(__file__).parents[1] / "live" / "mutant_server.py")


@dataclass
class Several(Served):
    """A server beside others on one database, or one with several processes."""

    def settings(self) -> Settings:
        """What it was started with."""
        return read_settings(os.environ | {"FEEDBACK_INSTANCE": str(self.instance)} | self.env)

    def links(self) -> dict[str, Any]:
        """Mint fresh links: by the process that leads if it is one of this folder, else beside it."""
        made = deed(self.settings(), "links", {})
        assert made is not None
        return made

    def workers(self) -> list[int]:
        """The processes that serve, of a server with several."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def leader(self) -> int | None:
        """The process that has a theme worker, or anything else, as its child."""
        for pid in self.workers():
            with suppress(OSError):
                if Path(f"/proc/{pid}/task/{pid}/children").read_text():
                    return pid
        return None

    def holders(self) -> dict[int, int]:
        """Which process holds which connection: the client's port to the process."""
        inodes = {}
        for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, ours, theirs, state, *more = row.split()
            if state == "01" and int(ours.split(":")[1], 16) == self.port:
                inodes[more[5]] = int(theirs.split(":")[1], 16)
        found = {}
        for pid in self.workers():
            for file in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    name = re.fullmatch(r"socket:\[(\d+)\]", str(file.readlink()))
                    if name and name[1] in inodes:
                        found[inodes[name[1]]] = pid
        return found

    def holder_of(self, port: int) -> int:
        """Which process holds the connection of this port of a client."""
        return self._holders_of({port})[port]

    def split(self, ports: set[int]) -> Counter[int]:
        """How many of these connections each process holds."""
        return Counter(pid for port, pid in self._holders_of(ports).items() if port in ports)

    def _holders_of(self, ports: set[int]) -> dict[int, int]:
        # The kernel's list of connections may lack some while others come and go.
        found: dict[int, int] = {}
        comes_true(lambda: found.update(self.holders()) or ports <= found.keys(), 180)
        return found


def port_of(line: Line) -> int:
    """The client's port of a connection."""
    port: int = line.socket.socket.getsockname()[1]
    return port


def houses(
    folder: Path, database: str, cache: PrivateRedis, count: int = 2, command: tuple[str, ...] | None = None
) -> list[Several]:
    """Return servers, started at once, that stand on different hosts as far as they know."""
    env = {
        "FEEDBACK_DATABASE_URL": database,
        "FEEDBACK_REDIS_URL": cache.url,
        "FEEDBACK_SECRET_KEY": "one key for all of them, of no use elsewhere",
    }
    made = []
    for number in range(count):
        place = folder / f"host{number}"
        place.mkdir(parents=True)
        made.append(Several(place, env, *([command] if command else [])))
    threads = [threading.Thread(target=house.start) for house in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(house.process is not None and house.port for house in made)
    return made


class Watcher:
    """A phone that only looks on, and remembers the newest commit number that it was told."""

    def __init__(self, served: Served, code: str, browser: Browser | None = None, view: str = "phone") -> None:
        self.browser = browser or Browser(served)
        if browser is None:
            self.browser.fetch("GET", f"/c/{code}")
        self.line = Line(self.browser, code, view)
        self.newest = 0
        self.here = 0
        self.closed = False
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        try:
            while True:
                with suppress(TimeoutError):
                    self.line._read(1.0)
                while self.line.heard:
                    _, said = self.line.heard.pop(0)
                    self.newest = max(self.newest, said.get("to", 0))
                    counts = said.get("counts") or said.get("changes", {}).get("counts", {})
                    self.here = counts.get("here", self.here)
        except Exception:  # noqa: BLE001 -- whatever ended it, it has ended
            self.closed = True

    def close(self) -> None:
        """Hang up."""
        self.line.close()
        self._thread.join(60)


def rows_of(postgres: PrivatePostgres, database: str) -> Rows:
    """Read a database of ours."""
    with postgres.connect(database) as db:
        cells: dict[tuple[str, str], list[tuple[int | None, int]]] = {}
        for idea, participant, val, rev in db.execute("SELECT idea_id, participant_id, val, rev FROM vote"):
            cells.setdefault((str(idea), str(participant)), []).append((val, rev))  # type: ignore[arg-type]
        texts, counts = (dict(db.execute(f"SELECT id, {column} FROM idea")) for column in ("body", "agree"))  # type: ignore[arg-type]
        said = db.execute("SELECT idea_id, participant_id, skipped, rev FROM sort").fetchall()
    return Rows(texts, counts, cells, sorted_in(said))


def seq_of(postgres: PrivatePostgres, database: str) -> int:
    """The newest commit number of the first conversation."""
    with postgres.connect(database) as db:
        return int(str(db.execute("SELECT seq FROM conversation ORDER BY id LIMIT 1").fetchone()[0]))  # type: ignore[index]


def complaints(rows: Rows, clients: list[Client]) -> list[str]:
    """Everything that is not as the phones were told."""
    found = [complaint for client in clients for complaint in client.refused]
    found += [complaint for client in clients for complaint in Told.to(client).missing(rows, last=True)]
    acked, retries = sum(client.acked for client in clients), sum(client.retries for client in clients)
    print(f"acked ops {acked}, retries {retries}, ideas {len(rows.texts)}, cells {len(rows.cells)}")
    assert acked > len(clients)
    return found + rows.drift()


def comes_true(claim: Any, seconds: float) -> bool:
    """Wait until something holds; tells whether it did in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if claim():
            return True
        time.sleep(0.02)
    return bool(claim())
