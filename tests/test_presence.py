"""What only a running process knows."""

from feedback.presence import Presence


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
