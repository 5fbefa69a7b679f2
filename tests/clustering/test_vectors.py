import numpy as np

from feedback.clustering.text import words_of
from feedback.clustering.vectors import centred, lexical_vectors, nearest_likeness


def vectors_of(texts):
    return lexical_vectors([words_of(text, "en") for text in texts], ["en"] * len(texts), seed=0)


def test_lexical_vectors_are_unit_rows(room):
    vectors = vectors_of([idea.text for idea in room])
    assert vectors.rows.shape == (80, 50)
    assert np.allclose(np.linalg.norm(vectors.rows, axis=1), 1)


def test_lexical_vectors_put_the_same_words_nearer_than_others():
    texts = ["night buses", "buses by night", "library cards", "cards for the library", "street trees", "green trees"]
    rows = vectors_of(texts).rows
    assert rows[0] @ rows[1] > rows[0] @ rows[2]
    assert rows[2] @ rows[3] > rows[3] @ rows[4]


def test_lexical_vectors_of_texts_without_words_are_zeros():
    assert not vectors_of(["", "🚲", "🎭🎭"] * 10).rows.any()


def test_lexical_vectors_of_one_text_many_times_are_all_alike():
    rows = vectors_of(["night buses"] * 30).rows
    assert np.allclose(rows @ rows.T, 1)


def test_centred_leaves_one_language_as_it_is():
    rows = np.eye(3)
    assert centred(rows, ["en", "en", None]) is rows


def test_centred_takes_each_languages_mean_away():
    subject = np.tile(np.eye(2), (5, 1))
    rows = np.hstack([subject, np.ones((10, 1))])
    both = np.vstack([rows, np.hstack([subject, -np.ones((10, 1))])])
    out = centred(both / np.linalg.norm(both, axis=1, keepdims=True), ["en"] * 10 + ["de"] * 10)
    assert np.allclose(out[:10], out[10:])


def test_nearest_likeness_looks_at_other_ideas_only():
    vectors = vectors_of(["night buses", "night buses", "opera"])
    assert np.allclose(nearest_likeness(vectors.terms), [1, 1, 0])
