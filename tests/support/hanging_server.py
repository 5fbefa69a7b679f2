"""The server with something that hangs for longer than anybody waits: `hanging_server.py KIND[+unending] run …`.

`parts`: an idea that says HANG holds the writer, `/hang` is a request that gets no answer, the theme worker does not
end. `loop`: `/hang` holds the event loop. `unending` is the mutant: nothing ends the process from outside its loop.
"""

import os
import sys
from pathlib import Path

import gevent
from gevent.monkey import get_original

import feedback.serve  # patches the process first, as `run` does
from feedback import duties, ending
from feedback.actions import ops
from feedback.cli.__main__ import main

LONG = 120.0
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(120)"
sleep = get_original("time", "sleep")


def note(what: str) -> None:
    """Tell the test that something hangs now."""
    (Path(os.environ["FEEDBACK_INSTANCE"]) / f"{what}_hangs").touch()


def hang_requests(pause) -> None:
    """Add a door behind which everybody waits."""

    def hang() -> str:
        note("request")
        pause(LONG)
        return ""

    create = feedback.serve.create_app

    def with_hang(*args, **kwargs):
        app = create(*args, **kwargs)
        app.add_url_rule("/hang", "hang", hang)
        return app

    feedback.serve.create_app = with_hang


def parts() -> None:
    """One op, one request and the worker hang; here nothing is ended by force, however slow the machine is."""
    ending.WITHIN = LONG
    submit = ops.submit_idea

    def stuck(tx, actor, op):
        if "HANG" in op.text:
            note("op")
            sleep(LONG)
        return submit(tx, actor, op)

    ops.submit_idea = stuck
    popen = duties.subprocess.Popen
    duties.subprocess.Popen = lambda command, **more: popen([command[0], "-c", STUBBORN], **more)
    hang_requests(gevent.sleep)


def loop() -> None:
    """Nothing runs in the event loop any more."""
    hang_requests(sleep)


def unending() -> None:
    """Whoever is told to end does so when everything else has."""
    ending.WITHIN = LONG


KINDS = (parts, loop, unending)

if __name__ == "__main__":
    for kind in sys.argv.pop(1).split("+"):
        {each.__name__: each for each in KINDS}[kind]()
    main(prog_name="hanging")
