"""What a start prints: where to join, who can reach it, and every link of the crew."""

import dataclasses

import pytest

from feedback.addresses import Welcome, base_address, free_port, lan_addresses, origins
from feedback.cli.links import print_links
from feedback.cli.run import _is_public
from feedback.cli.welcome import links_text, welcome

LINKS = {
    "conversations": [
        {
            "strand": "Inspire",
            "title": "Partnerships",
            "code": "ABC234",
            "stage": "stage.1.1.x",
            "facilitator": "f-secret",
            "rapporteur": "r-secret",
        }
    ],
    "organiser": "o-secret",
}


def test_welcome_prints_address_qr_code_and_links(settings):
    text = welcome(Welcome(settings, 8000, False, LINKS))
    base = "http://127.0.0.1:8000"
    for line in (
        f"  Join:  {base}/",
        f"    participants  {base}/c/ABC234",
        f"    stage         {base}/enter#stage.1.1.x",
        f"    facilitator   {base}/enter#f-secret",
        f"    rapporteur    {base}/enter#r-secret",
        f"  Organiser (sets a password)  {base}/enter#o-secret",
        "  Stop with Ctrl-C.",
    ):
        assert line in text.splitlines()
    assert "this machine only" in text
    assert text.count("\N{FULL BLOCK}") + text.count("\N{UPPER HALF BLOCK}") > 50


def test_welcome_says_that_the_network_can_join_and_that_a_port_was_taken(settings):
    text = welcome(Welcome(dataclasses.replace(settings, origins=("http://10.0.0.7:8001/",)), 8001, True, LINKS))
    assert "Open to the local network" in text
    assert "Port 8000 is taken, so this is 8001." in text
    assert "  Join:  http://10.0.0.7:8001/" in text


def test_links_text_sends_a_known_organiser_to_the_login():
    assert "  Organiser (signs in)  http://x/organiser/login" in links_text(LINKS | {"organiser": None}, "http://x")


def test_origins_name_every_address_of_this_machine(settings):
    everywhere = dataclasses.replace(settings, host="0.0.0.0", origins=("https://talk.example/",))
    found = origins(everywhere, 8000)
    assert found[0] == "https://talk.example"
    assert {"http://127.0.0.1:8000", "http://localhost:8000"} <= set(found)
    assert not any("0.0.0.0" in origin for origin in found)
    assert {f"http://{address}:8000" for address in lan_addresses()} <= set(found)
    assert base_address(everywhere, 8000) == "https://talk.example"
    assert origins(settings, 80) == ["http://127.0.0.1:80", "http://localhost:80"]


def test_free_port_takes_the_next_one_unless_it_is_fixed():
    import socket

    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        assert port < free_port("127.0.0.1", port, fixed=False) < port + 20
        with pytest.raises(OSError, match="in use"):
            free_port("127.0.0.1", port, fixed=True)


def test_is_public_asks_nobody_without_a_terminal():
    assert _is_public(None, True)
    assert not _is_public(None, False)
    assert not _is_public(None, None)
    assert _is_public("0.0.0.0", None)
    assert not _is_public("127.0.0.1", None)


def test_links_prints_fresh_links_for_the_address_of_the_last_start(founded, capsys):
    (founded.instance / "address").write_text("http://10.0.0.7:8000", encoding="ascii")
    assert print_links(founded, organiser=False) == 0
    first = capsys.readouterr().out
    assert first.count("http://10.0.0.7:8000/enter#") == 3 * 3 + 1
    assert print_links(founded, organiser=False) == 0
    again = capsys.readouterr().out
    stages = [[line for line in text.splitlines() if "stage" in line] for text in (first, again)]
    assert stages[0] == stages[1]
    assert first != again


def test_links_gives_the_organiser_a_new_way_in_when_the_password_was_lost(founded, capsys):
    assert print_links(founded, organiser=True) == 0
    assert "Organiser (sets a password)" in capsys.readouterr().out
