"""How the report came about, in plain words and with the figures to do it again."""

from feedback.domain.embedders import EmbedderKind, Measure, measure_of
from feedback.domain.reports import Report
from feedback.domain.sorts import share_of
from feedback.export.blocks import Block, Facts, Heading, Paragraph
from feedback.export.labels import NOTHING, is_judged
from feedback.export.opinions import opinion_method
from feedback.export.speech import Speech, Words

#: Labels with what stands at them; counts stay numbers, so that a sheet can reckon with them.
Labelled = tuple[tuple[str, str | int], ...]


def method(report: Report, words: Words, speech: Speech) -> list[Block]:
    """Return the section on method."""
    return [
        Heading(words.gettext("How this report was made")),
        Paragraph(
            words.gettext(
                "People answered the prompts in their own words, on their phones or on paper that was typed in. "
                "Their words stand here as they were written."
            )
        ),
        Paragraph(
            words.gettext(
                "Each person has one vote on an idea and may take it back; nobody votes on an idea of their own. "
                "The votes show what the people in this conversation think. They were not chosen to stand for a city."
            )
        ),
        *_opinion_votes(report, words),
        *_themes(report, words, speech),
        *opinion_method(report, words),
        Paragraph(
            words.gettext(
                "An idea keeps its number in every file. The Word, PDF, Excel, CSV, JSON and Markdown files "
                "of the same state carry the same checksum (SHA-256); a file with another one shows another state."
            )
        ),
    ]


def _opinion_votes(report: Report, words: Words) -> list[Block]:
    if not report.opinions:
        return []
    said = words.gettext(
        "Where a prompt asked for opinions, a vote agrees with an idea, disagrees or passes. "
        "The figure at a theme counts the votes for its ideas."
    )
    return [Paragraph(said)]


def method_facts(report: Report, words: Words, speech: Speech) -> Labelled:
    """Return the parameters of the theme run and what people changed, labels first."""
    made = report.method
    return (
        (words.gettext("Engine"), made.engine or NOTHING),
        *_model_facts(report, words),
        (words.gettext("Start number (seed)"), str(made.seed)),
        (words.gettext("Themes the engine proposed"), made.themes_found),
        (words.gettext("Changes people made to themes"), made.edits),
        *_placing_facts(report, words),
        *_firm_facts(report, words, speech),
    )


def sorting_facts(report: Report, words: Words, speech: Speech) -> Labelled:
    """Return what the room sorted, labels first; nothing where that was not counted.

    What the crew has placed is settled too, so how much is settled is not told where nobody in the room has sorted.
    """
    said = report.sorting
    if said is None:
        return ()
    people = ((words.gettext("People who sorted"), said.people), (words.gettext("Sorts"), said.sorts))
    if not said.sorts:
        return people
    share = speech.percent(round(100 * share_of(said.settled, said.settled + said.unsure)))
    return (
        *people,
        (words.gettext("Ideas settled by the room or the crew"), said.settled),
        (words.gettext("Share of ideas that are settled"), share),
        (words.gettext("Ideas still unsure"), said.unsure),
    )


def _model_facts(report: Report, words: Words) -> Labelled:
    """Name the model that compared the ideas, where one did."""
    said = model_said(measure_of(report.method.embedder or EmbedderKind.LEXICAL), words)
    return ((words.gettext("Model"), said),) if said else ()


def model_said(measure: Measure, words: Words) -> str:
    """Name a model and where it is; "" for words alone."""
    if measure.kind is EmbedderKind.LEXICAL:
        return ""
    here, elsewhere = words.gettext("%(model)s, on this server"), words.gettext("%(model)s, at an endpoint elsewhere")
    return (here if measure.kind is EmbedderKind.LOCAL else elsewhere) % {"model": measure.model}


def _placing_facts(report: Report, words: Words) -> Labelled:
    made = report.method
    if made.ideas_placed_by_room is None or made.ideas_placed_by_machine is None:
        return ((words.gettext("Ideas placed by people"), made.ideas_placed_by_people),)
    return (
        (words.gettext("Placed by the crew"), made.ideas_placed_by_people),
        (words.gettext("Placed with the room's sorts"), made.ideas_placed_by_room),
        (words.gettext("Placed by the program alone"), made.ideas_placed_by_machine),
    )


def _firm_facts(report: Report, words: Words, speech: Speech) -> Labelled:
    if not is_judged(report):
        return ()
    firm, all_themes = sum(theme.firm is True for theme in report.themes), len(report.themes)
    said = words.gettext("%(num)s of %(all)s") % {"num": speech.number(firm), "all": speech.number(all_themes)}
    return ((words.gettext("Firm themes"), said),)


def _themes(report: Report, words: Words, speech: Speech) -> list[Block]:
    if not report.themes:
        return [Paragraph(words.gettext("No themes have been formed, so every idea stands for itself."))]
    facts = (*method_facts(report, words, speech), *sorting_facts(report, words, speech))
    return [
        Paragraph(_finding(report, words)),
        *_placing(report, words, speech),
        *_sorting(report, words, speech),
        *_firmness(report, words, speech),
        Facts(tuple((label, speech.number(said) if isinstance(said, int) else said) for label, said in facts)),
    ]


def _finding(report: Report, words: Words) -> str:
    """Say what proposed the themes, and by what it compared the ideas."""
    made = report.method
    measure = measure_of(made.embedder or EmbedderKind.LEXICAL)
    if not made.engine:
        return words.gettext("People named the themes and put the ideas there; no computer program has proposed any.")
    if measure.kind is EmbedderKind.LEXICAL:
        return words.gettext(
            "A computer program compared the words of the ideas and proposed themes. The same ideas and the same "
            "start number lead to the same proposal. People then named, moved and merged; "
            "what a person decided, the program never undid. "
            "The words shared by a theme's ideas show why it holds together."
        )
    if measure.kind is EmbedderKind.LOCAL:
        compared = words.gettext(
            "A computer program compared the meaning of the ideas with the model %(model)s on this server "
            "and proposed themes."
        )
    else:
        compared = words.gettext(
            "A computer program compared the meaning of the ideas with the model %(model)s at an endpoint elsewhere, "
            "to which the words of the ideas were sent, and proposed themes."
        )
    then = words.gettext(
        "The same ideas, the same model and the same start number lead to the same proposal. "
        "People then named, moved and merged; what a person decided, the program never undid."
    )
    return f"{compared % {'model': measure.model}} {then}"


def _placing(report: Report, words: Words, speech: Speech) -> list[Block]:
    """Say who put the ideas where they stand."""
    made = report.method
    if made.ideas_placed_by_room is None or made.ideas_placed_by_machine is None:
        return []
    sentence = words.gettext(
        "Ideas stand where the crew put them (%(crew)s), where the program put them with the sorts of the room "
        "(%(room)s), or where the program put them alone (%(machine)s)."
    )
    counts = {
        "crew": made.ideas_placed_by_people,
        "room": made.ideas_placed_by_room,
        "machine": made.ideas_placed_by_machine,
    }
    return [Paragraph(sentence % {name: speech.number(count) for name, count in counts.items()})]


def _sorting(report: Report, words: Words, speech: Speech) -> list[Block]:
    said = report.sorting
    if said is None:
        return []
    if not said.sorts:
        return [Paragraph(words.gettext("Nobody in the room has sorted ideas into the themes."))]
    people = words.ngettext(
        "%(num)s person in the room said where ideas belong (sorts: %(sorts)s).",
        "%(num)s people in the room said where ideas belong (sorts: %(sorts)s).",
        said.people,
    )
    weighed = words.gettext(
        "Whoever agrees with the others more often counts for more. An idea is settled once its place is nearly "
        "certain, or the crew has decided it; until then it is unsure."
    )
    numbers = {"num": speech.number(said.people), "sorts": speech.number(said.sorts)}
    return [Paragraph(f"{people % numbers} {weighed}")]


def _firmness(report: Report, words: Words, speech: Speech) -> list[Block]:
    if not is_judged(report):
        return []
    firm = sum(theme.firm is True for theme in report.themes)
    counted = words.ngettext("%(num)s of %(all)s themes is firm.", "%(num)s of %(all)s themes are firm.", firm) % {
        "num": speech.number(firm),
        "all": speech.number(len(report.themes)),
    }
    meaning = words.gettext(
        "A theme is firm if its ideas belong together whichever half of their words is read, or people have placed "
        "them. That does not make it the one that people want most."
    )
    return [Paragraph(f"{meaning} {counted}")]
