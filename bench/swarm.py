"""Hostile sockets, many at once: each thread repeats the attacks of one kind until told to stop."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
from collections import Counter
from typing import Any

from bench import attacks
from bench.hostile import Hostile
from feedback.identity import COOKIE

KINDS = tuple(attacks.ALL)
#: After so many sockets an attacker comes with another cookie, as somebody new.
PER_COOKIE = 15
SIZES = (1, 30, 100)


class Refused(Exception):
    """The server did not let this socket in."""


class Swarm:
    """Runs the attackers of one benchmark; `endings` counts how their sockets ended, by kind."""

    def __init__(self, port: int, code: str, sockets: int) -> None:
        self._port = port
        self._auth = json.dumps({"code": code, "view": "phone", "since": 0})
        self._code = code
        self._over = threading.Event()
        self._until = 0.0
        self.endings: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
        self._threads = [
            threading.Thread(target=self._attack, args=(KINDS[number % len(KINDS)], number), daemon=True)
            for number in range(sockets)
        ]

    def start(self, seconds: float) -> None:
        """Attack for so long."""
        attacks.packed(attacks.BOMB)  # made once, and not in the time that is measured
        self._until = time.monotonic() + seconds
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all attackers, as soon as the attack under way has ended."""
        self._over.set()
        for thread in self._threads:
            thread.join(30)

    def _attack(self, kind: str, number: int) -> None:
        chance, cookie = random.Random(number), ""
        for turn in itertools.count(number):
            left = self._until - time.monotonic()
            if left <= 0 or self._over.is_set():
                return
            try:
                if turn % PER_COOKIE == 0 or not cookie:
                    cookie = self._new_cookie()
                ending = self._once(kind, turn, cookie, left)
            except (OSError, http.client.HTTPException):
                ending = "unreachable"
            except Refused as refused:
                ending = str(refused)
                # Whoever is turned away at the door would only measure the door.
                self._over.wait(chance.uniform(0.1, 0.5))
            self.endings[kind][ending] += 1

    def _once(self, kind: str, turn: int, cookie: str, left: float) -> str:
        def dial(**more: Any) -> Hostile:
            one = Hostile(self._port, cookie=cookie, **more)
            if one.status != 101 or not one.enter(self._auth):
                one.drop()
                raise Refused(f"refused {one.status}" if one.status != 101 else "refused at entering")
            return one

        attack = attacks.ALL[kind][turn % len(attacks.ALL[kind])]
        if attack is attacks.huge_frame:
            return attacks.huge_frame(dial, SIZES[turn % len(SIZES)])
        if attack is attacks.malformed:
            return attacks.malformed(dial, turn)
        if attack is attacks.never_reads:
            return attacks.never_reads(dial, left)
        return attack(dial)

    def _new_cookie(self) -> str:
        link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            link.request("GET", f"/c/{self._code}")
            answer = link.getresponse()
            answer.read()
            told = answer.getheader("Set-Cookie") or ""
        finally:
            link.close()
        return told.partition(";")[0] if told.startswith(COOKIE) else ""


class Probe(threading.Thread):
    """Opens pages as a newcomer's browser does, now and then, and notes how long each answer took."""

    PAUSE = 0.25

    def __init__(self, port: int, code: str) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._paths = ("/healthz", f"/c/{code}", "/", f"/c/{code}/sync")
        self.over = threading.Event()
        self.waits: list[float] = []
        self.wrong: list[str] = []

    def run(self) -> None:
        """Ask until told to stop."""
        for path in itertools.cycle(self._paths):
            if self.over.wait(self.PAUSE):
                return
            asked = time.monotonic()
            try:
                link = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
                link.request("GET", path)
                answer = link.getresponse()
                answer.read()
                if answer.status != 200:
                    self.wrong.append(f"{path}: {answer.status}")
                link.close()
            except (OSError, http.client.HTTPException) as fault:
                self.wrong.append(f"{path}: {type(fault).__name__}")
            self.waits.append(time.monotonic() - asked)
