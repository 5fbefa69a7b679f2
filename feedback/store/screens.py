"""What screens show: a conversation's whole state, and what changed between two commit numbers, ready for the wire."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, exists, func, literal_column, or_, select

from feedback.domain.ideas import IdeaState, Source
from feedback.domain.programme import PromptState
from feedback.domain.sorts import share_of
from feedback.store.ideas import Idea
from feedback.store.opinions import opinions_shown
from feedback.store.programme import Change, Conversation, Prompt, Strand
from feedback.store.sorts import settled
from feedback.store.statements import Statement
from feedback.store.themes import FULL, Placement, ThemeRow, ThemeRun

#: A delta may reach back so many commits, and hold so many ideas, and so many tallies of others (which then cost as
#: much); beyond that the whole state is cheaper: it is built once for all who ask.
DELTA_LIMIT = 10_000
IDEAS_LIMIT = 500
TALLIES_LIMIT = 2_000
_WHOLE = frozenset({"cleared"})
_ABOUT_IDEAS = frozenset({"idea", "vote", "sort"})
_ABOUT_THEMES = frozenset({"themes", "sorting"})
#: The states of ideas that screens show.
_FOR_ALL = frozenset({IdeaState.SHOWN.value})
_FOR_CREW = _FOR_ALL | {IdeaState.HIDDEN.value}
Json = dict[str, Any]


class IdeaRow(NamedTuple):
    """An idea as screens show it; the fields are the columns of the statements below, in their order."""

    id: str
    number: int
    prompt_id: int
    body: str
    lang: str
    agree: int
    disagree: int
    passes: int
    source: str
    created_at: int
    state: str
    reason: str


class Logged(NamedTuple):
    """What was logged about one thing, how often, and the tally of the idea that it was."""

    kind: str
    ref: str
    often: int
    number: int
    agree: int
    disagree: int
    passes: int
    state: str | None

    @property
    def tally(self) -> tuple[int, ...]:
        """The idea's number, and how many agree, disagree and pass."""
        return self[3:7]


def _ideas(*, crew: bool) -> Any:
    query = select(*(getattr(Idea, name) for name in IdeaRow._fields)).order_by(Idea.number)
    shown = sorted(_FOR_CREW if crew else _FOR_ALL)
    return query.where(or_(*(Idea.state == literal_column(f"'{state}'") for state in shown)))


def _logged_here() -> ColumnElement[bool]:
    return and_(
        Change.conversation_id == bindparam("conversation"),
        Change.seq > bindparam("since"),
        Change.seq <= bindparam("upto"),
    )


def _changed(*, crew: bool) -> Any:
    changed = select(Change.ref).where(_logged_here(), Change.kind == literal_column("'idea'"))
    return _ideas(crew=crew).where(Idea.id.in_(changed))


def _logged() -> Any:
    log = select(Change.kind, Change.ref, func.count().label("often")).where(_logged_here())
    each = log.group_by(Change.kind, Change.ref).subquery()
    tally = (Idea.number, Idea.agree, Idea.disagree, Idea.passes, Idea.state)
    return select(each.c.kind, each.c.ref, each.c.often, *tally).outerjoin(Idea, Idea.id == each.c.ref)


def _here(query: Any) -> Any:
    return query.where(Idea.conversation_id == bindparam("conversation"))


_IDEAS = Statement(lambda _: _here(_ideas(crew=False)))
_IDEAS_FOR_CREW = Statement(lambda _: _here(_ideas(crew=True)))
_CHANGED = Statement(lambda _: _changed(crew=False))
_CHANGED_FOR_CREW = Statement(lambda _: _changed(crew=True))
#: Each kind of change and what it was about, with how often: thousands of votes are about dozens of ideas. With the
#: tally of that idea, which is all that a vote changes.
_LOGGED = Statement(lambda _: _logged())
_COUNTS = Statement(
    lambda _: (
        select(
            Conversation.joined,
            func.count(Idea.agree),
            func.coalesce(func.sum(Idea.agree + Idea.disagree + Idea.passes), 0),
        )
        .outerjoin(Idea, and_(Idea.conversation_id == Conversation.id, Idea.state == literal_column("'shown'")))
        .where(Conversation.id == bindparam("conversation"))
        .group_by(Conversation.id, Conversation.joined)
    )
)
#: Whether a theme stands, and whether the room is asked to sort.
_HAS_THEMES = Statement(
    lambda _: select(
        exists().where(ThemeRow.conversation_id == bindparam("conversation"), ThemeRow.standing.is_(True)),
        Conversation.sorting,
    ).where(Conversation.id == bindparam("conversation"))
)


def seq_of(db: Connection, conversation_id: int) -> int:
    """Return the conversation's newest commit number."""
    return db.scalar(select(Conversation.seq).where(Conversation.id == conversation_id)) or 0


def state_of(db: Connection, conversation_id: int, *, crew: bool) -> Json:
    """Return the whole public state; for the crew hidden ideas too, with their reasons."""
    head = _head(db, conversation_id)
    ideas = (_IDEAS_FOR_CREW if crew else _IDEAS).fetch(db, conversation=conversation_id)
    return {
        "seq": head.seq,
        "snapshot": True,
        "conversation": _conversation(head),
        "prompts": _prompts(db, conversation_id, crew=crew),
        "ideas": [_idea(IdeaRow(*row)) for row in ideas],
        "stage": _stage(head),
        **themes_of(db, conversation_id),
        "run": _run(db, conversation_id),
        "opinions": opinions_shown(db, conversation_id),
        "counts": counts_of(db, conversation_id),
    }


def delta_of(
    db: Connection, conversation_id: int, since: int, upto: int, *, crew: bool, sizes: bool = True
) -> Json | None:
    """Return what changed after `since` up to `upto` as absolute values; None when only the whole state will do.

    Ideas of which only votes changed come as tallies, `[number, agree, disagree, passes]`: words are most of an idea.
    sizes: also the themes when only their sizes and votes, or how much is sorted, have changed with their ideas; they
    cost as much as all else. Without them `owes` says that they have.
    """
    if upto - since > DELTA_LIMIT:
        return None
    span = {"conversation": conversation_id, "since": since, "upto": upto}
    logged = [Logged(*row) for row in _LOGGED.fetch(db, **span)]
    kinds = {each.kind for each in logged}
    if sum(each.often for each in logged) < upto - since or kinds & _WHOLE:
        return None
    of_ideas = _of_ideas(db, span, logged, crew=crew)
    if of_ideas is None:
        return None
    changes: Json = {"counts": counts_of(db, conversation_id), **of_ideas}
    if "prompts" in kinds:
        changes["prompts"] = _prompts(db, conversation_id, crew=crew)
    if kinds & {"stage", "title"}:
        head = _head(db, conversation_id)
        changes |= {"stage": _stage(head), "conversation": _conversation(head)}
    if "opinions" in kinds:
        changes["opinions"] = opinions_shown(db, conversation_id)
    if kinds & {"run", "themes"}:
        changes["run"] = _run(db, conversation_id)
    return changes | _of_themes(db, conversation_id, kinds, sizes=sizes)


def _of_themes(db: Connection, conversation_id: int, kinds: set[str], *, sizes: bool) -> Json:
    if kinds & _ABOUT_THEMES or (sizes and kinds & _ABOUT_IDEAS):
        found = themes_of(db, conversation_id)
        return found if found["themes"] or kinds & _ABOUT_THEMES else {}
    return {"owes": True} if kinds & _ABOUT_IDEAS else {}


def _of_ideas(db: Connection, span: Json, logged: list[Logged], *, crew: bool) -> Json | None:
    on_screen = _FOR_CREW if crew else _FOR_ALL
    whole = {each.ref for each in logged if each.kind == "idea"}
    voted = [each for each in logged if each.kind == "vote" and each.ref not in whole]
    if len(whole) > IDEAS_LIMIT or len(voted) > TALLIES_LIMIT:
        return None
    rows = (_CHANGED_FOR_CREW if crew else _CHANGED).fetch(db, **span) if whole else []
    gone = whole - {row[0] for row in rows} | {each.ref for each in voted if each.state not in on_screen}
    found = {
        "ideas": [_idea(IdeaRow(*row)) for row in rows],
        "tallies": [each.tally for each in voted if each.state in on_screen],
        "gone": sorted(gone),
    }
    return {name: some for name, some in found.items() if some}


def themes_of(db: Connection, conversation_id: int) -> Json:
    """Return the standing themes with their sizes and votes as of now, how many ideas are in none, and the sorting.

    `sorting`: whether the room is asked, the share of shown ideas that are sorted, and how many are not.
    """
    found = _HAS_THEMES.fetch(db, conversation=conversation_id)
    has_themes, asked = found[0] if found else (False, False)
    sorting = {"open": bool(asked), "sorted": 0, "unsure": 0}
    if not has_themes:
        return {"themes": [], "leftovers": 0, "sorting": sorting}
    return _themes(db, conversation_id, sorting)


def sorting_of(db: Connection, conversation_id: int) -> Json:
    """Return whether the room is asked to sort, the share of shown ideas that are sorted, and how many are not."""
    sorting: Json = themes_of(db, conversation_id)["sorting"]
    return sorting


def counts_of(db: Connection, conversation_id: int) -> Json:
    """Count who joined, ideas shown and standing votes."""
    joined, ideas, votes = _COUNTS.fetch(db, conversation=conversation_id)[0]
    return {"joined": joined, "ideas": ideas, "votes": int(votes)}


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
        select(Prompt.id, Prompt.number, Prompt.text, Prompt.state, Prompt.votes_each, Prompt.voting)
        .where(Prompt.conversation_id == conversation_id)
        .order_by(Prompt.number)
    )
    return [
        {
            "id": row.id,
            "number": row.number,
            "text": row.text,
            "state": row.state.value,
            "votes_each": row.votes_each,
            "voting": row.voting,
        }
        for row in rows
        if crew or row.state is not PromptState.DRAFT
    ]


def _idea(row: IdeaRow) -> Json:
    idea = {
        "id": row.id,
        "n": row.number,
        "prompt": row.prompt_id,
        "text": row.body,
        "lang": row.lang,
        "agree": row.agree,
        "disagree": row.disagree,
        "pass": row.passes,
        "floor": row.source == Source.FLOOR,
        "at": row.created_at,
    }
    return idea | {"hidden": row.reason} if row.state == IdeaState.HIDDEN else idea


def _themes(db: Connection, conversation_id: int, sorting: Json) -> Json:
    # Counted by the database: every beat asks for this, and a room may hold thousands of ideas.
    shown = (
        select(Placement.theme, func.count(), func.sum(Idea.agree), func.sum(case((settled(), 1), else_=0)))
        .select_from(Idea)
        .outerjoin(Placement, Placement.idea_id == Idea.id)
        .where(Idea.conversation_id == conversation_id, Idea.state == IdeaState.SHOWN)
        .group_by(Placement.theme)
    )
    counted = [(theme, count, int(votes), int(done)) for theme, count, votes, done in db.execute(shown)]
    sizes = {theme: (count, votes) for theme, count, votes, _ in counted}
    rows = db.execute(
        select(
            ThemeRow.number,
            ThemeRow.name,
            ThemeRow.terms,
            ThemeRow.representatives,
            ThemeRow.named_by_person,
            ThemeRow.locked,
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
    ideas = sum(count for _, count, _, _ in counted)
    locked = {row.number for row in rows if row.locked}
    done = sum(count if theme in locked else sure for theme, count, _, sure in counted)
    sorting |= {"sorted": share_of(done, ideas), "unsure": ideas - done}
    return {"themes": themes, "leftovers": ideas - grouped if themes else 0, "sorting": sorting}


def _homes(db: Connection, ids: list[str]) -> dict[str, int | None]:
    """Return the theme of each of these ideas that is shown."""
    query = select(Idea.id, Placement.theme).join(Placement, Placement.idea_id == Idea.id)
    return dict(db.execute(query.where(Idea.id.in_(ids), Idea.state == IdeaState.SHOWN)).fetchall())


def _run(db: Connection, conversation_id: int) -> Json | None:
    row = db.execute(
        select(ThemeRun.id, ThemeRun.state).where(
            ThemeRun.conversation_id == conversation_id,
            ThemeRun.state.in_(("queued", "running")),
            ThemeRun.kind == FULL,
        )
    ).first()
    return None if row is None else {"id": row.id, "state": row.state, "progress": 0}
