"""The server with one promise broken on purpose: the tests of the tests run it. `mutant_server.py MUTANT run …`"""

import sys

from gevent.monkey import get_original
from sqlalchemy import bindparam

import feedback.serve  # patches the process first, as `run` does  # noqa: F401
from feedback.cli.__main__ import main
from feedback.store import ops as sql
from feedback.store.ideas import Vote
from feedback.store.statements import Statement
from feedback.store.writer import Writer


def ack_before_commit() -> None:
    """Tell the phone first, and commit a moment later."""
    run_batch = Writer._run_batch

    def early(self, connection, batch):
        run_batch(self, connection, batch)
        told = [(job.done, job.result, job.refusal) for job in batch]
        self._deliver([lambda told=told: [done(result, refusal) for done, result, refusal in told]])
        for job in batch:
            job.done = lambda *_: None
        get_original("time", "sleep")(0.05)

    Writer._run_batch = early


def dropped_key() -> None:
    """Insert a row for each call, as if the vote had no key."""
    values = {name: bindparam(name) for name in ("val", "rev", "seq")}
    sql.SET_VOTE = Statement(
        lambda insert: insert(Vote).values(idea_id=bindparam("idea"), participant_id=bindparam("participant"), **values)
    )
    sql.MY_VOTE = Statement(lambda _: sql.select(Vote.val, Vote.rev, Vote.seq).where(Vote.rev < 0))
    # The migrated table has its key: replace it by one without, as a mistaken migration would leave it.
    from feedback import serve

    upgrade = serve.upgrade

    def without_key(engine):
        upgrade(engine)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE vote RENAME TO vote_with_key")
            connection.exec_driver_sql("CREATE TABLE vote AS SELECT * FROM vote_with_key")
            connection.exec_driver_sql("DROP TABLE vote_with_key")

    serve.upgrade = without_key


if __name__ == "__main__":
    {"ack_before_commit": ack_before_commit, "dropped_key": dropped_key, "none": lambda: None}[sys.argv.pop(1)]()
    main(prog_name="mutant")
