import random

import numpy as np
import pytest
from endpoint import vector_of

from feedback.clustering.embedders import CHUNK, CachedEmbedder, EmbedderFailed, MemoryCache, unit_rows
from feedback.domain.texts import digest_of


class Letters:
    """Runs of letters, counted; keeps what it was asked for."""

    id = "letters"

    def __init__(self, dimensions=32):
        self.asked = []
        self.dimensions = dimensions

    @property
    def texts(self):
        return [text for texts in self.asked for text in texts]

    def encode(self, texts):
        self.asked.append(list(texts))
        return unit_rows(np.array([vector_of(text, self.dimensions) for text in texts]), len(texts))


TEXTS = ["More night buses", "Old library books", "More  night\nbuses", "", "Café", "Cafe\u0301"]


def test_no_text_is_encoded_twice():
    inner, cache = Letters(), MemoryCache()
    rows = CachedEmbedder(inner, cache).encode(TEXTS)
    assert sorted(inner.texts) == ["Café", "More night buses", "Old library books"]
    assert np.array_equal(rows[0], rows[2])
    assert np.array_equal(rows[4], rows[5])
    assert not rows[3].any()
    assert np.allclose(np.linalg.norm(np.delete(rows, 3, axis=0), axis=1), 1)
    again = CachedEmbedder(inner, cache).encode([*TEXTS, "New idea"])
    assert inner.asked[1:] == [["New idea"]]
    assert np.array_equal(again[:6], rows)


def test_the_order_of_texts_makes_no_difference():
    texts = [f"Idea {number} on {'buses' if number % 3 else 'books'}" for number in range(3 * CHUNK)]
    inner, rows = Letters(), {}
    for seed in (1, 2):
        random.Random(seed).shuffle(texts)
        rows[seed] = dict(zip(texts, CachedEmbedder(inner, MemoryCache()).encode(texts).tolist(), strict=True))
    assert rows[1] == rows[2]
    assert inner.asked[:3] == inner.asked[3:]


def test_texts_without_a_word_have_rows_of_zeros():
    inner = Letters()
    assert CachedEmbedder(inner, MemoryCache()).encode(["", "  \n"]).tolist() == [[0.0], [0.0]]
    assert CachedEmbedder(inner, MemoryCache()).encode([]).shape == (0, 1)
    assert inner.asked == []


def test_a_model_of_other_dimensions_behind_the_same_name_is_asked_anew():
    cache = MemoryCache()
    CachedEmbedder(Letters(), cache).encode(TEXTS)
    other = Letters(dimensions=48)
    rows = CachedEmbedder(other, cache).encode([*TEXTS, "New idea"])
    assert rows.shape == (7, 48)
    assert sorted(other.texts) == ["Café", "More night buses", "New idea", "Old library books"]
    assert np.array_equal(CachedEmbedder(other, cache).encode(TEXTS), rows[:6])


@pytest.mark.parametrize("first", [48, 32])
def test_vectors_of_two_models_under_one_name_are_made_those_of_the_present_one(first):
    """Ideas are encoded as they arrive: some before the model was exchanged, some after; a run finds no new text."""
    cache = MemoryCache()
    texts = [f"Idea number {number}" for number in range(12)]
    for half, dimensions in ((texts[::2], first), (texts[1::2], 80 - first)):
        for text in half:
            CachedEmbedder(Letters(dimensions=dimensions), cache).encode([text])
    present = Letters(dimensions=40)
    assert CachedEmbedder(present, cache).encode(texts).shape == (12, 40)
    assert sorted(present.texts) == sorted(texts)


def test_what_was_encoded_before_a_fault_is_kept():
    class Breaks(Letters):
        def encode(self, texts):
            if len(self.asked) == 1:
                raise EmbedderFailed("unreachable")
            return super().encode(texts)

    inner, cache = Breaks(), MemoryCache()
    texts = [f"Idea {number}" for number in range(2 * CHUNK)]
    with pytest.raises(EmbedderFailed):
        CachedEmbedder(inner, cache).encode(texts)
    assert len(cache.read("letters", [digest_of(text) for text in texts])) == CHUNK


def test_time_runs_out_between_chunks():
    inner, cache = Letters(), MemoryCache()
    texts = [f"Idea {number}" for number in range(2 * CHUNK)]
    with pytest.raises(EmbedderFailed) as failure:
        CachedEmbedder(inner, cache, within=-1.0).encode(texts)
    assert (failure.value.code, inner.asked) == ("slow", [])
    assert CachedEmbedder(inner, cache, within=600.0).encode(texts).shape == (2 * CHUNK, 32)


@pytest.mark.parametrize(
    "values",
    [np.zeros((2, 3)), np.ones((1, 3)), np.ones((2, 1)), np.ones(2), np.full((2, 3), np.nan), np.ones((2, 8_193))],
)
def test_what_is_not_one_finite_vector_for_each_text_is_wrong(values):
    with pytest.raises(EmbedderFailed) as failure:
        unit_rows(values, 2)
    assert failure.value.code == "wrong"
