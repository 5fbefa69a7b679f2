"""Installations for the command line, in a folder whose path is as short as a socket's must be."""

import itertools
import socket
import tempfile
import threading
from collections.abc import Iterator

import pytest

from feedback import control
from feedback.actions.programme import found_conference
from feedback.cli.house import own_house
from feedback.settings import Settings, read_settings


@pytest.fixture
def settings() -> Iterator[Settings]:
    """An installation in which nothing has happened yet."""
    with tempfile.TemporaryDirectory(prefix="fb") as folder:
        yield read_settings({"FEEDBACK_INSTANCE": folder})


@pytest.fixture
def founded(settings: Settings) -> Settings:
    """An installation with its conference; no server runs."""
    draws = itertools.count(1)
    with own_house(settings) as house:
        house.gate.write(None, found_conference, time_zone="UTC", chance=lambda _bits: next(draws))
    return settings


@pytest.fixture
def code() -> str:
    """The code of the first conversation of a founded installation."""
    return "322222"


@pytest.fixture
def served(founded: Settings) -> Iterator[Settings]:
    """A founded installation with the door of a running server, which holds the house's lock."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(founded.control_socket))
    listener.listen()
    ready, ending = threading.Event(), threading.Event()

    def serve() -> None:
        with own_house(founded) as house:
            ready.set()
            while not ending.is_set():
                connection, _ = listener.accept()
                with connection:
                    if not ending.is_set():
                        control.answer(connection, house)

    thread = threading.Thread(target=serve)
    thread.start()
    ready.wait(60)
    yield founded
    ending.set()
    with socket.socket(socket.AF_UNIX) as last:
        last.connect(str(founded.control_socket))
    thread.join(60)
    listener.close()
