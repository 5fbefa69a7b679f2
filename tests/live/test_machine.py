"""A close, a clock that jumps, a full disk, power cuts: what phones were told stays true, and nobody has to help.

The server runs on a machine that obeys the test (support/machine.c). Beside it runs one with broken promises: the same
stories must fail there, each by the promise that it is about, because no other one is broken by that fault.
"""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from closing import votes_through_the_close
from crew import Crew, command
from machine import Machine, build
from mutants import told_until_found
from promises import Client, Rows, Told, phones, until, work, wrong
from served import Browser, Line, Served

from feedback.store.copies import reckon, settle
from feedback.web.snapshots import LAG

MUTANTS = "closed_too_late+newest_by_clock+saved_in_vain+without_sync"
#: How many vote through the close; the long form, before a release: FEEDBACK_TEST_VOTERS=500.
VOTERS = int(os.environ.get("FEEDBACK_TEST_VOTERS", "100"))
#: How often the power is cut; the long form, before a release: FEEDBACK_TEST_CUTS=100.
CUTS = int(os.environ.get("FEEDBACK_TEST_CUTS", "10"))
HOUR, YEAR = 3_600, 365 * 86_400


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("a compiler (gcc) makes the machine that obeys")
    return build(tmp_path_factory.mktemp("machine"))


class House:
    """A machine and the server on it, perhaps with broken promises."""

    def __init__(self, machine: Machine, mutants: str = "") -> None:
        self.machine = machine
        script = (str(Path(__file__).with_name("fault_mutants.py")), mutants, "run")
        self.served = Served(machine.instance, env=machine.env, command=script if mutants else Served.command)
        self.database = machine.instance / "feedback.db"

    def place(self, number: int) -> dict[str, str]:
        """A conversation with fresh links."""
        return self.served.links()["conversations"][number]


def opened(library: Path, folder: Path, mutants: str = "") -> Iterator[House]:
    machine = Machine(library, folder)
    machine.report_free(100 << 20)  # nearly full from the start, as the crew must be told
    house = House(machine, mutants)
    with house.served:
        yield house
    machine.close()


@pytest.fixture(scope="module")
def house(library, tmp_path_factory):
    yield from opened(library, tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def broken(library, tmp_path_factory):
    yield from opened(library, tmp_path_factory.mktemp("broken"), MUTANTS)


# A close.


def close_story(house: House, voters: int) -> list[str]:
    """Let many vote through the close of a prompt; returns what was neither counted nor refused."""
    return votes_through_the_close(house.served, house.place(1), voters)


def test_every_vote_through_the_close_is_counted_or_refused(house):
    assert close_story(house, VOTERS) == []


def test_votes_through_the_close_are_missed_where_the_state_of_a_moment_ago_decides(broken):
    assert close_story(broken, 20) != []


# The clock.


def clock_story(house: House) -> list[str]:
    """Set the clock back an hour, then ahead a year, under load; returns what is not as it was told."""
    found: list[str] = []
    place = house.place(0)
    facilitator = Crew(house.served, place["facilitator"])
    with phones(house.served) as clients:
        work(clients, 0.2)
        form = facilitator.form()
        listener = Browser(house.served)
        listener.fetch("GET", f"/c/{place['code']}")
        line = Line(listener, place["code"])
        for offset in (-HOUR, YEAR, 0):
            house.machine.step_clock(offset)
            work(clients, 0.3)
            status = facilitator.send(f"/console/{place['code']}/stage", form, scene="themes")
            found += [f"a form of before is answered {status}"] * (status != 303)
            facilitator.send(f"/console/{place['code']}/themes", form)
        found += torn(line, seconds=0.5)
        line.close()
    return found + wrong(house.database, clients)


def torn(line: Line, seconds: float) -> list[str]:
    """Say where beats that a phone has received leave something out."""
    beats: list[dict[str, int]] = []
    for _ in range(100):  # others go on meanwhile, so that there is always more to be told
        with suppress(TimeoutError):
            line.listen("no such event", seconds)
        beats = [beat for name, beat in line.heard if name == "beat"]
        if len(beats) > 2:
            break
    assert len(beats) > 2
    return [f"{one['to']} then {two['from']}" for one, two in pairwise(beats) if two["from"] > one["to"]]


def test_a_clock_that_jumps_changes_no_order_and_nobodys_role(house):
    assert clock_story(house) == []
    place = house.place(0)
    until(lambda: Browser(house.served).get_json(f"/c/{place['code']}/sync")["run"] is None)
    assert Browser(house.served).get_json(f"/c/{place['code']}/sync?since=2147483647")["themes"]


def test_a_clock_that_jumps_is_noticed_where_it_decides(broken):
    # Where few votes come, none may be on an idea that its phone has voted on before the jump.
    assert told_until_found(lambda _: clock_story(broken)) != []


# The disk.


def disk_story(house: House) -> list[str]:
    """Let the disk be full under load for a while; returns everything that is not as the phones were told."""
    served, place = house.served, house.place(0)
    first = served.process.pid
    facilitator = Crew(served, place["facilitator"])
    with phones(served) as clients:
        work(clients, 0.2)
        before = house.machine.refused
        house.machine.fill()
        until(lambda: house.machine.refused > before)
        time.sleep(0.3)
        found = look_around(served, facilitator, place["code"], clients)
        house.machine.free()
        work(clients, 0.3)
    assert served.process.pid == first
    return found + wrong(house.database, clients)


def look_around(served: Served, facilitator: Crew, code: str, clients: list[Client]) -> list[str]:
    """While nothing can be saved: nobody is told so, everybody can read, the crew is warned, a backup does no harm."""
    tried = sum(client.retries for client in clients)
    known = {idea for client in clients for idea in client.ideas}
    time.sleep(2 * LAG)  # the state of a large room may be that old
    for _ in range(50):
        if sum(client.retries for client in clients) > tried + 3 * len(clients):
            break
        time.sleep(0.05)
    shown = {idea["id"] for idea in Browser(served).get_json(f"/c/{code}/sync?since=2147483647")["ideas"]}
    status, page = facilitator.fetch("GET", f"/console/{code}")
    folder = served.instance / "backups"
    made = command(served, "backup", str(folder))
    left = [path.name for path in folder.iterdir()]
    claims = {
        # What overwrites a page of the log that is there already needs no room, so some may be saved.
        "no op was put off": sum(client.retries for client in clients) > tried,
        "ideas cannot be read": known <= shown,
        f"the console says {status} and no warning": status == 200 and b"disk is nearly full" in page,
        f"the backup ended with {made.returncode}: {made.stderr}": made.returncode == 1 and "MB free" in made.stderr,
        f"the backup left {left}": not left,
    }
    return [complaint for complaint, holds in claims.items() if not holds]


def test_nothing_acked_is_lost_on_a_full_disk_and_it_goes_on_by_itself(house):
    assert disk_story(house) == []


def test_what_a_full_disk_refused_is_missed_where_it_was_called_saved(broken):
    assert told_until_found(lambda _: disk_story(broken)) != []


# Power.


def power_story(house: House, cuts: int) -> list[str]:
    """Look under load, again and again, what a power cut would leave; returns what is not as the phones were told."""
    found: list[str] = []
    with phones(house.served) as clients:
        for number in range(cuts):
            # Every other time some of what was still in memory has reached the disk, in whatever order.
            house.machine.leak(0.3 * (number % 2))
            work(clients, 0.2)
            found += left_by_a_cut(house, clients, house.machine.instance / f"cut{number}")
    return found + wrong(house.database, clients)


def left_by_a_cut(house: House, clients: list[Client], folder: Path) -> list[str]:
    """Say what of all that was told would be missing after a power cut at this moment."""
    os.kill(house.served.process.pid, signal.SIGSTOP)
    told = [Told.to(client) for client in clients]
    folder.mkdir()
    house.machine.take_disk(folder)
    os.kill(house.served.process.pid, signal.SIGCONT)
    rows = Rows.of(folder / "feedback.db")
    return [complaint for each in told for complaint in each.missing(rows, last=False)] + rows.drift()


def test_nothing_acked_is_lost_by_power_cuts(house):
    assert power_story(house, CUTS) == []


def test_power_cuts_take_acked_votes_where_commits_do_not_wait_for_the_disk(broken):
    assert power_story(broken, 3) != []


def test_after_a_real_cut_the_server_starts_and_all_that_was_told_is_there(house):
    with phones(house.served) as clients:
        work(clients, 0.2)
        house.served.kill()
        house.machine.lose_power()
        house.served.start()
        work(clients, 0.2)
    assert house.served.stop() == 0
    settle(house.database)
    assert wrong(house.database, clients) + reckon(house.database)[1] == []
