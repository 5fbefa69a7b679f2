"""Links: made by the organiser, claimed once by one browser, expired, taken back."""

import dataclasses

import pytest
from sqlalchemy import select, text

from feedback.actions.crew import (
    LINK_LIFE_MS,
    Grant,
    admit,
    leave,
    mint_link,
    mint_start_links,
    note_second_try,
    redeem_link,
    revoke_link,
    revoke_stage_links,
    set_password,
)
from feedback.domain.facts import (
    ControlCharacters,
    CrewRevoked,
    Forbidden,
    LinkExpired,
    LinkUnknown,
    LinkUsed,
    NotFound,
    TextTooLong,
)
from feedback.domain.roles import Actor, Role
from feedback.store.crew import Link, crew_names, crew_of, links_of, names_by_link
from feedback.store.programme import conference_of

SECRET, BEARER, OTHER = "a" * 64, "b" * 64, "c" * 64


def mint(room, role: Role = Role.FACILITATOR, secret: str = SECRET) -> int:
    place = None if role is Role.ORGANISER else room.conversation().id
    return room.do(mint_link, role, place, secret_hash=secret)


def redeem(room, bearer: str = BEARER, secret: str = SECRET, name: str = "") -> Grant:
    return room.gate.write(None, redeem_link, secret_hash=secret, bearer_hash=bearer, name=name)


def test_redeem_link_gives_the_role_once_and_to_the_same_browser_again(any_room):
    mint(any_room)
    grant = redeem(any_room, name="  Ada \n L. ")
    conversation = any_room.conversation()
    assert dataclasses.replace(grant, crew_id=0) == Grant(0, Role.FACILITATOR, conversation.id, conversation.code)
    assert redeem(any_room) == grant
    with pytest.raises(LinkUsed):
        redeem(any_room, OTHER)
    with any_room.read() as db:
        assert [(crew.role, crew.name) for crew in crew_of(db, BEARER)] == [(Role.FACILITATOR, "Ada L.")]
        assert crew_of(db, OTHER) == []
        assert crew_names(db, conversation.id, Role.FACILITATOR) == "Ada L."
        assert names_by_link(db, conversation.id) == {links_of(db)[0].id: "Ada L."}


def test_redeem_link_of_the_organiser_is_conference_wide(room):
    mint(room, Role.ORGANISER)
    grant = redeem(room)
    assert (grant.role, grant.conversation_id, grant.code) == (Role.ORGANISER, None, None)


def test_redeem_link_refuses_unknown_revoked_and_expired_ones(any_room):
    link = mint(any_room)
    with pytest.raises(LinkUnknown):
        redeem(any_room, secret=OTHER)
    with any_room.engine.begin() as db:
        db.execute(text("update link set expires_at = 1"))
    with pytest.raises(LinkExpired):
        redeem(any_room)
    any_room.do(revoke_link, link)
    with pytest.raises(LinkUnknown):
        redeem(any_room)


def test_link_lives_three_days(room):
    mint(room)
    with room.read() as db:
        link = db.scalars(select(Link)).one()
        assert link.expires_at - link.created_at == LINK_LIFE_MS == 3 * 24 * 3600 * 1000
        assert links_of(db) == [link]


@pytest.mark.parametrize(("name", "refusal"), [("a" * 41, TextTooLong), ("a\x07", ControlCharacters)])
def test_refused_name_leaves_the_link_unused(room, name, refusal):
    mint(room)
    with pytest.raises(refusal):
        redeem(room, name=name)
    assert redeem(room, OTHER, name="Ada").role is Role.FACILITATOR


def test_revoke_link_takes_the_role_back_and_tells(any_room):
    link = mint(any_room)
    grant = redeem(any_room)
    any_room.do(revoke_link, link)
    assert any_room.facts[-1] == CrewRevoked((grant.crew_id,))
    with any_room.read() as db:
        assert crew_of(db, BEARER) == []
        assert links_of(db) == []
    with pytest.raises(LinkUnknown):
        redeem(any_room)
    with pytest.raises(NotFound):
        any_room.do(revoke_link, 99)


def test_leave_gives_back_every_role_of_one_browser_and_no_other(room):
    mint(room, Role.FACILITATOR, "d" * 64)
    mint(room, Role.RAPPORTEUR, "e" * 64)
    mint(room, Role.RAPPORTEUR, "f" * 64)
    for secret in ("d", "e"):
        redeem(room, secret=secret * 64)
    redeem(room, OTHER, "f" * 64)
    room.gate.write(None, leave, bearer_hash=BEARER)
    with room.read() as db:
        assert crew_of(db, BEARER) == []
        assert [crew.role for crew in crew_of(db, OTHER)] == [Role.RAPPORTEUR]
    with pytest.raises(LinkUsed):
        redeem(room, secret="d" * 64)
    told = len(room.facts)
    room.gate.write(None, leave, bearer_hash=BEARER)
    assert len(room.facts) == told


def test_revoke_stage_links_raises_the_version_and_closes_stages_only(room):
    place = room.conversation().id
    stage = room.gate.write(None, admit, role=Role.STAGE, conversation_id=place, bearer_hash=BEARER, stage_version=1)
    room.gate.write(None, admit, role=Role.RAPPORTEUR, conversation_id=place, bearer_hash=BEARER)
    room.do(revoke_stage_links, place)
    assert room.conversation().stage_version == 2
    assert room.facts[-1] == CrewRevoked((stage.crew_id,))
    with room.read() as db:
        assert [crew.role for crew in crew_of(db, BEARER)] == [Role.RAPPORTEUR]
    with pytest.raises(NotFound):
        room.do(revoke_stage_links, 99)


def test_mint_start_links_lets_unused_old_ones_die_and_used_ones_live(any_room):
    place = any_room.conversation().id
    mint(any_room, secret="d" * 64)
    used = redeem(any_room, secret="d" * 64)
    mint(any_room, secret="e" * 64)
    any_room.do(mint_start_links, {(Role.RAPPORTEUR, place): "f" * 64, (Role.ORGANISER, None): "0" * 64})
    with pytest.raises(LinkUnknown):
        redeem(any_room, secret="e" * 64)
    assert redeem(any_room, secret="d" * 64) == used
    assert redeem(any_room, secret="f" * 64).role is Role.RAPPORTEUR
    assert redeem(any_room, secret="0" * 64).role is Role.ORGANISER


def test_set_password_keeps_its_hash(room):
    room.do(set_password, password_hash="$argon2id$x")
    with room.read() as db:
        assert conference_of(db).password_hash == "$argon2id$x"


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.STAGE, Role.FACILITATOR, Role.RAPPORTEUR])
def test_links_and_password_are_the_organisers(room, role):
    place = room.conversation().id
    deeds = [
        (mint_link, (Role.FACILITATOR, place), {"secret_hash": SECRET}),
        (mint_start_links, ({},), {}),
        (revoke_link, (1,), {}),
        (revoke_stage_links, (place,), {}),
        (set_password, (), {"password_hash": "x"}),
    ]
    for action, args, words in deeds:
        with pytest.raises(Forbidden):
            room.do(action, *args, actor=Actor(role, place), **words)


def test_note_second_try_is_kept_for_the_organiser(room):
    mint(room)
    room.gate.write(None, redeem_link, secret_hash=SECRET, bearer_hash=BEARER, name="Ada")
    with pytest.raises(LinkUsed):
        room.gate.write(None, redeem_link, secret_hash=SECRET, bearer_hash=OTHER, name="Eve")
    room.gate.write(None, note_second_try, secret_hash=SECRET)
    with room.read() as db:
        assert db.scalars(select(Link)).one().tried_again_at is not None
