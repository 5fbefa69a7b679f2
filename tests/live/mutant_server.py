"""The server with a promise broken on purpose: tests of the tests run it. `mutant_server.py MUTANT[+MUTANT] run …`"""

import sys

from gevent.monkey import get_original
from sqlalchemy import bindparam, null

import feedback.serve  # patches the process first, as `run` does  # noqa: F401
from feedback.cli.__main__ import main
from feedback.live.catchup import CatchUp
from feedback.store import ops as sql
from feedback.store import sorts
from feedback.store.ideas import Vote
from feedback.store.statements import Statement
from feedback.store.writer import Writer


def ack_before_commit() -> None:
    """Tell the phone first, and commit a moment later."""
    run_batch = Writer._run_batch

    def early(self, connection, batch, *, careful):
        run_batch(self, connection, batch, careful=careful)
        told = [(job.done, job.result, job.refusal) for job in batch]
        self._deliver([lambda told=told: [done(result, refusal) for done, result, refusal in told]])
        for job in batch:
            job.done = lambda *_: None
        get_original("time", "sleep")(0.25)

    Writer._run_batch = early


def dropped_key() -> None:
    """Insert a row for each call, as if the vote had no key."""
    values = {name: bindparam(name) for name in ("val", "rev", "seq")}
    sql.SET_VOTE = Statement(
        lambda insert: insert(Vote).values(idea_id=bindparam("idea"), participant_id=bindparam("participant"), **values)
    )
    sql.IDEA_AND_MY_VOTE = Statement(lambda _: sql._about_idea(null(), null(), null()))
    _without_key("vote")


def dropped_sort_key() -> None:
    """Insert a row for each sort, too."""
    names = ("idea_id", "participant_id", "theme", "skipped", "rev", "seq")
    sorts.SET_SORT = Statement(lambda insert: insert(sorts.SortRow).values({name: bindparam(name) for name in names}))
    _without_key("sort")


def forgetful() -> None:
    """Hear hints, but never ask the database: what is said while nobody hears is lost."""
    CatchUp.look_at_all = lambda _self: None


def _without_key(table) -> None:
    """Replace the migrated table by one without its key, as a mistaken migration would leave it."""
    from feedback import ready

    upgrade = ready.upgrade

    def without_key(engine):
        upgrade(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql(f'ALTER TABLE "{table}" RENAME TO {table}_with_key')
            connection.exec_driver_sql(f'CREATE TABLE "{table}" AS SELECT * FROM {table}_with_key')
            connection.exec_driver_sql(f"DROP TABLE {table}_with_key")

    ready.upgrade = without_key


MUTANTS = (ack_before_commit, dropped_key, dropped_sort_key, forgetful)

if __name__ == "__main__":
    for name in sys.argv.pop(1).split("+"):
        ({mutant.__name__: mutant for mutant in MUTANTS} | {"none": lambda: None})[name]()
    main(prog_name="mutant")
