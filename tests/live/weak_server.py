"""The whole server with limits taken away. `weak_server.py MUTANT+MUTANT run …`, as mutant_server.py."""

import sys

from sqlalchemy import bindparam

import feedback.serve  # patches the process first, as `run` does  # noqa: F401
from feedback.cli.__main__ import main
from feedback.live import crowd, server
from feedback.pace import Pace
from feedback.store import ops as sql
from feedback.store.ideas import Vote
from feedback.store.statements import Statement


def unpaced() -> None:
    """Everybody may go as fast as they like."""
    for name in ("op", "read", "request", "handshake", "join"):
        setattr(Pace, name, lambda *_: None)


def uncrowded() -> None:
    """As many sockets as anybody opens."""
    crowd.TABS = 10**6
    server.Crowd = lambda _phones: crowd.Crowd(10**6)


def last_one_wins() -> None:
    """What comes last stands, whatever its revision."""
    found = sql.idea_and_my_vote

    def unnumbered(*args):
        idea, mine = found(*args)
        return idea, mine and mine._replace(rev=0)

    sql.idea_and_my_vote = unnumbered

    def upsert(insert):
        names = ("idea_id", "participant_id", "val", "rev", "seq")
        short = {"idea_id": "idea", "participant_id": "participant"}
        row = insert(Vote).values({name: bindparam(short.get(name, name)) for name in names})
        new = {name: getattr(row.excluded, name) for name in ("val", "rev", "seq")}
        return row.on_conflict_do_update(index_elements=["idea_id", "participant_id"], set_=new)

    sql.SET_VOTE = Statement(upsert)


MUTANTS = (unpaced, uncrowded, last_one_wins)

if __name__ == "__main__":
    for name in sys.argv.pop(1).split("+"):
        {mutant.__name__: mutant for mutant in MUTANTS}[name]()
    main(prog_name="weak")
