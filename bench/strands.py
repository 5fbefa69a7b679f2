"""Conversations made of one labelled room: some of its themes come up in all of them, some in two, some in one."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import combinations

from bench.labelled import LabelledRoom
from feedback.domain.alignments import Member, ThemeText

CONVERSATIONS = 3
#: Ideas that a theme needs in a conversation to be one there.
LEAST = 3
#: Of the themes so many come up in all conversations, in two, and in one alone.
EVERYWHERE, IN_TWO = 0.3, 0.2


@dataclass(frozen=True, slots=True)
class Strands:
    """Conversations with their ideas by number; each a labelled room of its own."""

    name: str
    rooms: tuple[LabelledRoom, ...]


def strands_of(room: LabelledRoom, *, seed: int, shared: bool = True) -> Strands:
    """Deal a room's themes to conversations at random, and the ideas of shared themes evenly; same seed, same deal.

    `shared`: some themes come up in several conversations; else each in one alone.
    """
    chance = random.Random(f"{room.name} {seed}")
    labels = sorted(set(room.truth) - {""})
    chance.shuffle(labels)
    homes: dict[str, list[int]] = {}
    for at, label in enumerate(labels):
        share = at / len(labels)
        count = CONVERSATIONS if share < EVERYWHERE else 2 if share < EVERYWHERE + IN_TWO else 1
        count = count if shared else 1
        homes[label] = chance.sample(range(CONVERSATIONS), count)
    dealt: list[list[int]] = [[] for _ in range(CONVERSATIONS)]
    order = list(range(len(room.ideas)))
    chance.shuffle(order)
    turns = dict.fromkeys(homes, 0)
    for at in order:
        label = room.truth[at]
        if not label:
            dealt[chance.randrange(CONVERSATIONS)].append(at)
            continue
        dealt[homes[label][turns[label] % len(homes[label])]].append(at)
        turns[label] += 1
    return Strands(room.name, tuple(_part(room, sorted(part), place) for place, part in enumerate(dealt, start=1)))


def true_themes(strands: Strands) -> tuple[list[ThemeText], dict[Member, str]]:
    """Return the themes as people would make them, and the label of each. They have no names: the
    labels are the same in all conversations, and names that people give are not.
    """
    themes, labels = [], {}
    for place, room in enumerate(strands.rooms, start=1):
        for number, label in enumerate(sorted(set(room.truth) - {""}), start=1):
            ideas = tuple(idea for idea, truth in zip(room.ideas, room.truth, strict=True) if truth == label)
            if len(ideas) < LEAST:
                continue
            member = Member(place, number)
            themes.append(ThemeText(member, "", ideas))
            labels[member] = label
    return themes, labels


def found_themes(strands: Strands, *, seed: int) -> tuple[list[ThemeText], dict[Member, str]]:
    """Return the themes that the engine finds in each conversation, and the label that most ideas of each have."""
    from feedback.clustering.pipeline import find_themes  # noqa: PLC0415 -- slow import

    themes, labels = [], {}
    for place, room in enumerate(strands.rooms, start=1):
        texts = {idea.id: idea for idea in room.ideas}
        truth = {idea.id: label for idea, label in zip(room.ideas, room.truth, strict=True)}
        for theme in find_themes(room.ideas, seed=seed).themes:
            member = Member(place, theme.id)
            themes.append(ThemeText(member, theme.name, tuple(texts[idea] for idea in theme.ideas)))
            said = [truth[idea] for idea in theme.ideas]
            labels[member] = max(sorted(set(said)), key=said.count)
    return themes, labels


def pairs_of(labels: dict[Member, str]) -> set[frozenset[Member]]:
    """Return the pairs of themes of different conversations that have the same label."""
    return {
        frozenset((one, other))
        for one, other in combinations(sorted(labels), 2)
        if one.conversation != other.conversation and labels[one] == labels[other] != ""
    }


def _part(room: LabelledRoom, positions: list[int], place: int) -> LabelledRoom:
    return LabelledRoom(
        f"{room.name} {place}",
        room.set_name,
        tuple(room.ideas[at] for at in positions),
        tuple(room.truth[at] for at in positions),
    )
