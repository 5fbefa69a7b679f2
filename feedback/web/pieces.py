"""A page compressed once for all who get it, though each has something of its own in it.

What is common is compressed beforehand; what is personal goes between the compressed pieces as it is ("stored" blocks
of RFC 1951, section 3.2.4), so that no secret is ever compressed beside text that somebody else has chosen. Together
they are one gzip member (RFC 1952), as any browser reads.
"""

import re
import struct
import zlib
from collections.abc import Mapping

_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
_LAST = b"\x01\x00\x00\xff\xff"
_STORED = struct.Struct("<BHH")
_TAIL = struct.Struct("<II")
#: The largest stored block.
LARGEST = 65_535


class Pieces:
    """A text cut at its blanks; a blank is a word that stands for something personal."""

    __slots__ = ("_packed", "_plain")

    def __init__(self, text: str, blanks: tuple[str, ...]) -> None:
        cuts = re.compile(f"({'|'.join(map(re.escape, blanks))})").split(text)
        #: Common pieces stand at even places, blanks at odd ones.
        self._plain = [piece if place % 2 else piece.encode() for place, piece in enumerate(cuts)]
        self._packed = [piece if isinstance(piece, str) else _deflated(piece) for piece in self._plain]

    def plain(self, values: Mapping[str, bytes]) -> bytes:
        """Return the text with its blanks filled in, as UTF-8."""
        return b"".join([values[piece] if isinstance(piece, str) else piece for piece in self._plain])

    def packed(self, values: Mapping[str, bytes]) -> bytes:
        """Return the same as gzip; each value has at most 65,535 bytes."""
        plain = self.plain(values)
        body = [_stored(values[piece]) if isinstance(piece, str) else piece for piece in self._packed]
        return b"".join([_HEAD, *body, _LAST, _TAIL.pack(zlib.crc32(plain), len(plain) & 0xFFFFFFFF)])


def _deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)


def _stored(data: bytes) -> bytes:
    return _STORED.pack(0, len(data), len(data) ^ LARGEST) + data
