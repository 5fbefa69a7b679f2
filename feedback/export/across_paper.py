"""What the strands have in common, in the order in which it is read: subjects, with the themes and ideas behind."""

import re

from feedback.domain.alignments import Across, Subject, SubjectIdea, SubjectTheme
from feedback.domain.embedders import EmbedderKind, measure_of
from feedback.domain.tally import Counted
from feedback.export.blocks import Block, Chart, Facts, Heading, IdeaTable, Paper, Paragraph, Table
from feedback.export.labels import NEUTRAL, NOTHING
from feedback.export.method import model_said
from feedback.export.rows import count_label, idea_row, is_sided, vote_figures, vote_labels
from feedback.export.speech import Speech, Words, speech_in

#: Subjects beyond which bars would not fit on a page; the table has them all.
_MOST_BARS = 20


def paper_of(across: Across, words: Words, checksum: str) -> Paper:
    """Say it in the language of `words`; the value must be clean."""
    speech = speech_in(across.language, across.time_zone)
    page_of = words.gettext("Page %(page)s of %(pages)s")
    return Paper(
        language=speech.language,
        author="",
        made_at=across.read_at,
        accent=NEUTRAL,
        conference=across.conference,
        strand=speech.listed(across.strands),
        strand_name=across.conference,
        title=words.gettext("Across strands"),
        subtitle=words.gettext("What the strands have in common"),
        figures=tuple((speech.number(count), label) for label, count in figures_of(across, words)),
        cover=cover_of(across, words, speech),
        checksum_label=words.gettext("Checksum"),
        checksum=checksum,
        contents=words.gettext("Contents"),
        page_of=tuple(re.split(r"%\((pages?)\)s", page_of)),
        running=f"{speech.date(across.read_at)}, {speech.clock(across.read_at)}",
        blocks=(
            *_glance(across, words, speech),
            *_subjects(across, words, speech),
            *_alone(across, words, speech),
            *_method(across, words, speech),
        ),
    )


def cover_of(across: Across, words: Words, speech: Speech) -> tuple[tuple[str, str], ...]:
    """Return the fields of the cover, labels first."""
    return (
        (words.gettext("Conference"), across.conference or NOTHING),
        (words.gettext("Strands"), speech.listed(across.strands) or NOTHING),
        (words.gettext("Date"), speech.date(across.read_at)),
        (words.gettext("Time"), speech.clock(across.read_at)),
    )


def figures_of(across: Across, words: Words) -> tuple[tuple[str, int], ...]:
    """Return how much there is, labels first."""
    everywhere = sum(len(subject.strands) == len(across.strands) for subject in across.subjects)
    return (
        (words.gettext("Strands announced"), len(across.strands)),
        (words.gettext("Conversations compared"), len(_conversations(across))),
        (words.gettext("Subjects in common"), len(across.subjects)),
        (words.gettext("Subjects in every strand"), everywhere),
        (words.gettext("Ideas behind them"), sum(subject.ideas for subject in across.subjects)),
        (_votes_for_them(across, words), sum(subject.votes for subject in across.subjects)),
    )


def _votes_for_them(across: Across, words: Words) -> str:
    agreed = across.counted is Counted.AGREE
    return words.gettext("Agreeing votes") if agreed else words.gettext("Votes for them")


def strands_said(subject: Subject, across: Across, words: Words, speech: Speech) -> str:
    """Say in how many of the strands a subject came up: 2 of 3."""
    counts = {"num": speech.number(len(subject.strands)), "all": speech.number(len(across.strands))}
    return words.gettext("%(num)s of %(all)s") % counts


def asked_for(subject: Subject, across: Across, words: Words, speech: Speech) -> str:
    """Say in how many strands a subject came up, and in which."""
    return words.gettext("Asked for in %(count)s of %(all)s strands: %(names)s.") % {
        "count": speech.number(len(subject.strands)),
        "all": speech.number(len(across.strands)),
        "names": speech.listed(subject.strands),
    }


def conversation_said(theme: SubjectTheme) -> str:
    """Name the conversation of a theme by title and code."""
    return f"{theme.conversation} ({theme.code})" if theme.conversation else theme.code


def _glance(across: Across, words: Words, speech: Speech) -> list[Block]:
    heading = Heading(words.gettext("At a glance"), new_page=True)
    if not across.subjects:
        return [heading, Paragraph(words.gettext("No subject came up in more than one conversation."))]
    blocks: list[Block] = [heading, Paragraph(_key_sentence(across, words, speech))]
    if len(across.subjects) <= _MOST_BARS and any(subject.votes for subject in across.subjects):
        blocks.append(_chart(across, words, speech))
    labels = (
        words.gettext("No."),
        words.gettext("Subject"),
        words.gettext("Strands"),
        words.gettext("Ideas"),
        count_label(across.counted, words),
    )
    rows = tuple(
        (
            str(number),
            subject.name,
            strands_said(subject, across, words, speech),
            speech.number(subject.ideas),
            speech.number(subject.votes),
        )
        for number, subject in enumerate(across.subjects, start=1)
    )
    return [*blocks, Table(labels, (False, False, True, True, True), rows)]


def _key_sentence(across: Across, words: Words, speech: Speech) -> str:
    everywhere = [subject.name for subject in across.subjects if len(subject.strands) == len(across.strands)]
    if not everywhere:
        return words.gettext("No subject was asked for in every strand.")
    return words.gettext("Asked for in every strand: %(subjects)s.") % {"subjects": speech.listed(everywhere)}


def _chart(across: Across, words: Words, speech: Speech) -> Chart:
    said = words.gettext("%(label)s: %(value)s")
    parts = [said % {"label": each.name, "value": speech.number(each.votes)} for each in across.subjects]
    agreed = across.counted is Counted.AGREE
    received = words.gettext("Bar chart of the votes each subject received. %(subjects)s.")
    agreeing = words.gettext("Bar chart of the agreeing votes each subject received. %(subjects)s.")
    alt = (agreeing if agreed else received) % {"subjects": "; ".join(parts)}
    bars = tuple(
        (f"{number}  {subject.name}", subject.votes, speech.number(subject.votes))
        for number, subject in enumerate(across.subjects, start=1)
    )
    title = words.gettext("Agreeing votes for each subject") if agreed else words.gettext("Votes for each subject")
    return Chart(title, alt, bars)


def _subjects(across: Across, words: Words, speech: Speech) -> list[Block]:
    if not across.subjects:
        return []
    blocks: list[Block] = [Heading(words.gettext("Subjects"), new_page=True)]
    for number, subject in enumerate(across.subjects, start=1):
        heading = words.gettext("%(number)s. %(theme)s") % {"number": number, "theme": subject.name}
        facts = (
            (words.gettext("Ideas"), speech.number(subject.ideas)),
            (count_label(subject.counted, words), speech.number(subject.votes)),
        )
        blocks += [
            Heading(heading, level=2),
            Paragraph(asked_for(subject, across, words, speech), keep=True),
            Facts(facts, inline=True),
        ]
        for theme in subject.themes:
            blocks += _theme(theme, words, speech)
    return blocks


def _theme(theme: SubjectTheme, words: Words, speech: Speech) -> list[Block]:
    where = words.gettext("%(strand)s: %(theme)s") % {"strand": theme.strand, "theme": theme.name}
    facts = (
        (words.gettext("Conversation"), conversation_said(theme)),
        (words.gettext("Ideas"), speech.number(len(theme.ideas))),
        (count_label(theme.counted, words), speech.number(theme.votes)),
    )
    blocks: list[Block] = [Heading(where, level=3), Facts(facts, inline=True)]
    if not theme.ideas:
        return [*blocks, Paragraph(words.gettext("Somebody has named this theme; there are no ideas in it."))]
    # A column for those against would say, where a vote can only support, that nobody was.
    sided = theme.counted is not Counted.SUPPORT or is_sided(theme.ideas)
    return [*blocks, _ideas(theme.ideas, words, speech, sided=sided)]


def _ideas(ideas: tuple[SubjectIdea, ...], words: Words, speech: Speech, *, sided: bool) -> IdeaTable:
    typical = words.gettext("typical of the theme")
    rows = tuple(
        idea_row(idea, vote_figures(idea, speech, sided=sided), typical if idea.stands_for else "", speech)
        for idea in ideas
    )
    return IdeaTable(words.gettext("No."), words.gettext("Idea"), vote_labels(words, sided=sided), rows)


def _alone(across: Across, words: Words, speech: Speech) -> list[Block]:
    if not across.alone:
        return []
    labels = (
        words.gettext("No."),
        words.gettext("Strand"),
        words.gettext("Conversation"),
        words.gettext("Theme"),
        words.gettext("Ideas"),
        count_label(across.counted, words),
    )
    rows = tuple(
        (
            str(number),
            theme.strand,
            conversation_said(theme),
            theme.name,
            speech.number(len(theme.ideas)),
            speech.number(theme.votes),
        )
        for number, theme in enumerate(across.alone, start=1)
    )
    return [
        Heading(words.gettext("Themes of one conversation alone"), new_page=True),
        Table(labels, (False, False, False, False, True, True), rows),
    ]


def _method(across: Across, words: Words, speech: Speech) -> list[Block]:
    labels = (
        words.gettext("No."),
        words.gettext("Strand"),
        words.gettext("Conversation"),
        words.gettext("Themes"),
        words.gettext("Ideas"),
    )
    rows = tuple(
        (
            str(number),
            themes[0].strand,
            conversation_said(themes[0]),
            speech.number(len(themes)),
            speech.number(sum(len(theme.ideas) for theme in themes)),
        )
        for number, themes in enumerate(_conversations(across), start=1)
    )
    return [
        Heading(words.gettext("How this was made"), new_page=not across.alone),
        Paragraph(
            words.gettext(
                "In each conversation people answered prompts in their own words, and the ideas were put into themes. "
                "A computer program compared the ideas of all conversations and put those themes together that are "
                "about the same subject. The organiser could part them and put others together, and what the organiser "
                "said, the program never undid."
            )
        ),
        *_comparing(across, words),
        Paragraph(
            words.gettext(
                "Subjects come in the order of how many strands ask for them, then of their votes. Votes are those of "
                "the people in each conversation: whoever took part in two of them may be counted in both. An idea "
                "keeps the number that it has in its conversation's report."
            )
        ),
        Paragraph(
            words.gettext(
                "The Word, PDF, Excel, CSV, JSON and Markdown files carry the same checksum (SHA-256) as long as "
                "nothing has changed; a file with another one shows another state."
            )
        ),
        *([Table(labels, (False, False, False, True, True), rows)] if rows else []),
    ]


def _comparing(across: Across, words: Words) -> list[Block]:
    """Say by what the ideas were compared; nothing of looks of before that was kept."""
    if across.embedder is None:
        return []
    measure = measure_of(across.embedder)
    said = {
        EmbedderKind.LEXICAL: words.gettext("It compared the words of the ideas."),
        EmbedderKind.LOCAL: words.gettext(
            "It compared the meaning of the ideas with the model %(model)s on this server."
        ),
        EmbedderKind.HTTP: words.gettext(
            "It compared the meaning of the ideas with the model %(model)s at an endpoint elsewhere, to which the "
            "words of the ideas were sent."
        ),
    }
    return [Paragraph(said[measure.kind] % {"model": measure.model})]


def compared_facts(across: Across, words: Words) -> tuple[tuple[str, str], ...]:
    """Return what compared the ideas, labels first; nothing of looks of before that was kept."""
    if across.embedder is None:
        return ()
    said = model_said(measure_of(across.embedder), words)
    return ((words.gettext("Model"), said),) if said else ((words.gettext("Compared"), words.gettext("words")),)


def _conversations(across: Across) -> list[list[SubjectTheme]]:
    """List the conversations by their themes, in the order in which strands are announced."""
    found: dict[int, list[SubjectTheme]] = {}
    for theme in (*(theme for subject in across.subjects for theme in subject.themes), *across.alone):
        found.setdefault(theme.member.conversation, []).append(theme)
    order = {strand: place for place, strand in enumerate(across.strands)}
    return sorted(found.values(), key=lambda each: (order.get(each[0].strand, len(order)), each[0].code))
