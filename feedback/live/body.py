"""The body of a request, which has to come in time: who sends a byte every ten seconds is not waited for."""

from __future__ import annotations

from time import monotonic
from typing import Any

import gevent
from gevent.pywsgi import Input

from feedback.live.guard import Limits

PIECE = 64 * 1024
#: What an answered request may still send before its connection is closed instead of being read on.
LEFT_OVER = 8 * 1024 * 1024


class Body(Input):
    """Reads as its parent does, and raises TimeoutError when less has come than must have by now."""

    def __init__(self, whole: Input, handler: Any, limits: Limits) -> None:
        super().__init__(whole.rfile, whole.content_length, whole.socket, whole.chunked_input)
        self._handler = handler
        self._limits = limits
        self._since = monotonic()
        self._received = 0

    def read(self, length: int | None = None) -> bytes:
        """Read so many bytes, or the rest."""
        return self._in_time(super().read, length)

    def readline(self, size: int | None = None) -> bytes:
        """Read to the end of the line."""
        return self._in_time(super().readline, size)

    def _discard(self) -> None:
        # Called when the request has been answered. Closing with unread bytes would take the answer back, but what is
        # sent for its own sake is not worth reading.
        if self._is_none or self._chunked_input_error:
            return
        self.send_100_continue_enabled = False
        try:
            left = LEFT_OVER
            while left > 0 and (data := self.read(PIECE)):
                left -= len(data)
            self._handler.close_connection |= left <= 0
        except OSError:
            self._handler.close_connection = True
            raise

    @property
    def _is_none(self) -> bool:
        return not self.content_length and not self.chunked_input

    def _in_time(self, read: Any, length: int | None) -> bytes:
        if self._is_none:
            return b""
        left = PIECE if self.chunked_input else self.content_length - self.position
        expected = self._received + min(length or PIECE, PIECE, left)
        due = self._since + self._limits.body_within + expected / self._limits.body_rate
        with gevent.Timeout(max(0.0, due - monotonic()), TimeoutError("the body is late")):
            data: bytes = read(length)
        self._received += len(data)
        return data
