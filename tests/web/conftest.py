"""The app with its writer, without a server; and browsers that hold a role."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from feedback.actions.crew import mint_link
from feedback.actions.runs import finish_theme_run, request_themes
from feedback.app import create_app
from feedback.db import db
from feedback.domain.roles import HOUSE, Role
from feedback.domain.themes import MergeProposal, Outlook, RegroupProposal, Theme, ThemeSet
from feedback.identity import new_secret, secret_hash
from feedback.settings import read_settings


@dataclass
class House:
    """A founded conference behind the app."""

    app: Flask
    room: Any

    def browser(self) -> "Browser":
        """A browser that nobody knows yet."""
        return Browser(self, self.app.test_client())

    def crew(self, role: Role, place: int = 0, name: str = "") -> "Browser":
        """A browser that came in by a link of this role."""
        browser = self.browser()
        browser.post("/enter", secret=self.link(role, place), name=name)
        return browser

    def link(self, role: Role, place: int = 0) -> str:
        """The secret of a fresh link."""
        secret = new_secret()
        conversation = None if role is Role.ORGANISER else self.room.conversation(place).id
        self.room.gate.write(None, mint_link, HOUSE, role, conversation, secret_hash=secret_hash(secret))
        return secret


@dataclass
class Browser:
    """One browser: it keeps cookies and sends each form with the proof of origin of the page it came from."""

    house: House
    client: FlaskClient

    def get(self, path: str, **more: Any) -> Any:
        """Open a page."""
        return self.client.get(path, **more)

    def post(self, path: str, follow: bool = False, **fields: Any) -> Any:
        """Send a form."""
        token = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/enter").text)
        assert token is not None
        return self.client.post(path, data={"csrf_token": token[1], **fields}, follow_redirects=follow)


@pytest.fixture
def house(room: Any, tmp_path: Path) -> Iterator[House]:
    """The app over the room's database and writer."""
    settings = read_settings({"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_SECRET_KEY": "k" * 40})
    app = create_app(settings, writer=room.gate.writer)
    app.testing = True
    yield House(app, room)
    with app.app_context():
        db.engine.dispose()  # a process of tests has few descriptors


@pytest.fixture
def desk(house: House) -> tuple[Browser, str, list[str]]:
    """A rapporteur's browser, the address of their desk, and four ideas in two themes."""
    anna, ben = house.room.phone("anna"), house.room.phone("ben")
    texts = ("Open the depot at night", "Let students run the bar", "More benches", "Shade in summer", "Free buses")
    ideas = [anna.write(text) for text in texts]
    ben.vote(ideas[1])
    place = house.room.conversation().id
    run = house.room.gate.write(place, request_themes, HOUSE, place)
    depot = Theme(1, "depot, bar", terms=("depot", "bar"), ideas=tuple(ideas[:2]), representatives=(ideas[1],))
    found = ThemeSet(
        (replace(depot, firmness=0.8), Theme(2, "benches, shade", ideas=tuple(ideas[2:4]), firmness=0.2)),
        (ideas[4],),
        next_id=3,
        outlooks={
            ideas[0]: Outlook(((1, 0.97), (2, 0.03)), 0.97, ("depot", "night")),
            ideas[1]: Outlook(((1, 0.45), (2, 0.35), (None, 0.2)), 0.45, ("bar",)),
            ideas[4]: Outlook(((None, 0.6), (2, 0.4)), 0.6),
        },
        merges=(MergeProposal(1, 2, 3),),
        regroup=RegroupProposal((tuple(ideas[:3]), tuple(ideas[3:])), 0.2),
    )
    house.room.gate.write(place, finish_theme_run, run, found)
    return house.crew(Role.RAPPORTEUR), f"/desk/{house.room.conversation().code}", ideas
