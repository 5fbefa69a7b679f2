"""The one permission table: each role and each deed, here, elsewhere and conference-wide."""

import itertools

import pytest

from feedback.domain.facts import Forbidden
from feedback.domain.roles import HOUSE, Actor, Deed, Role, may, require

CONSOLE = {"see_hidden", "run_prompts", "hide", "drive_stage", "find_themes", "name_themes", "import"}
DESK = {"see_hidden", "find_themes", "name_themes", "edit_themes", "report"}
MAY = {
    "participant": {"write", "vote", "sort"},
    "stage": set(),
    "facilitator": CONSOLE,
    "rapporteur": DESK,
    "organiser": CONSOLE | DESK | {"set_up"},
}


@pytest.mark.parametrize(("role", "deed"), list(itertools.product(Role, Deed)))
def test_may_follows_the_table_in_the_own_conversation(role, deed):
    actor = Actor(role, 1)
    assert may(actor, deed, 1) is (deed in MAY[role])


@pytest.mark.parametrize(("role", "deed"), list(itertools.product(Role, Deed)))
def test_may_elsewhere_is_for_the_organiser_alone(role, deed):
    actor = Actor(role, None if role is Role.ORGANISER else 1)
    for place in (2, None):
        assert may(actor, deed, place) is (role is Role.ORGANISER and deed in MAY[role])


def test_stage_may_do_nothing_at_all():
    assert not any(may(Actor(Role.STAGE, 1), deed, place) for deed in Deed for place in (1, 2, None))


def test_require_raises_forbidden():
    require(HOUSE, Deed.SET_UP, None)
    with pytest.raises(Forbidden):
        require(Actor(Role.FACILITATOR, 1), Deed.SET_UP, None)
    with pytest.raises(Forbidden):
        require(HOUSE, Deed.VOTE, 1)
