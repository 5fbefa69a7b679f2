"""Bad networks, restarts, phones that stall, a worker that dies: the stories of `bench chaos`, and their mutants.

The stories wait more than they work, so those that are asked for run beside each other, some of them on one server.
"""

import base64
import json
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from last_words import last_words
from mutants import told_until_found
from sqlalchemy import select

from bench import chaos, jobs, readers, shuffle, storm
from bench.outbox import Outbox
from bench.person import Person
from bench.rounds import cores
from bench.served import House, Server, new_house
from feedback import control
from feedback.cli.house import own_house
from feedback.settings import ROOT, read_settings
from feedback.store.ideas import Idea
from feedback.store.programme import Conversation

SERVER = Path(__file__).with_name("weather_server.py")
IDEAS = 300
AT_ONCE = 8
#: Times are for `bench chaos`; here they only tell what lasts for ever from what does not.
BUSY = 10.0
SERVER_CORE, OWN_CORE = cores()


class Forgetful(Outbox):
    """Begins afresh with every connection, and so forgets what the last one left."""

    def pump(self, *, afresh: bool = False) -> None:
        if afresh:
            self.entries.clear()
        super().pump(afresh=afresh)


class Careless(Person):
    """Somebody with such an outbox."""

    outbox_type = Forgetful


@dataclass(frozen=True)
class Story:
    """What is played, in which of the three conversations; `wrong`: the sentences by which a mutant is found out."""

    play: Any
    plan: Any
    wrong: tuple[str, ...] = ()
    room: int = 0


RAIN = {"clients": 8, "seconds": 4.0, "rate": 5.0, "seed": 3}
SHOWER = chaos.Plan(clients=20, seconds=5.0, rate=2.0, kills=1, again=0.1, patience=BUSY)
STALL = readers.Plan(
    clients=10, seconds=4.0, shortest=0.3, longest=1.5, pauses=0.3, voters=10, every=0.4, patience=BUSY
)
FULL = {"phones": 200, "restarts": 1, "pause": 1.0, "join_within": 1.0, "away": 5.0}
DYING = jobs.Plan(
    phones=30, votes_per_second=30.0, seconds=1.0, kills=1, own_core=OWN_CORE, timed=False, patience=300.0
)
DEAD = replace(DYING, phones=5, seconds=0.5, patience=3.0)
#: By what the server is (see weather_server.py): the stories that are played on it. Several share it in their turn.
STORIES = {
    "small_beats": {"weather": Story(chaos.play, SHOWER)},
    "watched_builds": {"restarts": Story(storm.play, storm.Plan(**FULL, own_core=OWN_CORE, patience=BUSY))},
    "small_and_fast": {
        "readers": Story(readers.play, STALL),
        "shuffle": Story(shuffle.play, shuffle.Plan(clients=10, ops=200), room=1),
        "worker killed": Story(jobs.play, DYING, room=2),
    },
    "ack_before_commit": {
        "acked before": Story(chaos.play, chaos.Plan(**RAIN, kills=3), wrong=("ops were told the commit number",))
    },
    "lost_beats": {
        "beats lost": Story(chaos.play, chaos.Plan(**RAIN), wrong=("a screen stands at",)),
        "ops forgotten": Story(chaos.play, chaos.Plan(**RAIN, person=Careless), wrong=("never got an answer",), room=1),
    },
    "half_frames": {"half frames": Story(readers.play, replace(STALL, patience=0.2), wrong=("no frame of ours",))},
    "dead_worker": {"worker dead": Story(jobs.play, DEAD, wrong=("no theme run came to its end",))},
}
NAMES = {name: story for stories in STORIES.values() for name, story in stories.items()}
#: How a server ends while ops are under way: what phones then hear of it.
ENDINGS = {
    "slow_commits": {"by_socket": "ok", "by_http": [(200, "ok")], "stop": True, "closed": 1012},
    "hangs_up_first": {"by_socket": None, "stop": False},
}
FAST = {"FEEDBACK_PACE": "1000"}


def furnish(house: House) -> list[House]:
    """Fill the other conversations of an installation, too; returns one for each of the three."""
    with own_house(read_settings({"FEEDBACK_INSTANCE": str(house.folder)})) as opened:
        codes = [place["code"] for place in control.do(opened, "links", {})["conversations"]]
        for number, code in enumerate(code for code in codes if code != house.code):
            lines = [json.dumps({"id": f"{number} {n}", "text": f"Idea {n}"}) for n in range(IDEAS)]
            data = base64.b64encode("\n".join(lines).encode()).decode()
            control.do(opened, "import", {"code": code, "name": "ideas.jsonl", "data": data, "prompt": None})
    engine = house.engine()
    with engine.connect() as database:
        places = {row.code: row.id for row in database.execute(select(Conversation.code, Conversation.id))}
        ideas = {
            code: list(database.scalars(select(Idea.id).where(Idea.conversation_id == place).order_by(Idea.number)))
            for code, place in places.items()
        }
    engine.dispose()
    return [replace(house, code=code, conversation=places[code], ideas=ideas[code]) for code in codes]


def missed(story: Story, found: list[str]) -> list[str]:
    """List the sentences that should have been found and were not; none for a story that is kept."""
    return [sentence for sentence in story.wrong if not any(sentence in what for what in found)]


def tell(kind: str, names: list[str], furnished: list[House], folder: Path) -> dict[str, dict[str, Any]]:
    """Play stories on one server; returns the figures of each, and which states were built how often."""
    shutil.copytree(furnished[0].folder, folder)
    shared = len(STORIES[kind]) > 1
    env = {"FEEDBACK_INSTANCE": str(folder), "PYTHONPATH": str(ROOT)} | (FAST if shared else {})
    server = Server([sys.executable, str(SERVER), kind, "run", "--private"], folder, env, SERVER_CORE)
    end = server.stop
    if shared:
        server.start()
        server.start = server.stop = lambda: None

    def play(name: str) -> dict[str, Any]:
        story = NAMES[name]
        house = replace(furnished[story.room], folder=folder)
        found: dict[str, Any] = told_until_found(
            lambda _: story.play(story.plan, house, server, lambda _: None),
            lambda found: not missed(story, found["wrong"]),
        )
        builds = folder / "builds.jsonl"
        return found | {"builds": builds.read_text().splitlines() if builds.exists() else []}

    try:
        with ThreadPoolExecutor() as pool:
            return dict(zip(names, pool.map(play, names), strict=True))
    finally:
        end()


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future]]:
    """The stories that are asked for, as they are being told."""
    asked = {item.callspec.params["name"] for item in request.session.items if item.path == request.path}
    endings = [tmp_path_factory.mktemp(kind) for kind in ENDINGS if kind in asked]
    folder = tmp_path_factory.mktemp("stories")
    with new_house(IDEAS, {}, opinions=True) as house, ThreadPoolExecutor(AT_ONCE) as pool:
        furnished = furnish(house)
        telling = {
            kind: pool.submit(tell, kind, names, furnished, folder / kind)
            for kind, stories in STORIES.items()
            if (names := [name for name in stories if name in asked])
        }
        ending = {folder.name[:-1]: pool.submit(last_words, folder.name[:-1], folder) for folder in endings}
        yield ending | {name: telling[kind] for kind, stories in STORIES.items() for name in stories if kind in telling}


@pytest.mark.parametrize("name", [name for name, story in NAMES.items() if not story.wrong])
def test_every_promise_is_kept(told, name):
    found = told[name].result()[name]
    assert found["wrong"] == []
    # Of a state that all ask for at once only one is built, however long that takes.
    assert len(found["builds"]) == len(set(found["builds"]))
    assert bool(found["builds"]) == (name == "restarts")


@pytest.mark.parametrize("name", [name for name, story in NAMES.items() if story.wrong])
def test_a_broken_promise_is_found_out(told, name):
    found = told[name].result()[name]["wrong"]
    assert missed(NAMES[name], found) == [], found


@pytest.mark.parametrize("name", ENDINGS)
def test_what_was_taken_is_answered_before_the_end(told, name):
    heard = told[name].result()
    assert {what: heard[what] for what in ENDINGS[name]} == ENDINGS[name]
