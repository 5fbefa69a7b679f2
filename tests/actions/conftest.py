"""What the tests of actions share."""

import pytest
from desks import Desk


@pytest.fixture
def desk(any_room):
    """A rapporteur's conversation on each kind of database."""
    return Desk(any_room)


@pytest.fixture
def desk_here(room):
    """The same on SQLite alone: for rules that do not depend on the database."""
    return Desk(room)
