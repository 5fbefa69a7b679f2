"""What a report says: one frozen state of a conversation as plain values, the same for all formats.

States of long ago must read as they did and keep their checksum. So whatever these values learned to hold later has a
default, and where it has its default it is not written (`plain_of`).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReportIdea:
    """One idea with its count; `written_at` is epoch milliseconds UTC, `source` is "phone" or "floor"."""

    id: str
    number: int
    text: str
    lang: str
    prompt: int
    theme: int | None
    agree: int
    disagree: int
    passes: int
    source: str
    written_at: int


@dataclass(frozen=True, slots=True)
class ReportTheme:
    """One theme, its ideas most supported first, and the ids of the ideas that stand for it.

    `firm` tells whether halves of its words, or people, agree on it; None = nobody has judged it. `description` is what
    the crew says belongs into it, "" where they say nothing.
    """

    number: int
    name: str
    terms: tuple[str, ...]
    ideas: tuple[ReportIdea, ...]
    representatives: tuple[str, ...]
    votes: int
    firm: bool | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class ReportPrompt:
    """One prompt with its vote budget (None = unlimited) and how many published ideas answer it."""

    number: int
    text: str
    votes_each: int | None
    ideas: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where every idea received has gone: received = published + merged + hidden + withdrawn."""

    received: int
    published: int
    merged: int
    hidden: tuple[tuple[str, int], ...]
    withdrawn: int


@dataclass(frozen=True, slots=True)
class Participation:
    """How many took part: who joined, who wrote, who voted (people), and standing votes."""

    joined: int
    wrote: int
    voted: int
    votes: int


@dataclass(frozen=True, slots=True)
class Method:
    """How the themes came about: engine ("" = none was asked), seed, themes the engine found, and what people changed.

    Of the published ideas: how many the crew placed (`ideas_placed_by_people`), how many the machine placed by the
    sorts of the room, and how many it placed alone; None in states of before that was counted. `embedder` is the id of
    what measured the ideas (`domain.embedders.measure_of`); None where no run was, and in states of before that.
    """

    engine: str
    seed: int
    themes_found: int
    edits: int
    ideas_placed_by_people: int
    ideas_placed_by_room: int | None = None
    ideas_placed_by_machine: int | None = None
    embedder: str | None = None


@dataclass(frozen=True, slots=True)
class Sorting:
    """How the room sorted the published ideas: people, their sorts; ideas whose place is known, and those unsure."""

    people: int
    sorts: int
    settled: int
    unsure: int


Share = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class OpinionIdea:
    """An idea by its number, with how many per cent of each group agree, disagree and pass.

    A share is None where so few of the group voted that it would tell their votes.
    """

    number: int
    shares: tuple[Share | None, ...]


@dataclass(frozen=True, slots=True)
class ReportGroup:
    """An opinion group: its letter, how many people, and the ideas with which it agrees, or disagrees, more often."""

    letter: str
    size: int
    agrees: tuple[OpinionIdea, ...]
    disagrees: tuple[OpinionIdea, ...]


@dataclass(frozen=True, slots=True)
class ReportOpinions:
    """Who votes alike on one prompt, as found at commit number `seq` (None = nobody has looked yet).

    `voters` have cast `votes_needed` votes or more; groups show from `enough` of them on. Shares are in the order of
    the groups.
    """

    prompt: int
    seq: int | None
    voters: int
    enough: int
    votes_needed: int
    groups: tuple[ReportGroup, ...]
    consensus: tuple[OpinionIdea, ...]
    divisive: tuple[OpinionIdea, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One frozen state of a conversation; `frozen_at` is epoch milliseconds UTC, `seq` the commit number it shows.

    `sorting` is None without themes, and in states of before sorts were counted; `opinions` has an entry for each
    prompt that asks for agree, disagree or pass.
    """

    conference: str
    strand: str
    tagline: str
    conversation: str
    code: str
    language: str
    facilitator: str
    rapporteur: str
    name: str
    seq: int
    frozen_at: int
    time_zone: str
    prompts: tuple[ReportPrompt, ...]
    themes: tuple[ReportTheme, ...]
    leftovers: tuple[ReportIdea, ...]
    participation: Participation
    ledger: Ledger
    method: Method
    sorting: Sorting | None = None
    opinions: tuple[ReportOpinions, ...] = ()


def canonical_json(report: Report) -> str:
    """Write the report as JSON with sorted keys and no spare space, so that equal reports are equal bytes."""
    return json.dumps(plain_of(report), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def plain_of(value: Any) -> Any:
    """Return a value of this module as JSON holds it: members that have their default are left out."""
    if is_dataclass(value):
        held = {field.name: (getattr(value, field.name), field.default) for field in fields(value)}
        return {name: plain_of(member) for name, (member, default) in held.items() if member != default}
    return [plain_of(part) for part in value] if isinstance(value, tuple) else value


def checksum_of(report: Report) -> str:
    """Return the SHA-256 of the report's canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical_json(report).encode()).hexdigest()


def report_of(content: str) -> Report:
    """Read a report back from its canonical JSON."""
    data = json.loads(content)
    known = {
        **data,
        "prompts": tuple(ReportPrompt(**prompt) for prompt in data["prompts"]),
        "themes": tuple(_theme_of(theme) for theme in data["themes"]),
        "leftovers": tuple(ReportIdea(**idea) for idea in data["leftovers"]),
        "participation": Participation(**data["participation"]),
        "ledger": Ledger(**{**data["ledger"], "hidden": tuple((r, n) for r, n in data["ledger"]["hidden"])}),
        "method": Method(**data["method"]),
        "opinions": tuple(_opinions_of(part) for part in data.get("opinions", ())),
    }
    if "sorting" in data:
        known["sorting"] = Sorting(**data["sorting"])
    return Report(**known)


def _theme_of(data: Mapping[str, Any]) -> ReportTheme:
    ideas = tuple(ReportIdea(**idea) for idea in data["ideas"])
    named = {"terms": tuple(data["terms"]), "representatives": tuple(data["representatives"])}
    return ReportTheme(**{**data, **named, "ideas": ideas})


def _opinions_of(data: Mapping[str, Any]) -> ReportOpinions:
    groups = tuple(
        ReportGroup(**{**group, "agrees": _lines_of(group["agrees"]), "disagrees": _lines_of(group["disagrees"])})
        for group in data["groups"]
    )
    listed = {"consensus": _lines_of(data["consensus"]), "divisive": _lines_of(data["divisive"])}
    return ReportOpinions(**{**data, **listed, "groups": groups})


def _lines_of(data: list[Mapping[str, Any]]) -> tuple[OpinionIdea, ...]:
    return tuple(
        OpinionIdea(
            line["number"], tuple(None if share is None else (share[0], share[1], share[2]) for share in line["shares"])
        )
        for line in data
    )
