"""The end of a process: a signal asks for it, and some seconds later it is over, whatever hangs.

A native thread reads the signals and looks after the time, so that nothing else has to work for it: not the event
loop, not the writer, not the log. Nothing that was acked is lost by a forced end, as an ack follows its commit.
"""

import logging
import os
import signal
from collections.abc import Callable

from gevent import monkey

#: What asks for the end.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
#: Seconds from the first signal to the end in any case: three are promised, the rest is for the machine.
WITHIN = 2.7
#: Seconds that the last line of the log may take: whoever reads the log may hang, too.
LAST_WORDS = 0.1
_log = logging.getLogger("feedback.ending")


class Ending:
    """Hears of the end and sees to it. `tell` is called once, from a thread of its own, when the end is asked for.

    left: says what is under way, for the log of a forced end; called from a thread of its own as well.
    """

    def __init__(self, tell: Callable[[], None], left: Callable[[], str]) -> None:
        self._tell = tell
        self._left = left
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self._spawn = monkey.get_original("_thread", "start_new_thread")
        self._sleep = monkey.get_original("time", "sleep")

    def start(self) -> None:
        """Take the signals, which are written into the pipe even while the main thread hangs; on that thread only."""
        for number in SIGNALS:
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        self._spawn(self._watch, ())

    def ask(self) -> None:
        """Ask for the end, as a signal does."""
        os.write(self._writer, bytes([signal.SIGTERM]))

    def _watch(self) -> None:
        while os.read(self._reader, 1)[0] not in SIGNALS:
            pass
        self._spawn(self._tell, ())
        self._sleep(WITHIN)
        self._spawn(self._say, ())
        self._sleep(LAST_WORDS)
        os._exit(0)  # it does what it was told to

    def _say(self) -> None:
        _log.error("ended by force, %s s after the end was asked for: %s", WITHIN, self._left())
