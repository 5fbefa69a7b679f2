"""A made-up room with four subjects, so that no test needs a data set."""

import os
import random
from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits

from feedback.domain.themes import IdeaText

# Not even skipped unless it is asked for: it installs 1.2 GB.
collect_ignore = [] if os.environ.get("FEEDBACK_TEST_MINILM") else ["test_minilm.py"]
SUBJECTS = {
    "buses": ["night buses", "bus stop", "bus line", "tram tickets", "bus drivers", "late buses", "tram line"],
    "books": ["library books", "reading rooms", "library hours", "old books", "library cards", "reading evenings"],
    "trees": ["street trees", "shady trees", "park benches", "green roofs", "park lawns", "flower beds", "tree roots"],
    "money": ["small grants", "artist grants", "tax money", "grant forms", "culture budget", "budget rules", "grants"],
}
SENTENCES = [
    "We need more {0} and better {1}.",
    "Please pay for {0} before {1}.",
    "{0} should come with {1}!",
    "Why are there so few {0}, and no {1}?",
    "Think of {0}; think of {1} too.",
]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute as `find_themes` does: on one thread, however busy the machine is."""
    with threadpool_limits(limits=1):
        yield


@pytest.fixture(scope="session")
def room() -> list[IdeaText]:
    """Eighty ideas, twenty on each subject, in mixed order; the id starts with the subject."""
    chance = random.Random(7)
    ideas = []
    for number in range(20):
        for subject, things in SUBJECTS.items():
            text = chance.choice(SENTENCES).format(*chance.sample(things, 2))
            ideas.append(IdeaText(f"{subject}-{number:02d}", text, "en"))
    chance.shuffle(ideas)
    return ideas
