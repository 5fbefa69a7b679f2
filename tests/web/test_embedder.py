"""The organiser's choice of what compares ideas: what there is, what is sent away, and consent before it is."""

import dataclasses

import pytest

from feedback.domain.roles import Role
from feedback.settings import EmbedderSettings
from feedback.store.vectors import chosen_embedder

PATH = "/organiser/comparing"
ENDPOINT = EmbedderSettings("no-such-package", "https://vectors.example/v1/embeddings", "letters", "a-secret-key")


@pytest.fixture
def organiser(house):
    """The organiser's browser."""
    return house.crew(Role.ORGANISER)


def offer(house, settings):
    old = house.app.config["FEEDBACK_SETTINGS"]
    house.app.config["FEEDBACK_SETTINGS"] = dataclasses.replace(old, embedders=settings)


def chosen(house):
    choice = chosen_embedder(house.room.engine)
    return choice.kind, choice.place


def test_only_the_organiser_comes_here(house):
    assert house.browser().get(PATH).status_code == 403
    assert house.crew(Role.FACILITATOR).get(PATH).status_code == 403
    assert house.crew(Role.RAPPORTEUR).post(PATH, embedder="lexical").status_code == 403


def test_what_is_not_to_be_had_says_why_and_cannot_be_chosen(house, organiser):
    offer(house, EmbedderSettings("no-such-package"))
    page = organiser.get(PATH).text
    assert page.count("disabled") == 2
    assert "setup --embed" in page
    assert "FEEDBACK_EMBEDDER_URL" in page
    assert 'name="consent"' not in page
    for kind in ("local", "http", "elsewhere"):
        assert organiser.post(PATH, embedder=kind, consent="1").status_code == 422
    assert chosen(house) == ("lexical", "")
    assert 'href="/organiser/comparing"' in organiser.get("/organiser").text


def test_an_endpoint_is_switched_on_with_consent_alone(house, organiser):
    offer(house, ENDPOINT)
    page = organiser.get(PATH).text
    assert "To vectors.example are sent: the words of every idea" in page
    assert "a-secret-key" not in page
    assert "not encrypted" not in page
    refused = organiser.post(PATH, embedder="http")
    assert refused.status_code == 422
    assert "Nothing was changed: tick that words may be sent there, or choose another way." in refused.text
    assert chosen(house) == ("lexical", "")
    assert organiser.post(PATH, embedder="http", consent="1").location == "/organiser"
    assert chosen(house) == ("http", "https://vectors.example")
    again = organiser.get(PATH).text
    assert 'id="consent" checked' in again
    assert organiser.post(PATH, embedder="lexical", consent="1").status_code == 303
    assert chosen(house) == ("lexical", "")


def test_consent_is_for_one_place_and_is_asked_again_for_another(house, organiser):
    offer(house, ENDPOINT)
    organiser.post(PATH, embedder="http", consent="1")
    offer(house, dataclasses.replace(ENDPOINT, url="http://other.example:8080/v1/embeddings"))
    page = organiser.get(PATH).text
    assert 'id="consent" checked' not in page
    assert "not encrypted" in page


def test_a_model_on_this_machine_is_chosen_without_consent(house, organiser, tmp_path, monkeypatch):
    (tmp_path / "modules.json").touch()
    monkeypatch.setattr("feedback.offers.LIBRARY", "json")
    offer(house, EmbedderSettings(str(tmp_path)))
    assert organiser.post(PATH, embedder="local").status_code == 303
    assert chosen(house) == ("local", "")


def test_nothing_chosen_changes_nothing(house, organiser):
    assert organiser.post(PATH).status_code == 303
    assert chosen(house) == ("lexical", "")
