"""What measures how alike two ideas are: their words, a model on this machine, or an endpoint elsewhere."""

from enum import StrEnum

from feedback.domain.facts import BadValue, ConsentMissing


class EmbedderKind(StrEnum):
    """Words alone (lexical), a model on this machine (local), or an endpoint that words are sent to (http)."""

    LEXICAL = "lexical"
    LOCAL = "local"
    HTTP = "http"


#: Why an embedder gave no vectors, so that words alone had to do.
PROBLEMS = ("missing", "broken", "unreachable", "slow", "refused", "failed", "wrong")


def check_choice(kind: str, *, offered: frozenset[str], consent: bool) -> EmbedderKind:
    """Return the embedder chosen; raises BadValue for one that is not offered, ConsentMissing before words leave."""
    if kind not in offered | {EmbedderKind.LEXICAL}:
        raise BadValue(field="embedder")
    if kind == EmbedderKind.HTTP and not consent:
        raise ConsentMissing
    return EmbedderKind(kind)
