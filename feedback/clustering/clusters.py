"""Clusters from vectors: candidates by KMeans and Spectral clustering, chosen by modularity of the neighbour graph."""

import warnings
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.manifold import spectral_embedding
from sklearn.neighbors import NearestNeighbors

from feedback.clustering.vectors import Rows

Labels = NDArray[np.int64]
Report = Callable[[float], None]

PRIOR = 0.3  # pull towards a number of themes that people can read
SAMPLE = 1500  # above this many ideas the number of themes is chosen on a sample
FEWEST = 4  # rows below which there is nothing to choose: they are one cluster
BRIDGE = 1e-3  # weight of the edges that tie separate parts of the graph together


def usual_count(size: int) -> float:
    """Return how many themes a room of this size usually has: 1.55 log2(n) - 3.2, at least 3 and at most 15."""
    return float(np.clip(1.55 * np.log2(max(size, 2)) - 3.2, 3, 15))


def largest_count(size: int) -> int:
    """Return the largest number of themes that is tried: 1.6 sqrt(n / 2), at least 4 and at most 25."""
    return int(np.clip(1.6 * np.sqrt(size / 2), 4, 25))


def best_clusters(rows: Rows, *, seed: int, report: Report, most: int = SAMPLE) -> Labels:
    """Return the cluster number of each row.

    Parameters
    ----------
    rows : array (n, d)
        Unit rows.
    seed : int
        Of every random start, and of the sample.
    report : callable
        Gets the share done, 0 to 1.
    most : int
        Rows above which the choice is made on a sample of so many.
    """
    if len(rows) <= most:
        return _chosen(rows, seed, report)
    sample = np.sort(np.random.default_rng(seed).choice(len(rows), most, replace=False))
    labels = _chosen(rows[sample], seed, report)
    centres = np.array([rows[sample[labels == label]].mean(axis=0) for label in np.unique(labels)])
    return kmeans(rows, len(centres), seed=seed, centres=centres)


def kmeans(rows: Rows, k: int, *, seed: int, centres: Rows | None = None) -> Labels:
    """Return the labels of KMeans: the best of four starts, or one start from the given centres (k, d)."""
    start, times = ("k-means++", 4) if centres is None else (centres, 1)
    with warnings.catch_warnings():
        # Fewer different ideas than k is no fault here: the candidate is judged like any other.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return np.asarray(KMeans(k, init=start, n_init=times, random_state=seed).fit_predict(rows), dtype=np.int64)


def modularity(graph: csr_matrix, labels: Labels) -> float:
    """Return Newman's modularity of a partition of a weighted, undirected graph."""
    total = float(graph.sum())
    if total == 0:
        return 0.0
    ends = graph.tocoo()
    inside = float(ends.data[labels[ends.row] == labels[ends.col]].sum())
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    by_label = np.bincount(labels, weights=degrees)
    return inside / total - float(np.square(by_label / total).sum())


def neighbour_graph(rows: Rows) -> csr_matrix:
    """Return the graph of nearest neighbours: clip(log2 n + 2, 5, 15) each, cosine as weight, symmetric by maximum."""
    size = len(rows)
    count = min(int(np.clip(np.log2(size) + 2, 5, 15)), size - 1)
    finder = NearestNeighbors(n_neighbors=count, metric="cosine", algorithm="brute").fit(rows)
    graph = csr_matrix(finder.kneighbors_graph(mode="distance"))
    graph.data = np.clip(1.0 - graph.data, 0.0, 1.0)
    graph.eliminate_zeros()
    return csr_matrix(graph.maximum(graph.T))


def _chosen(rows: Rows, seed: int, report: Report) -> Labels:
    # Rounded: the same words squeezed twice may differ in the last digit.
    distinct = len(np.unique(np.round(rows, 6), axis=0))
    most = min(largest_count(len(rows)), distinct)
    if len(rows) < FEWEST or most < 2:
        return np.zeros(len(rows), dtype=np.int64)
    graph = neighbour_graph(rows)
    found = []
    for done, labels in enumerate(_candidates(rows, graph, most, seed), start=1):
        found.append((modularity(graph, labels), len(np.unique(labels)), labels))
        report(done / (2 * (most - 1)))
    quality = np.array([score for score, _, _ in found])
    spread = float(np.ptp(quality)) or 1.0
    usual = usual_count(len(rows))
    score = (quality - quality.min()) / spread - PRIOR * np.log([k / usual for _, k, _ in found]) ** 2
    return found[int(np.argmax(score))][2]


def _candidates(rows: Rows, graph: csr_matrix, most: int, seed: int) -> Iterator[Labels]:
    for k in range(2, most + 1):
        yield kmeans(rows, k, seed=seed)
    maps = _spectral_maps(graph, most, seed)
    for k in range(2, min(most, maps.shape[1]) + 1):
        yield _assigned(maps[:, :k])


def _spectral_maps(graph: csr_matrix, most: int, seed: int) -> Rows:
    """Return the leading eigenvectors, computed once and cut to k columns for every k."""
    count = min(most, graph.shape[0] - 2)
    maps: Rows = spectral_embedding(_connected(graph), n_components=count, random_state=seed, drop_first=False)
    return maps


def _assigned(maps: Rows) -> Labels:
    """Return the clusters that the pivots of a QR decomposition span (Damle, Minden and Ying 2019): no random start."""
    k = maps.shape[1]
    _, _, pivots = qr(maps.T, pivoting=True)
    left, _, right = np.linalg.svd(maps[pivots[:k], :].T)
    return np.asarray(np.abs(maps @ (left @ right)).argmax(axis=1), dtype=np.int64)


def _connected(graph: csr_matrix) -> csr_matrix:
    """Return the graph with its separate parts tied to the first one by an edge that weighs next to nothing."""
    parts, part_of = connected_components(graph, directed=False)
    if parts == 1:
        return graph
    firsts = np.array([int(np.argmax(part_of == part)) for part in range(parts)])
    ends, starts = firsts[1:], np.full(parts - 1, firsts[0])
    bridge = coo_matrix((np.full(parts - 1, BRIDGE), (starts, ends)), shape=graph.shape)
    return csr_matrix(graph + bridge + bridge.T)
