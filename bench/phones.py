"""One phone as the front end makes it: page, state, own things, socket; then frames in and votes out.

What it does and when is in `feedback/frontend/phone.tsx` and `lib/wire.ts`; it keeps the same promises (a gap or a hint
is healed by `sync` after 0 to 2 s, back-off with full jitter, an op is sent again until it has a final ack).
"""

from __future__ import annotations

import json
from socket import socket
from time import monotonic
from typing import Any

from bench import wire
from bench.crowd import Broadcast, Crowd, back_off
from bench.fetch import plain
from bench.loop import READ, WRITE, dial
from bench.shown import SYNC_JITTER, Screen

LARGEST_READ = 40_000  # a beat has at most 32 KiB
SYNC_EVERY = 4.0
ACK_WAIT = 4.0


class Vote:
    """One vote on its way; times are of `monotonic`."""

    __slots__ = ("acked", "due", "failures", "idea", "number", "phone", "rev", "seq", "status", "text", "val")

    def __init__(self, phone: Phone, idea: str, val: int | None, rev: int, due: float) -> None:
        self.phone = phone
        self.idea = idea
        self.val = val
        self.rev = rev
        self.due = due
        self.number = 0
        self.text = ""
        self.status = ""
        self.acked = 0.0
        self.seq = 0
        self.failures = 0


class Phone(Screen):
    """One participant's phone."""

    __slots__ = ("_data", "_next", "_sock", "_stage", "busy", "failures", "flying", "participant", "rev", "values")

    def __init__(self, crowd: Crowd, number: int, *, watched: bool = False) -> None:
        super().__init__(crowd, number, watched=watched)
        self._sock: socket | None = None
        self._stage = ""  # "", "dialling", "answering", "entering", "live"
        self._data = b""
        self._next = 0
        self.participant = 0
        self.rev = 0
        self.failures = 0
        self.flying: dict[int, Vote] = {}
        self.busy: set[str] = set()
        self.values: dict[str, int] = {}

    @property
    def live(self) -> bool:
        """Whether the socket is in its room."""
        return self._stage == "live"

    # Joining

    def join(self) -> None:
        """Open the page; everything else follows as on a real phone."""
        if not self.began:
            self.began = monotonic()
        request = wire.get(f"/c/{self._crowd.code}", self._crowd.host, page=True, cookie=self.cookie)
        self._fetcher.get(request, self._got_page)

    def leave(self) -> None:
        """Close everything."""
        self.closing = True
        self._fetcher.drop()
        self._hang_up()

    def _got_page(self, status: int, cookie: str, body: bytes, _took: float) -> None:
        if status != 200:
            self._failed("page", status)
            self._crowd.loop.after(0.5 + back_off(4, self._crowd.chance.random()), self.join)
            return
        if cookie:
            self.cookie = cookie
        self._note("page")
        page = plain(body).decode()
        brought = _brought(page, "room")
        if brought is not None:
            self._advance(brought["seq"], brought, monotonic(), whole=True)
            self._note("sync")
        self.connect()
        if brought is None:
            self.sync()
        mine = _brought(page, "mine")
        if mine is None:
            self._learn_mine()
        else:
            self._know(mine)

    def _learn_mine(self) -> None:
        self._fetch("mine", self._got_mine)

    def _got_mine(self, status: int, _cookie: str, body: bytes, _took: float) -> None:
        if status != 200:
            self._failed("mine", status)
            self._crowd.loop.after(1.0, self._learn_mine)
            return
        self._know(json.loads(body))

    def _know(self, mine: dict[str, Any]) -> None:
        self.participant = int(mine["participant"])
        self.rev = max(self.rev, mine["max_rev"])
        self._note("mine")

    # Socket

    def connect(self) -> None:
        """Open the socket."""
        if self._stage or self.closing:
            return
        self._stage = "dialling"
        self._data = b""
        self._sock = dial(self._crowd.port, self._number)
        self._crowd.loop.watch(self._sock.fileno(), WRITE, self._opened)

    def _opened(self, _events: int) -> None:
        assert self._sock is not None
        self._stage = "answering"
        self._crowd.loop.rewatch(self._sock.fileno(), READ, self._ready)
        self._send(wire.upgrade(self._crowd.host, self.cookie))

    def _send(self, data: bytes) -> bool:
        try:
            sent = self._sock.send(data) if self._sock is not None else 0
        except OSError:
            sent = 0
        if sent == len(data):
            return True
        self._lost("unsent")
        return False

    def _say(self, text: str) -> bool:
        return self._send(wire.masked(text.encode(), self._crowd.mask))

    def _ready(self, _events: int) -> None:
        """Take what has come. The first lines are the hot path: one frame that others got already."""
        assert self._sock is not None
        try:
            data = self._sock.recv(LARGEST_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        crowd = self._crowd
        crowd.bytes += len(data)
        if not self._data:
            for known in crowd.recent:
                if data == known.raw:
                    self._take(known)
                    return
        if data:
            self._more(data)
        else:
            self._lost("cut")

    def _more(self, data: bytes) -> None:
        self._data += data
        try:
            if self._stage == "answering":
                self._upgraded()
            if self._stage not in ("", "answering"):
                self._split()
        except (wire.Malformed, ValueError, KeyError, TypeError):
            self._crowd.counts["malformed"] += 1
            self._lost("malformed")

    def _upgraded(self) -> None:
        head = wire.head_of(self._data)
        if head is None:
            return
        if head[0] != 101:
            self._failed("socket", head[0])
            self._lost("refused")
            return
        self._data = self._data[head[2] :]
        self._stage = "entering"

    def _split(self) -> None:
        data, start = self._data, 0
        while True:
            begin, end = wire.frame_end(data, start)
            if not end:
                break
            raw = data[start:end]
            known = next((frame for frame in self._crowd.recent if frame.raw == raw), None)
            if known is not None:
                self._take(known)
            else:
                self._hear(raw, data[begin:end])
            start = end
            if not self._stage:
                return  # lost on the way
        self._data = data[start:]

    def _hear(self, raw: bytes, payload: bytes) -> None:
        if raw[0] == 0x80 | wire.CLOSE:
            self._lost("closed")
            return
        if raw[0] != 0x80 | wire.TEXT:
            raise wire.Malformed("neither text nor close")
        text = payload.decode()
        if text.startswith("42["):
            name, content = json.loads(text[2:])
            self._take(self._crowd.learn(raw, name, content))
        elif text.startswith("43"):
            number, bracket, rest = text[2:].partition("[")
            self._acked(int(number), json.loads(bracket + rest)[0])
        else:
            self._hear_engine(text)

    def _hear_engine(self, text: str) -> None:
        if text == "2":
            self._say("3")
        elif text.startswith("40"):
            self._entered()
        elif text.startswith("44"):
            self._failed("socket", 403)
            self._lost("refused")
        elif text.startswith("0{"):
            self._say("40" + json.dumps({"code": self._crowd.code, "view": "phone", "since": max(0, self.to)}))
        else:
            raise wire.Malformed(text[:20])

    def _entered(self) -> None:
        self._stage = "live"
        self._crowd.live += 1
        self.failures = 0
        self._note("socket")
        for vote in list(self.flying.values()):
            self._send_vote(vote)

    def _take(self, frame: Broadcast) -> None:
        crowd = self._crowd
        crowd.frames += 1
        kind = frame.kind
        if kind == "beat":
            crowd.beats += 1
            self._beat(frame, monotonic())
        elif kind == "heart":
            self._note("heart")
            if frame.to > self.to >= 0:
                self._sync_soon()
        elif kind == "sync":
            crowd.counts["hints"] += 1
            if frame.to > self.to:
                self._sync_soon()
        elif kind == "stop":
            self._lost("stop")
        else:
            raise wire.Malformed(kind)

    def _lost(self, why: str) -> None:
        self._hang_up()
        if self.closing:
            return
        self._crowd.counts[f"lost_{why}"] += 1
        self.failures += 1
        self._crowd.loop.after(back_off(self.failures, self._crowd.chance.random()), self.connect)
        if self.failures == 1:
            self._poll_later()

    def _poll_later(self) -> None:
        self._crowd.loop.after(SYNC_EVERY + SYNC_JITTER * self._crowd.chance.random(), self._poll)

    def _poll(self) -> None:
        if not self.live and not self.closing:
            self.sync()
            self._poll_later()

    def _hang_up(self) -> None:
        if self._sock is not None:
            self._crowd.live -= self._stage == "live"
            self._crowd.loop.forget(self._sock.fileno())
            self._sock.close()
        self._sock = None
        self._stage = ""
        self._data = b""

    # Votes

    def vote(self, idea: str, val: int | None, op: str, due: float) -> Vote:
        """Send a vote that was due at this time."""
        self.rev += 1
        vote = Vote(self, idea, val, self.rev, due)
        worth = "null" if val is None else str(val)
        vote.text = f'["op",{{"op":"{op}","k":"vote","idea":"{idea}","val":{worth},"rev":{self.rev}}}]'
        self.busy.add(idea)
        self._next += 1
        vote.number = self._next
        self.flying[vote.number] = vote
        if self.live:
            self._send_vote(vote)
        return vote

    def _send_vote(self, vote: Vote) -> None:
        if self._say(f"42{vote.number}{vote.text}"):
            failures = vote.failures
            self._crowd.loop.after(ACK_WAIT, lambda: self._unanswered(vote, failures))

    def _unanswered(self, vote: Vote, failures: int) -> None:
        if vote.number in self.flying and vote.failures == failures:
            vote.failures += 1
            self._crowd.counts["sent_again"] += 1
            wait = back_off(vote.failures, self._crowd.chance.random())
            self._crowd.loop.after(wait, lambda: self._again(vote))

    def _again(self, vote: Vote) -> None:
        if vote.number in self.flying and self.live:
            self._send_vote(vote)

    def _acked(self, number: int, ack: dict[str, Any]) -> None:
        vote = self.flying.get(number)
        if vote is None:
            self._crowd.counts["acked_twice"] += 1
            return
        status = ack["status"]
        if status == "retry":
            self._crowd.counts["retries"] += 1
            vote.failures += 1
            self._crowd.loop.after(ack["after_ms"] / 1000, lambda: self._again(vote))
            return
        del self.flying[number]
        self.busy.discard(vote.idea)
        vote.status = status
        vote.acked = monotonic()
        if status == "ok":
            vote.seq = ack["seq"]
            self._crowd.newest = max(self._crowd.newest, vote.seq)
            self._crowd.counts["acked"] += 1
            self._crowd.cells[vote.idea, self.participant] = (vote.val, vote.rev)
        else:
            self._crowd.counts[f"refused_{status}"] += 1


def _brought(page: str, name: str) -> Any:
    """Return what the page brought along for its script under this name, None when it did not."""
    place = page.find(f'"{name}": {{')
    return None if place < 0 else json.JSONDecoder().raw_decode(page, place + len(name) + 4)[0]
