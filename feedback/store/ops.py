"""The statements that a phone's op runs: what it must know, and what it changes."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Executable, and_, bindparam, func, null, select, update

from feedback.domain.votes import Val
from feedback.store.ideas import Idea, Vote
from feedback.store.programme import Conversation, Participant, Prompt
from feedback.store.statements import Insert, Statement
from feedback.store.writer import Tx

#: conversation state, prompt state, ideas received
PROMPT = Statement(
    lambda _: (
        select(Conversation.state, Prompt.state, Conversation.ideas_received)
        .join(Prompt, Prompt.conversation_id == Conversation.id)
        .where(Prompt.id == bindparam("prompt"), Conversation.id == bindparam("conversation"))
    )
)


class KnownIdea(NamedTuple):
    """What an op must know of an idea; the fields are the columns of the statement below, in its order."""

    conversation_id: int
    author_id: int | None
    first_hash: str
    state: str
    seq: int
    number: int
    rev: int
    body: str
    votes: int
    merged_into: str | None
    prompt_id: int
    votes_each: int | None
    prompt_state: str
    conversation_state: str


def known_idea(tx: Tx, idea_id: str) -> KnownIdea | None:
    """Find an idea with its prompt and conversation."""
    row = tx.row(IDEA, idea=idea_id)
    return KnownIdea(*row) if row else None


class MyVote(NamedTuple):
    """A participant's vote on an idea as it stands."""

    val: Val
    rev: int
    seq: int


def idea_and_my_vote(tx: Tx, idea_id: str, participant_id: int) -> tuple[KnownIdea, MyVote | None] | None:
    """Find an idea, and this participant's vote on it, if there ever was one."""
    row = tx.row(IDEA_AND_MY_VOTE, idea=idea_id, participant=participant_id)
    if row is None:
        return None
    *idea, val, rev, seq = row
    return KnownIdea(*idea), None if rev is None else MyVote(val, rev, seq)


def _about_idea(*more: Any) -> Any:
    return (
        select(
            Idea.conversation_id,
            Idea.participant_id,
            Idea.first_hash,
            Idea.state,
            Idea.seq,
            Idea.number,
            Idea.rev,
            Idea.body,
            Idea.agree + Idea.disagree + Idea.passes,
            Idea.merged_into,
            Idea.prompt_id,
            Prompt.votes_each,
            Prompt.state,
            Conversation.state,
            *more,
        )
        .join(Prompt, Prompt.id == Idea.prompt_id)
        .join(Conversation, Conversation.id == Idea.conversation_id)
        .where(Idea.id == bindparam("idea"))
    )


IDEA = Statement(lambda _: _about_idea())

#: The same, and this participant's vote on it: val, rev, seq.
IDEA_AND_MY_VOTE = Statement(
    lambda _: _about_idea(Vote.val, Vote.rev, Vote.seq).outerjoin(
        Vote, and_(Vote.idea_id == Idea.id, Vote.participant_id == bindparam("participant"))
    )
)

IDEAS_MINE = Statement(
    lambda _: select(func.count()).select_from(Idea).where(Idea.participant_id == bindparam("participant"))
)

#: The next number of an idea; the conversation's row is the counter.
NEXT_NUMBER = Statement(
    lambda _: (
        update(Conversation)
        .where(Conversation.id == bindparam("conversation"))
        .values(ideas_received=Conversation.ideas_received + 1)
        .returning(Conversation.ideas_received)
    )
)

ADD_IDEA = Statement(
    lambda insert: (
        insert(Idea)
        .values(
            {
                name: bindparam(name)
                for name in (
                    "id",
                    "conversation_id",
                    "prompt_id",
                    "participant_id",
                    "number",
                    "body",
                    "first_hash",
                    "lang",
                    "source",
                    "state",
                    "reason",
                    "import_key",
                    "rev",
                    "agree",
                    "disagree",
                    "passes",
                    "created_at",
                    "seq",
                )
            }
        )
        .on_conflict_do_nothing()
    )
)

CHANGE_IDEA = Statement(
    lambda _: (
        update(Idea)
        .where(Idea.id == bindparam("idea"))
        .values(body=bindparam("text"), rev=bindparam("new_rev"), seq=bindparam("new_seq"))
    )
)

WITHDRAW = Statement(
    lambda _: (
        update(Idea)
        .where(Idea.id == bindparam("idea"))
        .values(state="withdrawn", reason="", merged_into=null(), rev=bindparam("new_rev"), seq=bindparam("new_seq"))
    )
)


def uses_budget() -> ColumnElement[bool]:
    """Join a vote to its idea where it takes from a budget: what was withdrawn, or merged, gives its votes back."""
    return and_(Idea.id == Vote.idea_id, Idea.state != "withdrawn", Idea.merged_into.is_(None))


#: Supporting votes that stand on a prompt.
SPENT = Statement(
    lambda _: (
        select(func.count())
        .select_from(Vote)
        .join(Idea, uses_budget())
        .where(Vote.participant_id == bindparam("participant"), Vote.val == 1, Idea.prompt_id == bindparam("prompt"))
    )
)


def _upsert_vote(insert: Insert) -> Executable:
    row = insert(Vote).values(
        idea_id=bindparam("idea"),
        participant_id=bindparam("participant"),
        val=bindparam("val"),
        rev=bindparam("rev"),
        seq=bindparam("seq"),
    )
    return row.on_conflict_do_update(  # type: ignore[no-any-return]
        index_elements=["idea_id", "participant_id"],
        set_={"val": row.excluded.val, "rev": row.excluded.rev, "seq": row.excluded.seq},
        where=row.excluded.rev > Vote.rev,
    )


#: Applied only when the revision grows: a retry, a duplicate, a reordering and two tabs all converge.
SET_VOTE = Statement(_upsert_vote)

COUNT_VOTE = Statement(
    lambda _: (
        update(Idea)
        .where(Idea.id == bindparam("idea"))
        .values(
            agree=Idea.agree + bindparam("agree_by"),
            disagree=Idea.disagree + bindparam("disagree_by"),
            passes=Idea.passes + bindparam("passes_by"),
        )
    )
)

ADD_PARTICIPANT = Statement(
    lambda insert: (
        insert(Participant)
        .values(conversation_id=bindparam("conversation"), token_hash=bindparam("token_hash"))
        .on_conflict_do_nothing()
    )
)

FIND_PARTICIPANT = Statement(
    lambda _: select(Participant.id).where(
        Participant.conversation_id == bindparam("conversation"), Participant.token_hash == bindparam("token_hash")
    )
)

COUNT_JOINED = Statement(
    lambda _: (
        update(Conversation).where(Conversation.id == bindparam("conversation")).values(joined=Conversation.joined + 1)
    )
)
