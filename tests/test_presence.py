"""What only a running process knows."""

from feedback.presence import STALE, Arrivals, Presence


def test_two_tabs_are_one_person_until_both_are_closed():
    presence = Presence()
    presence.come(1, 7)
    presence.come(1, 7)
    presence.come(1, 8)
    assert presence.here(1) == 2
    presence.go(1, 7)
    assert presence.here(1) == 2
    presence.go(1, 7)
    presence.go(1, 7)
    assert (presence.here(1), presence.here(2)) == (1, 0)


def test_shown_only_grows():
    presence = Presence()
    assert presence.shown(1) == 0
    presence.show(1, 5)
    presence.show(1, 3)
    assert (presence.shown(1), presence.shown(2)) == (5, 0)


def test_progress_tells_whether_it_is_news():
    presence = Presence()
    assert presence.progress(1) == (0.0, "queued")
    assert presence.advance(1, 0.5, "vectors")
    assert not presence.advance(1, 0.5, "vectors")
    assert presence.progress(1) == (0.5, "vectors")


def test_people_with_other_processes_count_until_nobody_hears_of_those():
    now = [100.0]
    presence = Presence(clock=lambda: now[0])
    presence.come(1, 7)
    presence.told("b", {1: 20, 2: 5})
    presence.told("c", {1: 300})
    assert (presence.here(1), presence.here(2)) == (321, 5)
    assert presence.here_with_us() == {1: 1}
    presence.told("c", None)
    now[0] += STALE
    presence.told("b", {1: 21})
    now[0] += STALE
    assert presence.here(1) == 22
    now[0] += 1
    assert presence.here(1) == 1


MINUTE = 60_000


def test_arrivals_tell_newcomers_from_the_room():
    arrivals = Arrivals()
    arrivals.note(100, 0)
    arrivals.note(100, 5_000)
    arrivals.note(130, 10_000)
    arrivals.note(125, 15_000)  # read a moment earlier by another one
    arrivals.note(180, 20_000)
    joined = arrivals.joined(1, {1, 100, 101, 130, 131, 180, 181})
    assert joined == {101: 10_000, 130: 10_000, 131: 20_000, 180: 20_000}


def test_arrivals_are_remembered_for_a_quarter_of_an_hour():
    arrivals = Arrivals()
    for minute in range(60):
        arrivals.note(100 + minute, minute * MINUTE)
    assert len(arrivals.joined(1, set(range(300)))) == 16
    assert set(arrivals.joined(1, set(range(300)))) == set(range(144, 160))


def test_who_is_trusted_is_no_newcomer_in_that_conversation():
    arrivals = Arrivals()
    assert arrivals.joined(1, {1, 2}) == {}
    arrivals.trust(1)
    arrivals.note(10, 0)
    arrivals.note(20, 1_000)
    arrivals.trust(1)
    arrivals.note(30, 2_000)
    assert set(arrivals.joined(1, {15, 25})) == {25}
    assert set(arrivals.joined(2, {15, 25})) == {15, 25}
