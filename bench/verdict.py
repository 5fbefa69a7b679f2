"""Compares the rows with what people asked for and were told. Each function returns sentences; none means: all true."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from bench.outbox import Book, Op, idea_of
from bench.served import House
from feedback.domain.ideas import IdeaState
from feedback.store.ideas import Idea, Vote
from feedback.store.programme import Change

VALUES = (1, -1, 0)


@dataclass(frozen=True, slots=True)
class Rows:
    """What the database holds of a conversation."""

    #: By id: author, words, state, rev, tallies (agree, disagree, pass).
    ideas: dict[str, tuple[str, str, str, int, tuple[int, int, int]]]
    #: By (idea, participant): all rows, each value and rev.
    votes: dict[tuple[str, str], list[tuple[int | None, int]]]
    #: By commit number: the idea it was about.
    changes: dict[int, str]


def rows_of(house: House) -> Rows:
    """Read the rows as they are now."""
    engine = house.engine()
    votes: dict[tuple[str, str], list[tuple[int | None, int]]] = defaultdict(list)
    with engine.connect() as database:
        here = Idea.conversation_id == house.conversation
        columns = (Idea.id, Idea.participant_id, Idea.body, Idea.state, Idea.rev)
        ideas = {
            row.id: (
                str(row.participant_id),
                row.body,
                row.state.value,
                row.rev,
                (row.agree, row.disagree, row.passes),
            )
            for row in database.execute(select(*columns, Idea.agree, Idea.disagree, Idea.passes).where(here))
        }
        cells = select(Vote.idea_id, Vote.participant_id, Vote.val, Vote.rev).join(Idea, Idea.id == Vote.idea_id)
        for row in database.execute(cells.where(here)):
            votes[row.idea_id, str(row.participant_id)].append((row.val, row.rev))
        logged = select(Change.seq, Change.ref).where(
            Change.conversation_id == house.conversation, Change.kind.in_(("idea", "vote"))
        )
        changes = {row.seq: row.ref for row in database.execute(logged)}
    engine.dispose()
    return Rows(ideas, dict(votes), changes)


def complaints(rows: Rows, books: dict[str, Book], first_seq: int) -> list[str]:
    """Return all that is not as people were told; `books` by participant, `first_seq` the last commit before them."""
    found = [line for who, book in books.items() for line in (*_unanswered(who, book), *_mine_wrong(rows, who, book))]
    found += _strange_rows(rows, books)
    found += _landed_twice(rows, books.values(), first_seq)
    for idea, (*_, tally) in rows.ideas.items():
        standing = Counter(val for (voted, _), cell in rows.votes.items() if voted == idea for val, _ in cell[-1:])
        if tally != tuple(standing[val] for val in VALUES):
            found.append(f"idea {idea} counts {tally}, its votes are {dict(standing)}")
    return found


def _unanswered(who: str, book: Book) -> Iterable[str]:
    left = book.asked.keys() - book.told.keys() - book.replaced
    if left:
        yield f"{len(left)} ops of participant {who} never got an answer"


def _mine_wrong(rows: Rows, who: str, book: Book) -> Iterable[str]:
    """Compare one person's ideas and votes with the newest that they were told is saved."""
    newest: dict[tuple[str, bool], Op] = {}
    for name, ack in book.told.items():
        op = book.asked[name]
        if ack["status"] == "ok":
            place = (idea_of(op), op["k"] == "vote")
            newest[place] = max(op, newest.get(place, op), key=lambda each: int(each.get("rev", 0)))
    asked = {(op.get("rev", 0), idea_of(op)): op for op in book.asked.values()}
    for (idea, is_vote), op in newest.items():
        yield from _vote_wrong(rows, who, idea, op, asked) if is_vote else _idea_wrong(rows, who, idea, op, asked, book)


def _vote_wrong(rows: Rows, who: str, idea: str, op: Op, asked: dict[tuple[int, str], Op]) -> Iterable[str]:
    cell = rows.votes.get((idea, who), [])
    if len(cell) != 1:
        yield f"participant {who} has {len(cell)} votes on {idea}, told one"
        return
    val, rev = cell[0]
    stored = asked.get((rev, idea))
    if rev < op["rev"] or stored is None or stored["k"] != "vote" or stored["val"] != val:
        yield f"vote of {who} on {idea} is {val} (rev {rev}), told {op['val']} (rev {op['rev']})"


def _idea_wrong(rows: Rows, who: str, idea: str, op: Op, asked: dict[tuple[int, str], Op], book: Book) -> Iterable[str]:
    row = rows.ideas.get(idea)
    if row is None or row[0] != who:
        yield f"idea {idea} of {who} is lost"
        return
    _, body, state, rev, _ = row
    stored = asked.get((rev, idea))
    if rev < op.get("rev", 0) or stored is None:
        yield f"idea {idea} of {who} stands at rev {rev}, told {op.get('rev', 0)}"
    elif (stored["k"] == "withdraw") != (state == IdeaState.WITHDRAWN.value):
        yield f"idea {idea} of {who} is {state}, and its newest op is: {stored['k']}"
    elif stored["k"] != "withdraw" and body != stored["text"]:
        yield f"idea {idea} of {who} says {body!r}, not {stored['text']!r}"
    elif book.told.get(stored["op"], {"status": "ok"})["status"] not in ("ok", "superseded"):
        yield f"a {stored['k']} of {who} on {idea} is stored and was told {book.told[stored['op']]}"


def _strange_rows(rows: Rows, books: dict[str, Book]) -> Iterable[str]:
    """Find rows of these people that they never asked for."""
    wanted = {(who, idea_of(op)) for who, book in books.items() for op in book.asked.values()}
    for idea, (who, *_) in rows.ideas.items():
        if who in books and (who, idea) not in wanted:
            yield f"idea {idea} of {who} was never asked for"
    for idea, who in rows.votes:
        if who in books and (who, idea) not in wanted:
            yield f"the vote of {who} on {idea} was never asked for"


def _landed_twice(rows: Rows, books: Iterable[Book], first_seq: int) -> Iterable[str]:
    """Find commits that no answer names, beyond the ops that nobody waited for any more."""
    unheard: Counter[str] = Counter()
    told: Counter[int] = Counter()
    for book in books:
        unheard.update(idea_of(book.asked[name]) for name in book.replaced)
        told.update(int(ack["seq"]) for ack in book.told.values() if ack["status"] == "ok")
    for seq, times in told.items():
        if times > 1:
            yield f"{times} ops were told the commit number {seq}"
        if seq not in rows.changes:
            yield f"commit {seq} was told and is not there"
    surplus = Counter(idea for seq, idea in rows.changes.items() if seq > first_seq and seq not in told)
    for idea, times in (surplus - unheard).items():
        yield f"{times} changes of idea {idea} were told to nobody"


def replay_of(book: Book, answered: Any, again: Any) -> str:
    """Say what is wrong with the answer to an op that was sent once more; empty when nothing is."""
    before = book.told[answered["op"]]["status"]
    fine = {"ok": ("ok", "superseded", "gone"), "superseded": ("superseded", "ok", "gone")}
    allowed = (*fine.get(before, (before, "superseded", "gone", "closed", "budget")), "retry")
    if again["status"] not in allowed and not (before == "rejected" and again["status"] == "ok"):
        return f"a {answered['k']} told {before} was told {again['status']} when it came again"
    return ""
