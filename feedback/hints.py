"""What processes tell each other: hints that the database has news, and counts that only a process knows.

A hint is a few numbers in JSON. It may be lost, late or doubled: whoever gets one asks the database. Redis is private,
yet what comes from it is checked as strictly as a phone's words, and what is not one of these is dropped.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from feedback.domain.facts import (
    AlignmentRequested,
    ConversationChanged,
    ConversationCleared,
    CrewRevoked,
    Fact,
    ThemesEdited,
    ThemesRequested,
)

#: Subjects that may wait to be told; beyond it the oldest is dropped, and costs one heartbeat.
WAITING = 2_000
#: Characters of one message; ours have a few hundred.
LONGEST = 256 * 1024
_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Here:
    """How many participants are connected to the process that tells, by conversation; said every few seconds, too."""

    counts: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Shown:
    """The last commit numbers that a stage was sent, by conversation."""

    seqs: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a conversation's theme run is, from the process that leads."""

    conversation_id: int
    share: float
    step: str


@dataclass(frozen=True, slots=True)
class WorkerAlive:
    """Whether a theme worker runs, from the process that leads."""

    alive: bool


@dataclass(frozen=True, slots=True)
class Bye:
    """The process that tells has ended."""


Hint = Fact | Here | Shown | Progress | WorkerAlive | Bye
Json = dict[str, Any]


def words_of(hint: Hint) -> Json | None:
    """Return a hint as JSON; None for facts that concern nobody else."""
    writer = _WRITERS.get(type(hint))
    return None if writer is None else writer(hint)


_WRITERS: Mapping[type, Callable[[Any], Json]] = {
    ConversationChanged: lambda hint: {
        "kind": "seq",
        "conversation": hint.conversation_id,
        "seq": hint.seq,
        "what": [hint.kind],
    },
    ConversationCleared: lambda hint: {"kind": "cleared", "conversation": hint.conversation_id},
    CrewRevoked: lambda hint: {"kind": "revoked", "crew": list(hint.crew_ids)},
    ThemesRequested: lambda hint: {
        "kind": "themes_asked",
        "conversation": hint.conversation_id,
        "run": hint.run_id,
        "quick": hint.quick,
    },
    ThemesEdited: lambda hint: {"kind": "themes_edited", "conversation": hint.conversation_id},
    AlignmentRequested: lambda _hint: {"kind": "look_asked"},
    Here: lambda hint: {"kind": "here", "counts": _pairs(hint.counts)},
    Shown: lambda hint: {"kind": "shown", "seqs": _pairs(hint.seqs)},
    Progress: lambda hint: {
        "kind": "progress",
        "conversation": hint.conversation_id,
        "share": hint.share,
        "step": hint.step,
    },
    WorkerAlive: lambda hint: {"kind": "worker", "alive": hint.alive},
    Bye: lambda _hint: {"kind": "bye"},
}


class Outgoing:
    """Hints that wait to be sent, one per subject: a thousand commits a second become one hint per conversation."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[Any, ...], Json] = {}

    def put(self, hint: Hint) -> bool:
        """Add a hint; it takes the place of an older one on the same subject. Tells whether it is one to be sent."""
        words = words_of(hint)
        if words is None:
            return False
        older = self._waiting.pop(_subject(words), {})
        self._waiting[_subject(words)] = _newer(older, words)
        if len(self._waiting) > WAITING:
            del self._waiting[next(iter(self._waiting))]
        return True

    def put_back(self, hints: Iterable[Json]) -> None:
        """Let hints that could not be sent wait again, behind none: what was put since takes their place."""
        older = {_subject(words): words for words in hints}
        for subject, words in self._waiting.items():
            older[subject] = _newer(older.pop(subject, {}), words)
        self._waiting = dict(list(older.items())[-WAITING:])

    def take(self) -> list[Json]:
        """Return what waits, oldest first, and forget it."""
        waiting, self._waiting = self._waiting, {}
        return list(waiting.values())


def _subject(words: Json) -> tuple[Any, ...]:
    return (words["kind"], words.get("conversation"), words.get("run"), *words.get("crew", ()))


def _newer(older: Json, words: Json) -> Json:
    if not older or words["kind"] != "seq":
        return words
    return words | {"seq": max(words["seq"], older["seq"]), "what": sorted({*words["what"], *older["what"]})}


def message(process: str, hints: Iterable[Json]) -> str:
    """Return the message in which a process tells these hints."""
    return json.dumps({"from": process, "hints": list(hints)}, separators=(",", ":"))


def read(text: object) -> tuple[str, list[Hint]] | None:
    """Return who tells what; None for what no process of ours has written. Bad hints among good ones are left out."""
    if not isinstance(text, str) or len(text) > LONGEST:
        return None
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or not _is_name(said.get("from")) or not isinstance(said.get("hints"), list):
        return None
    return said["from"], [hint for words in said["hints"] if isinstance(words, dict) for hint in _read_one(words)]


def _read_one(words: Json) -> Sequence[Hint]:
    kind = words.get("kind")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        return ()
    try:
        return reader(words)
    except (KeyError, TypeError, ValueError):
        return ()


def _seq(words: Json) -> Sequence[Hint]:
    place, seq = _number(words["conversation"]), _number(words["seq"])
    return [ConversationChanged(place, seq, _name(what)) for what in words["what"][:20]]


def _progress(words: Json) -> Sequence[Hint]:
    share = words["share"]
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError
    return [Progress(_number(words["conversation"]), float(share), _name(words["step"]))]


def _worker(words: Json) -> Sequence[Hint]:
    return [WorkerAlive(_truth(words["alive"]))]


_READERS: Mapping[str, Callable[[Json], Sequence[Hint]]] = {
    "seq": _seq,
    "cleared": lambda words: [ConversationCleared(_number(words["conversation"]))],
    "revoked": lambda words: [CrewRevoked(tuple(_number(crew) for crew in words["crew"]))],
    "themes_asked": lambda words: [
        ThemesRequested(_number(words["conversation"]), _number(words["run"]), _truth(words["quick"]))
    ],
    "themes_edited": lambda words: [ThemesEdited(_number(words["conversation"]))],
    "look_asked": lambda _words: [AlignmentRequested()],
    "here": lambda words: [Here(_numbers(words["counts"]))],
    "shown": lambda words: [Shown(_numbers(words["seqs"]))],
    "progress": _progress,
    "worker": _worker,
    "bye": lambda _words: [Bye()],
}


def _pairs(numbers: Mapping[int, int]) -> list[list[int]]:
    return [[place, number] for place, number in numbers.items()]


def _numbers(pairs: object) -> dict[int, int]:
    if not isinstance(pairs, list):
        raise TypeError
    return {_number(place): _number(number) for place, number in pairs}


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= _MOST:
        raise ValueError
    return value


def _name(value: object) -> str:
    if not _is_name(value):
        raise ValueError
    return str(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 40 and value.isascii() and value.isprintable()
