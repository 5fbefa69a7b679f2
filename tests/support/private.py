"""A PostgreSQL and a Redis of our own, which a test may kill: on free ports, run by a user who is not root."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import redis


class Private(ABC):
    """A server program with a folder of its own; `start` waits until it answers."""

    user = "nobody"

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.folder = Path(tempfile.mkdtemp(prefix="private"))
        self.process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            shutil.chown(self.folder, self.user)

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program in the folder, never as root."""
        user = {"user": self.user, "extra_groups": []} if os.geteuid() == 0 else {}
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env={"LC_ALL": "C"}, **user
            )  # type: ignore[call-overload, no-any-return]

    def start(self) -> None:
        """Start it."""
        self.process = self.run(*self.command())
        end = time.monotonic() + 120
        while not self.answers():
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "it does not answer"
            time.sleep(0.02)

    @abstractmethod
    def command(self) -> tuple[str, ...]:
        """The program and its arguments."""

    @abstractmethod
    def answers(self) -> bool:
        """Tell whether it can be used."""

    def stop(self, number: int = signal.SIGKILL) -> None:
        """End it, as a crash does or by another signal."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(60)
            self.process = None

    def remove(self) -> None:
        """End it and everything it has written."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class PrivateRedis(Private):
    """A Redis that keeps nothing."""

    def command(self) -> tuple[str, ...]:
        """The program and its arguments."""
        words = f"--port {self.port} --bind 127.0.0.1 --appendonly no --dir {self.folder}"
        return (_found("redis-server"), *words.split(), "--save", "")

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        """Tell whether it can be used."""
        with redis.Redis.from_url(self.url) as client, suppress(redis.RedisError):
            return bool(client.ping())
        return False


class PrivatePostgres(Private):
    """A PostgreSQL cluster; it survives being killed, as long as the machine stands."""

    user = "postgres"

    def __init__(self) -> None:
        super().__init__()
        self.data = self.folder / "data"
        made = self.run(_found("initdb"), "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N")
        assert made.wait(300) == 0, (self.folder / "log").read_text()

    def command(self) -> tuple[str, ...]:
        """The program and its arguments."""
        # fsync off: only the process is killed, never the machine.
        settings = (f"port={self.port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}")
        options = [word for setting in (*settings, "fsync=off") for word in ("-c", setting)]
        return (_found("postgres"), "-D", str(self.data), *options)

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def answers(self) -> bool:
        """Tell whether it can be used."""
        with suppress(psycopg.OperationalError):
            self.connect("postgres").close()
            return True
        return False

    def connect(self, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        """Open a connection that commits each statement."""
        return psycopg.connect(
            f"postgresql://postgres@127.0.0.1:{self.port}/{database}", autocommit=True, connect_timeout=30
        )

    def fresh(self, database: str) -> str:
        """Make an empty database, in the place of one of that name; returns its address."""
        with self.connect("postgres") as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            admin.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)


def _found(program: str) -> str:
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = shutil.which(program) or shutil.which(program, path=os.pathsep.join(map(str, homes)))
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path
