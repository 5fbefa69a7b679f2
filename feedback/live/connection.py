"""One phone's socket: frames in through the `websockets` library, frames out through a bounded buffer.

Everything here runs on the event loop's thread. Writes never wait: what the kernel does not take stays in a buffer
that an io watcher flushes, so a phone that stalls costs a few frames of memory and nobody else's time, and never gets
a broken frame. Writes go to the file descriptor itself (TLS belongs to a proxy in front).
"""

from __future__ import annotations

import json
import os
import socket
import struct
from contextlib import suppress
from time import monotonic
from typing import Any

import gevent
from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from feedback.live.guard import UNSUPPORTED, Breach, Event, Rules, check
from feedback.pace import Bucket

READ_SLICE = 4096  # small, so that a flood is noticed after a few hundred frames, not after a megabyte of them
SEND_BUFFER = 64 * 1024  # else the kernel would grow it to megabytes for each phone that stalls
WRITABLE = 2  # libev's EV_WRITE
SEE_OFF_FOR = 0.5  # seconds a closed client gets to read why
SEE_OFF_BYTES = 32 * 1024


_WIDE = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
_ASCII = json.JSONEncoder(separators=(",", ":"))


def frame_of(text: str) -> bytes:
    """Return one unmasked text frame."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=False)


def event_frame(event: str, payload: object) -> bytes:
    """Return the frame of one Socket.IO event of the default namespace."""
    try:
        return frame_of(f"42{_WIDE.encode([event, payload])}")
    except UnicodeEncodeError:
        # A lone surrogate anywhere must not silence a whole room.
        return frame_of(f"42{_ASCII.encode([event, payload])}")


def ack_frame(ack: str, answer: object) -> bytes:
    """Return the frame that answers the event numbered `ack`."""
    return frame_of(f"43{ack}{_ASCII.encode([answer])}")


class Later:
    """An answer that an event's handler gives after it has returned: nobody waits, and the next frame is read."""

    __slots__ = ("_ack", "_connection", "_known")

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._ack = ""
        self._known: list[object] = []

    def give(self, answer: object) -> None:
        """Send the answer, or keep it until it is known where to."""
        if self._connection is None:
            self._known.append(answer)
        elif self._ack:
            self._connection.send(ack_frame(self._ack, answer))

    def to(self, connection: Connection, ack: str) -> None:
        """Say where the answer goes."""
        self._connection, self._ack = connection, ack
        for answer in self._known:
            self.give(answer)


class Unsent:
    """A frame that waits for its phone; `key` only while none of it has been sent."""

    __slots__ = ("frame", "key", "since")

    def __init__(self, frame: bytes, key: str | None, since: float) -> None:
        self.frame = frame
        self.key = key
        self.since = since


class Connection:
    """A websocket that was answered; the handler's greenlet reads it, anyone on the loop writes to it."""

    __slots__ = (
        "_bucket",
        "_fd",
        "_frames",
        "_late",
        "_loop",
        "_missed",
        "_parts",
        "_protocol",
        "_rules",
        "_see_off",
        "_sock",
        "_stale",
        "_unsent",
        "_unsent_bytes",
        "_watcher",
        "event",
    )

    def __init__(self, sock: Any, protocol: ServerProtocol, rules: Rules) -> None:
        self._sock = sock
        self._fd: int = sock.fileno()  # -1 from the moment nothing may be written any more
        self._loop = gevent.get_hub().loop
        self._protocol = protocol
        self._rules = rules
        self._bucket = Bucket(rules.limits, monotonic())
        self.event: Event | None = None  # in the message that `wait` returned last
        self._frames: list[Any] = []
        self._parts: list[bytes | bytearray | memoryview] = []
        self._unsent: list[Unsent] = []
        self._unsent_bytes = 0
        self._missed: int | None = None
        self._see_off = False
        self._watcher: Any = None
        self._stale: Any = None
        self._late: Any = None
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    # Reading, by the handler's greenlet

    def wait(self) -> str | None:
        """Return the next message that the guard lets through, None when the socket has ended."""
        try:
            while True:
                while self._frames:
                    message = self._message_of(self._frames.pop(0))
                    if message is not None:
                        return message
                if not self._read():
                    return None
        except Breach as breach:
            self._refuse(breach)
            return None

    def _read(self) -> bool:
        if self._fd < 0 or self._protocol.state is not OPEN:
            return False
        try:
            data = self._sock.recv(READ_SLICE)
        except OSError:
            return False  # vanished, or hung up by another greenlet
        if not data:
            return False
        self._rules.watch.counters["bytes_in"] += len(data)
        self._protocol.receive_data(data)
        self._frames.extend(self._protocol.events_received())
        self._send_answers()
        if self._protocol.state is not OPEN and not self._unsent:
            self._fd = -1  # nothing may follow our close frame
        wrong = self._protocol.parser_exc
        if wrong is not None:
            self._rules.watch.note("too_big" if isinstance(wrong, PayloadTooBig) else "bad_frame")
            self._end(see_off=True)
            return False
        return True

    def _message_of(self, frame: Frame) -> str | None:
        if not self._bucket.take(self._rules.limits, monotonic()):
            raise Breach(1008, "flood")
        if frame.opcode is Opcode.BINARY:
            raise Breach(UNSUPPORTED, "binary")
        if frame.opcode is not Opcode.TEXT and frame.opcode is not Opcode.CONT:
            return None  # ping, pong, close: the library has answered
        self._parts.append(frame.data)
        if not frame.fin:
            return None
        try:
            message = b"".join(self._parts).decode()
        except UnicodeDecodeError:
            raise Breach(1007, "bad_text") from None
        self._parts.clear()
        self.event = check(message, self._rules.events)
        return message

    def _refuse(self, breach: Breach) -> None:
        self._rules.watch.note(breach.reason)
        self._protocol.fail(breach.code, breach.reason)
        self._send_answers()
        self._end(see_off=True)

    def _send_answers(self) -> None:
        answers = b"".join(self._protocol.data_to_send())
        if answers:
            self.send(answers)

    # Writing, by anyone on the loop

    def send(self, frame: bytes) -> None:
        """Send a frame that must arrive in its turn (an ack, a ping), or the socket is dropped."""
        if self._unsent:
            self._keep(frame, None)
        else:
            self._write(frame, None)

    def push(self, frame: bytes, key: str | None, to: int) -> None:
        """Send a beat. Behind: a frame with `key` replaces its unsent forerunner, one without is dropped for a hint."""
        if not self._unsent:
            self._write(frame, key)
        elif key is None:
            self._missed = max(to, self._missed or 0)
        else:
            self._replace(frame, key)

    def _write(self, frame: bytes, key: str | None) -> None:
        try:
            sent = os.write(self._fd, frame)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(None)
            return
        if sent < len(frame):
            self._keep(frame[sent:], key if sent == 0 else None)

    def _replace(self, frame: bytes, key: str) -> None:
        for waiting in self._unsent:
            if waiting.key == key:
                # It keeps its place and age: who reads nothing must not stay for ever because the news is fresh.
                self._unsent_bytes += len(frame) - len(waiting.frame)
                waiting.frame = frame
                return
        self._keep(frame, key)

    def _keep(self, frame: bytes, key: str | None) -> None:
        limits = self._rules.limits
        if self._fd < 0:
            return
        if len(self._unsent) >= limits.unsent_frames or self._unsent_bytes + len(frame) > limits.unsent_bytes:
            self._drop("slow")
            return
        self._unsent.append(Unsent(frame, key, monotonic()))
        self._unsent_bytes += len(frame)
        if len(self._unsent) == 1:
            if self._watcher is None:
                self._watcher = self._loop.io(self._fd, WRITABLE)
            self._watcher.start(self._flush)
            self._stale = self._timer(limits.unsent_for, self._check_age)

    def _flush(self) -> None:
        # In the hub: nothing here may wait, nor log.
        while self._unsent:
            first = self._unsent[0]
            try:
                sent = os.write(self._fd, first.frame)
            except BlockingIOError:
                return
            except OSError:
                self._drop(None)
                return
            self._unsent_bytes -= sent
            if sent < len(first.frame):
                first.frame = first.frame[sent:]
                first.key = None
                return
            self._unsent.pop(0)
        self._watcher.stop()
        _stop(self._stale)
        self._stale = None
        if self._missed is not None:
            to, self._missed = self._missed, None
            self.send(event_frame("sync", {"to": to}))

    def _check_age(self) -> None:
        # In the hub.
        _stop(self._stale)
        self._stale = None
        if self._unsent:
            left = self._rules.limits.unsent_for - (monotonic() - self._unsent[0].since)
            if left <= 0:
                self._drop("slow")
            else:
                self._stale = self._timer(left, self._check_age)

    # Coming and going

    def expect_join(self) -> None:
        """Close the socket unless `joined` is called in time."""
        if self._late is None and self._fd >= 0:
            self._late = self._timer(self._rules.limits.join_within, self._check_joined)

    def joined(self) -> None:
        """Note that the client has entered the namespace."""
        _stop(self._late)
        self._late = None

    def hang_up(self, code: int = 1000) -> None:
        """Close from our side: a close frame if the phone can take one now, then the end."""
        if self._fd < 0:
            return
        if self._protocol.state is OPEN:
            self._protocol.send_close(code)
            self._send_answers()
        self._end(see_off=False)
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RD)  # wakes the reader

    def shut(self) -> None:
        """Give the socket back, by the handler's greenlet; a client that was refused gets a moment to read why."""
        see_off = self._see_off
        self._end(see_off=False)
        self._protocol.parser.close()  # it and its owner hold each other: no need to wait for the collector
        with gevent.Timeout(SEE_OFF_FOR, False), suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
            left = SEE_OFF_BYTES if see_off else 0
            # Closing with unread bytes would reset the connection and take the close frame with it.
            while left > 0 and (data := self._sock.recv(READ_SLICE)):
                self._rules.watch.counters["bytes_in"] += len(data)
                left -= len(data)

    def _end(self, *, see_off: bool) -> None:
        self._fd = -1
        self._see_off = see_off
        self._frames.clear()
        self._unsent.clear()
        self._unsent_bytes = 0
        for watcher in (self._watcher, self._stale, self._late):
            _stop(watcher)
        self._watcher = self._stale = self._late = None

    def _drop(self, reason: str | None) -> None:
        if self._fd >= 0:
            self._end(see_off=False)
            gevent.spawn(self._reset, reason)  # a greenlet, because the hub may not wait

    def _reset(self, reason: str | None) -> None:
        if reason is not None:
            self._rules.watch.note(reason)
        with suppress(OSError):
            # Else the kernel would keep trying to deliver to a phone that does not read.
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._sock.shutdown(socket.SHUT_RDWR)

    def _check_joined(self) -> None:
        # In the hub.
        self.joined()
        gevent.spawn(self._hang_up_silent)

    def _hang_up_silent(self) -> None:
        if self._fd >= 0:
            self._rules.watch.note("silent")
            self.hang_up(1008)

    def _timer(self, seconds: float, callback: Any) -> Any:
        timer = self._loop.timer(seconds)
        timer.start(callback)
        return timer


def _stop(watcher: Any) -> None:
    if watcher is not None:
        watcher.stop()
        watcher.close()
