"""What may happen to an idea, and what may not."""

import pytest

from feedback.domain.facts import AlreadyVotedOn, BadValue, ConversationFull, IdeaGone, NotYours
from feedback.domain.ideas import (
    IDEAS_EACH,
    IDEAS_IN_ALL,
    IdeaState,
    check_author,
    check_editable,
    check_id,
    check_room,
    check_shown,
    first_hash,
    is_lang,
)


def test_check_author_is_the_one_who_wrote_and_nobody_for_the_floor():
    check_author(7, 7)
    for author, participant in [(7, 8), (None, 7), (None, None), (7, None)]:
        with pytest.raises(NotYours):
            check_author(author, participant)


def test_check_room_bounds_a_person_and_the_conversation():
    check_room(IDEAS_EACH - 1, IDEAS_IN_ALL - 1)
    for mine, everybody, limit in [(IDEAS_EACH, 1, IDEAS_EACH), (0, IDEAS_IN_ALL, IDEAS_IN_ALL)]:
        with pytest.raises(ConversationFull) as refused:
            check_room(mine, everybody)
        assert refused.value.detail == {"limit": limit}


@pytest.mark.parametrize("state", [IdeaState.HIDDEN, IdeaState.WITHDRAWN])
def test_check_shown_and_editable_refuse_what_is_gone(state):
    check_shown(IdeaState.SHOWN)
    with pytest.raises(IdeaGone):
        check_shown(state)
    with pytest.raises(IdeaGone):
        check_editable(state, 0)


def test_check_editable_ends_with_the_first_vote():
    check_editable(IdeaState.SHOWN, 0)
    with pytest.raises(AlreadyVotedOn):
        check_editable(IdeaState.SHOWN, 1)


def test_check_id_believes_ulids_only():
    assert check_id("01ARZ3NDEKTSV4RRFFQ69G5FAV") == "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    for value in ("1", None, 5):
        with pytest.raises(BadValue):
            check_id(value)


def test_first_hash_is_stable_and_differs_by_text():
    assert first_hash("Open at night") == first_hash("Open at night")
    assert first_hash("Open at night") != first_hash("Open at night.")
    assert len(first_hash("")) == 32


def test_is_lang_takes_the_form_of_a_tag():
    assert all(is_lang(value) for value in ("en", "pt-BR", "zh-Hant-TW"))
    assert not any(is_lang(value) for value in ("", "-", "en_GB", "fr\0", "ελ", "<b>", "a" * 13))
