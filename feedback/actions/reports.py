"""Freeze a conversation: the named, immutable state that reports are made from."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import distinct, func, select

from feedback.domain.embedders import EmbedderKind, measure_of
from feedback.domain.facts import NotFound
from feedback.domain.ideas import IdeaState
from feedback.domain.opinions import ENOUGH_VOTERS, ENOUGH_VOTES, OpinionMap, shares_of, votes_needed
from feedback.domain.programme import PromptState, Voting
from feedback.domain.reports import (
    Ledger,
    Method,
    OpinionIdea,
    Participation,
    Report,
    ReportGroup,
    ReportIdea,
    ReportOpinions,
    ReportPrompt,
    ReportTheme,
    Sorting,
    canonical_json,
    checksum_of,
)
from feedback.domain.roles import Actor, Deed, Role, require
from feedback.domain.sorts import Sort
from feedback.domain.tally import order_of
from feedback.domain.texts import one_line
from feedback.domain.themes import Placed, is_firm
from feedback.store.crew import crew_names
from feedback.store.edits import edits_of
from feedback.store.ideas import Idea, Vote, ideas_of
from feedback.store.opinions import maps_of
from feedback.store.programme import Conference, Conversation, Strand, prompts_of
from feedback.store.reports import Freeze
from feedback.store.screens import sorting_of
from feedback.store.sorts import sorts_of
from feedback.store.themes import ThemeRow, ThemeRun, last_done_run, places_of, themes_of
from feedback.store.writer import Tx

#: The engine's version, behind what it compares; runs of before it was kept what measured them were made by the first.
ENGINE = 2
FIRST_ENGINE = "lexical 1"


def freeze(tx: Tx, actor: Actor, conversation_id: int, *, name: str, language: str) -> int:
    """Store the present state under a name; returns the freeze's id. Its reports never change."""
    require(actor, Deed.REPORT, conversation_id)
    report = build_report(tx, conversation_id, name=one_line(name), language=language)
    row = Freeze(
        conversation_id=conversation_id,
        crew_id=actor.crew_id,
        name=report.name,
        seq=report.seq,
        content=canonical_json(report),
        checksum=checksum_of(report),
        created_at=tx.now,
    )
    tx.db.add(row)
    tx.db.flush()
    return row.id


def build_report(tx: Tx, conversation_id: int, *, name: str, language: str) -> Report:
    """Read one consistent state of a conversation into the value that all formats render."""
    conversation = tx.db.get(Conversation, conversation_id)
    if conversation is None:
        raise NotFound
    strand = tx.db.get_one(Strand, conversation.strand_id)
    conference = tx.db.scalars(select(Conference).order_by(Conference.id)).one()
    everything = ideas_of(tx.db, conversation_id, shown_only=False)
    shown = [idea for idea in everything if idea.state is IdeaState.SHOWN]
    themes, leftovers = _grouped(tx, conversation_id, shown)
    here = {idea.id for idea in shown}
    sorts = [sort for sort in sorts_of(tx.db, conversation_id) if sort.idea in here]
    return Report(
        conference=conference.title,
        strand=strand.name,
        tagline=strand.tagline,
        conversation=conversation.title,
        code=conversation.code,
        language=language,
        facilitator=crew_names(tx.db, conversation_id, Role.FACILITATOR),
        rapporteur=crew_names(tx.db, conversation_id, Role.RAPPORTEUR),
        name=name,
        seq=conversation.seq,
        frozen_at=tx.now,
        time_zone=conference.time_zone,
        prompts=_prompts(tx, conversation_id, shown),
        themes=themes,
        leftovers=leftovers,
        participation=_participation(tx, conversation, shown),
        ledger=_ledger(everything, shown),
        method=_method(tx, conversation_id, here, sorts if themes else None),
        sorting=_sorting(tx, conversation_id, len(shown), sorts) if themes else None,
        opinions=_opinions(tx, conversation_id, shown),
    )


def _grouped(tx: Tx, conversation_id: int, shown: list[Idea]) -> tuple[tuple[ReportTheme, ...], tuple[ReportIdea, ...]]:
    rows = {row.number: row for row in themes_of(tx.db, conversation_id)}
    places = places_of(tx.db, conversation_id)
    numbers = {prompt.id: prompt.number for prompt in prompts_of(tx.db, conversation_id)}
    groups: dict[int | None, list[ReportIdea]] = defaultdict(list)
    for idea in sorted(shown, key=lambda idea: order_of(idea.agree, idea.disagree, idea.number)):
        home = places.get(idea.id, Placed(None)).theme
        home = home if home in rows else None
        groups[home].append(_idea(idea, home, numbers[idea.prompt_id]))
    themes = [_theme(row, groups[number]) for number, row in rows.items() if groups[number]]
    themes.sort(key=lambda theme: (-theme.votes, -len(theme.ideas), theme.number))
    return tuple(themes), tuple(groups[None])


def _theme(row: ThemeRow, ideas: list[ReportIdea]) -> ReportTheme:
    here = {idea.id for idea in ideas}
    return ReportTheme(
        number=row.number,
        name=row.name,
        terms=tuple(row.terms),
        ideas=tuple(ideas),
        representatives=tuple(idea_id for idea_id in row.representatives if idea_id in here),
        votes=sum(idea.agree for idea in ideas),
        firm=is_firm(row.firmness),
        description=row.description,
    )


def _idea(idea: Idea, theme: int | None, prompt: int) -> ReportIdea:
    return ReportIdea(
        id=idea.id,
        number=idea.number,
        text=idea.body,
        lang=idea.lang,
        prompt=prompt,
        theme=theme,
        agree=idea.agree,
        disagree=idea.disagree,
        passes=idea.passes,
        source=idea.source.value,
        written_at=idea.created_at,
    )


def _prompts(tx: Tx, conversation_id: int, shown: list[Idea]) -> tuple[ReportPrompt, ...]:
    answered = Counter(idea.prompt_id for idea in shown)
    return tuple(
        ReportPrompt(prompt.number, prompt.text, prompt.votes_each, answered[prompt.id])
        for prompt in prompts_of(tx.db, conversation_id)
    )


def _participation(tx: Tx, conversation: Conversation, shown: list[Idea]) -> Participation:
    wrote = tx.db.scalar(
        select(func.count(distinct(Idea.participant_id))).where(Idea.conversation_id == conversation.id)
    )
    voted = tx.db.scalar(
        select(func.count(distinct(Vote.participant_id)))
        .join(Idea, Idea.id == Vote.idea_id)
        .where(Idea.conversation_id == conversation.id, Vote.val.is_not(None))
    )
    return Participation(conversation.joined, wrote or 0, voted or 0, sum(idea.agree for idea in shown))


def _ledger(everything: list[Idea], shown: list[Idea]) -> Ledger:
    hidden = Counter(idea.reason for idea in everything if idea.state is IdeaState.HIDDEN and not idea.merged_into)
    return Ledger(
        received=len(everything),
        published=len(shown),
        merged=sum(1 for idea in everything if idea.merged_into),
        hidden=tuple(sorted(hidden.items())),
        withdrawn=sum(1 for idea in everything if idea.state is IdeaState.WITHDRAWN),
    )


def _method(tx: Tx, conversation_id: int, shown: set[str], sorts: Sequence[Sort] | None) -> Method:
    """Tell how themes came about, and of the shown ideas who placed them; sorts: None where there are no themes."""
    run = last_done_run(tx.db, conversation_id)
    places = {idea_id: place for idea_id, place in places_of(tx.db, conversation_id).items() if idea_id in shown}
    by_machine = {idea_id for idea_id, place in places.items() if not place.pinned}
    by_room = {sort.idea for sort in sorts or () if sort.idea in by_machine}
    return Method(
        engine=_engine(run),
        seed=run.seed if run else 0,
        themes_found=run.themes_found if run else 0,
        edits=edits_of(tx.db, conversation_id),
        ideas_placed_by_people=len(places) - len(by_machine),
        ideas_placed_by_room=None if sorts is None else len(by_room),
        ideas_placed_by_machine=None if sorts is None else len(by_machine) - len(by_room),
        embedder=run.embedder if run else None,
    )


def _engine(run: ThemeRun | None) -> str:
    """Name the engine that found the themes by what it compares and its version; "" where none did."""
    if run is None:
        return ""
    if run.embedder is None:
        return FIRST_ENGINE
    compared = "lexical" if measure_of(run.embedder).kind is EmbedderKind.LEXICAL else "meaning"
    return f"{compared} {ENGINE}"


def _sorting(tx: Tx, conversation_id: int, shown: int, sorts: Sequence[Sort]) -> Sorting:
    # Counted as the stage counts them, which everybody has seen.
    unsure = sorting_of(tx.db.connection(), conversation_id)["unsure"]
    return Sorting(len({sort.participant for sort in sorts}), len(sorts), shown - unsure, unsure)


def _opinions(tx: Tx, conversation_id: int, shown: list[Idea]) -> tuple[ReportOpinions, ...]:
    """Tell who votes alike on each prompt that asks for opinions; drafts have asked nobody."""
    maps = dict(maps_of(tx.db, conversation_id))
    asked = [
        prompt
        for prompt in prompts_of(tx.db, conversation_id)
        if prompt.voting == Voting.OPINION and prompt.state is not PromptState.DRAFT
    ]
    numbers: dict[int, dict[str, int]] = defaultdict(dict)
    for idea in shown:
        numbers[idea.prompt_id][idea.id] = idea.number
    return tuple(_told(prompt.number, maps.get(prompt.id), numbers[prompt.id]) for prompt in asked)


def _told(prompt: int, found: OpinionMap | None, numbers: Mapping[str, int]) -> ReportOpinions:
    """Put a map into what a report says of it: shares of groups, and no idea that is not shown (`numbers`)."""
    if found is None:
        needed = votes_needed(len(numbers)) or ENOUGH_VOTES
        return ReportOpinions(prompt, None, 0, ENOUGH_VOTERS, needed, (), (), ())

    def lines(ideas: Sequence[str]) -> tuple[OpinionIdea, ...]:
        return tuple(OpinionIdea(numbers[idea], tuple(shares_of(found, idea))) for idea in ideas if idea in numbers)

    groups = tuple(
        ReportGroup(
            group.letter,
            group.size,
            lines([each.idea for each in group.typical if each.side == 1]),
            lines([each.idea for each in group.typical if each.side == -1]),
        )
        for group in found.groups
    )
    return ReportOpinions(
        prompt,
        found.seq,
        found.voters,
        ENOUGH_VOTERS,
        found.votes_needed,
        groups,
        lines(found.consensus),
        lines(found.divisive),
    )
