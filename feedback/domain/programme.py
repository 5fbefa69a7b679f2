"""The programme: conference, strands, conversations, prompts, and the moves a prompt may make."""

from dataclasses import dataclass
from enum import StrEnum

from feedback.domain.facts import BadValue, PromptClosed, VotingFixed, WrongMove

BUDGET_LIMIT = 1_000


class PromptState(StrEnum):
    """A prompt is written (draft), takes ideas and votes (open), or takes neither (closed)."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class ConversationState(StrEnum):
    """A conversation can be joined (open) or only be read (closed)."""

    OPEN = "open"
    CLOSED = "closed"


class Voting(StrEnum):
    """What a vote on the ideas of a prompt can say: support alone, or agree, disagree and pass."""

    SUPPORT = "support"
    OPINION = "opinion"


class Scene(StrEnum):
    """What the stage shows beside prompt, code and counts."""

    JOIN = "join"
    RANKING = "ranking"
    THEMES = "themes"
    OPINIONS = "opinions"
    SPOTLIGHT = "spotlight"


_MOVES = {
    PromptState.DRAFT: frozenset({PromptState.OPEN}),
    PromptState.OPEN: frozenset({PromptState.CLOSED}),
    PromptState.CLOSED: frozenset({PromptState.OPEN}),
}


def move_prompt(state: PromptState, to: PromptState) -> PromptState:
    """Return the new state, or raise WrongMove: draft → open ⇄ closed."""
    if to not in _MOVES[state]:
        raise WrongMove
    return to


def check_open(prompt: PromptState, conversation: ConversationState) -> None:
    """Raise PromptClosed unless both the conversation and its prompt take ideas and votes."""
    if prompt is not PromptState.OPEN or conversation is not ConversationState.OPEN:
        raise PromptClosed


def change_voting(now: Voting, to: Voting, *, voted: bool) -> Voting:
    """Return what votes on a prompt can say, or raise VotingFixed where that would change what `voted` has said."""
    if voted and to is not now:
        raise VotingFixed
    return to


def check_budget(votes_each: int | None, voting: Voting = Voting.SUPPORT) -> int | None:
    """Return the vote budget, or raise BadValue unless it is None (unlimited) or 1 to 1,000.

    Opinions are not spent: a prompt that asks for them has no budget, whatever is given.
    """
    if voting is Voting.OPINION:
        return None
    if votes_each is not None and not 1 <= votes_each <= BUDGET_LIMIT:
        raise BadValue(field="votes_each")
    return votes_each


@dataclass(frozen=True, slots=True)
class StrandPlan:
    """One announced strand as the first start sets it up."""

    key: str
    mark: str
    name: str
    tagline: str
    focus: str
    description: str
    prompt: str


CONFERENCE_TITLE = "Creative Conversations"

STRANDS: tuple[StrandPlan, ...] = (
    StrandPlan(
        key="inspire",
        mark="I",
        name="Inspire",
        tagline="Partnerships for creative places",
        focus="New partnerships and models that let culture and creativity flourish",
        description=(
            "Which partnerships and new models set free what the cultural and creative sectors can do? Cities can"
            " bring local organisations, citizens, private partners, other services and other cities to one table,"
            " think afresh about cultural spaces, and open chances for people where little is on offer."
        ),
        prompt="Which partnership would let more culture happen where you live?",
    ),
    StrandPlan(
        key="impact",
        mark="M",
        name="Impact",
        tagline="Creating competitive cities",
        focus="Culture and creativity as a source of growth, wealth and innovation",
        description=(
            "Creative and knowledge workers move a city's economy. How does a city use and grow its cultural assets,"
            " creative capacity, talent, know-how and new technology, and where does scarce money do the most good?"
        ),
        prompt="Where should a city put its next euro for culture, and why there?",
    ),
    StrandPlan(
        key="involve",
        mark="V",
        name="Involve",
        tagline="Inclusion and empowerment through culture",
        focus="Culture that includes people and gives them a say",
        description=(
            "Culture brings people in and gives citizens a say in decisions about their communities and their"
            " chances in life. How do creative projects shape urban policy, and which events and projects change"
            " things and build bridges between communities?"
        ),
        prompt="How can culture give people a say in what happens to their neighbourhood?",
    ),
)
