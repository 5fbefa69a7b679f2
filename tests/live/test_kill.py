"""What a phone was told is saved, is saved: kill -9 under load, restart, compare every acked op with the rows.

The mutants at the end break a promise on purpose; the same story must then fail.
"""

import os
from pathlib import Path

import pytest
from mutants import told_until_found
from promises import Client, phones, work, wrong
from served import Served

#: The long form, before a release: FEEDBACK_TEST_KILLS=50.
KILLS = int(os.environ.get("FEEDBACK_TEST_KILLS", "5"))


def story(served: Served, kills: int, pause: float) -> list[str]:
    """Run the load with kills; returns everything that is not as the phones were told."""
    with served:
        clients = load(served, kills, pause)
    return wrong(served.instance / "feedback.db", clients)


def load(served: Served, kills: int, pause: float) -> list[Client]:
    """Let phones write and vote while the server is killed and started again; returns them with what they know."""
    with phones(served) as clients:
        for _ in range(kills):
            work(clients, pause)
            served.kill()
            served.start()
        work(clients, pause)
    assert served.stop() == 0
    return clients


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """An empty folder for one installation."""
    return tmp_path


def test_nothing_acked_is_lost_or_doubled_by_kills(instance):
    assert story(Served(instance), kills=KILLS, pause=1.0) == []


@pytest.mark.parametrize("mutant", ["ack_before_commit", "dropped_key", "dropped_sort_key"])
def test_the_story_fails_on_a_mutant(instance, mutant):
    command = (str(Path(__file__).with_name("mutant_server.py")), mutant, "run")

    def play(number):
        folder = instance / str(number)
        folder.mkdir()
        return story(Served(folder, command=command), kills=3, pause=1.0)

    assert told_until_found(play) != []
