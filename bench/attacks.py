"""The catalogue of attacks from one websocket: each gets a socket in its room, misuses it and tells how that ended.

Who calls decides what an ending is worth: "1008" and the like are close codes, "cut" is a reset, "open" is trouble.
"""

from __future__ import annotations

import functools
import json
import random
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from bench import wire
from bench.hostile import Hostile

MB = 1 << 20
ZEROS = bytes(65_536)
BOMB = 400  # megabytes when unpacked
Dial = Callable[..., Hostile]

GOOD = (
    "3",
    '40{"code":"ABC234","view":"phone","since":12}',
    '42["op",{}]',
    '427["op",{"op":"01J8ZQ4W8N3V5T7R9P1M2K3H4G","k":"vote","idea":"01J8ZQ4W8N3V5T7R9P1M2K3H4H","val":1,"rev":7}]',
    '428["op",{"op":"01J8ZQ4W8N3V5T7R9P1M2K3H4G","k":"idea","id":"01J8ZQ4W8N3V5T7R9P1M2K3H4H","prompt":1,'
    '"text":"naïve ❤️","lang":"en"}]',
)
STRANGE = '[]{}",:0123456789\\/- eé\x00\ud7ff\u202e'


def head(size: int, opcode: int = wire.TEXT, first: int = 0x80) -> bytes:
    """Return the header of a masked frame that says it has so many bytes."""
    return struct.pack("!BBQ4s", first | opcode, 0xFF, size, b"mask")


def huge_frame(dial: Dial, megabytes: int = 30) -> str:
    """A1: one frame of so many megabytes."""
    with dial() as one:
        one.raw(head(megabytes * MB))
        one.pour(ZEROS, megabytes * MB)
        return one.ending()


def unfinished_frame(dial: Dial) -> str:
    """A1: the beginning of a frame of 200 MB, and then a byte now and then."""
    with dial() as one:
        one.raw(head(200 * MB) + ZEROS[:4096])
        return one.ending()


def growing_fragments(dial: Dial) -> str:
    """A1: fragments that never end."""
    with dial() as one:
        one.raw(bytes([0x01]) + wire.masked(b"x" * 1000, one.mask)[1:])
        one.pour(bytes([0x00]) + wire.masked(b"x" * 8000, one.mask)[1:], 4 * MB)
        return one.ending()


def deflate_bomb(dial: Dial, megabytes: int = BOMB) -> str:
    """A2: a small frame that would unpack to hundreds of megabytes, from a client that offers compression."""
    with dial(more="Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n") as one:
        if "sec-websocket-extensions" in one.headers:
            return "compression accepted"
        bomb = packed(megabytes)
        one.raw(head(len(bomb), first=0xC0))
        one.raw(bomb)
        return one.ending()


@functools.cache
def packed(megabytes: int) -> bytes:
    """Return so many zeros, deflated as a websocket message would be."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return b"".join(packer.compress(ZEROS) for _ in range(megabytes * 16)) + packer.flush(zlib.Z_SYNC_FLUSH)


def event_flood(dial: Dial, events: int = 50_000) -> str:
    """A3: tens of thousands of tiny events at once."""
    with dial() as one:
        one.pour(wire.masked(b'42["op",{}]', one.mask) * 1000, events * 17)
        return one.ending()


def op_flood(dial: Dial, votes: int = 60) -> str:
    """A4: as many whole ops as a socket may say at once, none of which is waited for; then nothing more."""
    with dial() as one:
        for rev in range(1, votes - 4):
            op = {"op": "01J8ZQ4W8N3V5T7R9P1M2K3H4G", "k": "vote", "idea": "01J8ZQ4W8N3V5T7R9P1M2K3H4H", "val": 1}
            one.say(f"42{rev}" + json.dumps(["op", op | {"rev": rev}]))
        return "served" if one.serves() else one.ending()


def binary_bomb(dial: Dial) -> str:
    """A5: a packet that announces ten thousand attachments, and attachments."""
    with dial() as one:
        one.say('4510000-["op",{"_placeholder":true,"num":0}]')
        for _ in range(300):
            if not one.raw(head(900_000, wire.BINARY) + ZEROS):
                break
        return one.ending()


def binary_frame(dial: Dial) -> str:
    """A5: one binary frame."""
    with dial() as one:
        one.say(b"\x04abc", wire.BINARY)
        return one.ending()


def never_reads(dial: Dial, seconds: float = 30.0) -> str:
    """A6: asks and answers pings, and never reads a byte."""
    with dial(receive_buffer=4096) as one:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not one.say('427["op",{"fill":"' + "x" * 12_000 + '"}]'):
                return "cut"
            time.sleep(0.15)
            one.say("3")
            time.sleep(0.15)
        return "open"


def malformed(dial: Dial, seed: int = 0) -> str:
    """A7: one packet that no page of ours sends."""
    with dial() as one:
        one.raw(next(packets(seed, one.mask)).data)
        return ended(one)


def ended(one: Hostile) -> str:
    """Tell how a socket ended after a bad packet, or "served" when it was no harm after all."""
    # A frame may have said that it is longer than it was: then what follows belongs to it.
    if one.serves(0.05):
        return "served"
    one.raw(ZEROS + ZEROS)
    return one.ending()


def spoofed_leaving(dial: Dial) -> str:
    """A8: the client plays the library's own events."""
    with dial() as one:
        one.say('42["disconnect",{}]')
        return one.ending()


def spoofed_coming(dial: Dial) -> str:
    """A8: as before."""
    with dial() as one:
        one.say('42["connect",{}]')
        return one.ending()


#: What a hostile socket does, by what it is; the letter and number are those of the catalogue.
ALL: dict[str, tuple[Callable[[Dial], str], ...]] = {
    "A1": (huge_frame, unfinished_frame, growing_fragments),
    "A2": (deflate_bomb,),
    "A3": (event_flood,),
    "A4": (op_flood,),
    "A5": (binary_bomb, binary_frame),
    "A6": (never_reads,),
    "A7": (malformed,),
    "A8": (spoofed_leaving, spoofed_coming),
}


class Packet(NamedTuple):
    """Bytes to send, and the text they carry when they are one whole text frame that was only changed inside."""

    data: bytes
    text: str | None


def packets(seed: int, mask: bytes) -> Iterator[Packet]:
    """Yield mutated packets without end, the same for the same seed: changed texts, and changed frames."""
    chance = random.Random(seed)
    while True:
        text = _mutated(chance.choice(GOOD), chance)
        payload = text.encode(errors="surrogatepass")
        if chance.random() < 0.6:
            yield Packet(wire.masked(payload, mask), text)
        else:
            yield Packet(_broken(bytearray(wire.masked(payload, mask)), chance), None)


def _mutated(text: str, chance: random.Random) -> str:
    signs = list(text)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(signs) + 1)
        match chance.randrange(4):
            case 0:
                signs.insert(place, chance.choice(STRANGE))
            case 1:
                del signs[place : place + chance.randint(1, 6)]
            case 2:
                signs[place:place] = signs[: chance.randint(1, 12)]
            case _:
                signs[place : place + 1] = chance.choice(STRANGE)
    return "".join(signs)


def _broken(frame: bytearray, chance: random.Random) -> bytes:
    """Change the frame around a text: bits of its header, its length, its end, or the order of things."""
    match chance.randrange(6):
        case 0:
            frame[0] ^= 1 << chance.randrange(8)
        case 1:
            frame[1] ^= 1 << chance.randrange(8)
        case 2:
            frame[0] = 0x80 | chance.randrange(16)
        case 3:
            del frame[chance.randrange(2, len(frame)) :]
        case 4:
            frame[chance.randrange(len(frame))] = chance.randrange(256)
        case _:
            frame[0] &= 0x7F  # a fragment that nothing follows
    return bytes(frame)
