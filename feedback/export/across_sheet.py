"""What the strands have in common as an Excel workbook: summary, subjects, themes, all ideas behind them."""

from feedback.domain.alignments import Across, SubjectTheme
from feedback.domain.tally import Counted
from feedback.export.across_paper import compared_facts, cover_of, figures_of, strands_said
from feedback.export.labels import NEUTRAL
from feedback.export.rows import count_label
from feedback.export.speech import Words, speech_in
from feedback.export.workbook import WIDEST, About, Bars, Book, Cell, Part, bars, listing, summary, written

_Placed = tuple[int | None, str, SubjectTheme]


def render(across: Across, words: Words, checksum: str) -> bytes:
    """Write it as a workbook in which every text is a text: no formula, no link."""
    title, subject = words.gettext("Across strands"), words.gettext("What the strands have in common")
    about = About(title=title, subject=subject, author="", checksum=checksum, made_at=across.read_at, accent=NEUTRAL)

    def fill(book: Book) -> None:
        parts: list[Part] = [
            (about.subject, cover_of(across, words, book.speech)),
            (words.gettext("At a glance"), figures_of(across, words)),
            *([(words.gettext("How this was made"), compared)] if (compared := compared_facts(across, words)) else []),
            (words.gettext("Checksum"), [("SHA-256", checksum)]),
        ]
        summary(book, about.title, parts)
        _subjects(book, across)
        _themes(book, across)
        _ideas(book, across)

    return written(about, words, speech_in(across.language, across.time_zone), fill)


def _subjects(book: Book, across: Across) -> None:
    words = book.words
    labels = [
        words.gettext("No."),
        words.gettext("Subject"),
        words.gettext("Strands"),
        words.gettext("Asked for in"),
        words.gettext("Ideas"),
        count_label(across.counted, words),
    ]
    rows: list[tuple[Cell, ...]] = [
        (
            number,
            subject.name,
            strands_said(subject, across, words, book.speech),
            book.speech.listed(subject.strands),
            subject.ideas,
            subject.votes,
        )
        for number, subject in enumerate(across.subjects, start=1)
    ]
    sheet = listing(book, words.gettext("Subjects"), labels, rows, (8, 44, 12, 44, 10, 10))
    if rows:
        title, alt = words.gettext("Votes for each subject"), words.gettext("Bar chart of the votes in the table above")
        title = words.gettext("Agreeing votes for each subject") if across.counted is Counted.AGREE else title
        drawn = Bars(title, count_label(across.counted, words), alt, names=1, figures=5, rows=len(rows))
        bars(book, sheet, len(rows), drawn)


def _themes(book: Book, across: Across) -> None:
    words = book.words
    labels = [
        words.gettext("Subject no."),
        words.gettext("Subject"),
        words.gettext("Strand"),
        words.gettext("Conversation"),
        words.gettext("Code"),
        words.gettext("Theme no."),
        words.gettext("Theme"),
        words.gettext("Ideas"),
        count_label(across.counted, words),
    ]
    rows: list[tuple[Cell, ...]] = [
        (*_place(placed), len(placed[2].ideas), placed[2].votes) for placed in _placed(across)
    ]
    listing(book, words.gettext("Themes"), labels, rows, (10, 34, 18, 44, 10, 10, 44, 10, 10))


def _ideas(book: Book, across: Across) -> None:
    words = book.words
    labels = [
        words.gettext("Subject no."),
        words.gettext("Subject"),
        words.gettext("Strand"),
        words.gettext("Conversation"),
        words.gettext("Code"),
        words.gettext("Theme no."),
        words.gettext("Theme"),
        words.gettext("No."),
        words.gettext("Idea"),
        words.gettext("Agree"),
        words.gettext("Disagree"),
        words.gettext("Pass"),
        words.gettext("Language"),
        words.gettext("Identifier"),
    ]
    rows: list[tuple[Cell, ...]] = [
        (
            *_place(placed),
            idea.number,
            idea.text,
            idea.agree,
            idea.disagree,
            idea.passes,
            idea.lang,
            idea.id,
        )
        for placed in _shared(across)
        for idea in placed[2].ideas
    ]
    widths = (10, 30, 14, 30, 10, 10, 30, 7, WIDEST, 9, 11, 12, 11, 30)
    listing(book, words.gettext("Ideas"), labels, rows, widths)


def _placed(across: Across) -> list[_Placed]:
    """List all themes, those of one conversation alone last."""
    return _shared(across) + [(None, "", theme) for theme in across.alone]


def _shared(across: Across) -> list[_Placed]:
    """List the themes behind subjects with number and name of their subject."""
    return [
        (number, subject.name, theme)
        for number, subject in enumerate(across.subjects, start=1)
        for theme in subject.themes
    ]


def _place(placed: _Placed) -> tuple[Cell, ...]:
    number, subject, theme = placed
    return number, subject, theme.strand, theme.conversation, theme.code, theme.member.theme, theme.name
