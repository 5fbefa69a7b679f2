"""What many people's sorts say together: each weighs as much as its participant is right, as far as one can tell.

The one-coin model of Dawid and Skene (Applied Statistics 28, 1979): a participant is right with one probability, and
otherwise says any other answer alike. Expectation maximisation finds both, who is right and what is true.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Shares (n, k + 1): how probable each theme is for each idea; the last column is "none of these". Rows sum to 1.
Shares = NDArray[np.float64]
Indexes = NDArray[np.int64]

#: Before anything is known of a participant they count as right in 8 of 10 sorts (Beta): four taps judge nobody.
RIGHT, WRONG = 8.0, 2.0
ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Said:
    """The sorts of a room as three columns of the same length: participant, idea and answer, each by its index.

    An answer is a theme's column of the shares, or the last column for "none of these".
    """

    participants: Indexes
    ideas: Indexes
    answers: Indexes

    @property
    def people(self) -> int:
        """How many participants have sorted."""
        return int(self.participants.max(initial=-1)) + 1


def weighed(prior: Shares, said: Said) -> tuple[Shares, NDArray[np.float64]]:
    """Return the shares after everybody's sorts, and how often each participant is right (0 to 1).

    Parameters
    ----------
    prior : array (n, k + 1)
        What is known without the sorts; no zeros.
    said : Said
        The sorts.
    """
    right = np.full(said.people, RIGHT / (RIGHT + WRONG))
    counts = np.bincount(said.participants, minlength=said.people)
    shares = posterior(prior, said, right)
    for _ in range(ROUNDS):
        agreed = np.bincount(said.participants, shares[said.ideas, said.answers], said.people)
        right = (RIGHT + agreed) / (RIGHT + WRONG + counts)
        shares = posterior(prior, said, right)
    return shares, right


def posterior(prior: Shares, said: Said, right: NDArray[np.float64]) -> Shares:
    """Return the shares when it is known how often each participant is right."""
    logs = np.log(prior)
    others = np.log((1 - right) / max(1, prior.shape[1] - 1))[said.participants]
    # Whoever answers speaks a little for every answer, and more for their own.
    np.add.at(logs, said.ideas, others[:, None])
    np.add.at(logs, (said.ideas, said.answers), np.log(right)[said.participants] - others)
    logs -= logs.max(axis=1, keepdims=True)
    shares: Shares = np.exp(logs)
    shares /= shares.sum(axis=1, keepdims=True)
    return shares
