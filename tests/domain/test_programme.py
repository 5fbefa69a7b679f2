"""A prompt moves draft → open ⇄ closed, and only an open one takes anything."""

import itertools

import pytest

from feedback.domain.facts import BadValue, PromptClosed, WrongMove
from feedback.domain.programme import (
    STRANDS,
    ConversationState,
    PromptState,
    check_budget,
    check_open,
    move_prompt,
)
from feedback.domain.texts import NAME_LIMIT, TITLE_LIMIT, canonical, one_line

ALLOWED = {("draft", "open"), ("open", "closed"), ("closed", "open")}


@pytest.mark.parametrize(("state", "to"), list(itertools.product(PromptState, PromptState)))
def test_move_prompt_allows_three_moves(state, to):
    if (state, to) in ALLOWED:
        assert move_prompt(state, to) is to
    else:
        with pytest.raises(WrongMove):
            move_prompt(state, to)


@pytest.mark.parametrize(("prompt", "conversation"), list(itertools.product(PromptState, ConversationState)))
def test_check_open_needs_both_open(prompt, conversation):
    if prompt is PromptState.OPEN and conversation is ConversationState.OPEN:
        check_open(prompt, conversation)
    else:
        with pytest.raises(PromptClosed):
            check_open(prompt, conversation)


def test_check_budget_is_none_or_1_to_1000():
    assert [check_budget(value) for value in (None, 1, 1000)] == [None, 1, 1000]
    for value in (0, -1, 1001):
        with pytest.raises(BadValue):
            check_budget(value)


def test_strands_fit_the_rules_for_words():
    assert [strand.name for strand in STRANDS] == ["Inspire", "Impact", "Involve"]
    assert len({strand.mark for strand in STRANDS}) == 3
    for strand in STRANDS:
        assert one_line(strand.name, limit=NAME_LIMIT) == strand.name
        assert one_line(strand.tagline, limit=TITLE_LIMIT) == strand.tagline
        assert one_line(strand.focus) == strand.focus
        assert canonical(strand.description, limit=2_000) == strand.description
        assert canonical(strand.prompt, limit=300) == strand.prompt
