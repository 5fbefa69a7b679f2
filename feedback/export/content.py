"""What a report says and in which order, once for all formats that are read."""

import re

from feedback.domain.reports import Report, ReportIdea, ReportTheme, checksum_of
from feedback.domain.summaries import (
    DIVIDED,
    SUPPORTED,
    TYPICAL,
    UNHEARD,
    highlights_of,
    ideas_of,
    most_supported,
)
from feedback.export.blocks import Block, Chart, Facts, Heading, IdeaRow, IdeaTable, Paper, Paragraph, Table
from feedback.export.labels import (
    FLOOR,
    NOTHING,
    accent_of,
    cover_of,
    ledger_of,
    ledger_verdict,
    participation_of,
    source_name,
    strand_of,
    theme_name,
    title_of,
)
from feedback.export.method import method
from feedback.export.speech import Speech, Words, is_right_to_left, language_of, speech_of


def paper_of(report: Report, words: Words) -> Paper:
    """Say the report in the language of `words`; the report must be clean."""
    speech = speech_of(report)
    checksum = checksum_of(report)
    page_of = words.gettext("Page %(page)s of %(pages)s")
    return Paper(
        language=speech.language,
        accent=accent_of(report),
        conference=report.conference,
        strand=strand_of(report, words),
        strand_name=report.strand,
        title=title_of(report, words),
        subtitle=words.gettext("Report of the conversation"),
        figures=_figures(report, words, speech),
        cover=cover_of(report, words, speech),
        checksum_label=words.gettext("Checksum"),
        checksum=checksum,
        contents=words.gettext("Contents"),
        page_of=tuple(re.split(r"%\((pages?)\)s", page_of)),
        running=f"{report.code} · {report.seq}",
        blocks=(
            *_glance(report, words, speech),
            *_themes(report, words, speech),
            *_leftovers(report, words, speech),
            *_completeness(report, words, speech),
            *method(report, words, speech),
            *_annex(report, words, speech),
        ),
    )


def _figures(report: Report, words: Words, speech: Speech) -> tuple[tuple[str, str], ...]:
    return tuple((speech.number(count), label) for label, count in participation_of(report, words))


def _glance(report: Report, words: Words, speech: Speech) -> list[Block]:
    blocks: list[Block] = [Heading(words.gettext("At a glance"), new_page=True)]
    if report.themes:
        blocks += [Paragraph(_key_sentence(report, words, speech)), _chart(report, words, speech)]
        blocks.append(_theme_table(report, words, speech))
    else:
        blocks.append(Paragraph(words.gettext("No themes have been formed.")))
    if report.prompts:
        blocks += [Heading(words.gettext("What was asked"), level=2), _prompt_table(report, words, speech)]
    return blocks


def _key_sentence(report: Report, words: Words, speech: Speech) -> str:
    if any(theme.votes for theme in report.themes):
        first = sorted(report.themes, key=lambda theme: (-theme.votes, theme.number))[:3]
        names = [f"{theme_name(theme, words)} ({speech.number(theme.votes)})" for theme in first if theme.votes]
        return words.gettext("Most votes went to: %(themes)s.") % {"themes": speech.listed(names)}
    first = sorted(report.themes, key=lambda theme: (-len(theme.ideas), theme.number))[:3]
    names = [f"{theme_name(theme, words)} ({speech.number(len(theme.ideas))})" for theme in first]
    return words.gettext("Nobody has voted yet. Most ideas are about: %(themes)s.") % {"themes": speech.listed(names)}


def _chart(report: Report, words: Words, speech: Speech) -> Chart:
    said = words.gettext("%(label)s: %(value)s")
    parts = [said % {"label": theme_name(theme, words), "value": speech.number(theme.votes)} for theme in report.themes]
    alt = words.gettext("Bar chart of the votes each theme received. %(themes)s.") % {"themes": "; ".join(parts)}
    bars = tuple(
        (f"{theme.number}  {theme_name(theme, words)}", theme.votes, speech.number(theme.votes))
        for theme in report.themes
    )
    return Chart(words.gettext("Votes for each theme"), alt, bars)


def _theme_table(report: Report, words: Words, speech: Speech) -> Table:
    listed = len(ideas_of(report))
    rows = [
        (str(theme.number), theme_name(theme, words), speech.number(len(theme.ideas)), speech.number(theme.votes))
        for theme in report.themes
    ]
    if report.leftovers:
        votes = sum(idea.agree for idea in report.leftovers)
        alone = words.gettext("Ideas without a theme")
        rows.append((NOTHING, alone, speech.number(len(report.leftovers)), speech.number(votes)))
    votes = sum(theme.votes for theme in report.themes) + sum(idea.agree for idea in report.leftovers)
    rows.append(("", words.gettext("Total"), speech.number(listed), speech.number(votes)))
    labels = (words.gettext("No."), words.gettext("Theme"), words.gettext("Ideas"), words.gettext("Votes"))
    return Table(labels, (False, False, True, True), tuple(rows), total=True)


def _prompt_table(report: Report, words: Words, speech: Speech) -> Table:
    unlimited = words.gettext("no limit")
    rows = tuple(
        (
            str(prompt.number),
            prompt.text,
            speech.number(prompt.ideas),
            unlimited if prompt.votes_each is None else speech.number(prompt.votes_each),
        )
        for prompt in report.prompts
    )
    labels = (words.gettext("No."), words.gettext("Prompt"), words.gettext("Ideas"), words.gettext("Votes per person"))
    return Table(labels, (False, False, True, True), rows)


def _themes(report: Report, words: Words, speech: Speech) -> list[Block]:
    if not report.themes:
        return []
    blocks: list[Block] = [Heading(words.gettext("Themes"), new_page=True)]
    reasons = {
        SUPPORTED: words.gettext("most supported"),
        TYPICAL: words.gettext("typical of the theme"),
        DIVIDED: words.gettext("most divided"),
        UNHEARD: words.gettext("least heard"),
    }
    for theme in report.themes:
        chosen = highlights_of(theme)
        notes = {mark.idea.id: " · ".join(reasons[why] for why in mark.why) for mark in chosen}
        heading = words.gettext("%(number)s. %(theme)s") % {"number": theme.number, "theme": theme_name(theme, words)}
        blocks += [
            Heading(heading, level=2),
            Facts(_theme_facts(theme, words, speech), inline=True),
            _idea_table(report, [mark.idea for mark in chosen], words, speech, notes=notes),
        ]
    return blocks


def _theme_facts(theme: ReportTheme, words: Words, speech: Speech) -> tuple[tuple[str, str], ...]:
    facts = [
        (words.gettext("Ideas"), speech.number(len(theme.ideas))),
        (words.gettext("Votes"), speech.number(theme.votes)),
    ]
    if theme.terms:
        facts.append((words.gettext("Shared words"), ", ".join(theme.terms)))
    return tuple(facts)


def _leftovers(report: Report, words: Words, speech: Speech) -> list[Block]:
    if not report.leftovers:
        return []
    count = len(report.leftovers)
    sentence = words.ngettext(
        "%(num)s idea stands alone. It counts like every other and is in the annex.",
        "%(num)s ideas stand alone. They count like all others and are in the annex.",
        count,
    )
    blocks: list[Block] = [
        Heading(words.gettext("Ideas without a theme"), level=2 if report.themes else 1),
        Paragraph(sentence % {"num": speech.number(count)}),
    ]
    first = most_supported(report.leftovers)
    if first:
        notes = {idea.id: words.gettext("most supported") for idea in first}
        blocks.append(_idea_table(report, first, words, speech, notes=notes))
    return blocks


def _completeness(report: Report, words: Words, speech: Speech) -> list[Block]:
    labels = (words.gettext("What became of the ideas"), words.gettext("Ideas"))
    rows = tuple((label, speech.number(count)) for label, count in ledger_of(report, words))
    return [
        Heading(words.gettext("Completeness"), new_page=bool(report.themes)),
        Paragraph(ledger_verdict(report, words, speech)),
        Table(labels, (False, True), rows, total=True),
    ]


def _annex(report: Report, words: Words, speech: Speech) -> list[Block]:
    ideas = ideas_of(report)
    heading = Heading(words.gettext("Annex: all ideas"), new_page=bool(ideas))
    if not ideas:
        return [heading, Paragraph(words.gettext("No ideas have been published."))]
    floor = source_name(FLOOR, words)
    notes = {idea.id: floor for idea in ideas if idea.source == FLOOR}
    return [heading, _idea_table(report, list(ideas), words, speech, notes=notes, with_theme=True)]


def _idea_table(
    report: Report,
    ideas: list[ReportIdea],
    words: Words,
    speech: Speech,
    *,
    notes: dict[str, str],
    with_theme: bool = False,
) -> IdeaTable:
    sided = any(idea.disagree or idea.passes for idea in ideas_of(report))
    labels = [words.gettext("Theme")] if with_theme else []
    if sided:
        labels += [words.gettext("Agree"), words.gettext("Disagree"), words.gettext("Pass")]
    else:
        labels.append(words.gettext("Votes"))
    rows = []
    for idea in ideas:
        themes = [str(idea.theme) if idea.theme is not None else NOTHING] if with_theme else []
        counts = (idea.agree, idea.disagree, idea.passes) if sided else (idea.agree,)
        figures = (*themes, *(speech.number(count) for count in counts))
        lang = language_of(idea.lang) or speech.language
        rows.append(IdeaRow(idea.number, idea.text, lang, is_right_to_left(idea.text), notes.get(idea.id, ""), figures))
    return IdeaTable(words.gettext("No."), words.gettext("Idea"), tuple(labels), tuple(rows), dense=with_theme)
