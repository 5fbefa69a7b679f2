"""A server's place on its database: alone there, or among others that it hears.

Servers of several folders and hosts work together on one PostgreSQL when they hear each other by Redis; else the first
one has the database to itself.
"""

import hashlib

from feedback.lock import HouseInUse
from feedback.settings import Settings
from feedback.store.claims import Claims, DatabaseTaken, OtherKey
from feedback.store.engine import is_sqlite


def is_shared(settings: Settings) -> bool:
    """Tell whether several processes may write to this database: it can, and they can hear each other."""
    return not is_sqlite(settings.database_url) and settings.redis_url is not None


def claims_of(settings: Settings) -> Claims | None:
    """Return what a process claims of its database, not yet held; None on SQLite, where the folder's lock does it."""
    if is_sqlite(settings.database_url):
        return None
    key = hashlib.sha256(f"feedback.print:{settings.secret_key}".encode()).digest()
    return Claims(
        settings.database_url,
        print_of_key=int.from_bytes(key[:4], "big") >> 1,
        shared=is_shared(settings),
    )


def hold(claims: Claims) -> None:
    """Hold the claims, or make sure that they are held; raises HouseInUse, or what the database raises."""
    try:
        claims.hold()
    except DatabaseTaken:
        raise HouseInUse(
            "Another feedback server already runs on this database. Two can work on it when they hear each other:"
            " set FEEDBACK_REDIS_URL for both, and the same FEEDBACK_SECRET_KEY. Or stop the other one."
        ) from None
    except OtherKey:
        raise HouseInUse(
            "A feedback server with another secret key runs on this database, so that each would not know the other's"
            " people. Give all of them the same FEEDBACK_SECRET_KEY."
        ) from None
