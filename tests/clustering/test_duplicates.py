import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from feedback.clustering import duplicates
from feedback.clustering.duplicates import surest_pairs
from feedback.clustering.text import fold, words_of


def surest_of(*texts):
    return surest_pairs(texts, [words_of(text, "en") for text in texts])


def test_surest_pairs_flags_the_same_idea_in_other_order_and_case():
    (pair,) = surest_of(
        "Please keep the public libraries open late", "please keep the Public Libraries open late!", "Trees"
    )
    assert (pair.first, pair.second, pair.same) == (0, 1, True)
    assert pair.closeness > 0.9


def test_surest_pairs_never_flags_across_a_negation():
    text = "The old market hall in the middle of the town should {}be torn down for a car park"
    (pair,) = surest_of(text.format(""), text.format("not "))
    assert pair.closeness > 0.9
    assert not pair.same


def test_surest_pairs_passes_over_short_texts_that_differ_in_one_word():
    assert surest_of("Medical marijuana should be legal", "Recreational marijuana should be legal") == []


def test_surest_pairs_of_nothing_is_nothing():
    assert surest_of() == []
    assert surest_of("", " ") == []


def test_surest_pairs_join_all_that_say_the_same_with_as_few_pairs_as_possible():
    library = "Please keep the public libraries open until late"
    found = surest_of(library, "Trees", library, f"{library}!", "please keep the Public Libraries open until late")
    joined = {(pair.first, pair.second) for pair in found}
    assert joined == {(0, 2), (0, 4), (0, 3)}
    assert all(pair.same for pair in found)


def test_surest_pairs_come_surest_first_and_what_differs_in_substance_last():
    hall = "The old market hall in the middle of the town should {}be torn down for a car park"
    found = surest_of(
        hall.format(""),
        hall.format("not "),
        "Plant more trees along the streets, for shade in the summer",
        "Plant more trees along our streets, for the shade in summer",
    )
    assert [(pair.first, pair.second, pair.same) for pair in found] == [(2, 3, True), (0, 1, False)]
    assert found[0].closeness < found[1].closeness


def test_a_flood_of_copies_makes_no_flood_of_pairs():
    copies = ["Buy the best watches of the world here"] * 400 + ["More trees along the river, please"]
    found = surest_of(*copies)
    assert len(found) == 399
    assert {pair.closeness for pair in found} == {1.0}


def test_a_flood_of_copies_with_a_word_changed_makes_no_flood_of_pairs_either(monkeypatch):
    sentence = "keep the night bus from the station to the river every day since nurses have no other way home"
    words = sentence.split(" ")
    copies = [" ".join(words[:at] + words[at + 1 :]) for at in range(len(words))]
    whole = surest_of(*copies)
    assert len(whole) == len(copies) - 1
    monkeypatch.setattr(duplicates, "CHUNK", 3)
    assert surest_of(*copies) == whole


WORDS = ("bus", "night", "library", "open", "more", "the", "park", "bench", "late", "not")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=10), min_size=2, max_size=30))
def test_leaving_common_runs_for_later_overlooks_nothing(ideas):
    texts = [" ".join(words) for words in ideas]
    rows = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True).fit_transform(map(fold, texts))
    square = (rows @ rows.T).toarray()
    before = duplicates.LARGE, duplicates.COMMON
    duplicates.LARGE, duplicates.COMMON = 1, 0.3
    try:
        first, second, closeness = map(np.concatenate, zip(*duplicates._alike(rows.tocsr()), strict=True))
    finally:
        duplicates.LARGE, duplicates.COMMON = before
    near = closeness >= duplicates.SUGGEST
    first, second, closeness = first[near], second[near], closeness[near]
    assert np.allclose(closeness, square[first, second])
    clear = np.argwhere(np.triu(square > duplicates.SUGGEST + 1e-9, 1))
    assert {tuple(pair) for pair in clear.tolist()} <= set(zip(first.tolist(), second.tolist(), strict=True))
    assert all(square[one, other] > duplicates.SUGGEST - 1e-9 for one, other in zip(first, second, strict=True))
