"""Give roles to people: links that are made, redeemed and taken back; the organiser's password."""

from dataclasses import dataclass

from sqlalchemy import select

from feedback.domain.facts import CrewRevoked, LinkExpired, LinkUnknown, LinkUsed, NotFound
from feedback.domain.roles import Actor, Deed, Role, require
from feedback.domain.texts import NAME_LIMIT, one_line
from feedback.store.crew import Crew, Link, link_by_hash
from feedback.store.programme import Conference, Conversation
from feedback.store.writer import Tx

LINK_LIFE_MS = 72 * 3_600_000


@dataclass(frozen=True, slots=True)
class Grant:
    """The role somebody now holds, and where (code None = the whole conference)."""

    crew_id: int
    role: Role
    conversation_id: int | None
    code: str | None


def mint_link(tx: Tx, actor: Actor, role: Role, conversation_id: int | None, *, secret_hash: str) -> int:
    """Make a one-use link for a role; returns its id. The caller keeps the secret, the house only its hash."""
    require(actor, Deed.SET_UP, None)
    link = Link(
        role=role,
        conversation_id=conversation_id,
        secret_hash=secret_hash,
        created_at=tx.now,
        expires_at=tx.now + LINK_LIFE_MS,
    )
    tx.db.add(link)
    tx.db.flush()
    return link.id


def mint_start_links(tx: Tx, actor: Actor, wanted: dict[tuple[Role, int | None], str]) -> None:
    """Make the links of a start, (role, conversation) to secret hash; links nobody used before die."""
    require(actor, Deed.SET_UP, None)
    for old in tx.db.scalars(select(Link).where(Link.used_at.is_(None), Link.revoked_at.is_(None))):
        old.revoked_at = tx.now
    for (role, conversation_id), secret_hash in wanted.items():
        mint_link(tx, actor, role, conversation_id, secret_hash=secret_hash)


def redeem_link(tx: Tx, *, secret_hash: str, bearer_hash: str, name: str) -> Grant:
    """Bind a link to the browser that opens it first. The same browser may open it again.

    Raises LinkUnknown, LinkUsed or LinkExpired.
    """
    link = link_by_hash(tx.db, secret_hash)
    if link is None or link.revoked_at is not None:
        raise LinkUnknown
    if link.used_at is not None:
        return _again(tx, link, bearer_hash)
    if link.expires_at < tx.now:
        raise LinkExpired
    link.used_at = tx.now
    return admit(
        tx, role=link.role, conversation_id=link.conversation_id, bearer_hash=bearer_hash, name=name, link_id=link.id
    )


def note_second_try(tx: Tx, *, secret_hash: str) -> None:
    """Keep when another browser tried a link that was claimed, for the organiser to see."""
    link = link_by_hash(tx.db, secret_hash)
    if link is not None:
        link.tried_again_at = tx.now


def admit(
    tx: Tx,
    *,
    role: Role,
    conversation_id: int | None,
    bearer_hash: str,
    name: str = "",
    link_id: int | None = None,
    stage_version: int = 0,
) -> Grant:
    """Give a browser a role whose proof (link, password, stage signature) the caller has checked."""
    crew = Crew(
        link_id=link_id,
        role=role,
        conversation_id=conversation_id,
        bearer_hash=bearer_hash,
        name=one_line(name, limit=NAME_LIMIT) if name.strip() else "",
        created_at=tx.now,
        stage_version=stage_version,
    )
    tx.db.add(crew)
    tx.db.flush()
    return _grant(tx, crew)


def revoke_link(tx: Tx, actor: Actor, link_id: int) -> None:
    """Take a link back, with the role of whoever claimed it."""
    require(actor, Deed.SET_UP, None)
    link = tx.db.get(Link, link_id)
    if link is None:
        raise NotFound
    link.revoked_at = tx.now
    _revoke(tx, list(tx.db.scalars(select(Crew).where(Crew.link_id == link_id, Crew.revoked_at.is_(None)))))


def revoke_stage_links(tx: Tx, actor: Actor, conversation_id: int) -> None:
    """Take every stage link of a conversation back; new ones are signed with the next version."""
    require(actor, Deed.SET_UP, None)
    conversation = tx.db.get(Conversation, conversation_id)
    if conversation is None:
        raise NotFound
    conversation.stage_version += 1
    query = select(Crew).where(
        Crew.conversation_id == conversation_id, Crew.role == Role.STAGE, Crew.revoked_at.is_(None)
    )
    _revoke(tx, list(tx.db.scalars(query)))


def leave(tx: Tx, *, bearer_hash: str) -> None:
    """Give back every role that this browser holds."""
    query = select(Crew).where(Crew.bearer_hash == bearer_hash, Crew.revoked_at.is_(None))
    _revoke(tx, list(tx.db.scalars(query)))


def set_password(tx: Tx, actor: Actor, *, password_hash: str) -> None:
    """Set the organiser's password, given as its hash."""
    require(actor, Deed.SET_UP, None)
    tx.db.scalars(select(Conference).order_by(Conference.id)).one().password_hash = password_hash


def _again(tx: Tx, link: Link, bearer_hash: str) -> Grant:
    query = select(Crew).where(Crew.link_id == link.id, Crew.bearer_hash == bearer_hash, Crew.revoked_at.is_(None))
    crew = tx.db.scalars(query).first()
    if crew is None:
        raise LinkUsed
    return _grant(tx, crew)


def _grant(tx: Tx, crew: Crew) -> Grant:
    place = tx.db.get(Conversation, crew.conversation_id) if crew.conversation_id else None
    return Grant(crew.id, crew.role, crew.conversation_id, place.code if place else None)


def _revoke(tx: Tx, members: list[Crew]) -> None:
    for crew in members:
        crew.revoked_at = tx.now
    if members:
        tx.facts.append(CrewRevoked(tuple(crew.id for crew in members)))
