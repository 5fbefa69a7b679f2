"""Which card comes next: own ideas first, then the least certain, never twice, and not the same one for everybody."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from feedback.domain.cards import JUST_SAVED, UNDER_WAY, Asker, Candidate, Dealt, by_certainty, cards_for, ranked_themes

NOW = 1_790_000_000_000


def candidate(idea, *, author=None, sureness=None, sorts=0, age=0):
    return Candidate(idea, author, sureness, sorts, NOW - age)


def asker(participant=1, done=(), asked=True):
    return Asker(participant, frozenset(done), asked, NOW)


candidates = st.lists(
    st.builds(
        Candidate,
        st.text("abcdef", min_size=1, max_size=4),
        st.none() | st.integers(1, 5),
        st.none() | st.floats(0, 0.94),
        st.integers(0, 5),
        st.just(NOW),
    ),
    max_size=30,
    unique_by=lambda each: each.idea,
)


@given(candidates, st.integers(1, 5), st.sets(st.text("abcdef", max_size=4)), st.integers(1, 10), st.booleans())
def test_nobody_gets_an_idea_twice_and_others_only_while_the_room_is_asked(deck, who, done, wanted, is_asked):
    hand = cards_for(deck, Asker(who, done, is_asked, NOW), {}, wanted)
    author = {each.idea: each.author for each in deck}
    assert len(hand) == len(set(hand)) <= wanted
    assert not set(hand) & done
    assert is_asked or all(author[idea] == who for idea in hand)
    own = [author[idea] == who for idea in hand]
    assert own == sorted(own, reverse=True)
    if is_asked:
        assert len(hand) == min(wanted, len({each.idea for each in deck} - done))


def test_own_ideas_come_first_the_newest_before():
    deck = [candidate("a", author=1, age=9), candidate("b", author=1), candidate("c", author=2)]
    assert cards_for(deck, asker(), {}, 5) == ["b", "a", "c"]


def test_outside_the_phase_only_what_was_just_written_is_asked():
    deck = [candidate("a", author=1, age=JUST_SAVED), candidate("b", author=1, age=JUST_SAVED + 1), candidate("c")]
    assert cards_for(deck, asker(asked=False), {}, 5) == ["a"]


def test_the_least_certain_come_first_and_what_no_run_has_seen_before_all():
    deck = [candidate(f"i{n:02}", sureness=n / 100) for n in range(1, 50)] + [candidate("new")]
    deck.sort(key=by_certainty)
    first = {cards_for(deck, asker(participant), {}, 1)[0] for participant in range(40)}
    assert first <= {"new", "i01", "i02", "i03", "i04"}
    assert len(first) > 2


def test_of_the_least_certain_those_with_fewest_sorts_come_first():
    deck = [candidate(f"i{n}", sureness=0.2, sorts=n % 2) for n in range(40)]
    assert all(cards_for(deck, asker(p), {}, 1)[0] in {"i0", "i2"} for p in range(20))


def test_a_room_that_asks_all_at_once_spreads_over_the_ideas():
    deck = [candidate(f"i{n:03}", sureness=n / 200) for n in range(130)]
    dealt, held = Dealt(), Counter()
    for participant in range(60):
        hand = cards_for(deck, asker(participant), dealt.under_way(participant, 0.0), 5)
        dealt.give(participant, hand, 0.0)
        held.update(hand)
    assert len(held) == 130
    assert max(held.values()) <= 4


def test_what_somebody_holds_is_theirs_again_and_others_hold_it_for_a_minute():
    dealt = Dealt()
    dealt.give(1, ["a", "b"], 0.0)
    dealt.give(2, ["a"], 10.0)
    assert dealt.under_way(3, 20.0) == {"a": 2, "b": 1}
    assert dealt.under_way(1, 20.0) == {"a": 1}
    dealt.give(1, ["c"], 30.0)
    assert dealt.under_way(3, 10.0 + UNDER_WAY) == {"c": 1}
    assert dealt.under_way(3, 30.0 + UNDER_WAY) == {}


def test_themes_are_offered_by_their_share():
    assert ranked_themes({1: 0.1, None: 0.5, 2: 0.3, 3: 0.1}) == [2, 1, 3]
