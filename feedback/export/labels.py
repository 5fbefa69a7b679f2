"""What the cover, the ledger and the themes are called, and what stands for a value that nobody has given."""

from feedback.domain.reports import Report, ReportOpinions, ReportTheme
from feedback.domain.summaries import counted_in, ideas_of, missing_from
from feedback.domain.tally import Counted
from feedback.export.speech import Speech, Words

FLOOR = "floor"
NOTHING = "–"
_ACCENTS = {"inspire": "0B6E75", "impact": "A8400F", "involve": "5B3E96"}
NEUTRAL = "3D4A57"


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
    return _ACCENTS.get(report.strand.strip().lower(), NEUTRAL)


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
        (_votes_label(report, words), people.votes),
        (words.gettext("Themes"), len(report.themes)),
    )


def _votes_label(report: Report, words: Words) -> str:
    """Name the count of the votes for ideas; where opinions are asked for, not all votes are for one."""
    match counted_in(report, ideas_of(report)):
        case Counted.AGREE:
            return words.gettext("Agreeing votes")
        case Counted.BOTH:
            return words.gettext("Votes for")
        case Counted.SUPPORT:
            return words.gettext("Votes")


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


def firmness_of(theme: ReportTheme, words: Words) -> str:
    """Say whether the theme is firm; nothing where nobody has judged it."""
    if theme.firm is None:
        return ""
    return words.gettext("firm") if theme.firm else words.gettext("not firm yet")


def is_judged(report: Report) -> bool:
    """Tell whether the firmness of any theme is known."""
    return any(theme.firm is not None for theme in report.themes)


def counted_people(part: ReportOpinions, words: Words, speech: Speech) -> str:
    """Say how many people are in the groups, and that nobody is named."""
    counted = words.ngettext(
        "%(num)s person has voted enough to be counted.", "%(num)s people have voted enough to be counted.", part.voters
    )
    return f"{counted % {'num': speech.number(part.voters)}} {words.gettext('Nobody is named; only groups are kept.')}"


def groups_missing(part: ReportOpinions, words: Words) -> str:
    """Say why there are no opinion groups."""
    limits = {"enough": part.enough, "votes": part.votes_needed}
    if part.seq is None:
        return words.gettext("Groups show from %(enough)s people with %(votes)s votes.") % limits
    if part.voters < part.enough:
        sentence = words.gettext("Groups show from %(enough)s people with %(votes)s votes; so far %(voters)s.")
        return sentence % {**limits, "voters": part.voters}
    return words.gettext("No groups stand apart so far.")
