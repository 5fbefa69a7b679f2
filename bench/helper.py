"""A process of the benchmark's own beside it: orders go to its input, answers come back, lines of JSON both."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from typing import Any

from bench.served import CannotMeasure
from feedback.settings import ROOT

Json = dict[str, Any]
#: Seconds that it may take to end by itself.
END_WITHIN = 2.0


class Helper:
    """The process, and the line to it."""

    def __init__(self, module: str, first: Json) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._send(first)

    def ask(self, do: str, **args: Any) -> Json:
        """Have it do something; returns what it answers. Raises CannotMeasure when it is gone."""
        self.begin(do, **args)
        return self.answer()

    def begin(self, do: str, **args: Any) -> None:
        """Have it do something, and go on; `answer` waits for the end."""
        self._send({"do": do, **args})

    def answer(self) -> Json:
        """Wait for the answer."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise CannotMeasure("A process of the benchmark broke; its own message stands above.")
        found: Json = json.loads(line)
        return found

    def _send(self, order: Json) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def close(self) -> None:
        """End it: its input ends, and so does it, or it is killed."""
        pipes = (self._process.stdin, self._process.stdout)
        with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):
            self._process.communicate(timeout=END_WITHIN)
        self._process.kill()
        self._process.wait()
        for pipe in pipes:  # a busy machine may not let it end in time, and then they are still open
            assert pipe is not None
            with contextlib.suppress(OSError):  # what it has not read any more
                pipe.close()
