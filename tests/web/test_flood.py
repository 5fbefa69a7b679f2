"""The facilitator against a flood: at most three clicks, the room's own ideas untouched, and a way back."""

import re
import secrets

import pytest

from feedback.actions.hiding import restore_ideas
from feedback.actions.ideas import hide_idea
from feedback.actions.reports import freeze
from feedback.domain.ids import ulid
from feedback.domain.ops import OPS_AT_ONCE
from feedback.domain.reports import report_of
from feedback.domain.roles import Role
from feedback.store.ideas import ideas_of
from feedback.store.reports import Freeze
from feedback.web import flood as web
from feedback.web.forms import FLOOD

BOTS = 500
EACH = 3
FLOODED = "It came in a flood, from phones that had only just joined."


@pytest.fixture
def console(house):
    """A facilitator who has the console open while the room writes, before anything happens."""
    for name in ("anna", "ben", "cleo"):
        house.room.phone(name).write(f"A thought of {name}")
    browser = house.crew(Role.FACILITATOR)
    browser.path = f"/console/{house.room.conversation().code}"
    browser.get(browser.path)
    return browser


def fresh() -> str:
    return ulid(1_790_000_000_000, secrets.randbits)


def flood(house, bots, each=EACH):
    """Fresh cookies write ideas by HTTP, all from one address."""
    code, prompt = house.room.conversation().code, house.room.prompt().id
    texts = [f"Buy now {number}" for number in range(each)]
    for _ in range(bots):
        bot = house.browser()
        ops = [
            {"op": fresh(), "k": "idea", "id": fresh(), "prompt": prompt, "text": text, "lang": "en"} for text in texts
        ]
        assert len(ops) <= OPS_AT_ONCE
        acks = bot.client.post(f"/c/{code}/ops", json={"ops": ops}, headers={"X-Op": "1"}).get_json()["acks"]
        assert {ack["status"] for ack in acks} == {"ok"}


def shown(house):
    with house.room.read() as db:
        return sorted(idea.body for idea in ideas_of(db, house.room.conversation().id))


ROOM = ["A thought of anna", "A thought of ben", "A thought of cleo"]


def test_five_hundred_fresh_cookies_with_three_ideas_each_are_gone_after_two_clicks(house, console):
    for number in range(BOTS):
        bot = house.room.phone(f"bot{number}")
        for each in range(EACH):
            bot.write(f"Buy now {each}")
    page = console.get(console.path).text
    assert "A flood of ideas?" in page
    assert "1500 ideas came in quickly, from 500 phones that had only just joined." in page
    sheet = console.get(f"{console.path}/flood").text  # the first click
    assert "Hide these 1500 ideas?" in sheet
    assert "Buy now 2" in sheet
    done = console.post(f"{console.path}/flood", follow=True).text  # the second click
    assert "1500 ideas are hidden. Their authors see the reason." in done
    assert shown(house) == ROOM
    assert "A flood of ideas?" not in done
    assert "1500 ideas were hidden as a flood." in done
    assert done.count('id="hidden-0') == 0  # not listed one by one
    report = ledger(house)
    assert report.hidden == ((FLOODED, BOTS * EACH),)
    assert report.received == report.published + BOTS * EACH == BOTS * EACH + 3


def ledger(house):
    made = house.room.do(freeze, house.room.conversation().id, name="Now", language="en")
    with house.room.read() as db:
        return report_of(db.get(Freeze, made).content).ledger


def gone_and_back(house, console):
    """A flood beside a room in which something was hidden by hand: two clicks and it is gone, one and it is back."""
    rude = house.room.phone("rude").write("Rude")
    house.room.do(hide_idea, rude, reason="Names a person")
    flood(house, 12)
    before = shown(house)
    done = console.post(f"{console.path}/flood", follow=True).text
    wrong = [] if shown(house) == ROOM else [f"left after the flood was hidden: {shown(house)[:9]}"]
    undo = re.search(r'action="([^"]+/ideas/restore[^"]+)"', done)
    if undo is None:
        return [*wrong, "there is no way back"]
    said = console.post(undo[1].replace("&amp;", "&"), follow=True).text
    if shown(house) != before or "36 ideas are back on every screen." not in said:
        wrong.append(f"{len(shown(house))} ideas are shown, {len(before)} were")
    return wrong


def test_the_undo_of_the_notice_shows_them_all_again(house, console):
    assert gone_and_back(house, console) == []


def takes_everybody_for_a_newcomer(monkeypatch):
    monkeypatch.setattr(web, "flooders", lambda written, _joined: frozenset(who for _, who in written))


def overlooks_the_flood(monkeypatch):
    monkeypatch.setattr(web, "flooders", lambda written, joined: frozenset(list(joined)[:1]))


def shows_all_that_is_hidden(monkeypatch):
    monkeypatch.setattr(
        web, "restore_ideas", lambda *args, first, last, **more: restore_ideas(*args, first=0, last=last, **more)
    )


@pytest.mark.parametrize("mutant", [takes_everybody_for_a_newcomer, overlooks_the_flood, shows_all_that_is_hidden])
def test_the_story_finds_a_flood_that_stays_or_takes_others_with_it(house, console, monkeypatch, mutant):
    mutant(monkeypatch)
    assert gone_and_back(house, console) != []


def test_the_list_of_hidden_ideas_shows_a_flood_again_later(house, console):
    flood(house, 20)
    console.post(f"{console.path}/flood")
    console.post(f"{console.path}/ideas/restore?flood=1")
    assert len(shown(house)) == 63


def test_a_flood_that_goes_on_is_offered_again(house, console):
    flood(house, 20)
    console.post(f"{console.path}/flood")
    flood(house, 2)
    assert "6 ideas came in quickly, from 2 phones" in console.get(console.path).text
    console.post(f"{console.path}/flood")
    assert shown(house) == ROOM


def test_it_is_the_room_says_the_facilitator_and_is_not_asked_again(house, console):
    flood(house, 20)
    console.post(f"{console.path}/flood/room")
    assert "A flood of ideas?" not in console.get(console.path).text
    assert len(shown(house)) == 63
    flood(house, 20)
    assert "60 ideas came in quickly, from 20 phones" in console.get(console.path).text


def test_a_few_newcomers_are_no_flood(house, console):
    flood(house, 10)
    assert "A flood of ideas?" not in console.get(console.path).text
    assert console.get(f"{console.path}/flood").status_code == 404
    assert console.post(f"{console.path}/flood").status_code == 404
    assert len(shown(house)) == 33


def test_everything_of_one_phone_is_hidden_with_three_clicks_and_shown_again(house, console):
    bot = house.room.phone("bot")
    first, *_ = [bot.write(f"Buy now {number}") for number in range(4)]
    sheet = console.get(f"{console.path}/ideas/{first}/hide").text
    assert "Hide all 4 ideas from this phone" in sheet
    assert console.post(f"{console.path}/ideas/{first}/hide", all="1").status_code == 422  # a reason is wanted
    done = console.post(f"{console.path}/ideas/{first}/hide", all="1", own="Advertising", follow=True).text
    assert "4 ideas are hidden. Their authors see the reason." in done
    assert shown(house) == ROOM
    undo = re.search(r'action="([^"]+/ideas/restore[^"]+)"', done)[1].replace("&amp;", "&")
    console.post(undo)
    assert len(shown(house)) == 7


def test_a_phone_with_one_idea_has_no_such_button_nor_has_the_floor(house, console):
    one = house.room.phone("dora").write("Only one")
    assert "from this phone" not in console.get(f"{console.path}/ideas/{one}/hide").text


def test_the_reason_is_known_to_the_catalogues(house):
    with house.app.test_request_context(headers={"Accept-Language": "de"}):
        assert str(FLOOD) != FLOODED
