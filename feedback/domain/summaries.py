"""What a reader of a report looks at first: all ideas, what is missing, and what stands out in a theme."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace

from feedback.domain.reports import Ledger, Report, ReportIdea, ReportTheme
from feedback.domain.tally import Counted, counted_as

SUPPORTED = "supported"
TYPICAL = "typical"
DIVIDED = "divided"
UNHEARD = "unheard"

_MOST_SUPPORTED = 5
_UNHEARD_FROM = 8


@dataclass(frozen=True, slots=True)
class Highlight:
    """An idea that stands out, and why: supported, typical, divided or unheard, in this order."""

    idea: ReportIdea
    why: tuple[str, ...]


def ideas_of(report: Report) -> tuple[ReportIdea, ...]:
    """List every published idea of a report once, by number."""
    listed = [idea for theme in report.themes for idea in theme.ideas] + list(report.leftovers)
    return tuple(sorted(listed, key=lambda idea: idea.number))


def opinion_prompts(report: Report) -> frozenset[int]:
    """Return the numbers of the prompts on which a vote agrees, disagrees or passes."""
    return frozenset(part.prompt for part in report.opinions)


def counted_in(report: Report, ideas: Iterable[ReportIdea]) -> Counted:
    """Tell what the votes for some of a report's ideas are."""
    asked = opinion_prompts(report)
    return counted_as(idea.prompt in asked for idea in ideas)


def votes_on(idea: ReportIdea) -> int:
    """Count everybody who took a view of the idea: agree, disagree and pass."""
    return idea.agree + idea.disagree + idea.passes


def missing_from(ledger: Ledger) -> int:
    """Return how many received ideas the ledger does not explain; 0 = complete, below 0 = too many explained."""
    return ledger.received - ledger.published - ledger.merged - ledger.withdrawn - sum(n for _, n in ledger.hidden)


def highlights_of(theme: ReportTheme, asked: Set[int] = frozenset()) -> tuple[Highlight, ...]:
    """Choose the ideas of a theme to read first: most supported, typical, most divided, least heard; each idea once.

    `asked`: numbers of the prompts that ask for opinions.
    """
    typical = [idea for name in theme.representatives for idea in theme.ideas if idea.id == name]
    found = [
        *((idea, SUPPORTED) for idea in most_supported(theme.ideas, asked)),
        *((idea, TYPICAL) for idea in typical),
        *((idea, DIVIDED) for idea in _most_divided(theme.ideas)),
        *((idea, UNHEARD) for idea in _least_heard(theme.ideas)),
    ]
    chosen: dict[str, Highlight] = {}
    for idea, why in found:
        known = chosen.get(idea.id, Highlight(idea, ()))
        chosen[idea.id] = replace(known, why=(*known.why, why))
    return tuple(chosen.values())


def most_supported(ideas: Sequence[ReportIdea], asked: Set[int] = frozenset()) -> list[ReportIdea]:
    """Return up to five ideas that anybody supports, best first, the earlier one first among equals.

    On the prompts that ask for opinions (`asked`) only those with which more people agree than disagree.
    """
    supported = [idea for idea in ideas if idea.agree > (idea.disagree if idea.prompt in asked else 0)]
    return sorted(supported, key=lambda idea: (-idea.agree, idea.disagree, idea.number))[:_MOST_SUPPORTED]


def _most_divided(ideas: Sequence[ReportIdea]) -> list[ReportIdea]:
    sides = [idea for idea in ideas if min(idea.agree, idea.disagree) > 1]
    return sorted(sides, key=lambda idea: (-min(idea.agree, idea.disagree), idea.number))[:1]


def _least_heard(ideas: Sequence[ReportIdea]) -> list[ReportIdea]:
    """Only where there is enough to overlook, and where somebody voted at all."""
    if len(ideas) < _UNHEARD_FROM or not any(votes_on(idea) for idea in ideas):
        return []
    return sorted(ideas, key=lambda idea: (votes_on(idea), idea.number))[:1]
