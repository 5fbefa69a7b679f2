from feedback.clustering.identity import matched


def test_matched_keeps_the_id_of_the_theme_with_most_shared_ideas():
    groups = [frozenset("efg"), frozenset("abcd")]
    assert matched(groups, {1: frozenset("abc"), 2: frozenset("def")}, {}, 3) == ([2, 1], 3)


def test_matched_gives_new_themes_the_next_ids():
    groups = [frozenset("xyz"), frozenset("ab"), frozenset("uvw")]
    assert matched(groups, {4: frozenset("abc")}, {}, 9) == ([9, 4, 10], 11)


def test_matched_lets_a_theme_grow_without_losing_its_id():
    grown = frozenset("ab") | {f"new-{number}" for number in range(100)}
    assert matched([grown], {1: frozenset("ab")}, {}, 2) == ([1], 2)


def test_matched_obeys_people_before_overlap():
    groups = [frozenset("abc"), frozenset("d")]
    assert matched(groups, {1: frozenset("abc"), 2: frozenset("d")}, {1: 1}, 3) == ([3, 1], 4)


def test_matched_does_not_hand_on_an_id_for_a_single_idea_in_twenty():
    groups = [frozenset(f"{number}" for number in range(20))]
    known = {
        1: frozenset({"0", *(f"gone-{number}" for number in range(3))}),
        2: frozenset(f"{n}" for n in range(1, 20)),
    }
    assert matched(groups, known, {}, 3) == ([2], 3)
