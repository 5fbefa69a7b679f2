"""Who may do what: every address and method of the app, and every seat at a socket, for every role.

The rows come from the app's own map of addresses: one that is missing from the table below fails.
"""

import io
import json
import re
from typing import Any

import pytest
from sqlalchemy import inspect, select

from feedback.actions import ideas, prompts, reports, runs
from feedback.db import db
from feedback.domain.facts import Forbidden
from feedback.domain.roles import HOUSE, Role
from feedback.domain.themes import Theme, ThemeSet
from feedback.identity import COOKIE
from feedback.live.seats import seat_of
from feedback.store.base import Base
from feedback.store.crew import Link
from feedback.store.themes import run_in_flight

NOBODY, PARTICIPANT, ORGANISER = "nobody", "participant", "organiser"
STAGE, STAGE_ELSEWHERE = "stage", "stage elsewhere"
FACILITATOR, FACILITATOR_ELSEWHERE = "facilitator", "facilitator elsewhere"
RAPPORTEUR, RAPPORTEUR_ELSEWHERE = "rapporteur", "rapporteur elsewhere"

CREW = {FACILITATOR, RAPPORTEUR, ORGANISER}
AUDIENCES = {
    "all": {
        *CREW,
        *(NOBODY, PARTICIPANT, STAGE),
        *(STAGE_ELSEWHERE, FACILITATOR_ELSEWHERE, RAPPORTEUR_ELSEWHERE),
    },
    "stage": CREW | {STAGE},
    "crew": CREW,
    "console": {FACILITATOR, ORGANISER},
    "desk": {RAPPORTEUR, ORGANISER},
    "organiser": {ORGANISER},
}
ROLES = sorted(AUDIENCES["all"])
ELSEWHERE = 1

#: Audience, methods and address; forms are in FORMS. What ends something stands at the end.
TABLE = """
all        GET       /
all        GET       /about
all        GET       /healthz
all        GET       /readyz
all        GET       /metrics
all        GET       /static/<path:filename>
all        GET       /static/build/<name>
all        POST      /join
all        POST      /language
all        GET       /enter
all        POST      /enter
all        GET       /c/<code>
all        GET       /c/<code>/mine
all        GET       /c/<code>/cards
all        GET+POST  /c/<code>/sort
all        GET       /c/<code>/qr.svg
all        GET       /c/<code>/sync
crew       GET       /c/<code>/sync?view=crew
all        POST      /c/<code>/ops
all        POST      /c/<code>/ideas
all        POST      /c/<code>/ideas/<idea>/edit
all        POST      /c/<code>/ideas/<idea>/vote
all        POST      /c/<code>/ideas/<idea>/withdraw
stage      GET       /stage/<code>
stage      GET       /stage/<code>/sheet
console    GET       /console/<code>
console    GET       /console/<code>/ideas/<idea_id>/hide
console    POST      /console/<code>/ideas/<idea_id>/hide
console    POST      /console/<code>/ideas/<idea_id>/restore
console    POST      /console/<code>/ideas/restore
console    GET+POST  /console/<code>/flood
console    POST      /console/<code>/flood/room
console    POST      /console/<code>/import
console    POST      /console/<code>/prompts
console    POST      /console/<code>/prompts/<int:prompt_id>
console    POST      /console/<code>/prompts/<int:prompt_id>/open
console    POST      /console/<code>/prompts/<int:prompt_id>/close
console    POST      /console/<code>/stage
console    POST      /console/<code>/sorting/start
console    POST      /console/<code>/sorting/stop
desk       GET       /desk/<code>
console    POST      /console/<code>/themes/new
console    POST      /console/<code>/themes/<int:number>/description
desk       POST      /desk/<code>/themes/new
desk       POST      /desk/<code>/themes/<int:number>/description
desk       POST      /desk/<code>/themes/<int:number>/lock
desk       POST      /desk/<code>/themes/<int:number>/name
desk       POST      /desk/<code>/themes/<int:number>/split
desk       POST      /desk/<code>/themes/<int:number>/merge
desk       POST      /desk/<code>/alike/<int:proposal_id>/merge
desk       POST      /desk/<code>/alike/<int:proposal_id>/different
desk       POST      /desk/<code>/alike/choose
desk       GET       /desk/<code>/alike/same
desk       POST      /desk/<code>/alike/same
desk       POST      /desk/<code>/ideas/<idea_id>/part
desk       POST      /desk/<code>/move
desk       GET       /desk/<code>/ideas/<idea_id>/why
desk       POST      /desk/<code>/pin
desk       POST      /desk/<code>/unpin
desk       POST      /desk/<code>/bar
desk       POST      /desk/<code>/leave-out
desk       POST      /desk/<code>/proposals/<int:proposal_id>/<answer>
desk       POST      /desk/<code>/undo
desk       POST      /desk/<code>/redo
desk       POST      /desk/<code>/freezes
desk       GET       /desk/<code>/freezes/<int:freeze_id>.<format>
console    POST      /console/<code>/themes
desk       POST      /desk/<code>/themes
organiser  GET       /organiser
all        GET+POST  /organiser/login
organiser  GET+POST  /organiser/conference
organiser  GET+POST  /organiser/password
organiser  GET+POST  /organiser/strands/new
organiser  GET+POST  /organiser/strands/<int:strand_id>
organiser  POST      /organiser/strands/<int:strand_id>/conversations
organiser  GET       /organiser/conversations/<code>
organiser  POST      /organiser/conversations/<code>/title
organiser  POST      /organiser/conversations/<code>/links
organiser  POST      /organiser/conversations/<code>/links/<int:link_id>/revoke
organiser  POST      /organiser/conversations/<code>/close
organiser  POST      /organiser/conversations/<code>/reopen
organiser  GET+POST  /organiser/conversations/<code>/clear
organiser  POST      /organiser/conversations/<code>/stage-links/revoke
organiser  GET+POST  /organiser/comparing
organiser  GET       /organiser/across
organiser  POST      /organiser/across/look
organiser  POST      /organiser/across/join
organiser  POST      /organiser/across/part
organiser  POST      /organiser/across/undo
organiser  GET       /organiser/across/subjects.<format>
all        POST      /leave
"""
ROWS = [
    (audience, method, address)
    for audience, methods, address in (line.split() for line in TABLE.strip().splitlines())
    for method in methods.split("+")
]
#: What the form of an address sends, so that who is let in gets something done.
FORMS: dict[str, dict[str, Any]] = {
    "/join": {"code": "{code}"},
    "/language": {"language": "de"},
    "/enter": {"secret": "no-such-link"},
    "/c/<code>/ideas": {"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "prompt": "{prompt_id}", "text": "Another idea"},
    "/c/<code>/ideas/<idea>/edit": {"text": "Other words"},
    "/c/<code>/ideas/<idea>/vote": {"val": "1"},
    "/c/<code>/sort": {"idea": "{idea}", "answer": "skip"},
    "/console/<code>/ideas/<idea_id>/hide": {"own": "It repeats another one"},
    "/console/<code>/import": {"prompt": "{prompt_id}"},
    "/console/<code>/prompts": {"text": "And then?"},
    "/console/<code>/prompts/<int:prompt_id>": {"text": "What else?"},
    "/console/<code>/stage": {"scene": "join"},
    "/console/<code>/themes/new": {"name": "Before hours"},
    "/console/<code>/themes/<int:number>/description": {"description": "Late"},
    "/desk/<code>/themes/new": {"name": "After hours"},
    "/desk/<code>/themes/<int:number>/description": {"description": "Later"},
    "/desk/<code>/themes/<int:number>/lock": {"locked": "1"},
    "/desk/<code>/pin": {"idea": "{idea}"},
    "/desk/<code>/unpin": {"idea": "{idea}"},
    "/desk/<code>/bar": {"idea": "{idea}"},
    "/desk/<code>/leave-out": {"idea": "{idea}"},
    "/desk/<code>/themes/<int:number>/name": {"name": "At night"},
    "/desk/<code>/themes/<int:number>/merge": {"into": "2"},
    "/desk/<code>/move": {"idea": "{idea}", "to": "2"},
    "/desk/<code>/freezes": {"name": "Before lunch"},
    "/organiser/login": {"password": "not the password"},
    "/organiser/conference": {"title": "A title", "retention_days": "30", "time_zone": "UTC"},
    "/organiser/password": {"new": "four old trams", "again": "four old trams"},
    "/organiser/strands/new": {"name": "Invent", "tagline": "More", "focus": "More", "description": "More"},
    "/organiser/strands/<int:strand_id>": {"name": "Inspire", "tagline": "x", "focus": "x", "description": "x"},
    "/organiser/strands/<int:strand_id>/conversations": {"title": "Another one"},
    "/organiser/conversations/<code>/title": {"title": "Another title"},
    "/organiser/conversations/<code>/links": {"role": "rapporteur"},
    "/organiser/across/part": {"ones": "1.1", "others": "2.1"},
    "/organiser/conversations/<code>/clear": {"code": "{code}"},
}
#: Open to whoever asks, and yet they say no to what this test sends: a link and a password that fit nothing, another's
#: idea, proposals that nobody made, an idea that is not merged, figures that only a token opens, subjects
#: that nobody has looked for.
SAYS_NO = {
    "/metrics": {404},
    "/enter": {404},
    "/organiser/login": {403},
    "/c/<code>/ideas/<idea>/edit": {403},
    "/c/<code>/ideas/<idea>/withdraw": {403},
    "/c/<code>/ideas/<idea>/vote": {200, 303},
    "/console/<code>/ideas/restore": {404},
    "/desk/<code>/proposals/<int:proposal_id>/<answer>": {404},
    "/desk/<code>/alike/<int:proposal_id>/merge": {404},
    "/desk/<code>/alike/<int:proposal_id>/different": {404},
    "/desk/<code>/ideas/<idea_id>/part": {404},
    "/console/<code>/flood": {404},
    "/organiser/across/part": {404},
    "/organiser/across/subjects.<format>": {404},
}
#: In no answer for the room.
SECRETS = ("Hidden words", "Withdrawn words", "A draft question", "The reason of hiding", "Crew Member")


class Scene:
    """A conversation with everything in it that an address can name."""

    def __init__(self, house: Any) -> None:
        self.house, room = house, house.room
        self._proofs: dict[int, str] = {}
        author = room.phone("author")
        texts = ("Withdrawn words", "Hidden words", "Other words", "Shown words")
        gone, hidden, self.other, self.idea = (author.write(text) for text in texts)
        author.op(k="withdraw", idea=gone, rev=author.next_rev())
        room.do(ideas.hide_idea, hidden, reason="The reason of hiding")
        self.place = room.conversation()
        self.prompt = room.prompt().id
        room.do(prompts.add_prompt, self.place.id, text="A draft question", votes_each=None)
        room.do(runs.request_themes, self.place.id)
        self._find_themes(room)
        self.freeze = room.do(reports.freeze, self.place.id, name="Final", language="en")
        house.crew(Role.FACILITATOR, name="Crew Member")
        with room.read() as db:
            self.link = db.scalars(select(Link.id).order_by(Link.id.desc())).first()

    def _find_themes(self, room: Any) -> None:
        found = ThemeSet((Theme(1, "One", ideas=(self.idea,)), Theme(2, "Two", ideas=(self.other,))), (), 3)
        with room.read() as db:
            run = run_in_flight(db, self.place.id).id
        room.gate.write(self.place.id, runs.finish_theme_run, run, found)

    def browser(self, role: str) -> Any:
        """A browser that holds the role, here or elsewhere."""
        name, _, elsewhere = role.partition(" ")
        place = ELSEWHERE if elsewhere else 0
        if name == NOBODY:
            return self.house.browser()
        if name == PARTICIPANT:
            browser = self.house.browser()
            assert browser.get(f"/c/{self.place.code}").status_code == 200
            return browser
        if name == STAGE:
            browser, where = self.house.browser(), self.house.room.conversation(place)
            signer = self.house.app.extensions["feedback.identity"]
            secret = signer.stage_secret(where.id, where.stage_version)
            assert browser.post("/enter", secret=secret).status_code == 303
            return browser
        return self.house.crew(Role(name), place)

    def fill(self, template: str) -> str:
        """An address or a field with the names of things here."""
        values = {
            "code": self.place.code,
            "idea": self.idea,
            "idea_id": self.idea,
            "prompt_id": self.prompt,
            "number": 1,
            "freeze_id": self.freeze,
            "format": "csv",
            "proposal_id": 1,
            "answer": "take",
            "link_id": self.link,
            "strand_id": self.place.strand_id,
            "filename": "build/manifest.json",
            "name": "manifest.json",
        }
        return re.sub(r"<(?:\w+:)?(\w+)>|{(\w+)}", lambda found: str(values[found[1] or found[2]]), template)

    def ask(self, browser: Any, method: str, address: str) -> Any:
        """Make the request as the pages do, and read the whole answer."""
        answer = self._ask(browser, method, address)
        answer.get_data()
        answer.close()  # else the file that was sent stays open
        return answer

    def _ask(self, browser: Any, method: str, address: str) -> Any:
        path = self.fill(address)
        if address.endswith("/ops"):
            return browser.client.open(path, method=method, json={"ops": [{}]}, headers={"X-Op": "1"})
        if method != "POST":
            return browser.client.open(path, method=method)
        fields = {name: self.fill(value) for name, value in FORMS.get(address, {}).items()}
        if address.endswith("/import"):
            fields["file"] = (io.BytesIO(b"text\nFrom paper\n"), "notes.csv")
        return browser.client.post(path, data={"csrf_token": self._proof(browser), **fields})

    def _proof(self, browser: Any) -> str:
        if id(browser) not in self._proofs:
            token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/enter").text)
            assert token is not None
            self._proofs[id(browser)] = token[1]
        return self._proofs[id(browser)]

    def rows(self) -> dict[str, list[Any]]:
        """Everything that is stored."""
        with self.house.room.engine.connect() as db:
            return {
                name: sorted(map(repr, db.execute(select(table)).all())) for name, table in Base.metadata.tables.items()
            }


@pytest.fixture
def scene(house: Any) -> Scene:
    return Scene(house)


def was_let_in(answer: Any, address: str) -> bool:
    """Tell whether an answer is that of an open door; anything odd is a fault of the test or the app."""
    if answer.status_code in SAYS_NO.get(address, ()):
        return True
    if answer.status_code == 303 and answer.location == "/organiser/login":
        return False
    assert answer.status_code in (200, 303, 403, 409), (address, answer.status_code, answer.text)
    return bool(answer.status_code != 403)


def test_every_address_and_method_is_in_the_table(house):
    known = {
        (method, rule.rule) for rule in house.app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert known == {(method, address.partition("?")[0]) for _, method, address in ROWS}
    assert set(FORMS) <= {address for _, _, address in ROWS}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_comes_where_it_may_and_nowhere_else(scene, role):
    browser = scene.browser(role)
    wrong = []
    for audience, method, address in ROWS:
        may = role in AUDIENCES[audience]
        for asked in ("HEAD", "GET") if method == "GET" else ("POST",):
            if asked == "HEAD" and address.startswith("/desk/<code>/freezes"):
                continue  # makes the same file a second time
            if was_let_in(scene.ask(browser, asked, address), address) != may:
                wrong.append((asked, address, "refused" if may else "let in"))
    assert wrong == []


def test_other_methods_are_no_doors(scene):
    browser = scene.browser(ORGANISER)
    before = scene.rows()
    for _, _, address in ROWS:
        for method in ("PUT", "DELETE", "PATCH"):
            assert scene.ask(browser, method, address).status_code in (400, 404), (method, address)
    assert scene.rows() == before


@pytest.mark.parametrize("role", [STAGE, STAGE_ELSEWHERE])
def test_a_stage_link_writes_nothing(scene, role):
    browser = scene.browser(role)
    browser.get("/enter")
    before = scene.rows()
    phones = ("/c/<code>", "/c/<code>/mine", "/c/<code>/cards", "/c/<code>/sort")
    for audience, method, address in ROWS:
        # Who also opens the phone's page with this browser is a participant like everybody, by that page.
        if audience != "all" or (method == "GET" and address not in phones):
            scene.ask(browser, method, address)
            scene.ask(browser, "OPTIONS", address)
    assert scene.rows() == before


@pytest.mark.parametrize("role", [NOBODY, PARTICIPANT, STAGE, STAGE_ELSEWHERE])
def test_what_is_not_for_the_room_is_in_no_answer(scene, role):
    browser = scene.browser(role)
    for audience, method, address in ROWS:
        answer = scene.ask(browser, method, address)
        assert not [secret for secret in SECRETS if secret in answer.text], (method, address)
        assert "Shown words" not in answer.text or audience in ("all", "stage")


def test_the_state_for_the_room_holds_no_field_of_the_crew(scene):
    place = f"/c/{scene.place.code}"
    stage, crew = scene.browser(STAGE), scene.browser(FACILITATOR)
    for since in ("", "&since=1"):
        room = stage.get(f"{place}/sync?view=stage{since}").get_json()
        more = crew.get(f"{place}/sync?view=crew{since}").get_json()
        assert {"hidden"} == fields_of(more) - fields_of(room)
        assert not fields_of(room) & {"participant", "reason", "crew", "bearer_hash", "token_hash"}
        assert "Hidden words" in json.dumps(more)


def fields_of(data: Any) -> set[str]:
    """All names of fields in JSON."""
    if isinstance(data, list):
        return set().union(*map(fields_of, data))
    if isinstance(data, dict):
        return set(data) | set().union(*map(fields_of, data.values()))
    return set()


@pytest.mark.parametrize("role", ROLES)
def test_a_socket_gets_the_seat_of_its_role_and_no_other(scene, role):
    app, browser = scene.house.app, scene.browser(role)
    identity = app.extensions["feedback.identity"]
    with app.app_context():
        engine = db.engine
    cookie = browser.client.get_cookie(COOKIE)
    environ = {"HTTP_COOKIE": f"{COOKIE}={cookie.value}"} if cookie else {}
    audiences = {"phone": AUDIENCES["all"] - {NOBODY}, "stage": AUDIENCES["stage"], "crew": AUDIENCES["crew"]}
    for view, may in {**audiences, "organiser": set(), "": set()}.items():
        auth = {"code": scene.place.code, "view": view, "since": 0}
        if role not in may:
            with pytest.raises(Forbidden):
                seat_of(app, engine, identity, environ, auth)
            continue
        seat, _ = seat_of(app, engine, identity, environ, auth)
        assert (seat.conversation_id, seat.view) == (scene.place.id, view)
        # Whatever role a browser has besides, its phone acts as a participant and its stage as the crew: never both.
        assert (seat.actor.role is Role.PARTICIPANT) == (view == "phone")
        assert (seat.actor.participant_id is None) == (view != "phone")


def test_every_table_that_holds_rows_was_compared(house):
    assert set(inspect(house.room.engine).get_table_names()) - {"alembic_version"} == set(Base.metadata.tables)


def test_the_house_itself_is_no_role_that_a_browser_can_hold():
    assert HOUSE.crew_id is None
    assert set(Role) == {Role.PARTICIPANT, Role.STAGE, Role.FACILITATOR, Role.RAPPORTEUR, Role.ORGANISER}
