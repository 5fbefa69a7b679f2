"""Rows of alignments: which themes of different conversations are about the same subject; what a look reads."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from feedback.domain import alignments as values
from feedback.domain.alignments import Across, Member, Subject, SubjectIdea, SubjectTheme, ThemeText, ranked
from feedback.domain.programme import Voting
from feedback.domain.themes import IdeaText
from feedback.store.base import Base, Instant, LongText
from feedback.store.ideas import Idea, ideas_of
from feedback.store.programme import (
    Change,
    Conversation,
    Strand,
    conference_of,
    conversations_of,
    prompts_of,
    strands_of,
)
from feedback.store.themes import ThemeRow, all_themes_of, places_of, themes_of

T = TypeVar("T")


class Alignment(Base):
    """What one look across all conversations has found; the newest one counts."""

    __tablename__ = "alignment"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    #: JSON: see domain.alignments.
    content: Mapped[LongText]
    found_at: Mapped[Instant]


@dataclass(frozen=True, slots=True)
class AlignmentInput:
    """Everything `clustering.alignment.align_themes` takes; `seqs`: the commit number of each conversation read."""

    themes: tuple[ThemeText, ...]
    seqs: dict[int, int]
    stop_texts: tuple[str, ...]
    same: frozenset[frozenset[Member]]
    apart: frozenset[frozenset[Member]]


def newest_alignment(db: Session, *, to_change: bool = False) -> Alignment | None:
    """Return the row that counts, locked against other processes where it is to be changed; None before any look."""
    query = select(Alignment).order_by(Alignment.id.desc()).limit(1)
    return db.scalars(query.with_for_update() if to_change else query).first()


def alignment_now(engine: Engine) -> values.Alignment | None:
    """Read the alignment that counts; None when nobody has looked yet."""
    with Session(engine) as db:
        row = newest_alignment(db)
        return values.from_json(row.content) if row is not None else None


def alignment_input(engine: Engine) -> AlignmentInput:
    """Read all themes of all conversations from one consistent state."""
    with Session(engine) as db:
        row = newest_alignment(db)
        decisions = values.from_json(row.content).decisions if row is not None else ()
        titles, themes, seqs = [], [], {}
        conference = conference_of(db)
        for conversation, strand in conversations_of(db):
            found = _read_themes(db, conversation, _theme_text)
            if found:
                themes += found
                seqs[conversation.id] = conversation.seq
                titles += [strand.name, strand.tagline, conversation.title]
                titles += [prompt.text for prompt in prompts_of(db, conversation.id)]
        return AlignmentInput(
            tuple(themes),
            seqs,
            (conference.title if conference else "", *titles),
            frozenset(values.same_pairs(decisions)),
            frozenset(values.apart_pairs(decisions)),
        )


def changed_since(db: Session, seqs: Mapping[int, int]) -> bool:
    """Tell whether the themes of any conversation have changed since these commit numbers."""
    query = select(Change.conversation_id, func.max(Change.seq)).where(Change.kind.in_(("themes", "cleared")))
    return any(seq > seqs.get(place, 0) for place, seq in db.execute(query.group_by(Change.conversation_id)))


def across_of(db: Session, alignment: values.Alignment, *, language: str, now: int) -> Across:
    """Read what all conversations have in common as it stands now: themes that were merged count where they went."""
    themes: dict[Member, SubjectTheme] = {}
    merged: dict[Member, Member] = {}
    for conversation, strand in conversations_of(db):
        prompts = prompts_of(db, conversation.id)
        read = _reader(conversation, strand, {prompt.id for prompt in prompts if prompt.voting == Voting.OPINION})
        themes |= {theme.member: theme for theme in _read_themes(db, conversation, read)}
        merged |= {
            Member(conversation.id, number): Member(conversation.id, row.merged_into)
            for number, row in all_themes_of(db, conversation.id).items()
            if row.merged_into is not None
        }
    subjects = _subjects(alignment.subjects, themes, merged)
    shared = {theme.member for subject in subjects for theme in subject.themes}
    conference = conference_of(db)
    return Across(
        conference=conference.title if conference else "",
        language=language,
        time_zone=conference.time_zone if conference else "UTC",
        read_at=now,
        strands=tuple(strand.name for strand in strands_of(db)),
        subjects=ranked(subjects),
        alone=tuple(theme for member, theme in themes.items() if theme.ideas and member not in shared),
        embedder=alignment.embedder,
    )


def _subjects(groups: values.Groups, themes: dict[Member, SubjectTheme], merged: dict[Member, Member]) -> list[Subject]:
    """Return the subjects with the themes that stand; a theme that two groups come to by a merge is in the first."""
    order = {member: at for at, member in enumerate(themes)}
    subjects, taken = [], set[Member]()
    for group in groups:
        here = {_standing(member, merged) for member in group} & themes.keys() - taken
        if len({member.conversation for member in here}) > 1:
            taken |= here
            subjects.append(Subject(tuple(themes[member] for member in sorted(here, key=order.__getitem__))))
    return subjects


def _standing(member: Member, merged: dict[Member, Member]) -> Member:
    seen = set[Member]()
    while member in merged and member not in seen:
        seen.add(member)
        member = merged[member]
    return member


def _read_themes(
    db: Session, conversation: Conversation, read: Callable[[Conversation, ThemeRow, list[Idea]], T]
) -> list[T]:
    """Read the themes of a conversation that have ideas or a person's name, ideas most supported first."""
    places = places_of(db, conversation.id)
    members: dict[int | None, list[Idea]] = {}
    for idea in sorted(ideas_of(db, conversation.id), key=lambda idea: (-idea.agree, idea.number)):
        if idea.id in places:
            members.setdefault(places[idea.id].theme, []).append(idea)
    return [
        read(conversation, row, members.get(row.number, []))
        for row in themes_of(db, conversation.id)
        if row.number in members or row.named_by_person
    ]


def _theme_text(conversation: Conversation, row: ThemeRow, ideas: list[Idea]) -> ThemeText:
    texts = tuple(IdeaText(idea.id, idea.body, idea.lang) for idea in ideas)
    return ThemeText(Member(conversation.id, row.number), row.name, texts, row.description, row.named_by_person)


def _reader(
    home: Conversation, strand: Strand, opinions: Set[int]
) -> Callable[[Conversation, ThemeRow, list[Idea]], SubjectTheme]:
    def read(conversation: Conversation, row: ThemeRow, ideas: list[Idea]) -> SubjectTheme:
        return SubjectTheme(
            member=Member(home.id, row.number),
            strand=strand.name,
            strand_key=strand.key,
            strand_mark=strand.mark,
            conversation=conversation.title,
            code=conversation.code,
            name=row.name,
            ideas=tuple(_subject_idea(idea, row, opinion=idea.prompt_id in opinions) for idea in ideas),
            named_by_person=row.named_by_person,
        )

    return read


def _subject_idea(idea: Idea, row: ThemeRow, *, opinion: bool) -> SubjectIdea:
    return SubjectIdea(
        id=idea.id,
        number=idea.number,
        text=idea.body,
        lang=idea.lang,
        agree=idea.agree,
        disagree=idea.disagree,
        passes=idea.passes,
        stands_for=idea.id in row.representatives,
        opinion=opinion,
    )


def conversations_with_themes(db: Session) -> int:
    """Count the conversations that have a theme."""
    query = select(func.count(func.distinct(ThemeRow.conversation_id))).where(ThemeRow.standing.is_(True))
    return db.scalar(query) or 0
