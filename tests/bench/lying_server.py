"""A server that lies: it forgets votes that it acked, and keeps news from some phones. `lying_server.py LIES run …`

LIES: names separated by commas. The benchmark must find each of them out.
"""

import sys

import feedback.serve  # patches the process first, as `run` does  # noqa: F401
from feedback.cli.__main__ import main
from feedback.live.connection import Connection
from feedback.store import ops as sql
from feedback.store.writer import Tx

EVERY = 7


def forgets() -> None:
    """Ack each seventh vote without writing its row."""
    change = Tx.change
    count = 0

    def forgetful(self, statement, **params):
        nonlocal count
        if statement is sql.SET_VOTE:
            count += 1
            if count % EVERY == 0:
                return 1
        return change(self, statement, **params)

    Tx.change = forgetful


def withholds() -> None:
    """Greet each phone, and tell each seventh one nothing more."""
    push = Connection.push
    greeted: dict[int, int] = {}

    def holding_back(self, frame, key, to):
        number = greeted.setdefault(id(self), len(greeted))
        if number % EVERY or frame[4:].startswith(b'42["heart"') or frame[2:].startswith(b'42["heart"'):
            push(self, frame, key, to)

    Connection.push = holding_back


if __name__ == "__main__":
    for lie in sys.argv.pop(1).split(","):
        {"forgets": forgets, "withholds": withholds}[lie]()
    main(prog_name="lying")
