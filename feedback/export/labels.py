"""What the cover, the ledger and the themes are called, and what stands for a value that nobody has given."""

from feedback.domain.reports import Report, ReportTheme
from feedback.domain.summaries import ideas_of, missing_from
from feedback.export.speech import Speech, Words

FLOOR = "floor"
NOTHING = "–"
_ACCENTS = {"inspire": "0B6E75", "impact": "A8400F", "involve": "5B3E96"}
_NEUTRAL = "3D4A57"


def title_of(report: Report, words: Words) -> str:
    """Return the report's title; a document without one cannot be filed."""
    return report.conversation or words.gettext("Conversation without a title")


def strand_of(report: Report, words: Words) -> str:
    """Return the strand with its tagline, as far as they have been given."""
    if report.strand and report.tagline:
        return words.gettext("%(strand)s: %(tagline)s") % {"strand": report.strand, "tagline": report.tagline}
    return report.strand or report.tagline


def accent_of(report: Report) -> str:
    """Return the strand's colour as RRGGBB; a strand with a name of its own gets a quiet one."""
    return _ACCENTS.get(report.strand.strip().lower(), _NEUTRAL)


def cover_of(report: Report, words: Words, speech: Speech) -> tuple[tuple[str, str], ...]:
    """Return the fields that a rapporteur has to hand in, labels first."""
    nobody = words.gettext("not named")
    return (
        (words.gettext("Conference"), report.conference or NOTHING),
        (words.gettext("Strand"), strand_of(report, words) or NOTHING),
        (words.gettext("Conversation code"), report.code),
        (words.gettext("Facilitator"), report.facilitator or nobody),
        (words.gettext("Rapporteur"), report.rapporteur or nobody),
        (words.gettext("Date"), speech.date(report.frozen_at)),
        (words.gettext("Time"), speech.clock(report.frozen_at)),
        (words.gettext("Name of this state"), report.name or NOTHING),
        (words.gettext("State number"), str(report.seq)),
    )


def participation_of(report: Report, words: Words) -> tuple[tuple[str, int], ...]:
    """Return who took part and what came of it, labels first."""
    people = report.participation
    return (
        (words.gettext("People who joined"), people.joined),
        (words.gettext("People who wrote"), people.wrote),
        (words.gettext("People who voted"), people.voted),
        (words.gettext("Ideas"), len(ideas_of(report))),
        (words.gettext("Votes"), people.votes),
        (words.gettext("Themes"), len(report.themes)),
    )


def ledger_of(report: Report, words: Words) -> tuple[tuple[str, int], ...]:
    """Return where every idea went, labels first; the last row is what came in."""
    ledger = report.ledger
    no_reason = words.gettext("no reason given")
    hidden = words.gettext("Hidden: %(reason)s")
    return (
        (words.gettext("Published in this report"), ledger.published),
        (words.gettext("Merged into another idea"), ledger.merged),
        # Usual reasons are stored in English and known to the catalogues; people's own words pass as they are.
        *(
            (hidden % {"reason": words.gettext(reason) if reason else no_reason}, count)
            for reason, count in ledger.hidden
        ),
        (words.gettext("Withdrawn by their authors"), ledger.withdrawn),
        (words.gettext("Received"), ledger.received),
    )


def ledger_verdict(report: Report, words: Words, speech: Speech) -> str:
    """Say whether the ledger is complete, and do not hide it when it is not."""
    missing = missing_from(report.ledger)
    listed = len(ideas_of(report))
    if missing:
        sentence = words.gettext("These figures differ by %(num)s. Please clear this up before the report is filed.")
        return sentence % {"num": speech.number(abs(missing))}
    if listed != report.ledger.published:
        sentence = words.gettext("The annex lists %(num)s ideas. Please clear this up before the report is filed.")
        return sentence % {"num": speech.number(listed)}
    return words.gettext("Every idea that was received is accounted for.")


def source_name(source: str, words: Words) -> str:
    """Name where an idea came in."""
    return words.gettext("from the floor") if source == FLOOR else words.gettext("phone")


def theme_name(theme: ReportTheme, words: Words) -> str:
    """Return the theme's name, or what stands for it while it has none."""
    return theme.name or words.gettext("Theme %(number)s") % {"number": theme.number}
