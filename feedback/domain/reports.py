"""What a report says: one frozen state of a conversation as plain values, the same for all formats."""

import hashlib
import json
from dataclasses import asdict, dataclass
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
    """One theme, its ideas most supported first, and the ids of the ideas that stand for it."""

    number: int
    name: str
    terms: tuple[str, ...]
    ideas: tuple[ReportIdea, ...]
    representatives: tuple[str, ...]
    votes: int


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
    """How the themes came about: engine, seed, themes the engine found, and what people changed."""

    engine: str
    seed: int
    themes_found: int
    edits: int
    ideas_placed_by_people: int


@dataclass(frozen=True, slots=True)
class Report:
    """One frozen state of a conversation; `frozen_at` is epoch milliseconds UTC, `seq` the commit number it shows."""

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


def canonical_json(report: Report) -> str:
    """Write the report as JSON with sorted keys and no spare space, so that equal reports are equal bytes."""
    return json.dumps(asdict(report), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def checksum_of(report: Report) -> str:
    """Return the SHA-256 of the report's canonical JSON, 64 hex digits."""
    return hashlib.sha256(canonical_json(report).encode()).hexdigest()


def report_of(content: str) -> Report:
    """Read a report back from its canonical JSON."""
    data = json.loads(content)
    return Report(
        **{
            **data,
            "prompts": tuple(ReportPrompt(**prompt) for prompt in data["prompts"]),
            "themes": tuple(_theme_of(theme) for theme in data["themes"]),
            "leftovers": tuple(ReportIdea(**idea) for idea in data["leftovers"]),
            "participation": Participation(**data["participation"]),
            "ledger": Ledger(**{**data["ledger"], "hidden": tuple((r, n) for r, n in data["ledger"]["hidden"])}),
            "method": Method(**data["method"]),
        }
    )


def _theme_of(data: dict[str, Any]) -> ReportTheme:
    return ReportTheme(
        number=data["number"],
        name=data["name"],
        terms=tuple(data["terms"]),
        ideas=tuple(ReportIdea(**idea) for idea in data["ideas"]),
        representatives=tuple(data["representatives"]),
        votes=data["votes"],
    )
