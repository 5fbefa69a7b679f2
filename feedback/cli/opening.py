"""Open the house for several processes: everything that comes before they start, in a process of its own.

`python3 -m feedback.cli.opening` prints JSON: {"links": …}, or {"refused": the sentence with the cure}. Whoever calls
holds the lock of the instance folder.
"""

import json
import sys
from typing import Any

from feedback import control, logs
from feedback.cli.house import writing
from feedback.domain.facts import Busy
from feedback.ready import CannotRun, make_ready
from feedback.settings import Settings, read_settings
from feedback.store.engine import is_sqlite


def opened(settings: Settings) -> dict[str, Any]:
    """Bring the database up to date, found the conference; returns {links} or {refused}."""
    if is_sqlite(settings.database_url):
        return {
            "refused": "SQLite has one process that writes. For several set FEEDBACK_DATABASE_URL to a PostgreSQL"
            " database and FEEDBACK_REDIS_URL to a Redis, or leave out --processes."
        }
    if settings.redis_url is None:
        return {
            "refused": "Several processes tell each other what is new by Redis: set FEEDBACK_REDIS_URL,"
            " or leave out --processes."
        }
    try:
        claims = make_ready(settings)
        with writing(settings) as house:
            links = control.found(house)
    except CannotRun as reason:
        return {"refused": str(reason)}
    except Busy:
        return {"refused": "Nothing can be written now: is the disk full? See: python3 -m feedback doctor"}
    if claims is not None:
        claims.drop()
    return {"links": links}


if __name__ == "__main__":
    logs.start(read_settings().log)
    json.dump(opened(read_settings()), sys.stdout)
