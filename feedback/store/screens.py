"""What screens show: a conversation's whole state, and what changed between two commit numbers, ready for the wire."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, func, select

from feedback.domain.ideas import IdeaState, Source
from feedback.domain.programme import PromptState
from feedback.store import ideas as idea_rows
from feedback.store.ideas import Idea, Vote
from feedback.store.programme import Change, Conversation, Prompt, Strand
from feedback.store.themes import Placement, ThemeRow, ThemeRun

#: A delta may reach back so many commits; further back the whole state is cheaper.
DELTA_LIMIT = 500
_WHOLE = frozenset({"cleared"})
_ABOUT_IDEAS = frozenset({"idea", "vote"})
Json = dict[str, Any]


def seq_of(db: Connection, conversation_id: int) -> int:
    """Return the conversation's newest commit number."""
    return db.scalar(select(Conversation.seq).where(Conversation.id == conversation_id)) or 0


def state_of(db: Connection, conversation_id: int, *, crew: bool) -> Json:
    """Return the whole public state; for the crew hidden ideas too, with their reasons."""
    head = _head(db, conversation_id)
    ideas = db.execute(_ideas(crew).where(Idea.conversation_id == conversation_id).order_by(Idea.number))
    return {
        "seq": head.seq,
        "snapshot": True,
        "conversation": _conversation(head),
        "prompts": _prompts(db, conversation_id, crew=crew),
        "ideas": [_idea(row) for row in ideas],
        "stage": _stage(head),
        **_themes(db, conversation_id),
        "run": _run(db, conversation_id),
        "counts": counts_of(db, conversation_id),
    }


def delta_of(db: Connection, conversation_id: int, since: int, upto: int, *, crew: bool) -> Json | None:
    """Return what changed after `since` up to `upto` as absolute values; None when only the whole state will do."""
    if upto - since > DELTA_LIMIT:
        return None
    logged = db.execute(
        select(Change.kind, Change.ref).where(
            Change.conversation_id == conversation_id, Change.seq > since, Change.seq <= upto
        )
    ).all()
    kinds = {kind for kind, _ in logged}
    if len(logged) < upto - since or kinds & _WHOLE:
        return None
    changes: Json = {"counts": counts_of(db, conversation_id)}
    if kinds & _ABOUT_IDEAS:
        changes |= _changed_ideas(db, {ref for kind, ref in logged if kind in _ABOUT_IDEAS}, crew=crew)
    if "prompts" in kinds:
        changes["prompts"] = _prompts(db, conversation_id, crew=crew)
    if kinds & {"stage", "title"}:
        head = _head(db, conversation_id)
        changes |= {"stage": _stage(head), "conversation": _conversation(head)}
    if "themes" in kinds or (kinds & _ABOUT_IDEAS and _has_themes(db, conversation_id)):
        changes |= _themes(db, conversation_id)
    if kinds & {"run", "themes"}:
        changes["run"] = _run(db, conversation_id)
    return changes


def counts_of(db: Connection, conversation_id: int) -> Json:
    """Count who joined, ideas shown and supporting votes."""
    return asdict(idea_rows.counts_of(db, conversation_id))


def mine_of(db: Connection, conversation_id: int, participant_id: int) -> Json:
    """Return what only this participant may see: own votes, own ideas in whatever state, what is left to spend."""
    votes = db.execute(select(Vote.idea_id, Vote.val, Vote.rev).where(Vote.participant_id == participant_id)).all()
    ideas = db.execute(
        select(Idea.id, Idea.body, Idea.state, Idea.reason, Idea.rev, Idea.seq, Idea.prompt_id)
        .where(Idea.participant_id == participant_id)
        .order_by(Idea.number)
    ).all()
    return {
        "participant": str(participant_id),
        "max_rev": max([vote.rev for vote in votes] + [idea.rev for idea in ideas], default=0),
        "votes": {vote.idea_id: vote.val for vote in votes if vote.val is not None},
        "ideas": [
            {
                "id": idea.id,
                "text": idea.body,
                "state": idea.state.value,
                "reason": idea.reason,
                "rev": idea.rev,
                "seq": idea.seq,
                "prompt": idea.prompt_id,
            }
            for idea in ideas
        ],
        "left": _left(db, conversation_id, participant_id),
    }


def _left(db: Connection, conversation_id: int, participant_id: int) -> Json:
    rows = db.execute(
        select(Idea.prompt_id, func.count())
        .join(Vote, Vote.idea_id == Idea.id)
        .where(Vote.participant_id == participant_id, Vote.val == 1, Idea.state != IdeaState.WITHDRAWN)
        .group_by(Idea.prompt_id)
    )
    spent = dict(rows.all())
    budgets = db.execute(select(Prompt.id, Prompt.votes_each).where(Prompt.conversation_id == conversation_id))
    return {
        str(prompt_id): None if votes_each is None else max(0, votes_each - spent.get(prompt_id, 0))
        for prompt_id, votes_each in budgets
    }


def _head(db: Connection, conversation_id: int) -> Any:
    return db.execute(
        select(
            Conversation.seq,
            Conversation.code,
            Conversation.title,
            Conversation.state,
            Conversation.scene,
            Conversation.stage_prompt_id,
            Conversation.stage_idea_id,
            Strand.key,
            Strand.name,
            Strand.tagline,
            Strand.mark,
        )
        .join(Strand, Strand.id == Conversation.strand_id)
        .where(Conversation.id == conversation_id)
    ).one()


def _conversation(head: Row[Any]) -> Json:
    return {
        "code": head.code,
        "title": head.title,
        "state": head.state.value,
        "strand": {"key": head.key, "name": head.name, "tagline": head.tagline, "mark": head.mark},
    }


def _stage(head: Row[Any]) -> Json:
    return {"scene": head.scene.value, "prompt": head.stage_prompt_id, "idea": head.stage_idea_id}


def _prompts(db: Connection, conversation_id: int, *, crew: bool) -> list[Json]:
    # A draft is the crew's: the room sees a prompt when it opens.
    rows = db.execute(
        select(Prompt.id, Prompt.number, Prompt.text, Prompt.state, Prompt.votes_each)
        .where(Prompt.conversation_id == conversation_id)
        .order_by(Prompt.number)
    )
    return [
        {"id": row.id, "number": row.number, "text": row.text, "state": row.state.value, "votes_each": row.votes_each}
        for row in rows
        if crew or row.state is not PromptState.DRAFT
    ]


def _ideas(crew: bool) -> Any:
    query = select(
        Idea.id,
        Idea.number,
        Idea.prompt_id,
        Idea.body,
        Idea.lang,
        Idea.agree,
        Idea.disagree,
        Idea.passes,
        Idea.source,
        Idea.created_at,
        Idea.state,
        Idea.reason,
    )
    shown = (IdeaState.SHOWN, IdeaState.HIDDEN) if crew else (IdeaState.SHOWN,)
    return query.where(Idea.state.in_(shown))


def _idea(row: Row[Any]) -> Json:
    idea = {
        "id": row.id,
        "n": row.number,
        "prompt": row.prompt_id,
        "text": row.body,
        "lang": row.lang,
        "agree": row.agree,
        "disagree": row.disagree,
        "pass": row.passes,
        "floor": row.source is Source.FLOOR,
        "at": row.created_at,
    }
    return idea | {"hidden": row.reason} if row.state is IdeaState.HIDDEN else idea


def _changed_ideas(db: Connection, ids: Iterable[str], *, crew: bool) -> Json:
    wanted = sorted(ids)
    rows = db.execute(_ideas(crew).where(Idea.id.in_(wanted)).order_by(Idea.number)).all()
    here = {row.id for row in rows}
    return {"ideas": [_idea(row) for row in rows], "gone": [idea_id for idea_id in wanted if idea_id not in here]}


def _themes(db: Connection, conversation_id: int) -> Json:
    # Counted by the database: every beat asks for this, and a room may hold thousands of ideas.
    shown = (
        select(Placement.theme, func.count(), func.sum(Idea.agree))
        .select_from(Idea)
        .outerjoin(Placement, Placement.idea_id == Idea.id)
        .where(Idea.conversation_id == conversation_id, Idea.state == IdeaState.SHOWN)
        .group_by(Placement.theme)
    )
    sizes = {theme: (count, int(votes)) for theme, count, votes in db.execute(shown)}
    rows = db.execute(
        select(
            ThemeRow.number, ThemeRow.name, ThemeRow.terms, ThemeRow.representatives, ThemeRow.named_by_person
        ).where(ThemeRow.conversation_id == conversation_id, ThemeRow.standing.is_(True))
    ).all()
    homes = _homes(db, [idea_id for row in rows for idea_id in row.representatives])
    themes = [
        {
            "id": row.number,
            "name": row.name,
            "terms": row.terms,
            "representatives": [idea_id for idea_id in row.representatives if homes.get(idea_id) == row.number],
            "suggested": not row.named_by_person,
            "ideas_count": sizes.get(row.number, (0, 0))[0],
            "votes": sizes.get(row.number, (0, 0))[1],
        }
        for row in rows
    ]
    themes.sort(key=lambda theme: (-theme["votes"], -theme["ideas_count"], theme["id"]))
    # An idea whose theme does not stand any more is a leftover, here as on the desk and in reports.
    grouped = sum(theme["ideas_count"] for theme in themes)
    return {"themes": themes, "leftovers": sum(count for count, _ in sizes.values()) - grouped if themes else 0}


def _homes(db: Connection, ids: list[str]) -> dict[str, int | None]:
    """Return the theme of each of these ideas that is shown."""
    query = select(Idea.id, Placement.theme).join(Placement, Placement.idea_id == Idea.id)
    return dict(db.execute(query.where(Idea.id.in_(ids), Idea.state == IdeaState.SHOWN)).fetchall())


def _has_themes(db: Connection, conversation_id: int) -> bool:
    # Sizes and votes of themes follow their ideas.
    query = select(ThemeRow.id).where(ThemeRow.conversation_id == conversation_id, ThemeRow.standing.is_(True))
    return db.execute(query.limit(1)).first() is not None


def _run(db: Connection, conversation_id: int) -> Json | None:
    row = db.execute(
        select(ThemeRun.id, ThemeRun.state).where(
            ThemeRun.conversation_id == conversation_id, ThemeRun.state.in_(("queued", "running"))
        )
    ).first()
    return None if row is None else {"id": row.id, "state": row.state, "progress": 0}
