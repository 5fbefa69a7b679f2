from feedback.domain.reports import Ledger, ReportIdea, ReportTheme
from feedback.domain.summaries import highlights_of, missing_from, most_supported, votes_on


def idea(number: int, agree: int = 0, disagree: int = 0, passes: int = 0) -> ReportIdea:
    return ReportIdea(f"id{number}", number, f"text {number}", "en", 1, 1, agree, disagree, passes, "phone", 0)


def theme(*ideas: ReportIdea, representatives: tuple[str, ...] = ()) -> ReportTheme:
    return ReportTheme(1, "Name", (), ideas, representatives, sum(one.agree for one in ideas))


def why(chosen: ReportTheme) -> dict[int, tuple[str, ...]]:
    return {mark.idea.number: mark.why for mark in highlights_of(chosen)}


def test_votes_on_counts_every_view():
    assert votes_on(idea(1, 3, 2, 1)) == 6


def test_missing_from_is_zero_when_every_idea_is_explained():
    assert missing_from(Ledger(17, 8, 3, (("a", 2), ("b", 1)), 3)) == 0


def test_missing_from_tells_how_many_are_not_explained_or_explained_twice():
    assert missing_from(Ledger(17, 8, 3, (), 3)) == 3
    assert missing_from(Ledger(10, 8, 3, (), 3)) == -4


def test_most_supported_leaves_out_what_nobody_supports():
    assert [one.number for one in most_supported([idea(1), idea(2, 4), idea(3, 4, 1), idea(4, 9)])] == [4, 2, 3]


def test_most_supported_of_opinions_are_those_with_which_more_agree_than_disagree():
    ideas = [idea(1, 9, 9), idea(2, 4, 3), idea(3, 5, 8), idea(4, 1)]
    assert [one.number for one in most_supported(ideas, {1})] == [2, 4]
    assert [one.number for one in most_supported(ideas, {2})] == [1, 3, 2, 4]
    assert [mark.idea.number for mark in highlights_of(theme(*ideas), {1}) if "supported" in mark.why] == [2, 4]


def test_highlights_name_each_idea_once_with_every_reason():
    found = why(theme(idea(1, 9, 8), idea(2, 3), idea(3), representatives=("id2", "id3")))
    assert found == {1: ("supported", "divided"), 2: ("supported", "typical"), 3: ("typical",)}


def test_highlights_find_the_least_heard_idea_where_there_are_enough_to_overlook():
    many = [idea(n, 5) for n in range(1, 8)]
    assert why(theme(*many, idea(8, 0, 1)))[8] == ("unheard",)
    assert 8 not in why(theme(*many[:6], idea(8, 0, 1)))


def test_highlights_of_a_theme_without_votes_are_its_typical_ideas():
    assert why(theme(*(idea(n) for n in range(1, 12)), representatives=("id4",))) == {4: ("typical",)}


def test_highlights_of_an_empty_theme_are_none():
    assert why(theme()) == {}


def test_one_vote_against_one_does_not_divide_a_room():
    assert why(theme(idea(1, 1, 1))) == {1: ("supported",)}
