"""A paper as PDF: typeset by typst after `report.typ`, tagged, checked by typst against PDF/UA-1."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import typst

from feedback.export import charts
from feedback.export.blocks import Block, Chart, Paper, Table
from feedback.export.fonts import families, fonts

_TEMPLATE = Path(__file__).with_name("report.typ")
# Latin, Greek and Cyrillic letters, figures and marks, not torn from an accent that follows.
_LONG_RUN = re.compile("[!-\u00ac\u00ae-\u052f]{24,}")
_PIECE = re.compile("[^\u0300-\u036f]{8}(?![\u0300-\u036f])")


def render(paper: Paper) -> bytes:
    """Typeset the paper. People's words reach typst as data, never as source."""
    written = typst.compile(
        _TEMPLATE,
        format="pdf",
        font_paths=fonts(),
        sys_inputs={"paper": _as_json(paper), "title": paper.title, "author": paper.author},
        pdf_standards=["ua-1"],
        timestamp=paper.made_at // 1000,
    )
    if not isinstance(written, bytes):
        msg = "typst wrote no PDF"
        raise TypeError(msg)
    return written


def _as_json(paper: Paper) -> str:
    content = {
        **asdict(paper, dict_factory=_breakable),
        "checksum": paper.checksum,
        "fonts": families(),
        "blocks": [_block(block, paper.accent) for block in paper.blocks],
    }
    return json.dumps(content)


def _block(block: Block, accent: str) -> dict[str, object]:
    content = {"kind": type(block).__name__, **asdict(block, dict_factory=_breakable)}
    if isinstance(block, Table):
        content["widths"] = list(block.widths)
    if isinstance(block, Chart):
        content["svg"] = charts.svg(block, accent).decode()
    return content


def _breakable(fields: list[tuple[str, object]]) -> dict[str, object]:
    return {name: _with_breaks(value) for name, value in fields}


def _with_breaks(value: object) -> object:
    """Let words longer than a line break inside; scripts that join their letters, and emoji, stay whole."""
    if isinstance(value, str):
        return _LONG_RUN.sub(lambda run: _PIECE.sub("\\g<0>\u200b", run[0]), value)
    if isinstance(value, list | tuple):
        return [_with_breaks(part) for part in value]
    return value
