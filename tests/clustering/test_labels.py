from feedback.clustering.labels import theme_labels
from feedback.clustering.text import words_of


def labels_of(*groups, language="en"):
    words = [words_of(text, language) for group in groups for text in group]
    starts = [sum(map(len, groups[:at])) for at in range(len(groups))]
    positions = [list(range(start, start + len(group))) for start, group in zip(starts, groups, strict=True)]
    return theme_labels(words, [language] * len(words), positions)


BUSES = ["More night buses", "Night buses on weekdays", "Buses for all", "The night buses are late"]
TREES = ["Plant trees", "Trees give shade", "More shade in town", "Shade and trees"]


def test_theme_labels_name_what_a_theme_shares_and_others_do_not():
    assert [label.name for label in labels_of(BUSES, TREES)] == ["Night buses", "Shade, trees"]


def test_theme_labels_give_no_term_to_two_themes():
    buses, trees = labels_of([*BUSES, "trees trees"], [*TREES, "buses"])
    assert not set(buses.terms) & set(trees.terms)


def test_theme_labels_write_words_as_people_do():
    (label, _) = labels_of(["Ask WKU", "WKU and campus", "The WKU", "Campus"], TREES)
    assert label.terms == ("WKU", "campus")


def test_theme_labels_keep_the_capitals_of_german_nouns():
    german = ["Mehr Radwege bitte", "Sichere Radwege", "Neue Radwege bauen"]
    assert labels_of(german, TREES, language="de")[0].name == "Radwege"


def test_theme_labels_prefer_the_language_of_most_ideas():
    texts = [*["We need libraries and books"] * 4, *["Il faut des bibliothèques"] * 2, *TREES]
    tags = ["en"] * 4 + ["fr"] * 2 + ["en"] * 4
    words = [words_of(text, tag) for text, tag in zip(texts, tags, strict=True)]
    label = theme_labels(words, tags, [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9]])[0]
    assert label.terms[:2] == ("books", "libraries")


def test_theme_labels_are_empty_where_ideas_share_nothing():
    first, empty = labels_of(["a", "of the", "42"], [])
    assert (first.name, first.terms, empty.name) == ("", (), "")
