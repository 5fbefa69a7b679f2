"""Hostile clients beside good ones: what the stories of the attacks share. A story returns its complaints."""

import threading
import time
from contextlib import contextmanager

from bench.hostile import Hostile

#: Seconds after which somebody is taken for hanging: `bench attack` holds others' acks to a second, on a quiet machine.
LIVELY = 15.0


class Neighbour(threading.Thread):
    """Somebody who does nothing wrong, and wants an answer every tenth of a second."""

    def __init__(self, server, phone):
        super().__init__()
        self.line = phone(server, headers={"Sec-WebSocket-Extensions": ""}).enter(room="neighbours")
        self.over, self.waits, self.wrong = threading.Event(), [], []

    def run(self):
        number = 0
        while not self.over.wait(0.11):  # below ten frames a second
            number += 1
            asked = time.monotonic()
            try:
                answer = self.line.call("op", number, n=number)
            except (AssertionError, OSError) as fault:
                self.wrong.append(f"the neighbour was cut off: {fault!r}")
                return
            self.waits.append(time.monotonic() - asked)
            if answer != {"n": number}:
                self.wrong.append(f"the neighbour was told {answer}")


@contextmanager
def beside(server, phone, wrong, *, rss=2_048):
    """Watch a neighbour, memory (KiB) and threads while something happens; yields the figures before it.

    At the end they also have `said`: how many ops of the neighbour are among those that were handled.
    """
    neighbour = Neighbour(server, phone)
    before = server.figures()
    neighbour.start()
    try:
        yield before
    finally:
        neighbour.over.set()
        neighbour.join()
        before["said"] = len(neighbour.waits)
    after = server.figures()
    wrong += neighbour.wrong
    if max(neighbour.waits, default=0) > LIVELY:
        wrong.append(f"the neighbour waited {max(neighbour.waits):.1f} s")
    if (grown := after["peak_kib"] - before["peak_kib"]) > rss:
        wrong.append(f"memory grew by {grown} KiB")
    if after["threads"] > before["threads"] + 2:
        wrong.append(f"{after['threads'] - before['threads']} more threads")
    if "Traceback" in server.log():
        wrong.append("a traceback in the log")


def dial_to(server, made=None):
    """Return a maker of hostile sockets that are in the hall."""

    def dial(**more):
        one = Hostile(server.port, host="house.test", **more)
        one.patience = 60.0
        if made is not None:
            made.append(one)
        if not one.enter():
            raise AssertionError("the hostile client was not even let in")
        one.patience = 0.5 if is_mutant(server) else 60.0
        return one

    return dial


def expect(wrong, attack, endings, *args):
    """Note an attack that ended otherwise."""
    ending = attack(*args)
    if ending not in endings:
        wrong.append(f"{attack.__name__}: {ending}")


def is_mutant(server):
    """Whether a guard is missing here: then the story ends with the first complaint."""
    return "mutant" in server.settings
