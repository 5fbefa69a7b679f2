"""What a report says and in which order, once for all formats that are read."""

import re
from collections.abc import Set

from feedback.domain.reports import Report, ReportIdea, ReportPrompt, ReportTheme, checksum_of
from feedback.domain.summaries import (
    DIVIDED,
    TYPICAL,
    UNHEARD,
    counted_in,
    highlights_of,
    ideas_of,
    most_supported,
    opinion_prompts,
)
from feedback.domain.tally import Counted
from feedback.export.blocks import Block, Chart, Facts, Heading, IdeaTable, Paper, Paragraph, Table
from feedback.export.labels import (
    FLOOR,
    NOTHING,
    accent_of,
    cover_of,
    firmness_of,
    is_judged,
    ledger_of,
    ledger_verdict,
    participation_of,
    source_name,
    strand_of,
    theme_name,
    title_of,
)
from feedback.export.method import method
from feedback.export.opinions import opinions
from feedback.export.rows import count_label, idea_row, is_sided, vote_figures, vote_labels
from feedback.export.speech import Speech, Words, speech_of


def paper_of(report: Report, words: Words) -> Paper:
    """Say the report in the language of `words`; the report must be clean."""
    speech = speech_of(report)
    checksum = checksum_of(report)
    page_of = words.gettext("Page %(page)s of %(pages)s")
    return Paper(
        language=speech.language,
        author=report.rapporteur,
        made_at=report.frozen_at,
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
            *opinions(report, words, speech),
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
        blocks.append(Paragraph(_key_sentence(report, words, speech)))
        if any(theme.votes for theme in report.themes):
            blocks.append(_chart(report, words, speech))
        blocks.append(_theme_table(report, words, speech))
    else:
        blocks.append(Paragraph(words.gettext("No themes have been formed.")))
    if report.prompts:
        blocks += [Heading(words.gettext("What was asked"), level=2), _prompt_table(report, words, speech)]
    return blocks


def _key_sentence(report: Report, words: Words, speech: Speech) -> str:
    counted = counted_in(report, ideas_of(report))
    if any(theme.votes for theme in report.themes):
        first = sorted(report.themes, key=lambda theme: (-theme.votes, theme.number))[:3]
        names = [f"{theme_name(theme, words)} ({speech.number(theme.votes)})" for theme in first if theme.votes]
        most = words.gettext("Most votes went to: %(themes)s.")
        agree = words.gettext("People agree most with: %(themes)s.")
        return (agree if counted is Counted.AGREE else most) % {"themes": speech.listed(names)}
    first = sorted(report.themes, key=lambda theme: (-len(theme.ideas), theme.number))[:3]
    names = [f"{theme_name(theme, words)} ({speech.number(len(theme.ideas))})" for theme in first]
    silent = words.gettext("Nobody has voted yet. Most ideas are about: %(themes)s.")
    # Where opinions are asked for, people may have voted without agreeing with anything.
    against = words.gettext("Nobody has voted for an idea yet. Most ideas are about: %(themes)s.")
    return (silent if counted is Counted.SUPPORT else against) % {"themes": speech.listed(names)}


def _chart(report: Report, words: Words, speech: Speech) -> Chart:
    said = words.gettext("%(label)s: %(value)s")
    parts = [said % {"label": theme_name(theme, words), "value": speech.number(theme.votes)} for theme in report.themes]
    agreed = counted_in(report, ideas_of(report)) is Counted.AGREE
    received = words.gettext("Bar chart of the votes each theme received. %(themes)s.")
    agreeing = words.gettext("Bar chart of the agreeing votes each theme received. %(themes)s.")
    alt = (agreeing if agreed else received) % {"themes": "; ".join(parts)}
    bars = tuple(
        (f"{theme.number}  {theme_name(theme, words)}", theme.votes, speech.number(theme.votes))
        for theme in report.themes
    )
    title = words.gettext("Agreeing votes for each theme") if agreed else words.gettext("Votes for each theme")
    return Chart(title, alt, bars)


def _theme_table(report: Report, words: Words, speech: Speech) -> Table:
    judged = is_judged(report)
    rows = [
        _theme_row(
            str(theme.number),
            theme_name(theme, words),
            [firmness_of(theme, words) or NOTHING] if judged else [],
            (len(theme.ideas), theme.votes),
            speech,
        )
        for theme in report.themes
    ]
    none = [""] if judged else []
    if report.leftovers:
        count, votes = len(report.leftovers), sum(idea.agree for idea in report.leftovers)
        rows.append(_theme_row(NOTHING, words.gettext("Ideas without a theme"), none, (count, votes), speech))
    votes = sum(theme.votes for theme in report.themes) + sum(idea.agree for idea in report.leftovers)
    rows.append(_theme_row("", words.gettext("Total"), none, (len(ideas_of(report)), votes), speech))
    firmness = [words.gettext("Firmness")] if judged else []
    counts = (words.gettext("Ideas"), count_label(counted_in(report, ideas_of(report)), words))
    labels = (words.gettext("No."), words.gettext("Theme"), *firmness, *counts)
    return Table(labels, (False, False, *(True for _ in (*firmness, *counts))), tuple(rows), total=True)


def _theme_row(number: str, name: str, firmness: list[str], counts: tuple[int, int], speech: Speech) -> tuple[str, ...]:
    return (number, name, *firmness, *(speech.number(count) for count in counts))


def _prompt_table(report: Report, words: Words, speech: Speech) -> Table:
    unlimited, opinion = words.gettext("no limit"), words.gettext("agree, disagree or pass")
    asked = opinion_prompts(report)
    rows = tuple(
        (
            str(prompt.number),
            prompt.text,
            speech.number(prompt.ideas),
            _budget(prompt, opinion if prompt.number in asked else unlimited, speech),
        )
        for prompt in report.prompts
    )
    labels = (words.gettext("No."), words.gettext("Prompt"), words.gettext("Ideas"), words.gettext("Votes per person"))
    return Table(labels, (False, False, True, True), rows)


def _budget(prompt: ReportPrompt, unlimited: str, speech: Speech) -> str:
    return unlimited if prompt.votes_each is None else speech.number(prompt.votes_each)


def _themes(report: Report, words: Words, speech: Speech) -> list[Block]:
    if not report.themes:
        return []
    blocks: list[Block] = [Heading(words.gettext("Themes"), new_page=True)]
    asked = opinion_prompts(report)
    reasons = {
        TYPICAL: words.gettext("typical of the theme"),
        DIVIDED: words.gettext("most divided"),
        UNHEARD: words.gettext("least heard"),
    }
    for theme in report.themes:
        chosen = highlights_of(theme, asked)
        notes = {
            mark.idea.id: " · ".join(reasons.get(why) or _favoured(mark.idea, asked, words) for why in mark.why)
            for mark in chosen
        }
        heading = words.gettext("%(number)s. %(theme)s") % {"number": theme.number, "theme": theme_name(theme, words)}
        about = [Paragraph(theme.description, keep=True)] if theme.description else []
        blocks += [
            Heading(heading, level=2),
            *about,
            Facts(_theme_facts(theme, counted_in(report, theme.ideas), words, speech), inline=True),
        ]
        if chosen:
            blocks.append(_idea_table(report, [mark.idea for mark in chosen], words, speech, notes=notes))
    return blocks


def _favoured(idea: ReportIdea, asked: Set[int], words: Words) -> str:
    """Say that few ideas or none have more votes, by what a vote on this one says; `asked`: prompts for opinions."""
    return words.gettext("most agreed on") if idea.prompt in asked else words.gettext("most supported")


def _theme_facts(theme: ReportTheme, counted: Counted, words: Words, speech: Speech) -> tuple[tuple[str, str], ...]:
    facts = [
        (words.gettext("Ideas"), speech.number(len(theme.ideas))),
        (count_label(counted, words), speech.number(theme.votes)),
    ]
    if theme.firm is not None:
        facts.append((words.gettext("Firmness"), firmness_of(theme, words)))
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
    asked = opinion_prompts(report)
    first = most_supported(report.leftovers, asked)
    if first:
        notes = {idea.id: _favoured(idea, asked, words) for idea in first}
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
    sided = bool(report.opinions) or is_sided(ideas_of(report))
    labels = ((words.gettext("Theme"),) if with_theme else ()) + vote_labels(words, sided=sided)
    rows = []
    for idea in ideas:
        themes = (str(idea.theme) if idea.theme is not None else NOTHING,) if with_theme else ()
        figures = (*themes, *vote_figures(idea, speech, sided=sided))
        rows.append(idea_row(idea, figures, notes.get(idea.id, ""), speech))
    return IdeaTable(words.gettext("No."), words.gettext("Idea"), labels, tuple(rows), dense=with_theme)
