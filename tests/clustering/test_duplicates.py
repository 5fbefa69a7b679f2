from feedback.clustering.duplicates import near_duplicates
from feedback.clustering.text import words_of


def pairs_of(*texts):
    return near_duplicates(texts, [words_of(text, "en") for text in texts])


def test_near_duplicates_flags_the_same_idea_in_other_order_and_case():
    (pair,) = pairs_of(
        "Please keep the public libraries open late", "please keep the Public Libraries open late!", "Trees"
    )
    assert (pair.first, pair.second, pair.same) == (0, 1, True)
    assert pair.closeness > 0.9


def test_near_duplicates_never_flags_across_a_negation():
    text = "The old market hall in the middle of the town should {}be torn down for a car park"
    (pair,) = pairs_of(text.format(""), text.format("not "))
    assert pair.closeness > 0.9
    assert not pair.same


def test_near_duplicates_passes_over_short_texts_that_differ_in_one_word():
    assert pairs_of("Medical marijuana should be legal", "Recreational marijuana should be legal") == []


def test_near_duplicates_of_nothing_is_nothing():
    assert pairs_of() == []
    assert pairs_of("", " ") == []
