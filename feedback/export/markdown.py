r"""A paper as Markdown readable as plain text too; people's words are literal: no link, no HTML, no heading."""

import re

from feedback.export.blocks import Block, Chart, Facts, Heading, IdeaRow, IdeaTable, Paper, Paragraph, Table
from feedback.export.labels import NOTHING
from feedback.export.speech import Words

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>|~$^#&@]|\.(?=\S)|:(?=[^\s\d])|(?<!\d):(?=\d)")
_LINE_START = re.compile(r"^([-+=])|^(\d+)([.)])")


def render(paper: Paper, words: Words) -> bytes:
    """Write the paper as Markdown; the same paper gives the same bytes."""
    parts = [
        f"# {literal(paper.title)}",
        f"{literal(paper.subtitle)}",
        _facts(Facts((*paper.cover, *((label, count) for count, label in paper.figures))), words),
        words.gettext("%(label)s: %(value)s")
        % {"label": literal(paper.checksum_label), "value": f"`{paper.checksum}`"},
        *(written(block, words) for block in paper.blocks),
    ]
    return ("\n\n".join(part for part in parts if part) + "\n").encode()


def literal(text: str) -> str:
    """Return one line of Markdown that reads as exactly this text, line ends as spaces."""
    return " ".join(escaped(line) for line in text.split("\n") if line.strip())


def escaped(line: str) -> str:
    r"""Return the line with a backslash before every mark that Markdown, or a program that finds links, could use."""
    bare = _SPECIAL.sub(r"\\\g<0>", line.strip())
    return _LINE_START.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", bare)


def written(block: Block, words: Words) -> str:
    """Return a block as Markdown."""
    match block:
        case Heading():
            return f"{'#' * (block.level + 1)} {literal(block.text)}"
        case Paragraph():
            return literal(block.text)
        case Facts():
            return _facts(block, words)
        case Table():
            return _table(block)
        case IdeaTable():
            return "\n".join(_idea(row, block) for row in block.rows)
        case Chart():
            # The table that follows says the same figures.
            return ""


def _facts(facts: Facts, words: Words) -> str:
    said = words.gettext("%(label)s: %(value)s")
    rows = [said % {"label": literal(label), "value": literal(value) or NOTHING} for label, value in facts.rows]
    return " · ".join(rows) if facts.inline else "\n".join(f"- {row}" for row in rows)


def _table(table: Table) -> str:
    rule = ["---:" if is_figure else "---" for is_figure in table.numeric]
    rows = [[literal(cell) for cell in row] for row in table.rows]
    if table.total and rows:
        rows[-1] = [f"**{cell}**" if cell else "" for cell in rows[-1]]
    lines = [[literal(label) for label in table.labels], rule, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _idea(row: IdeaRow, table: IdeaTable) -> str:
    text = "\\\n  ".join(escaped(line) for line in row.text.split("\n") if line.strip())
    figures = [f"{literal(label)} {figure}" for label, figure in zip(table.labels, row.figures, strict=True)]
    notes = [literal(row.note)] if row.note else []
    return f"- **{row.number}**  {text}\\\n  *{' · '.join([*figures, *notes])}*"
