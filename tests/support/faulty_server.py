"""The server with faults that quote people, and with doors to them: `faulty_server.py MUTANTS run …`.

An idea that says BREAK breaks its op, one that says FREEZE holds the writer as long as there is a file `freeze` in the
data folder, a look at the database as long as there is a file `hang`; `/fault/<kind>/<words>` breaks in many ways, each
with the words in its message. A mutant breaks a promise of the log, of /readyz or of /metrics on
purpose; several are separated by commas.
"""

import logging
import os
import sys
import threading
import time
import warnings
from pathlib import Path

import gevent
from gevent.monkey import get_original

from feedback import health, serve, watch  # patches the process first, as `run` does
from feedback.actions import ops
from feedback.cli.__main__ import main
from feedback.live.server import Live

sleep = get_original("time", "sleep")
#: Seconds after which what hangs goes on all the same, so that no test hangs for ever.
LONGEST = 60.0


def hold(name: str) -> None:
    """Hold the thread that asks while there is a file of this name in the data folder."""
    file, until = Path(os.environ["FEEDBACK_INSTANCE"]) / name, time.monotonic() + LONGEST
    while file.exists() and time.monotonic() < until:
        sleep(0.02)


def break_ops() -> None:
    """Break, or hold up, what an idea asks for."""
    submit = ops.submit_idea

    def faulty(tx, actor, op):
        if "BREAK" in op.text:
            try:
                raise KeyError(op.text)
            except KeyError as cause:
                raise RuntimeError(f"cannot take {op.text}\n\x1b[31m{actor}") from cause
        if "FREEZE" in op.text:
            hold("freeze")
        return submit(tx, actor, op)

    ops.submit_idea = faulty


def open_faults() -> None:
    """Add the doors that break."""
    create = serve.create_app

    def with_faults(*args, **kwargs):
        app = create(*args, **kwargs)
        app.add_url_rule("/fault/<kind>/<path:words>", "fault", fault)
        return app

    serve.create_app = with_faults


def fault(kind: str, words: str) -> str:
    """Break in one way."""

    def broken() -> None:
        raise ValueError(f"{words}\n\x1b[31m")

    def library() -> None:
        stray = logging.getLogger("some.library")
        stray.error("cannot read %r from %s", words, words)
        stray.error(ValueError(words))
        stray.error("long " * 500)
        stray.error("a line of \x1b[31m its\u2028own\n\x07")
        logging.getLogger("engineio.server").error("handler error %s", words, exc_info=ValueError(words))

    ways = {
        "page": broken,
        "greenlet": lambda: gevent.spawn(broken),
        "timer": lambda: gevent.get_hub().loop.run_callback(broken),
        "thread": lambda: threading.Thread(target=broken).start(),
        "native": lambda: get_original("_thread", "start_new_thread")(broken, ()),
        "warning": lambda: warnings.warn(words, stacklevel=1),
        "library": library,
        "beat": lambda: setattr(Live, "_send", lambda *_: broken()),
    }
    ways[kind]()
    time.sleep(0.05)
    return "done"


def hang_probe() -> None:
    """Have the database take long to answer."""
    is_current = health.is_current

    def slow(engine):
        hold("hang")
        return is_current(engine)

    health.is_current = slow


def prints_ops() -> None:
    """A line that somebody added to look for a fault."""
    take = ops.submit_idea

    def talkative(tx, actor, op):
        logging.getLogger("feedback.actions").warning("idea %s", op)
        return take(tx, actor, op)

    ops.submit_idea = talkative


def stock_greenlets() -> None:
    """The hub prints by itself."""
    watch.log_broken_greenlets = lambda: None


def waits_in_the_loop() -> None:
    """The question whether the database answers is asked where everything else waits for it."""
    watch.in_a_thread = lambda ask: ask()


def forgets_http() -> None:
    """Ops by the second door are not counted."""
    create = serve.create_app

    def forgetful(*args, **kwargs):
        app = create(*args, **kwargs)
        counters = app.extensions["feedback.pace"].counters

        @app.after_request
        def forget(response):
            for key in [key for key in counters if key.startswith("http_")]:
                del counters[key]
            return response

        return app

    serve.create_app = forgetful


MUTANTS = [prints_ops, stock_greenlets, waits_in_the_loop, forgets_http]

if __name__ == "__main__":
    health.STUCK_AFTER = 0.5
    health.HOLDS = 0.2
    watch.PATIENCE = 0.4
    break_ops()
    open_faults()
    hang_probe()
    wanted = sys.argv.pop(1).split(",")
    for mutant in MUTANTS:
        if mutant.__name__ in wanted:
            mutant()
    main(prog_name="faulty")
