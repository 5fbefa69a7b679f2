from feedback.clustering.text import (
    fold,
    is_stop_word,
    normalise,
    room_stops_of,
    split_words,
    stem_of,
    without_own_name,
    words_of,
)


def test_normalise_composes_letters_and_joins_white_space():
    assert normalise(" Cafe\u0301s\n\tand  bars ") == "Cafés and bars"


def test_fold_takes_case_and_accents_away():
    assert fold("Élargir l'ÉCOLE, Straße") == "elargir l'ecole, strasse"


def test_split_words_parts_apostrophes_and_punctuation():
    assert split_words("L'école, don't—stop! 24/7") == ["L", "école", "don", "t", "stop", "24", "7"]


def test_split_words_keeps_the_vowel_signs_of_hindi():
    assert split_words("हमें पुस्तकालय चाहिए") == ["हमें", "पुस्तकालय", "चाहिए"]


def test_split_words_cuts_chinese_into_pairs():
    assert split_words("图书馆 ok") == ["图书", "书馆", "ok"]


def test_stem_of_brings_forms_of_a_word_together():
    assert stem_of("Libraries", "en") == stem_of("library", "en")
    assert stem_of("Bibliotheken", "de") == stem_of("bibliothek", "de")


def test_stem_of_a_language_without_stemmer_is_the_folded_word():
    assert stem_of("Knihovna", "sk") == "knihovna"
    assert stem_of("Écoles", None) == "ecoles"


def test_is_stop_word_knows_small_words_single_letters_and_numbers():
    assert [is_stop_word(word, "en") for word in ("The", "x", "2024", "library")] == [True, True, True, False]
    assert not is_stop_word("the", None)


def test_words_of_marks_sentence_starts_and_neighbours():
    words = words_of("Night buses! Buses, trams", "en")
    assert [word.surface for word in words] == ["Night", "buses", "Buses", "trams"]
    assert [word.starts for word in words] == [True, False, True, False]
    assert [word.joined for word in words] == [False, True, False, False]


def test_words_of_makes_the_words_of_titles_stop_words():
    stops = room_stops_of(["Improving our Libraries"], ["en"])
    words = words_of("A library for trams", "en", stops)
    assert [word.surface for word in words if not word.is_stop] == ["trams"]


def test_without_own_name_silences_the_name_of_the_place_only_as_a_whole():
    texts = ["Trees for Bowling Green"] * 5 + ["Green roofs"] * 20
    words = without_own_name([words_of(text, "en") for text in texts])
    assert [word.surface for word in words[0] if not word.is_stop] == ["Trees"]
    assert [word.surface for word in words[9] if not word.is_stop] == ["Green", "roofs"]


def test_without_own_name_leaves_a_rare_name_alone():
    words = [words_of(text, "en") for text in ["Save the Grand Opera"] * 4 + ["Green roofs"] * 6]
    assert without_own_name(words) == words
