"""The crew's door: a link works once, in one browser, and says in words why it does not."""

import pytest

from feedback.actions.crew import LINK_LIFE_MS, revoke_link, revoke_stage_links
from feedback.domain.roles import HOUSE, Role
from feedback.identity import secret_hash
from feedback.store.crew import crew_names, link_by_hash


def test_enter_asks_for_link_and_optional_name(house):
    page = house.browser().get("/enter").text
    assert 'name="secret"' in page
    assert 'name="name"' in page


@pytest.mark.parametrize(("role", "place"), [(Role.FACILITATOR, "console"), (Role.RAPPORTEUR, "desk")])
def test_link_leads_to_the_page_of_its_role(house, role, place):
    browser = house.browser()
    answer = browser.post("/enter", secret=house.link(role), name="Anna")
    assert answer.status_code == 303
    assert answer.location == f"/{place}/{house.room.conversation().code}"
    assert browser.get(answer.location).status_code == 200
    with house.room.read() as db:
        assert crew_names(db, house.room.conversation().id, role) == "Anna"


def test_whole_address_may_be_pasted(house):
    secret = house.link(Role.FACILITATOR)
    answer = house.browser().post("/enter", secret=f" http://127.0.0.1:8000/enter#{secret} ")
    assert answer.status_code == 303


def test_link_used_in_another_browser_is_refused_in_words(house):
    secret = house.link(Role.FACILITATOR)
    first, second = house.browser(), house.browser()
    assert first.post("/enter", secret=secret).status_code == 303
    refused = second.post("/enter", secret=secret)
    assert refused.status_code == 410
    assert "This link was used before, in another browser." in refused.text
    assert second.get(f"/console/{house.room.conversation().code}").status_code == 403
    assert first.post("/enter", secret=secret).status_code == 303


def test_second_try_changes_nothing_but_what_the_organiser_reads(house):
    secret, code = house.link(Role.FACILITATOR), house.room.conversation().code
    organiser, page = house.crew(Role.ORGANISER), f"/organiser/conversations/{code}"
    first, second = house.browser(), house.browser()
    assert "Not used yet." in organiser.get(page).text
    assert first.post("/enter", secret=secret, name="Anna").status_code == 303
    assert "In use since" in organiser.get(page).text
    assert "Somebody else tried to open it" not in organiser.get(page).text
    answer = second.post("/enter", secret=secret, name="Mallory")
    assert answer.status_code == 410
    assert secret not in answer.text
    assert "In use. Somebody else tried to open it: " in organiser.get(page).text
    with house.room.read() as db:
        assert crew_names(db, house.room.conversation().id, Role.FACILITATOR) == "Anna"
    assert first.get(f"/console/{code}").status_code == 200
    assert second.get(f"/console/{code}").status_code == 403
    organiser.post("/language", language="fr")
    assert "In use." not in organiser.get(page).text


def test_unknown_and_revoked_links_are_refused(house):
    browser = house.browser()
    assert "This link is not known here." in browser.post("/enter", secret="no-such-secret").text
    secret = house.link(Role.RAPPORTEUR)
    with house.room.read() as db:
        link = link_by_hash(db, secret_hash(secret)).id
    house.room.gate.write(None, revoke_link, HOUSE, link)
    assert browser.post("/enter", secret=secret).status_code == 404


def test_link_that_waited_too_long_is_refused(house):
    secret = house.link(Role.RAPPORTEUR)

    def age(tx):
        link = link_by_hash(tx.db, secret_hash(secret))
        link.expires_at -= LINK_LIFE_MS + 1
        tx.db.flush()

    house.room.gate.write(None, age)
    answer = house.browser().post("/enter", secret=secret)
    assert answer.status_code == 410
    assert "This link has waited too long." in answer.text


def test_revoked_link_shuts_out_whoever_came_in_by_it(house):
    secret = house.link(Role.FACILITATOR)
    browser = house.browser()
    console = browser.post("/enter", secret=secret).location
    with house.room.read() as db:
        link = link_by_hash(db, secret_hash(secret)).id
    house.room.gate.write(None, revoke_link, HOUSE, link)
    assert browser.get(console).status_code == 403


def test_stage_link_works_often_and_gives_the_stage_alone(house):
    conversation = house.room.conversation()
    secret = house.app.extensions["feedback.identity"].stage_secret(conversation.id, conversation.stage_version)
    for _ in range(2):
        browser = house.browser()
        answer = browser.post("/enter", secret=secret)
        assert answer.location == f"/stage/{conversation.code}"
        assert browser.get(f"/console/{conversation.code}").status_code == 403
        assert browser.get(f"/desk/{conversation.code}").status_code == 403
        assert browser.post(f"/console/{conversation.code}/stage", scene="join").status_code == 403


def test_stage_link_of_an_older_version_is_refused(house):
    conversation = house.room.conversation()
    secret = house.app.extensions["feedback.identity"].stage_secret(conversation.id, conversation.stage_version)
    house.room.gate.write(conversation.id, revoke_stage_links, HOUSE, conversation.id)
    assert house.browser().post("/enter", secret=secret).status_code == 404


def test_organiser_s_link_leads_to_the_password(house):
    answer = house.browser().post("/enter", secret=house.link(Role.ORGANISER))
    assert answer.location == "/organiser/password"


def test_leave_gives_the_role_back(house):
    browser = house.crew(Role.FACILITATOR)
    console = f"/console/{house.room.conversation().code}"
    assert browser.get(console).status_code == 200
    browser.post("/leave")
    assert browser.get(console).status_code == 403


def test_name_that_is_too_long_is_said_and_the_link_stays_unused(house):
    secret = house.link(Role.FACILITATOR)
    browser = house.browser()
    assert browser.post("/enter", secret=secret, name="x" * 41).status_code == 422
    assert browser.post("/enter", secret=secret, name="Anna").status_code == 303
