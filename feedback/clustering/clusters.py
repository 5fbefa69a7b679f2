"""Clusters from vectors: what many groupings agree on, cut where each idea is nearest its own cluster.

One KMeans differs from the next by chance, and which one a score picks is chance too. Ideas that stand together in
most of many groupings belong together (evidence accumulation, Fred and Jain, IEEE PAMI 27, 2005). How many clusters
there are is told by the silhouette (Rousseeuw, J. Comput. Appl. Math. 20, 1987).
"""

import warnings
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.linalg import qr
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.manifold import spectral_embedding
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from feedback.clustering.training import self_trained
from feedback.clustering.vectors import Rows

Labels = NDArray[np.int64]
Tree = NDArray[np.float64]
Report = Callable[[float], None]

PRIOR = 1.0  # pull towards a number of themes that people can read, beside a silhouette of words from worst to best
PRIOR_MEANING = 0.5  # the same where an embedder measures: its silhouettes tell more
NEARNESS = 0.5  # share of two ideas' distance that is their own; the rest is how many groupings part them
SAMPLE = 1500  # above this many ideas the number of themes is chosen on a sample
FEWEST = 4  # rows below which there is nothing to choose: they are one cluster
STEP = 1.3  # of the numbers of clusters that vote: each that much more than the last
COARSE = 20  # principal axes of an embedder's rows that a third of the votes look at: subjects without the details
FINE = 1 / 3  # power of its width by which a third of the votes on words weigh a dimension less: the details
BRIDGE = 1e-3  # weight of the edges that tie separate parts of the graph together


def usual_count(size: int) -> float:
    """Return how many themes a room of this size usually has: 1.55 log2(n) - 3.2, at least 3 and at most 15."""
    return float(np.clip(1.55 * np.log2(max(size, 2)) - 3.2, 3, 15))


def largest_count(size: int) -> int:
    """Return the largest number of themes that is tried: 1.6 sqrt(n / 2), at least 4 and at most 25."""
    return int(np.clip(1.6 * np.sqrt(size / 2), 4, 25))


def voting_counts(most: int) -> list[int]:
    """Return the numbers of clusters that vote, from 2 to `most`: near neighbours would only say the same again."""
    counts, count = [], 2.0
    while round(count) <= most:
        counts.append(round(count))
        count = max(STEP * count, count + 1)
    return counts


def best_clusters(
    rows: Rows, terms: csr_matrix | None = None, *, seed: int, report: Report, most: int = SAMPLE
) -> Labels:
    """Return the cluster number of each row.

    Parameters
    ----------
    rows : array (n, d)
        Unit rows.
    terms : sparse matrix (n, t), optional
        Non-negative term weights. Where the rows come from an embedder there are none: words would blur what it knows.
    seed : int
        Of every random start, and of the sample.
    report : callable
        Gets the share done, 0 to 1.
    most : int
        Rows above which the choice is made on a sample of so many.
    """
    if len(rows) <= most:
        return _chosen(rows, terms, seed, report)
    sample = np.sort(np.random.default_rng(seed).choice(len(rows), most, replace=False))
    labels = _chosen(rows[sample], None if terms is None else terms[sample], seed, report)
    centres = np.array([rows[sample[labels == label]].mean(axis=0) for label in np.unique(labels)])
    return kmeans(rows, len(centres), seed=seed, centres=centres)


def kmeans(rows: Rows, k: int, *, seed: int, centres: Rows | None = None, starts: int = 4) -> Labels:
    """Return the labels of KMeans: the best of so many starts, or one start from the given centres (k, d)."""
    start, times = ("k-means++", starts) if centres is None else (centres, 1)
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


def _chosen(rows: Rows, terms: csr_matrix | None, seed: int, report: Report) -> Labels:
    # Rounded: the same words squeezed twice may differ in the last digit.
    distinct = len(np.unique(np.round(rows, 6), axis=0))
    most = min(largest_count(len(rows)), distinct)
    if len(rows) < FEWEST or most < 2:
        return np.zeros(len(rows), dtype=np.int64)
    graph = neighbour_graph(rows)
    votes, expected = [], 3 * len(voting_counts(most))
    # The other way to look: an embedder's rows are full of details, squeezed words have lost them.
    other = _principal(rows, seed) if terms is None else _fine(rows)
    for labels in _votes((rows, other), graph, most, seed):
        votes.append(labels if terms is None else self_trained(terms, rows, labels, rounds=1))
        report(len(votes) / (expected + 1))
    return _best_cut(rows, agreement_tree(votes, rows), most, PRIOR_MEANING if terms is None else PRIOR)


def _votes(views: tuple[Rows, Rows], graph: csr_matrix, most: int, seed: int) -> Iterator[Labels]:
    maps = _spectral_maps(graph, most, seed)
    for k in voting_counts(most):
        for view in views:
            yield kmeans(view, k, seed=(seed + k) % 2**32, starts=1)
        if k <= maps.shape[1]:
            yield _assigned(maps[:, :k])


def _principal(rows: Rows, seed: int) -> Rows:
    count = min(COARSE, *rows.shape)
    principal: Rows = normalize(PCA(count, svd_solver="covariance_eigh", random_state=seed).fit_transform(rows))
    return principal


def _fine(rows: Rows) -> Rows:
    widths = np.sqrt(np.square(rows).mean(axis=0))
    fine: Rows = normalize(rows / np.where(widths > 0, widths, 1.0) ** FINE)
    return fine


def agreement_tree(votes: Sequence[Labels], rows: Rows) -> Tree:
    """Return the average-linkage tree (n - 1, 4) of ideas: what parts two is votes, and how far apart they are.

    Parameters
    ----------
    votes : sequence of arrays (n,)
        The groupings, labels from 0 on; n at least 2.
    rows : array (n, d)
        Unit rows. Their cosine decides where the votes say little: hardly any has a small theme as one of its own.
    """
    belongs = np.hstack([np.eye(labels.max() + 1)[labels] for labels in votes])
    parted = 1.0 - belongs @ belongs.T / len(votes)
    apart = (1.0 - NEARNESS) * parted + NEARNESS * np.clip(1.0 - rows @ rows.T, 0.0, None)
    np.fill_diagonal(apart, 0.0)
    # Rounded: shares that are equal must be equal, or the last digit decides who goes together.
    tree: Tree = linkage(squareform(np.round(apart, 9), checks=False), "average")
    return tree


def silhouette(rows: Rows, labels: Labels) -> float:
    """Return the mean silhouette by cosine distance, -1 to 1: how much nearer ideas are to their own cluster.

    That of an idea alone in its cluster is 0. The mean cosine to a cluster is the cosine to the sum of its rows, so
    that no distance of two ideas is needed: twenty times faster than the library's, which takes any distance.

    Parameters
    ----------
    rows : array (n, d)
        Unit rows; a row of zeros is at distance 1 from all.
    labels : array (n,)
        From 0 on, none left out, two at least.
    """
    sizes = np.bincount(labels)
    likeness = rows @ (np.eye(len(sizes))[labels].T @ rows).T
    at, others = np.arange(len(rows)), np.maximum(sizes[labels] - 1, 1)
    own = 1.0 - (likeness[at, labels] - np.square(rows).sum(axis=1)) / others
    apart = 1.0 - likeness / sizes
    apart[at, labels] = np.inf
    nearest = apart.min(axis=1)
    widths = np.where(sizes[labels] > 1, (nearest - own) / np.maximum(np.maximum(nearest, own), 1e-12), 0.0)
    return float(widths.mean())


def _best_cut(rows: Rows, tree: Tree, most: int, prior: float) -> Labels:
    """Return the cut with the best silhouette, drawn to the number of themes that a room of this size usually has."""
    cuts = [np.asarray(fcluster(tree, k, "maxclust"), dtype=np.int64) - 1 for k in range(2, most + 1)]
    cuts = [labels for labels in cuts if labels.any()] or cuts[:1]
    counts = np.array([labels.max() + 1 for labels in cuts])
    quality = np.array([silhouette(rows, labels) if labels.any() else 0.0 for labels in cuts])
    pull = np.log(counts / usual_count(len(rows))) ** 2
    score = (quality - quality.min()) / (float(np.ptp(quality)) or 1.0) - prior * pull
    # Rounded: cuts that are equal must score the same.
    return cuts[int(np.argmax(np.round(score, 9)))]


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
