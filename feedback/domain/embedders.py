"""What measures how alike two ideas are: their words, a model on this machine, or an endpoint elsewhere."""

from dataclasses import dataclass
from enum import StrEnum

from feedback.domain.facts import BadValue, ConsentMissing


class EmbedderKind(StrEnum):
    """Words alone (lexical), a model on this machine (local), or an endpoint that words are sent to (http)."""

    LEXICAL = "lexical"
    LOCAL = "local"
    HTTP = "http"


#: Why an embedder gave no vectors, so that words alone had to do.
PROBLEMS = ("missing", "moved", "broken", "unreachable", "slow", "refused", "failed", "wrong")


#: Characters that the id of an embedder may have.
EMBEDDER_LIMIT = 120


@dataclass(frozen=True, slots=True)
class EmbedderChoice:
    """What the organiser chose, and where words may be sent (scheme and host; "" = nowhere)."""

    kind: str = EmbedderKind.LEXICAL
    place: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """What measured ideas: the kind of embedder, and the name of its model ("" for words alone)."""

    kind: EmbedderKind
    model: str = ""


def measure_of(embedder: str) -> Measure:
    """Read the id of an embedder: lexical, local:NAME:DIGEST or http:NAME:DIGEST; a name may hold colons."""
    kind, _, rest = embedder.partition(":")
    if kind not in (EmbedderKind.LOCAL, EmbedderKind.HTTP):
        return Measure(EmbedderKind.LEXICAL)
    return Measure(EmbedderKind(kind), rest.rpartition(":")[0] or rest)


def check_choice(kind: str, *, offered: frozenset[str], consent: bool) -> EmbedderKind:
    """Return the embedder chosen; raises BadValue for one that is not offered, ConsentMissing before words leave."""
    if kind not in offered | {EmbedderKind.LEXICAL}:
        raise BadValue(field="embedder")
    if kind == EmbedderKind.HTTP and not consent:
        raise ConsentMissing
    return EmbedderKind(kind)
