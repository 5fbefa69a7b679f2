"""Opinion groups as the crew's pages show them: one part for each prompt that asks for opinions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from feedback.db import db
from feedback.domain.opinions import ENOUGH_VOTERS, ENOUGH_VOTES, OpinionMap, shares_of, votes_needed
from feedback.domain.programme import PromptState, Voting
from feedback.store.ideas import Idea, ListedIdea
from feedback.store.opinions import maps_of
from feedback.store.programme import Prompt
from feedback.web.crew import ShownIdea, shown_idea


@dataclass(frozen=True, slots=True)
class ShownShare:
    """How many per cent of a group agree, disagree and pass; None where too few voted to be told."""

    letter: str
    hue: int
    shares: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class ShownLine:
    """An idea with each group's shares."""

    idea: ShownIdea
    shares: tuple[ShownShare, ...]


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """A group with the ideas that set it apart: those that it agrees with more than the others, or less (False)."""

    letter: str
    hue: int
    size: int
    typical: tuple[tuple[ShownIdea, bool], ...]


@dataclass(frozen=True, slots=True)
class ShownOpinions:
    """What is known of one prompt's groups; without groups, what is missing. `voters` None: not counted yet."""

    prompt: Prompt
    voters: int | None
    votes_needed: int
    enough: int
    groups: tuple[ShownGroup, ...]
    consensus: tuple[ShownLine, ...]
    divisive: tuple[ShownLine, ...]


def opinions_here(
    conversation_id: int, prompts: Mapping[int, Prompt], shown: Sequence[Idea | ListedIdea]
) -> tuple[ShownOpinions, ...]:
    """Return a part for each prompt that asks for opinions, by number; drafts have nothing to show."""
    maps = dict(maps_of(db.session(), conversation_id))
    asked = [p for p in prompts.values() if p.voting == Voting.OPINION and p.state is not PromptState.DRAFT]
    return tuple(_part(prompt, maps.get(prompt.id), prompts, shown) for prompt in asked)


def _part(
    prompt: Prompt, found: OpinionMap | None, prompts: Mapping[int, Prompt], shown: Sequence[Idea | ListedIdea]
) -> ShownOpinions:
    listed = {idea.id: idea for idea in shown if idea.prompt_id == prompt.id}
    if found is None:
        return ShownOpinions(prompt, None, votes_needed(len(listed)) or ENOUGH_VOTES, ENOUGH_VOTERS, (), (), ())
    groups = tuple(
        ShownGroup(
            group.letter,
            place,
            group.size,
            tuple(
                (shown_idea(listed[each.idea], prompts), each.side == 1)
                for each in group.typical
                if each.idea in listed
            ),
        )
        for place, group in enumerate(found.groups, start=1)
    )
    return ShownOpinions(
        prompt,
        found.voters,
        found.votes_needed,
        ENOUGH_VOTERS,
        groups,
        tuple(_line(found, shown_idea(listed[idea], prompts)) for idea in found.consensus if idea in listed),
        tuple(_line(found, shown_idea(listed[idea], prompts)) for idea in found.divisive if idea in listed),
    )


def _line(found: OpinionMap, idea: ShownIdea) -> ShownLine:
    shares = zip(found.groups, shares_of(found, idea.id), strict=True)
    return ShownLine(
        idea, tuple(ShownShare(group.letter, place, each) for place, (group, each) in enumerate(shares, start=1))
    )
