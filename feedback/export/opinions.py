"""Who votes alike, as blocks: the groups, what all of them agree on, what divides them, what sets each apart."""

from collections.abc import Mapping

from feedback.domain.reports import OpinionIdea, Report, ReportIdea, ReportOpinions
from feedback.domain.summaries import ideas_of
from feedback.export.blocks import Block, Facts, Heading, IdeaTable, Paragraph, Table
from feedback.export.labels import NOTHING, counted_people, groups_missing
from feedback.export.rows import idea_row
from feedback.export.speech import Speech, Words


def opinions(report: Report, words: Words, speech: Speech) -> list[Block]:
    """Return the section on opinion groups; nothing where no prompt asked for agree, disagree or pass."""
    if not report.opinions:
        return []
    ideas = {idea.number: idea for idea in ideas_of(report)}
    prompts = {prompt.number: prompt.text for prompt in report.prompts}
    blocks: list[Block] = [
        Heading(words.gettext("Who votes alike"), new_page=any(part.groups for part in report.opinions))
    ]
    for part in report.opinions:
        numbered = words.gettext("%(number)s. %(theme)s")
        blocks.append(Heading(numbered % {"number": part.prompt, "theme": prompts.get(part.prompt, "")}, level=2))
        blocks += _groups(part, ideas, words, speech) if part.groups else [Paragraph(groups_missing(part, words))]
    return blocks


def opinion_method(report: Report, words: Words) -> list[Block]:
    """Say how groups were found, where there are any."""
    if not any(part.groups for part in report.opinions):
        return []
    return [
        Paragraph(
            words.gettext(
                "A computer program found the groups from the votes alone, in the way published for Polis. Groups show "
                "from %(enough)s people on, and none has fewer than three. Nobody is named: only groups are kept, and "
                "how a group votes on an idea is told only where three of it voted. "
                "A group is a way of voting, and need not be more than that."
            )
            % {"enough": max(part.enough for part in report.opinions)}
        )
    ]


def _groups(part: ReportOpinions, ideas: Mapping[int, ReportIdea], words: Words, speech: Speech) -> list[Block]:
    sizes = tuple((group.letter, speech.number(group.size)) for group in part.groups)
    notes = _notes(part, words)
    listed = {line.number for line in (*part.consensus, *part.divisive)}
    apart = {
        line.number: line
        for group in part.groups
        for line in (*group.agrees, *group.disagrees)
        if line.number not in listed
    }
    no_consensus = words.gettext("There is no idea yet with which most of every group agrees.")
    parts = (
        (words.gettext("What all groups agree on"), part.consensus, no_consensus),
        (words.gettext("What divides the groups"), part.divisive, words.gettext("No idea clearly divides the groups.")),
        (words.gettext("What else sets groups apart"), tuple(apart.values()), ""),
    )
    said = [counted_people(part, words, speech)]
    if any(None in line.shares for line in (*part.consensus, *part.divisive, *apart.values())):
        said.append(words.gettext("A dash stands where fewer than three people of a group voted."))
    blocks: list[Block] = [
        Facts(((words.gettext("As of state number"), str(part.seq)),), inline=True),
        Paragraph(" ".join(said)),
        Table((words.gettext("Group"), words.gettext("People")), (False, True), sizes),
    ]
    for title, lines, none in parts:
        if lines:
            # In a table of what divides, the figures themselves tell which group stands where.
            marks = {} if none else notes
            blocks += [Heading(title, level=3), _table(part, lines, marks, ideas, words, speech)]
        elif none:
            blocks += [Heading(title, level=3), Paragraph(none)]
    return blocks


def _notes(part: ReportOpinions, words: Words) -> dict[int, str]:
    """Say of the ideas that set groups apart which groups those are."""
    notes: dict[int, list[str]] = {}
    agrees = words.gettext("Group %(letter)s agrees more than the others")
    disagrees = words.gettext("Group %(letter)s disagrees more than the others")
    for group in part.groups:
        for said, lines in ((agrees, group.agrees), (disagrees, group.disagrees)):
            for line in lines:
                notes.setdefault(line.number, []).append(said % {"letter": group.letter})
    return {number: " · ".join(said) for number, said in notes.items()}


def _table(
    part: ReportOpinions,
    lines: tuple[OpinionIdea, ...],
    notes: Mapping[int, str],
    ideas: Mapping[int, ReportIdea],
    words: Words,
    speech: Speech,
) -> IdeaTable:
    """Show the share of each group that agrees; the note says who disagrees."""
    agreeing = words.gettext("%(letter)s agrees")
    labels = tuple(agreeing % {"letter": group.letter} for group in part.groups)
    rows = []
    for line in lines:
        idea = ideas.get(line.number)
        if idea is not None:
            figures = tuple(NOTHING if share is None else speech.percent(share[0]) for share in line.shares)
            note = " · ".join(
                each for each in (notes.get(line.number, ""), _against(part, line, words, speech)) if each
            )
            rows.append(idea_row(idea, figures, note, speech))
    return IdeaTable(words.gettext("No."), words.gettext("Idea"), labels, tuple(rows))


def _against(part: ReportOpinions, line: OpinionIdea, words: Words, speech: Speech) -> str:
    against = [
        f"{group.letter} {speech.percent(share[1])}"
        for group, share in zip(part.groups, line.shares, strict=True)
        if share is not None and share[1]
    ]
    return words.gettext("disagree: %(groups)s") % {"groups": ", ".join(against)} if against else ""
