"""Write prompts, open and close them, and choose what the stage shows."""

from sqlalchemy import func, select

from feedback.domain.facts import IdeaGone, NotFound
from feedback.domain.ideas import IdeaState
from feedback.domain.programme import PromptState, Scene, Voting, change_voting, check_budget, move_prompt
from feedback.domain.roles import Actor, Deed, require
from feedback.domain.texts import canonical
from feedback.store.ideas import Idea, has_votes
from feedback.store.programme import Conversation, Prompt
from feedback.store.writer import Tx

PROMPT_LIMIT = 300


def add_prompt(
    tx: Tx,
    actor: Actor,
    conversation_id: int,
    *,
    text: str,
    votes_each: int | None,
    voting: Voting = Voting.SUPPORT,
) -> int:
    """Write another prompt as a draft; returns its id."""
    require(actor, Deed.RUN_PROMPTS, conversation_id)
    last = tx.db.scalar(select(func.max(Prompt.number)).where(Prompt.conversation_id == conversation_id)) or 0
    prompt = Prompt(
        conversation_id=conversation_id,
        number=last + 1,
        text=canonical(text, limit=PROMPT_LIMIT),
        votes_each=check_budget(votes_each, voting),
        voting=voting,
        created_at=tx.now,
    )
    tx.db.add(prompt)
    tx.db.flush()
    tx.touch(conversation_id, "prompts")
    return prompt.id


def edit_prompt(
    tx: Tx, actor: Actor, prompt_id: int, *, text: str, votes_each: int | None, voting: Voting | None = None
) -> None:
    """Change a prompt's words, its vote budget and, before the first vote, what a vote can say (None: as it is).

    Votes that stand stay, also above a smaller budget.
    """
    prompt = _prompt(tx, actor, prompt_id)
    now = Voting(prompt.voting)
    becomes = change_voting(now, voting or now, voted=has_votes(tx.db, prompt_id))
    prompt.text = canonical(text, limit=PROMPT_LIMIT)
    prompt.voting, prompt.votes_each = becomes, check_budget(votes_each, becomes)
    tx.touch(prompt.conversation_id, "prompts")


def open_prompt(tx: Tx, actor: Actor, prompt_id: int) -> None:
    """Let a prompt take ideas and votes, for the first time or again."""
    _move(tx, actor, prompt_id, PromptState.OPEN)


def close_prompt(tx: Tx, actor: Actor, prompt_id: int) -> None:
    """Let a prompt take neither ideas nor votes."""
    _move(tx, actor, prompt_id, PromptState.CLOSED)


def set_stage(
    tx: Tx,
    actor: Actor,
    conversation_id: int,
    *,
    scene: Scene,
    prompt_id: int | None = None,
    idea_id: str | None = None,
) -> None:
    """Choose what the stage shows; a spotlight needs an idea that is shown."""
    require(actor, Deed.DRIVE_STAGE, conversation_id)
    conversation = tx.db.get(Conversation, conversation_id)
    if conversation is None:
        raise NotFound
    if scene is Scene.SPOTLIGHT:
        idea = tx.db.get(Idea, idea_id) if idea_id else None
        if idea is None or idea.conversation_id != conversation_id or idea.state is not IdeaState.SHOWN:
            raise IdeaGone
    if prompt_id is not None:
        if _prompt(tx, actor, prompt_id).conversation_id != conversation_id:
            raise NotFound
        conversation.stage_prompt_id = prompt_id
    conversation.scene = scene
    conversation.stage_idea_id = idea_id if scene is Scene.SPOTLIGHT else None
    tx.touch(conversation_id, "stage")


def _move(tx: Tx, actor: Actor, prompt_id: int, to: PromptState) -> None:
    prompt = _prompt(tx, actor, prompt_id)
    prompt.state = move_prompt(prompt.state, to)
    tx.touch(prompt.conversation_id, "prompts")


def _prompt(tx: Tx, actor: Actor, prompt_id: int) -> Prompt:
    prompt = tx.db.get(Prompt, prompt_id)
    if prompt is None:
        raise NotFound
    require(actor, Deed.RUN_PROMPTS, prompt.conversation_id)
    return prompt
