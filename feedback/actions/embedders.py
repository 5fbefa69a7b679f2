"""Choose what measures how alike ideas are, and keep what was measured."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from feedback.domain.embedders import EmbedderKind, check_choice
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.texts import digest_of
from feedback.store.ideas import Idea
from feedback.store.programme import Conference
from feedback.store.vectors import FreshVector, Vector
from feedback.store.writer import Tx


def choose_embedder(
    tx: Tx, actor: Actor, *, kind: str, offered: frozenset[str], place: str = "", consent: bool = False
) -> None:
    """Choose what measures, of what is offered; `consent`: words may be sent to the endpoint at that place.

    Vectors of the one before are deleted: no other measures with them. Raises BadValue or ConsentMissing.
    """
    require(actor, Deed.SET_UP, None)
    chosen = check_choice(kind, offered=offered, consent=consent)
    conference = tx.db.scalars(select(Conference).order_by(Conference.id)).one()
    where = place if chosen is EmbedderKind.HTTP else ""
    if (conference.embedder, conference.embedder_place) != (chosen, where):
        conference.embedder, conference.embedder_place = chosen, where
        tx.db.execute(delete(Vector))


def keep_vectors(tx: Tx, embedder: str, fresh: Sequence[FreshVector]) -> None:
    """Keep what was encoded of ideas that are still there with the same words, unless words alone measure now."""
    conference = tx.db.scalars(select(Conference).order_by(Conference.id)).first()
    if conference is None or conference.embedder == EmbedderKind.LEXICAL:
        return
    rows = tx.db.execute(select(Idea.id, Idea.body).where(Idea.id.in_([vector.idea for vector in fresh])))
    bodies = {row.id: row.body for row in rows}
    wanted = {
        vector.digest: vector.value
        for vector in fresh
        if vector.idea in bodies and digest_of(bodies[vector.idea]) == vector.digest
    }
    # One that is there already may be of other dimensions: the model behind the name was exchanged.
    tx.db.execute(delete(Vector).where(Vector.embedder == embedder, Vector.digest.in_(list(wanted))))
    tx.db.add_all(Vector(embedder=embedder, digest=digest, value=value) for digest, value in wanted.items())
