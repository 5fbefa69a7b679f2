"""A command that writes hands over to the running server, or takes the house's lock and writes itself."""

import fcntl
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


def test_own_house_waits_until_the_other_one_is_done(founded):
    inside, order = threading.Event(), []

    def other() -> None:
        inside.wait(5)
        with own_house(founded):
            order.append("second")

    thread = threading.Thread(target=other)
    thread.start()
    with own_house(founded):
        inside.set()
        thread.join(0.3)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


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
