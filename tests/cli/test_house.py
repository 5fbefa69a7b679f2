"""A command that writes hands over to the running server, or takes the house's lock and writes itself."""

import fcntl
import json
import os
import socket
import stat
import threading

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from feedback import control
from feedback.cli.house import bad_line, deed, own_house, refusal_line
from feedback.store.crew import Link
from feedback.store.engine import reader_engine


def links_in(settings) -> int:
    with Session(reader_engine(settings.database_url)) as db:
        return db.scalar(select(func.count()).select_from(Link)) or 0


def test_ask_is_none_when_no_server_listens(settings):
    assert control.ask(settings.control_socket, "links", {}) is None


def test_deed_writes_itself_when_no_server_runs(founded):
    made = deed(founded, "links", {})
    assert [place["strand"] for place in made["conversations"]] == ["Inspire", "Impact", "Involve"]
    assert made["organiser"]
    assert links_in(founded) == 3 * 2 + 1


def test_deed_goes_through_the_running_server_which_holds_the_lock(served):
    with (served.instance / "lock").open("a+") as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert len(deed(served, "links", {})["conversations"]) == 3
    assert links_in(served) == 3 * 2 + 1


@pytest.mark.parametrize("house", ["founded", "served"])
def test_refusal_is_said_in_words_with_its_code(house, request, capsys):
    settings = request.getfixturevalue(house)
    frozen = {"code": "AAAAAA", "name": "Noon", "language": "en"}
    assert deed(settings, "freeze", frozen) is None
    assert capsys.readouterr().err == (
        "No conversation has this code. Please check the six characters on the screen. (wrong_code)\n"
    )


def test_deed_waits_until_another_command_is_done(founded):
    made = []
    thread = threading.Thread(target=lambda: made.append(deed(founded, "links", {})))
    with own_house(founded):
        thread.start()
        thread.join(0.3)
        assert made == []
    thread.join(60)
    assert len(made[0]["conversations"]) == 3


def test_deed_goes_to_a_server_that_was_only_starting(founded):
    with own_house(founded), socket.socket(socket.AF_UNIX) as listener:
        thread = threading.Thread(target=deed, args=(founded, "links", {}))
        thread.start()
        thread.join(0.3)
        listener.bind(str(founded.control_socket))
        listener.listen()
        connection, _ = listener.accept()
        with connection:
            assert json.loads(connection.makefile("rb").readline()) == {"do": "links", "args": {}}
            connection.sendall(b'{"conversations": []}\n')
        thread.join(60)


def test_deed_gives_up_on_a_house_that_does_not_answer(founded, monkeypatch, capsys):
    monkeypatch.setattr("feedback.cli.house.PATIENCE", 0.2)
    with own_house(founded):
        assert deed(founded, "links", {}) is None
    assert "Another feedback server already runs on this data" in capsys.readouterr().err


def test_server_that_goes_down_with_a_call_in_hand_is_said(settings, capsys):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(settings.control_socket))
        listener.listen()

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.makefile("rb").readline()
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert deed(settings, "links", {}) is None
        thread.join(60)
    assert "(server_error)" in capsys.readouterr().err


def test_files_that_a_command_makes_are_for_its_user_only(settings):
    before = os.umask(0o022)
    try:
        deed(settings, "links", {})
        assert stat.S_IMODE((settings.instance / "feedback.db").stat().st_mode) == 0o600
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_own_house_is_given_back_after_a_fault(founded):
    with pytest.raises(ZeroDivisionError), own_house(founded):
        raise ZeroDivisionError
    with own_house(founded) as house:
        assert len(control.mint_links(house)["conversations"]) == 3


def test_own_house_makes_the_database_when_there_is_none(settings):
    assert deed(settings, "links", {})["conversations"] == []


def test_sentences_are_english_whatever_the_machine_speaks(monkeypatch):
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    said = refusal_line("too_long", {"length": 512, "limit": 500})
    assert said.startswith("That is 512 characters; 500 fit.")
    assert bad_line("too_long") == "Its text is longer than 500 characters."
