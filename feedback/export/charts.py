"""Bars of votes per theme, as SVG for print and PNG for word processors; the same report gives the same bytes."""

import io
from typing import TYPE_CHECKING

from feedback.export.blocks import Chart

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK = "#1B1A17"
_QUIET = "#5C584F"
_WIDTH = 6.3
_LONGEST = 44
_PIXELS_PER_INCH = 200


def svg(chart: Chart, accent: str) -> bytes:
    """Draw the chart as SVG, its letters as outlines; `accent` is RRGGBB."""
    from matplotlib import rc_context  # noqa: PLC0415 -- slow import

    drawn = io.BytesIO()
    with rc_context({"svg.hashsalt": "feedback"}):
        _figure(chart, accent).savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return drawn.getvalue()


def png(chart: Chart, accent: str) -> bytes:
    """Draw the chart as PNG, sharp enough for paper; `accent` is RRGGBB."""
    drawn = io.BytesIO()
    _figure(chart, accent).savefig(drawn, format="png", metadata={"Software": None})
    return drawn.getvalue()


def height_of(chart: Chart) -> float:
    """Return the chart's height in inches: a bar takes the same room however many there are."""
    return 0.35 + 0.29 * max(len(chart.bars), 1)


def _figure(chart: Chart, accent: str) -> "Figure":
    from matplotlib.figure import Figure  # noqa: PLC0415 -- slow import

    figure = Figure(figsize=(_WIDTH, height_of(chart)), dpi=_PIXELS_PER_INCH, layout="constrained")
    axes = figure.subplots()
    places = range(len(chart.bars))
    bars = axes.barh(places, [votes for _, votes, _ in chart.bars], height=0.62, color=f"#{accent}")
    axes.bar_label(bars, [said for _, _, said in chart.bars], padding=4, color=_INK, fontsize=8.5)
    labels = axes.set_yticks(places, [_shown(label) for label, _, _ in chart.bars], fontsize=8.5, color=_INK)
    for tick in labels:
        # A dollar sign in a name is a dollar sign.
        tick.label1.set_parse_math(False)
    _frame(axes, max((votes for _, votes, _ in chart.bars), default=0))
    return figure


def _frame(axes: "Axes", most: int) -> None:
    axes.invert_yaxis()
    axes.set_xlim(0, max(most, 1) * 1.1)
    axes.set_xticks([])
    axes.tick_params(axis="y", length=0, pad=6)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(_QUIET)


def _shown(label: str) -> str:
    """Keep what the chart's font can draw; the table below the chart has every name in full."""
    from matplotlib.font_manager import FontProperties, findfont, get_font  # noqa: PLC0415 -- slow import

    known = get_font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap()
    drawn = " ".join("".join(mark for mark in label if mark.isspace() or ord(mark) in known).split())
    return drawn if len(drawn) <= _LONGEST else f"{drawn[: _LONGEST - 1].rstrip()}…"
