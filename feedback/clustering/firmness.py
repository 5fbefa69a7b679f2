"""How firm themes are: whether one half of the words groups the ideas as the other half does.

Words are dealt into two halves. The ideas are clustered by the first half alone; a Bayes classifier then learns, from
the second half of the words of one half of the ideas, where the others belong. Words that have been shuffled tell
nothing of each other, so that the two agree by chance alone; what agrees better has a subject. It is the split-half
test of psychometrics, with Cohen's kappa (1960) as the measure of agreement.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags
from sklearn.decomposition import TruncatedSVD
from sklearn.naive_bayes import ComplementNB
from sklearn.preprocessing import normalize

from feedback.clustering.clusters import Labels, kmeans
from feedback.clustering.text import Word

#: Agreement beyond chance from which a theme counts as firm; fewer than 1 in 100 themes of shuffled words have as much.
FIRM_KAPPA = 0.15
DEALS = 6  # how often the words are dealt, as coins of each word; each deal is looked at from both sides
SAMPLE = 500  # ideas that are looked at: more make it hardly clearer, and a run longer
FEW = 20  # ideas with words in both halves below which nothing can be said
DIMENSIONS = 20
COMMON = 0.5  # share of ideas above which a word says nothing
ALPHA = 0.3
DOUBT = 2.0  # imagined ideas that agree by chance: two that agree make no theme firm


def firmness_of(words: Sequence[Sequence[Word]], places: Labels, *, seed: int) -> dict[int, float]:
    """Return how firm each theme is, 0 to 1, from 0.5 on firm; 0 where nothing can be said.

    Parameters
    ----------
    words : sequence of sequences of Word
        Of n ideas.
    places : array (n,)
        Theme index of each idea, negative for none.
    seed : int
        Of the deals, the sample and the clusters.
    """
    indexes = [int(index) for index in np.unique(places[places >= 0])]
    lots = _lots((" ".join(word.stem for word in idea) for idea in words), seed)
    looked_at = np.sort(np.argsort(lots, kind="stable")[:SAMPLE])
    terms, stems = _terms([words[at] for at in looked_at])
    dealt = _lots(stems, seed)
    agreed = np.zeros((3, len(looked_at)))
    for deal in range(DEALS):
        first, fold = dealt >> deal & 1 == 0, lots[looked_at] >> deal & 1 == 0
        for half in (first, ~first):
            agreed += _agreement(terms[:, half], terms[:, ~half], fold, max(2, len(indexes)), seed)
    return {index: _firmness(agreed[:, places[looked_at] == index]) for index in indexes}


def _firmness(agreed: NDArray[np.float64]) -> float:
    """Return kappa on a scale where firm is 0.5; `agreed` has rows seen, expected and looks, a column per idea."""
    seen, expected, looks = agreed.sum(axis=1)
    if looks == 0 or expected >= looks:
        return 0.0
    # Ideas whose words fall into one half say nothing: what counts is how many could be looked at.
    ideas = looks / (2 * DEALS)
    kappa = (seen - expected) / (looks - expected) * ideas / (ideas + DOUBT)
    return float(np.clip(round(kappa / (2 * FIRM_KAPPA), 4), 0.0, 1.0))


def _agreement(
    mine: csr_matrix, theirs: csr_matrix, fold: NDArray[np.bool_], count: int, seed: int
) -> NDArray[np.float64]:
    """Return, for each idea, whether it was foretold, how often chance would have, and how often it was looked at."""
    out = np.zeros((3, mine.shape[0]))
    known = np.flatnonzero((mine.getnnz(axis=1) > 0) & (theirs.getnnz(axis=1) > 0))
    if len(known) < FEW:
        return out
    labels = _clustered(mine[known], count, seed)
    shares = np.bincount(labels) / len(labels)
    for learners in (fold[known], ~fold[known]):
        if len(np.unique(labels[learners])) < 2 or learners.all():
            continue
        model = ComplementNB(alpha=ALPHA).fit(theirs[known[learners]], labels[learners])
        told = model.predict(theirs[known[~learners]])
        rate = np.bincount(told, minlength=len(shares)) / len(told)
        at = known[~learners]
        out[:, at] += np.array([told == labels[~learners], rate[labels[~learners]], np.ones(len(at))])
    return out


def _clustered(terms: csr_matrix, count: int, seed: int) -> Labels:
    rank = min(DIMENSIONS, terms.shape[1] - 1, terms.shape[0] - 1)
    unit = csr_matrix(normalize(terms))
    if rank < 2:
        return np.zeros(terms.shape[0], dtype=np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = normalize(TruncatedSVD(rank, random_state=seed).fit_transform(unit))
    # One start each: there are six groupings that are looked at together.
    return kmeans(rows, min(count, len(np.unique(np.round(rows, 6), axis=0))), seed=seed, starts=1)


def _lots(texts: Iterable[str], seed: int) -> NDArray[np.int64]:
    """Return the lot that each text draws, of which every bit is a coin: the same whatever else is in the room.

    New ideas deal the words of the others no differently, so that what was firm before they came mostly stays so.
    """
    drawn = [hashlib.blake2b(f"{seed} {text}".encode(), digest_size=6).digest() for text in texts]
    return np.array([int.from_bytes(lot, "big") for lot in drawn], dtype=np.int64)


def _terms(words: Sequence[Sequence[Word]]) -> tuple[csr_matrix, list[str]]:
    """Return which stems each idea holds, weighed by how rare they are, and the stems.

    Only what two ideas share can agree.
    """
    columns: dict[str, int] = {}
    held = [
        sorted({columns.setdefault(word.stem, len(columns)) for word in idea if not word.is_stop}) for idea in words
    ]
    rows = np.repeat(np.arange(len(words)), [len(each) for each in held])
    cells = np.array([column for each in held for column in each], dtype=np.int64)
    terms = csr_matrix((np.ones(len(cells)), (rows, cells)), shape=(len(words), max(1, len(columns))))
    counts = np.asarray(terms.sum(axis=0)).ravel()
    kept = np.flatnonzero((counts >= 2) & (counts <= COMMON * len(words)))
    rarity = np.log((1 + len(words)) / (1 + counts[kept])) + 1
    stems = list(columns)
    return csr_matrix(terms[:, kept] @ diags(rarity)), [stems[at] for at in kept]
