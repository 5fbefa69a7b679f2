"""What keeps a house from being opened: packages that change the sockets, and libraries with known holes."""

import re

import pytest

from feedback import ready
from feedback.live import transport
from feedback.ready import CannotRun, make_ready
from feedback.settings import ROOT, read_settings

DANGERS = ("geventwebsocket", "eventlet")
#: The first versions without a hole that matters here: pickle on the bus, threads and attachments without bound.
SOUND = {"python-socketio": (5, 16, 2), "python-engineio": (4, 13, 2)}


def opened_beside(package, folder):
    """Try to open a house where this package can be imported; complain if that works."""
    settings = read_settings({"FEEDBACK_INSTANCE": str(folder)})
    try:
        make_ready(settings)
    except CannotRun as reason:
        return [] if f"({package}_installed)" in str(reason) else [f"refused for another reason: {reason}"]
    return [f"opened beside {package}"]


@pytest.fixture(params=DANGERS)
def beside(request, tmp_path, monkeypatch):
    """A package that changes the sockets, as if it were installed."""
    (tmp_path / request.param).mkdir()
    (tmp_path / request.param / "__init__.py").write_text("raise SystemExit('it was imported')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    return request.param


def test_a_house_is_not_opened_beside_a_package_that_changes_the_sockets(beside, tmp_path):
    assert opened_beside(beside, tmp_path) == []


def test_the_story_finds_a_start_that_does_not_look(beside, tmp_path, monkeypatch):
    monkeypatch.setattr(ready, "startup_refusals", list)
    assert opened_beside(beside, tmp_path) != []


def loose(requirements):
    """Complain of what is not pinned to one version, of versions with holes, and of others than were tested."""
    wrong = []
    for line in requirements.splitlines():
        found = re.fullmatch(r"([a-z0-9-]+)(?:\[[a-z]+\])?==([0-9.]+)(?: *[;#].*)?", line)
        if found is None:
            wrong += [f"not pinned: {line}"] if line.strip() and not line.startswith("#") else []
        elif tuple(map(int, found[2].split("."))) < SOUND.get(found[1], ()):
            wrong.append(f"has holes: {line}")
        elif transport.PINS.get(found[1], found[2]) != found[2]:
            wrong.append(f"not the version that the guard was tested with: {line}")
    return wrong + [f"not there: {name}" for name in SOUND if f"\n{name}==" not in f"\n{requirements}"]


REQUIREMENTS = (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_libraries_are_pinned_to_versions_without_known_holes():
    assert loose(REQUIREMENTS) == []


@pytest.mark.parametrize(
    ("name", "pin"),
    [
        ("python-socketio", "==5.13.0"),
        ("python-socketio", "==5.16.1"),
        ("python-engineio", "==4.13.1"),
        ("python-engineio", "==4.13.2"),
        ("python-engineio", ">=4.13.2"),
        ("huey", ""),
    ],
)
def test_older_and_looser_pins_are_found(name, pin):
    mutant = re.sub(rf"^{name}==.*$", f"{name}{pin}", REQUIREMENTS, flags=re.MULTILINE)
    assert mutant != REQUIREMENTS
    assert loose(mutant) != []
