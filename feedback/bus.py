"""Hints over Redis: publish and subscribe. Nobody here ever waits for Redis, and nothing is lost without it but time.

Each process has one connection to tell and one to hear. A connection that is silent for too long is given up: each
process also hears itself, so silence means that the subscription is dead, however alive its socket looks.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Sequence

import gevent
import redis
from gevent.event import Event
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import make_url

from feedback.hints import Bye, Hint, Outgoing, message, read
from feedback.settings import Settings

#: Seconds between two messages of a process: what comes meanwhile is gathered.
TICK = 0.025
#: Seconds that Redis may take for anything.
PATIENCE = 1.0
#: Seconds without a word after which a subscription is made anew.
SILENCE = 12.0
#: First and longest pause before another try.
PAUSES = (0.1, 2.0)
_log = logging.getLogger("feedback.bus")


def connect(url: str) -> redis.Redis:
    """Return a client of Redis that gives up after a second; nothing is opened yet."""
    return redis.Redis.from_url(
        url,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def channel_of(settings: Settings) -> str:
    """Return where the processes of one house meet: Redis may serve other houses, too, and has one set of channels."""
    house = f"{settings.secret_key}:{make_url(settings.database_url).database}"
    return f"feedback.hints.{hashlib.sha256(house.encode()).hexdigest()[:16]}"


class Bus:
    """One process's ear and voice. `hear` gets (process, hints) of the others; `back` is called when hearing begins."""

    def __init__(
        self,
        url: str,
        channel: str,
        process: str,
        *,
        hear: Callable[[str, Sequence[Hint]], None],
        back: Callable[[], None],
    ) -> None:
        self._url = url
        self._channel = channel
        self._process = process
        self._hear = hear
        self._back = back
        self._outgoing = Outgoing()
        self._news = Event()
        #: Whether hints of the others arrive now.
        self.hears = False

    def tell(self, hint: Hint) -> None:
        """Tell the others, soon. Never waits, never raises."""
        if self._outgoing.put(hint):
            self._news.set()

    def start(self) -> None:
        """Begin to tell and to hear."""
        gevent.spawn(self._keep, self._telling)
        gevent.spawn(self._keep, self._hearing)

    def stop(self) -> None:
        """Tell the others that this process ends; waits a moment at most."""
        self._outgoing.put(Bye())
        with gevent.Timeout(0.2, False):
            try:
                tell_once(self._url, self._channel, self._process, self._outgoing)
            except redis.RedisError:
                _log.info("the others were not told that this process ends")

    def _keep(self, work: Callable[[], None]) -> None:
        """Do a work that only ends by breaking, again and again, with growing pauses while it breaks at once."""
        pause = PAUSES[0]
        while True:
            begun = time.monotonic()
            try:
                work()
            except redis.RedisError as fault:
                lasted = time.monotonic() - begun
                if lasted > PAUSES[1]:
                    pause = PAUSES[0]
                    _log.warning("Redis is away (%s); trying again", type(fault).__name__)
            except Exception:  # noqa: BLE001 -- one fault must not end the loop
                _log.exception("the bus broke")
            gevent.sleep(pause)
            pause = min(PAUSES[1], pause * 2)

    def _telling(self) -> None:
        with connect(self._url) as client:
            while True:
                self._news.wait()
                self._news.clear()
                waiting = self._outgoing.take()
                try:
                    client.publish(self._channel, message(self._process, waiting))
                except redis.RedisError:
                    self._outgoing.put_back(waiting)
                    self._news.set()
                    raise
                gevent.sleep(TICK)

    def _hearing(self) -> None:
        try:
            with connect(self._url) as client, client.pubsub(ignore_subscribe_messages=True) as subscription:
                subscription.subscribe(self._channel)
                heard = time.monotonic()
                while True:
                    said = subscription.get_message(timeout=PATIENCE)
                    now = time.monotonic()
                    if said is not None:
                        heard = now
                        self._take(said["data"])
                    elif now - heard > SILENCE:
                        raise redis.ConnectionError("silence")
                    if not self.hears and subscription.subscribed:
                        self.hears = True
                        self._back()
        finally:
            self.hears = False

    def _take(self, text: object) -> None:
        told = read(text)
        if told is not None and told[0] != self._process and told[1]:
            self._hear(*told)


def tell_once(url: str, channel: str, process: str, outgoing: Outgoing) -> None:
    """Tell what waits, and close: for a command that ends, and for a process that does. Raises RedisError."""
    waiting = outgoing.take()
    if waiting:
        with connect(url) as client:
            client.publish(channel, message(process, waiting))
