import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.metrics import silhouette_score

from feedback.clustering.clusters import (
    agreement_tree,
    best_clusters,
    largest_count,
    modularity,
    neighbour_graph,
    silhouette,
    usual_count,
    voting_counts,
)


def blobs(count, size, seed=0):
    """Unit rows around `count` axes, `size` each."""
    chance = np.random.default_rng(seed)
    rows = np.repeat(np.eye(count, 12), size, axis=0) + chance.normal(0, 0.08, (count * size, 12))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def silent(share):
    assert 0 <= share <= 1


@pytest.mark.parametrize("count", [3, 5, 8])
def test_best_clusters_finds_clear_groups(count):
    labels = best_clusters(blobs(count, 25), seed=0, report=silent)
    assert [len(set(labels[start : start + 25])) for start in range(0, count * 25, 25)] == [1] * count
    assert len(set(labels)) == count


def test_best_clusters_chooses_on_a_sample_when_there_are_many():
    labels = best_clusters(blobs(6, 50), seed=0, report=silent, most=100)
    assert [len(set(labels[start : start + 50])) for start in range(0, 300, 50)] == [1] * 6
    assert len(set(labels)) == 6


@pytest.mark.parametrize("rows", [np.ones((30, 4)) / 2, np.zeros((30, 4)), np.eye(3)])
def test_best_clusters_is_one_cluster_where_there_is_nothing_to_choose(rows):
    assert set(best_clusters(rows, seed=0, report=silent)) == {0}


def test_modularity_of_two_separate_pairs_is_a_half():
    graph = csr_matrix(np.kron(np.eye(2), [[0.0, 1.0], [1.0, 0.0]]))
    assert modularity(graph, np.array([0, 0, 1, 1])) == pytest.approx(0.5)
    assert modularity(graph, np.array([0, 0, 0, 0])) == pytest.approx(0)


def test_neighbour_graph_is_symmetric_and_has_no_loops():
    graph = neighbour_graph(blobs(3, 10))
    assert abs(graph - graph.T).nnz == 0
    assert not graph.diagonal().any()


def test_counts_follow_the_size_of_the_room():
    assert [round(usual_count(size), 1) for size in (20, 100, 1000, 100_000)] == [3.5, 7.1, 12.2, 15]
    assert [largest_count(size) for size in (20, 100, 1000)] == [5, 11, 25]


def test_voting_counts_go_from_two_to_the_most_in_growing_steps():
    assert voting_counts(4) == [2, 3, 4]
    assert voting_counts(25) == [2, 3, 4, 5, 7, 9, 11, 15, 19, 25]


def test_agreement_tree_joins_first_whom_most_votes_put_together():
    votes = [np.array([0, 0, 1, 1, 2]), np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1]), np.array([1, 1, 0, 0, 0])]
    tree = agreement_tree(votes, np.eye(5))
    # Half of the distance is the share of votes that part two, half is their own: 1 for axes of a space.
    assert tree[0, :3].tolist() == [0, 1, 0.5]
    assert tree[1, :3].tolist() == [2, 3, 0.625]
    assert tree[2, 2] == pytest.approx(0.5 + (0.25 + 0.5) / 4)


def test_agreement_tree_joins_the_nearest_where_votes_say_nothing():
    rows = np.array([[1, 0], [0.8, 0.6], [0, 1]])
    assert agreement_tree([np.zeros(3, dtype=np.int64)], rows)[0, :3].tolist() == [0, 1, 0.1]


@pytest.mark.parametrize("seed", range(5))
def test_silhouette_is_the_librarys(seed):
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(40, 6))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[3] = 0
    labels = chance.permutation(np.arange(40) % 6)
    labels[0] = 6
    labels = np.unique(labels, return_inverse=True)[1]
    assert silhouette(rows, labels) == pytest.approx(silhouette_score(rows, labels, metric="cosine"))


def test_best_clusters_finds_clear_groups_among_many_dimensions_with_and_without_words():
    rows = np.hstack([blobs(5, 25), np.zeros((125, 30))])
    terms = csr_matrix(np.repeat(np.eye(5), 25, axis=0))
    for words in (None, terms):
        labels = best_clusters(rows, words, seed=0, report=silent)
        assert [len(set(labels[start : start + 25])) for start in range(0, 125, 25)] == [1] * 5
        assert len(set(labels)) == 5
