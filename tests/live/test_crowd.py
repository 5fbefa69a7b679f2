"""Places for sockets: counted from the moment somebody is let in, given back, and never the crew's for phones."""

import pytest

from feedback.domain.facts import Forbidden, RoomFull, WrongCode
from feedback.domain.roles import Actor, Role
from feedback.live.crowd import CREW_SEATS, CREW_TABS, TABS, Crowd
from feedback.live.seats import Seat

PHONE, CREW, STAGE = ({"code": "ABC234", "view": view} for view in ("phone", "crew", "stage"))


def phone(who):
    return Seat(1, "phone", Actor(Role.PARTICIPANT, 1, participant_id=who))


def come(crowd, auth):
    with crowd.place_for(auth):
        pass


def test_phones_find_as_many_places_as_there_are_and_the_crew_has_its_own():
    crowd = Crowd(3)
    for _ in range(3):
        come(crowd, PHONE)
    with pytest.raises(RoomFull):
        come(crowd, PHONE)
    for _ in range(CREW_SEATS):
        come(crowd, CREW)
        come(crowd, STAGE)
    with pytest.raises(RoomFull):
        come(crowd, CREW)
    assert crowd.seated() == {"phone": 3, "stage": CREW_SEATS, "crew": CREW_SEATS}


def come_in_vain(crowd, auth, meanwhile=lambda: None):
    with crowd.place_for(auth):
        meanwhile()
        raise WrongCode


def full(crowd):
    with pytest.raises(RoomFull):
        come(crowd, PHONE)


def test_a_place_is_kept_while_its_seat_is_looked_for_and_given_back_without_one():
    crowd = Crowd(1)
    with pytest.raises(WrongCode):
        come_in_vain(crowd, PHONE, lambda: full(crowd))
    come(crowd, PHONE)


def test_who_only_claims_to_be_of_the_crew_takes_none_of_its_places():
    crowd = Crowd(1)
    for _ in range(CREW_SEATS):
        come(crowd, CREW)
    with pytest.raises(WrongCode):  # and not RoomFull: it never came to that
        come_in_vain(crowd, CREW)
    assert crowd.seated()["crew"] == CREW_SEATS


@pytest.mark.parametrize("auth", [None, [], "phone", {}, {"view": "organiser"}, {"view": []}, {"view": {"a": 1}}])
def test_an_odd_view_finds_no_place(auth):
    crowd = Crowd(1)
    with pytest.raises(Forbidden):
        come(crowd, auth)
    assert crowd.seated() == {"phone": 0, "stage": 0, "crew": 0}


def test_the_oldest_of_five_tabs_goes_and_a_place_that_is_left_is_free():
    crowd = Crowd(10)
    for number in range(TABS):
        come(crowd, PHONE)
        assert crowd.sit(f"tab{number}", phone(7)) is None
    come(crowd, PHONE)
    assert crowd.sit("another", phone(8)) is None
    come(crowd, PHONE)
    assert crowd.sit("fifth", phone(7)) == "tab0"
    crowd.rise("tab0", phone(7))
    assert crowd.seated()["phone"] == TABS + 1
    come(crowd, PHONE)
    assert crowd.sit("sixth", phone(7)) == "tab1"


def test_one_of_the_crew_may_have_more_open():
    crowd, seat = Crowd(1), Seat(1, "crew", Actor(Role.FACILITATOR, 1, crew_id=3))
    gone = [crowd.sit(str(number), seat) for number in range(CREW_TABS + 1)]
    assert gone == [None] * CREW_TABS + ["0"]
