import numpy as np

from feedback.clustering.representatives import representatives_of
from feedback.clustering.text import words_of


def chosen(rows, texts, twins=None):
    unit = np.array(rows, dtype=float)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    words = [words_of(text, "en") for text in texts]
    return representatives_of(range(len(texts)), unit, words, twins or range(len(texts)))


def test_representatives_of_starts_with_the_most_typical_idea():
    texts = [
        "Plant more trees in town",
        "Let us have benches outside",
        "Paint every wall in blue",
        "Open the old harbour",
    ]
    assert chosen([[1, 0.9], [1, 0.3], [1, 0], [1, -0.1]], texts)[0] == 1


def test_representatives_of_shows_no_idea_twice():
    same = "Please plant more street trees in the old town"
    texts = [same, f"{same}!", "We want green roofs on schools"]
    assert chosen([[1, 0.1], [1, 0.1], [1, 0]], texts, twins=[0, 0, 1]) in ([0, 2], [2, 0])


def test_representatives_of_prefers_readable_lengths():
    assert chosen([[1, 0], [1, 0.1]], ["Trees", "Please plant more street trees"])[0] == 1


def test_representatives_of_an_empty_theme_are_none():
    assert representatives_of([], np.zeros((0, 2)), [], []) == []
