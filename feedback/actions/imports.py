"""Take ideas from a file: paper notes, another tool. Twice the same file adds nothing."""

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from feedback.actions.ideas import add_idea
from feedback.domain.facts import NotFound, Refusal
from feedback.domain.ideas import IDEAS_IN_ALL, Source, is_lang
from feedback.domain.ids import ulid
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.rows import Row
from feedback.domain.texts import canonical
from feedback.store.ideas import Idea
from feedback.store.programme import Conversation, Prompt
from feedback.store.writer import Tx


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of the file that was not taken, and the code of the reason."""

    line: int
    code: str


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """How many ideas were taken, how many were here already, and which lines were refused."""

    taken: int
    known: int
    bad: tuple[BadLine, ...]


def import_rows(
    tx: Tx,
    actor: Actor,
    conversation_id: int,
    rows: Sequence[Row],
    *,
    prompt_id: int | None = None,
    prompt_number: int | None = None,
    lang: str = "en",
    chance: Callable[[int], int],
) -> ImportOutcome:
    """Add the rows as ideas from the floor to a prompt (else the last one), whatever its state."""
    require(actor, Deed.IMPORT, conversation_id)
    prompt = _prompt(tx, conversation_id, prompt_id, prompt_number)
    keys = set(tx.db.scalars(select(Idea.import_key).where(Idea.conversation_id == conversation_id)))
    room = IDEAS_IN_ALL - (tx.db.scalar(select(Conversation.ideas_received).filter_by(id=conversation_id)) or 0)
    seen: Counter[str] = Counter()
    taken, known, bad = 0, 0, list[BadLine]()
    for row in rows:
        try:
            text = canonical(row.text)
        except Refusal as refusal:
            bad.append(BadLine(row.line, refusal.code))
            continue
        seen[text] += 1
        key = _key(conversation_id, row, text, seen[text])
        if key in keys:
            known += 1
        elif taken >= room:
            bad.append(BadLine(row.line, "full"))
        else:
            keys.add(key)
            taken += 1
            add_idea(
                tx,
                actor,
                idea_id=ulid(tx.now, chance),
                prompt_id=prompt,
                text=text,
                lang=row.lang if row.lang and is_lang(row.lang) else lang,
                source=Source.FLOOR,
                import_key=key,
                conversation_id=conversation_id,
            )
    return ImportOutcome(taken, known, tuple(bad))


def _prompt(tx: Tx, conversation_id: int, prompt_id: int | None, number: int | None) -> int:
    query = select(Prompt.id).where(Prompt.conversation_id == conversation_id).order_by(Prompt.number.desc())
    if prompt_id is not None:
        query = query.where(Prompt.id == prompt_id)
    if number is not None:
        query = query.where(Prompt.number == number)
    found = tx.db.scalars(query).first()
    if found is None:
        raise NotFound
    return found


def _key(conversation_id: int, row: Row, text: str, occurrence: int) -> str:
    # The file's own id names an idea; without one its text does, and how often that text came before.
    name = f"id\0{row.id}" if row.id else f"text\0{text}\0{occurrence}"
    return hashlib.sha256(f"{conversation_id}\0{name}".encode()).hexdigest()
