"""Take what was found in the votes of a prompt that asks for opinions."""

from feedback.domain.opinions import OpinionMap, content_of
from feedback.domain.programme import Voting
from feedback.store import opinions as store
from feedback.store.programme import Prompt
from feedback.store.writer import Tx


def set_opinions(tx: Tx, prompt_id: int, found: OpinionMap) -> None:
    """Keep a map, unless the prompt is gone or a newer one is known; screens are told only what looks different."""
    prompt = tx.db.get(Prompt, prompt_id)
    row = tx.db.get(store.OpinionMap, prompt_id)
    if prompt is None or prompt.voting != Voting.OPINION or (row is not None and row.seq > found.seq):
        return
    place = prompt.conversation_id
    before = store.opinions_shown(tx.db, place)
    if row is None:
        row = store.OpinionMap(prompt_id=prompt_id, conversation_id=place)
        tx.db.add(row)
    row.seq, row.content, row.found_at = found.seq, content_of(found), tx.now
    tx.db.flush()
    if store.opinions_shown(tx.db, place) != before:
        tx.touch(place, "opinions")
