"""What must be true before a house is opened: libraries, the database and our place on it."""

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import configure_mappers

from feedback.live.transport import startup_refusals
from feedback.lock import HouseInUse
from feedback.place import claims_of, hold
from feedback.settings import Settings
from feedback.store.claims import Claims
from feedback.store.engine import UnsafeDatabase, check, writer_engine
from feedback.store.schema import upgrade


class CannotRun(Exception):
    """The house cannot be opened; the message says why and what to do."""


def make_ready(settings: Settings) -> Claims | None:
    """Make sure that this house can be opened here, and bring its database up to date; returns its claims, held.

    Raises CannotRun.
    """
    for refusal in startup_refusals():
        cure = (
            "Other versions of its socket libraries are installed than it was tested with: python3 -m feedback setup"
            if refusal.endswith("_version")
            else "A package is installed that changes how sockets work; remove it with pip."
        )
        raise CannotRun(f"This Python environment is not safe to serve from ({refusal}). {cure}")
    claims = claims_of(settings)
    try:
        if claims is not None:
            hold(claims)
        upgrade_and_check(settings)
    except HouseInUse as taken:
        raise CannotRun(str(taken)) from None
    except (UnsafeDatabase, OperationalError) as fault:
        reason = fault.orig if isinstance(fault, OperationalError) else fault
        raise CannotRun(
            f"The database cannot be used ({str(reason).splitlines()[0]}). For the cure: python3 -m feedback doctor"
        ) from None
    return claims


def upgrade_and_check(settings: Settings) -> None:
    """Bring the database up to date and make sure that its commits are safe."""
    engine = writer_engine(settings.database_url)
    upgrade(engine)
    check(engine)
    engine.dispose()
    configure_mappers()
