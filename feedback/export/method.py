"""How the report came about, in plain words and with the figures to do it again."""

from feedback.domain.reports import Report
from feedback.export.blocks import Block, Facts, Heading, Paragraph
from feedback.export.labels import NOTHING
from feedback.export.speech import Speech, Words


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
        *_themes(report, words, speech),
        Paragraph(
            words.gettext(
                "An idea keeps its number in every file. The Word, PDF, Excel, CSV, JSON and Markdown files "
                "of the same state carry the same checksum (SHA-256); a file with another one shows another state."
            )
        ),
    ]


def method_facts(report: Report, words: Words, speech: Speech) -> tuple[tuple[str, str], ...]:
    """Return the parameters of the theme run and what people changed, labels first."""
    made = report.method
    return (
        (words.gettext("Engine"), made.engine or NOTHING),
        (words.gettext("Start number (seed)"), str(made.seed)),
        (words.gettext("Themes the engine proposed"), speech.number(made.themes_found)),
        (words.gettext("Changes people made to themes"), speech.number(made.edits)),
        (words.gettext("Ideas placed by people"), speech.number(made.ideas_placed_by_people)),
    )


def _themes(report: Report, words: Words, speech: Speech) -> list[Block]:
    if not report.themes:
        return [Paragraph(words.gettext("No themes have been formed, so every idea stands for itself."))]
    return [
        Paragraph(
            words.gettext(
                "A computer program compared the words of the ideas and proposed themes. The same ideas and the same "
                "start number lead to the same proposal. People then named, moved and merged; "
                "what a person decided, the program never undid. "
                "The words shared by a theme's ideas show why it holds together."
            )
        ),
        Facts(method_facts(report, words, speech)),
    ]
