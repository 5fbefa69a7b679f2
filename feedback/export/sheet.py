"""The report as an Excel workbook: summary, themes, all ideas, opinion groups, and the completeness ledger."""

from collections.abc import Sequence

from feedback.domain.reports import OpinionIdea, Report, ReportIdea, ReportOpinions, checksum_of
from feedback.domain.summaries import counted_in, ideas_of
from feedback.domain.tally import Counted
from feedback.export.labels import (
    accent_of,
    cover_of,
    firmness_of,
    groups_missing,
    is_judged,
    ledger_of,
    ledger_verdict,
    participation_of,
    source_name,
    theme_name,
    title_of,
)
from feedback.export.method import method_facts, sorting_facts
from feedback.export.rows import count_label
from feedback.export.speech import Speech, Words, speech_of
from feedback.export.workbook import (
    WIDEST,
    About,
    Bars,
    Book,
    Cell,
    Part,
    bars,
    listing,
    put,
    summary,
    written,
)


def render(report: Report, words: Words) -> bytes:
    """Write the report as a workbook in which every text is a text: no formula, no link."""
    about = About(
        title=title_of(report, words),
        subject=words.gettext("Report of the conversation"),
        author=report.rapporteur,
        checksum=checksum_of(report),
        made_at=report.frozen_at,
        accent=accent_of(report),
    )

    def fill(book: Book) -> None:
        summary(book, about.title, _parts(report, words, book.speech))
        _themes(book, report)
        _ideas(book, report)
        _opinions(book, report)
        _ledger(book, report)

    return written(about, words, speech_of(report), fill)


def _parts(report: Report, words: Words, speech: Speech) -> list[Part]:
    return [
        (words.gettext("Report of the conversation"), cover_of(report, words, speech)),
        (words.gettext("Participation"), participation_of(report, words)),
        (words.gettext("What the room sorted"), sorting_facts(report, words, speech)),
        (words.gettext("Who votes alike"), _groups(report, words, speech)),
        (words.gettext("Prompts"), [(str(prompt.number), prompt.text) for prompt in report.prompts]),
        (words.gettext("How this report was made"), method_facts(report, words, speech)),
        (words.gettext("Checksum"), [("SHA-256", checksum_of(report))]),
    ]


def _groups(report: Report, words: Words, speech: Speech) -> list[tuple[str, str]]:
    """Say for each prompt that asked for opinions how large its groups are, or why there are none."""
    prompt, group = words.gettext("Prompt %(number)s"), words.gettext("Group %(letter)s: %(size)s")
    lines = []
    for part in report.opinions:
        sizes = [group % {"letter": each.letter, "size": speech.number(each.size)} for each in part.groups]
        lines.append((prompt % {"number": part.prompt}, "; ".join(sizes) if sizes else groups_missing(part, words)))
    return lines


def _themes(book: Book, report: Report) -> None:
    words, judged, counted = book.words, is_judged(report), counted_in(report, ideas_of(report))
    votes_label = count_label(counted, words)
    labels = [words.gettext("No."), words.gettext("Theme"), words.gettext("Ideas"), votes_label]
    labels.append(words.gettext("Shared words"))
    rows: list[tuple[Cell, ...]] = [
        (theme.number, theme_name(theme, words), len(theme.ideas), theme.votes, ", ".join(theme.terms))
        for theme in report.themes
    ]
    if report.leftovers:
        votes = sum(idea.agree for idea in report.leftovers)
        rows.append((None, words.gettext("Ideas without a theme"), len(report.leftovers), votes, ""))
    widths = [8, 44, 10, 10, 60]
    if judged:
        labels.append(words.gettext("Firmness"))
        said = [firmness_of(theme, words) for theme in report.themes]
        rows = [(*row, said[place] if place < len(said) else "") for place, row in enumerate(rows)]
        widths.append(16)
    if any(theme.description for theme in report.themes):
        labels.append(words.gettext("Description"))
        about = [theme.description for theme in report.themes]
        rows = [(*row, about[place] if place < len(about) else "") for place, row in enumerate(rows)]
        widths.append(60)
    sheet = listing(book, words.gettext("Themes"), labels, rows, widths)
    if any(theme.votes for theme in report.themes):
        title, alt = words.gettext("Votes for each theme"), words.gettext("Bar chart of the votes in the table above")
        title = words.gettext("Agreeing votes for each theme") if counted is Counted.AGREE else title
        drawn = Bars(title, votes_label, alt, names=1, figures=3, rows=len(report.themes))
        bars(book, sheet, len(rows), drawn)


def _ideas(book: Book, report: Report) -> None:
    words = book.words
    labels = [
        words.gettext("No."),
        words.gettext("Idea"),
        words.gettext("Theme no."),
        words.gettext("Theme"),
        words.gettext("Agree"),
        words.gettext("Disagree"),
        words.gettext("Pass"),
        words.gettext("Prompt"),
        words.gettext("Language"),
        words.gettext("Came from"),
        words.gettext("Written (%(zone)s)") % {"zone": book.speech.zone},
        words.gettext("Identifier"),
    ]
    names = {theme.number: theme_name(theme, words) for theme in report.themes}
    rows = [_idea(book, idea, names) for idea in ideas_of(report)]
    listing(book, words.gettext("Ideas"), labels, rows, (7, WIDEST, 10, 30, 9, 11, 12, 9, 11, 14, 20, 30))


def _idea(book: Book, idea: ReportIdea, names: dict[int, str]) -> tuple[Cell, ...]:
    theme = "" if idea.theme is None else names.get(idea.theme, "")
    return (
        idea.number,
        idea.text,
        idea.theme,
        theme,
        idea.agree,
        idea.disagree,
        idea.passes,
        idea.prompt,
        idea.lang,
        source_name(idea.source, book.words),
        book.speech.at(idea.written_at).replace(tzinfo=None, microsecond=0),
        idea.id,
    )


def _opinions(book: Book, report: Report) -> None:
    """Write a row for each group's shares of each idea that is told, where there are groups."""
    parts = [part for part in report.opinions if part.groups]
    if not parts:
        return
    words = book.words
    labels = [
        words.gettext("Prompt"),
        words.gettext("What it shows"),
        words.gettext("No."),
        words.gettext("Idea"),
        words.gettext("Group"),
        words.gettext("People"),
        words.gettext("Agree, per cent"),
        words.gettext("Disagree, per cent"),
        words.gettext("Pass, per cent"),
    ]
    texts = {idea.number: idea.text for idea in ideas_of(report)}
    rows = [row for part in parts for row in _shares(part, texts, words)]
    listing(book, words.gettext("Who votes alike"), labels, rows, (9, 40, 7, WIDEST, 9, 10, 11, 11, 11))


def _shares(part: ReportOpinions, texts: dict[int, str], words: Words) -> list[tuple[Cell, ...]]:
    agrees = words.gettext("Group %(letter)s agrees more than the others")
    disagrees = words.gettext("Group %(letter)s disagrees more than the others")
    told: list[tuple[str, Sequence[OpinionIdea]]] = [
        (words.gettext("What all groups agree on"), part.consensus),
        (words.gettext("What divides the groups"), part.divisive),
    ]
    for group in part.groups:
        told.append((agrees % {"letter": group.letter}, group.agrees))
        told.append((disagrees % {"letter": group.letter}, group.disagrees))
    return [
        (part.prompt, title, line.number, texts.get(line.number, ""), group.letter, group.size, *(share or (None,) * 3))
        for title, lines in told
        for line in lines
        for group, share in zip(part.groups, line.shares, strict=True)
    ]


def _ledger(book: Book, report: Report) -> None:
    words = book.words
    labels = [words.gettext("What became of the ideas"), words.gettext("Ideas")]
    rows: list[tuple[Cell, ...]] = [*ledger_of(report, words)]
    sheet = listing(book, words.gettext("Completeness"), labels, rows, (60, 12))
    put(book, sheet, len(rows) + 2, 0, ledger_verdict(report, words, book.speech), book.text)
