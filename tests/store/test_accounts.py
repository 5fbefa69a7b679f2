"""What a conversation holds must add up; each way in which it may not is noticed, and put-back numbers run ahead."""

import pytest
from sqlalchemy import text

from feedback.actions.ideas import hide_idea
from feedback.actions.programme import clear_conversation
from feedback.store.accounts import FAR_AHEAD, Account, accounts_of, complaints_of, leap
from feedback.store.screens import delta_of

DAMAGE = {
    "a count without its vote": ("UPDATE idea SET agree = agree + 1", "1 ideas count other votes than there are"),
    "a vote without its count": ("UPDATE vote SET val = -1", "1 ideas count other votes than there are"),
    "a vote of a later commit": ("UPDATE vote SET seq = 99", "1 rows carry a later commit number"),
    "a sort of a later commit": (
        "INSERT INTO sort SELECT idea_id, participant_id, NULL, FALSE, 1, 99 FROM vote",
        "1 sorted rows carry a later commit number",
    ),
    "a gap in the changes": ("UPDATE change SET seq = 0 WHERE seq = 1", "commit 2, but 2 changes from 0 to 2"),
    "a change too few at the end": ("DELETE FROM change WHERE seq = 2", "commit 2, but 1 changes from 1 to 1"),
    "a number without its commit": ("UPDATE conversation SET seq = 7 WHERE seq = 2", "commit 7, but 2 changes"),
    "an idea never received": ("UPDATE conversation SET ideas_received = 0 WHERE seq = 2", "0 ideas received, 1 there"),
    "somebody who never joined": ("UPDATE conversation SET joined = 5 WHERE seq = 2", "5 joined, 2 participants"),
}


@pytest.fixture
def voted(any_room):
    anna, ben = any_room.phone("anna"), any_room.phone("ben")
    ben.vote(anna.write("Open at night"))
    return any_room


def complaints(room) -> list[str]:
    with room.engine.connect() as db:
        return complaints_of(db)


def test_accounts_count_what_is_there(voted):
    codes = [voted.conversation(place).code for place in range(3)]
    with voted.engine.connect() as db:
        assert accounts_of(db) == [
            Account(codes[0], seq=2, ideas=1, votes=1, participants=2),
            *(Account(code, seq=0, ideas=0, votes=0, participants=0) for code in codes[1:]),
        ]


def test_a_conversation_adds_up_whatever_was_done_in_it(voted):
    idea = voted.phone("cleo").write("Sunday")
    voted.do(hide_idea, idea, reason="Names a person")
    voted.phone("dora").vote(voted.phone("emil").write("Depot"), None)
    assert complaints(voted) == []
    voted.do(clear_conversation, voted.conversation().id, code=voted.conversation().code)
    assert complaints(voted) == []


def test_what_does_not_add_up_is_noticed(voted):
    for damage, (statement, words) in DAMAGE.items():
        with voted.engine.connect() as db:
            db.execute(text(statement))
            found = " ".join(complaints_of(db))
            db.rollback()
        assert words in found, damage
    assert complaints(voted) == []


def test_the_oldest_changes_may_go(voted):
    with voted.engine.begin() as db:
        db.execute(text("DELETE FROM change WHERE seq = 1"))
    assert complaints(voted) == []


def test_numbers_go_on_ahead_of_what_screens_saw_and_every_screen_fetches_all(voted):
    place = voted.conversation()
    for seen, newest in [({}, 3), ({"elsewhere": 40}, 3), ({place.code: 40}, 41), (None, 2 + FAR_AHEAD)]:
        with voted.engine.connect() as db:
            leap(db, seen)
            assert accounts_of(db)[0].seq == newest
            assert delta_of(db, place.id, 2, newest, crew=False) is None
            assert complaints_of(db) == []
            db.rollback()
