import numpy as np

from feedback.clustering.text import words_of
from feedback.clustering.training import self_trained
from feedback.clustering.vectors import lexical_vectors


def test_self_trained_puts_a_stray_idea_where_its_words_belong(room):
    subjects = [idea.id.partition("-")[0] for idea in room]
    names = sorted(set(subjects))
    truth = np.array([names.index(subject) for subject in subjects])
    vectors = lexical_vectors([words_of(idea.text, "en") for idea in room], ["en"] * len(room), seed=0)
    start = truth.copy()
    start[:4] = (truth[:4] + 1) % 4
    assert self_trained(vectors.terms, vectors.rows, start).tolist() == truth.tolist()


def test_self_trained_leaves_a_single_cluster_alone(room):
    vectors = lexical_vectors([words_of(idea.text, "en") for idea in room], ["en"] * len(room), seed=0)
    assert set(self_trained(vectors.terms, vectors.rows, np.zeros(len(room), dtype=np.int64))) == {0}


def test_self_trained_does_no_more_rounds_than_it_may(room):
    vectors = lexical_vectors([words_of(idea.text, "en") for idea in room], ["en"] * len(room), seed=0)
    start = np.arange(len(room)) % 3
    assert self_trained(vectors.terms, vectors.rows, start, rounds=0).tolist() == start.tolist()
